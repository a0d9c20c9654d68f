"""Tokens: asked for with a hash, kept while they are good, never shared, renewed once where one was refused."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator

import pytest

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Ambiguous, Held, NotSent, ProviderError
from pagoefectivo.providers.base import Account, Operation
from tests.unit.providers.direct_stage import (
    CIP,
    CREDENTIALS,
    REQUEST,
    SECRETS,
    TOKEN,
    DirectLine,
    account_with,
    direct_line,
    sample,
)
from tests.unit.providers.stage import changed

AUTHORIZE, ISSUE, FETCH = Operation.AUTHORIZE, Operation.ISSUE_VOUCHER, Operation.FETCH_PAYMENT


@pytest.fixture
def direct() -> Iterator[DirectLine]:
    with direct_line(account_with(), authorized=False) as line:
        yield line


def authorized(**changes: object) -> bytes:
    said = json.loads(sample("authorized.json"))
    return changed(sample("authorized.json"), data={**said["data"], **changes})


def ask(line: DirectLine) -> None:
    line.gateway.fetch_payment(CIP)


def test_a_token_is_asked_for_in_exactly_the_documented_bytes(direct: DirectLine) -> None:
    direct.will_authorize()
    direct.will_answer("POST", "/cips/search", sample("found.json"))
    ask(direct)
    authorization, question = direct.evidence.calls
    assert authorization.body == (
        b'{"accessKey":"AKDEMO00000000000001","idService":"1234","dateRequest":"2026-11-22T09:05:06-05:00",'
        b'"hashString":"f25ca78fc9cc302243154f7fcf85a3ca0b6aca043c85c67bc9a9b1a08e940188"}'
    )
    assert "Authorization" not in authorization.headers
    assert question.headers["Authorization"] == f"Bearer {TOKEN}"
    assert direct.evidence.told == ["sending", "answered"] * 2


@pytest.mark.parametrize(("minutes", "authorizations"), [(0, 1), (118, 1), (119, 2), (121, 2), (600, 2)])
def test_a_token_is_kept_until_a_minute_before_it_expires(
    direct: DirectLine, minutes: int, authorizations: int
) -> None:
    direct.will_authorize()
    direct.will_answer("POST", "/cips/search", sample("found.json"))
    ask(direct)
    direct.pass_time(minutes=minutes)
    ask(direct)
    assert direct.operations().count(AUTHORIZE) == authorizations


@pytest.mark.parametrize("end", [None, "", "soon", "2026-11-22T11:05:06", 7200])
def test_a_token_whose_end_cannot_be_read_serves_one_call(direct: DirectLine, end: object) -> None:
    direct.will_answer("POST", "/authorizations", authorized(tokenExpires=end), 201)
    direct.will_answer("POST", "/cips/search", sample("found.json"))
    ask(direct)
    ask(direct)
    assert direct.operations() == [AUTHORIZE, FETCH, AUTHORIZE, FETCH]


def test_a_token_of_a_few_minutes_with_seven_fractions_is_obeyed(direct: DirectLine) -> None:
    direct.will_answer("POST", "/authorizations", authorized(tokenExpires="2026-11-22T09:10:06.1234567-05:00"), 201)
    direct.will_answer("POST", "/cips/search", sample("found.json"))
    ask(direct)
    direct.pass_time(minutes=3)
    ask(direct)
    direct.pass_time(minutes=2)
    ask(direct)
    assert direct.operations() == [AUTHORIZE, FETCH, FETCH, AUTHORIZE, FETCH]


def test_another_gateway_of_the_same_account_uses_the_same_token(direct: DirectLine) -> None:
    direct.will_authorize()
    direct.will_answer("POST", "/cips/search", sample("found.json"))
    ask(direct)
    direct.gateway_of(account_with()).fetch_payment(CIP)
    assert direct.operations() == [AUTHORIZE, FETCH, FETCH]


@pytest.mark.parametrize(
    "other",
    [
        dataclasses.replace(account_with(), name="second"),
        dataclasses.replace(account_with(), credentials={**CREDENTIALS, "secret_key": ("a-new-one", "an-old-secret")}),
        dataclasses.replace(account_with(), credentials={**CREDENTIALS, "access_key": "another"}),
        dataclasses.replace(account_with(), credentials={**CREDENTIALS, "id_service": "4321"}),
    ],
    ids=["another account", "another secret", "another key", "another service"],
)
def test_no_token_is_shared_with(direct: DirectLine, other: Account) -> None:
    direct.will_authorize()
    direct.will_answer("POST", "/cips/search", sample("found.json"))
    ask(direct)
    direct.gateway_of(other).fetch_payment(CIP)
    assert direct.operations() == [AUTHORIZE, FETCH, AUTHORIZE, FETCH]


def test_a_token_given_to_one_address_is_never_sent_to_another(direct: DirectLine) -> None:
    direct.will_authorize()
    direct.will_answer("POST", "/cips/search", sample("found.json"))
    ask(direct)
    elsewhere = "https://services.pagoefectivo.pe/v1"
    direct.psp.add("POST", f"{elsewhere}/authorizations", body=authorized(token="theirs"))
    direct.psp.add("POST", f"{elsewhere}/cips/search", body=sample("found.json"))
    direct.gateway_of(dataclasses.replace(account_with(), base_url=elsewhere)).fetch_payment(CIP)
    assert direct.evidence.calls[-1].headers["Authorization"] == "Bearer theirs"


@pytest.mark.parametrize("operation", [ISSUE, FETCH])
def test_a_kept_token_that_is_refused_is_renewed_once(direct: DirectLine, operation: Operation) -> None:
    direct.will_authorize()
    direct.will_answer("POST", "/cips/search", sample("found.json"))
    ask(direct)
    path, answer = ("/cips", "created.json") if operation is ISSUE else ("/cips/search", "found.json")
    direct.psp.remove("POST", "https://pre1a.services.pagoefectivo.pe/v1/authorizations")
    direct.will_answer("POST", "/authorizations", authorized(token="fresh"), 201)
    direct.psp.remove("POST", "https://pre1a.services.pagoefectivo.pe/v1/cips/search")
    direct.will_answer("POST", path, b"", 401)
    direct.will_answer("POST", path, sample(answer))
    if operation is ISSUE:
        assert direct.gateway.issue_voucher(REQUEST).code == CIP
    else:
        assert direct.gateway.fetch_payment(CIP).code == CIP
    assert direct.operations() == [AUTHORIZE, FETCH, operation, AUTHORIZE, operation]
    assert direct.evidence.calls[-1].headers["Authorization"] == "Bearer fresh"


def test_a_fresh_token_that_is_refused_is_not_renewed_and_nothing_is_tried_again(direct: DirectLine) -> None:
    direct.will_authorize()
    direct.will_answer("POST", "/cips", b"", 401)
    with pytest.raises(NotSent) as caught:
        direct.gateway.issue_voucher(REQUEST)
    assert (caught.value.code, direct.operations()) == (ErrorCode.AUTH_INVALID_CREDENTIALS, [AUTHORIZE, ISSUE])


@pytest.mark.parametrize(("status", "body"), [(401, b'{"code": 777}'), (500, b""), (400, b'{"code": 166}')])
def test_a_code_is_not_asked_for_again_where_it_may_have_been_made(
    direct: DirectLine, status: int, body: bytes
) -> None:
    direct.will_authorize()
    direct.will_answer("POST", "/cips/search", sample("found.json"))
    ask(direct)
    direct.will_answer("POST", "/cips", body, status)
    with pytest.raises(Ambiguous):
        direct.gateway.issue_voucher(REQUEST)
    assert direct.operations() == [AUTHORIZE, FETCH, ISSUE]


def test_a_question_refused_with_a_strange_code_is_asked_once_more_under_a_fresh_token(direct: DirectLine) -> None:
    direct.will_authorize()
    direct.will_answer("POST", "/cips/search", sample("found.json"))
    ask(direct)
    direct.psp.remove("POST", "https://pre1a.services.pagoefectivo.pe/v1/cips/search")
    direct.will_answer("POST", "/cips/search", b'{"code": 777}', 401)
    with pytest.raises(Held):
        ask(direct)
    assert direct.operations() == [AUTHORIZE, FETCH, FETCH, AUTHORIZE, FETCH]


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (400, sample("refused.json"), ErrorCode.AUTH_INVALID_CREDENTIALS),
        (401, b"", ErrorCode.AUTH_INVALID_CREDENTIALS),
        (403, b"<html>", ErrorCode.AUTH_IP_NOT_ALLOWED),
        (500, b'{"code": 166}', ErrorCode.PSP_UNAVAILABLE),
        (200, b"<html>", ErrorCode.PSP_BAD_RESPONSE),
        (201, b'{"code": 100, "data": {}}', ErrorCode.PSP_BAD_RESPONSE),
        (201, b'{"code": 100, "data": {"token": "two words"}}', ErrorCode.PSP_BAD_RESPONSE),
        (201, b'{"code": 100, "data": {"token": "a\\r\\nX-Evil: 1"}}', ErrorCode.PSP_BAD_RESPONSE),
        (400, b'{"code": 777}', ErrorCode.PSP_UNMAPPED),
    ],
)
def test_without_a_token_nothing_was_sent(direct: DirectLine, status: int, body: bytes, code: ErrorCode) -> None:
    direct.will_answer("POST", "/authorizations", body, status)
    with pytest.raises(ProviderError) as caught:
        direct.gateway.issue_voucher(REQUEST)
    assert type(caught.value) is NotSent
    assert (caught.value.code, caught.value.fault.operation) == (code, ISSUE)
    assert caught.value.request_id == direct.evidence.calls[0].request_id
    assert direct.operations() == [AUTHORIZE]


def test_what_remembers_a_token_does_not_show_it_or_the_keys(direct: DirectLine) -> None:
    direct.will_authorize()
    direct.will_answer("POST", "/cips/search", sample("found.json"))
    ask(direct)
    shown = repr(direct.wire.memory) + repr(direct.gateway) + repr(direct.evidence.calls)
    secrets = (TOKEN, "AKDEMO00000000000001", *SECRETS)
    assert [secret for secret in secrets if secret in shown] == []
    assert len(direct.wire.memory) == 1
