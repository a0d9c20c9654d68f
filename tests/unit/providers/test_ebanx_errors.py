"""What EBANX's refusals are called: the body decides, for they mostly come with HTTP 200."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Ambiguous, Held, NotSent, ProviderError, Refused
from pagoefectivo.providers.base import Gateway
from tests.unit.providers.ebanx_stage import (
    HASH,
    REFUND,
    VOUCHER,
    sample,
    will_answer,
)
from tests.unit.providers.line import Line

Ask = Callable[[Gateway], object]
ISSUE: Ask = lambda gateway: gateway.issue_voucher(VOUCHER)  # noqa: E731
REFUNDING: Ask = lambda gateway: gateway.request_refund(REFUND)  # noqa: E731
READING: Ask = lambda gateway: gateway.fetch_payment(HASH)  # noqa: E731
CANCELING: Ask = lambda gateway: gateway.cancel_voucher(HASH)  # noqa: E731
PATHS = {ISSUE: "/ws/direct", REFUNDING: "/ws/refund", READING: "/ws/query", CANCELING: "/ws/cancel"}


def failed(ebanx: Line, ask: Ask, body: bytes, status: int = 200) -> ProviderError:
    will_answer(ebanx, PATHS[ask], body, status)
    with pytest.raises(ProviderError) as caught:
        ask(ebanx.gateway)
    return caught.value


@pytest.mark.parametrize("http", [200, 400, 500])
@pytest.mark.parametrize(
    ("ask", "raw", "error", "code"),
    [
        pytest.param(ISSUE, "BP-DR-0", Ambiguous, ErrorCode.CREATE_DUPLICATE_REFERENCE, id="duplicate"),
        pytest.param(ISSUE, "BP-DR-6", Refused, ErrorCode.CREATE_AMOUNT_TOO_LOW, id="too-low"),
        pytest.param(ISSUE, "BP-SA-2", NotSent, ErrorCode.AUTH_INVALID_CREDENTIALS, id="credentials"),
        pytest.param(REFUNDING, "BP-REF-7", Refused, ErrorCode.REFUND_NOT_PAID, id="not-paid"),
        pytest.param(REFUNDING, "BP-REF-99", Held, ErrorCode.PSP_UNMAPPED, id="unlisted-refund"),
        pytest.param(REFUNDING, "BP-DR-6", Held, ErrorCode.PSP_UNMAPPED, id="anothers-code"),
        pytest.param(CANCELING, "BP-CAN-1", Refused, ErrorCode.CANCEL_NOT_SUPPORTED, id="cancel"),
        pytest.param(CANCELING, "BP-CAN-9", Held, ErrorCode.PSP_UNMAPPED, id="unlisted-cancel"),
    ],
)
def test_the_code_decides_whatever_http_says(
    ebanx: Line, ask: Ask, raw: str, error: type[ProviderError], code: ErrorCode, http: int
) -> None:
    body = json.dumps({"status": "ERROR", "status_code": raw, "status_message": "said"}).encode()
    caught = failed(ebanx, ask, body, http)
    assert type(caught) is error
    assert (caught.code, caught.fault.raw_code, caught.fault.raw_message) == (code, raw, "said")
    assert (caught.fault.http_status, caught.request_id) == (http, "req-1")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"<html>It works</html>", id="html"),
        pytest.param(b"{}", id="empty-object"),
        pytest.param(b'{"status": "SUCCESS"}', id="no-payment"),
        pytest.param(b'{"status": "SUCCESS", "payment": []}', id="payment-list"),
        pytest.param(b'{"status": "success", "payment": {"hash": "5f", "status": "PE"}}', id="another-spelling"),
        pytest.param(b'{"status": ["SUCCESS"], "payment": {"hash": "5f", "status": "PE"}}', id="status-list"),
        pytest.param(b'{"payment": {"hash": "5f", "status": "PE"}}', id="no-status"),
        pytest.param(b'{"status": "ERROR"}', id="error-without-code"),
        pytest.param(b'{"status": "ERROR", "status_code": 6}', id="code-as-number"),
    ],
)
@pytest.mark.parametrize("ask", [ISSUE, REFUNDING, CANCELING])
def test_after_a_move_an_answer_that_cannot_be_read_leaves_its_outcome_open(ebanx: Line, ask: Ask, body: bytes) -> None:
    caught = failed(ebanx, ask, body)
    assert type(caught) is Ambiguous
    assert (caught.code, ebanx.evidence.told) == (ErrorCode.PSP_BAD_RESPONSE, ["sending", "answered"])


@pytest.mark.parametrize("body", [b"{}", b'{"status": "ERROR"}', b'{"status": "SUCCESS"}'])
def test_a_question_whose_answer_cannot_be_read_is_asked_again(ebanx: Line, body: bytes) -> None:
    assert type(failed(ebanx, READING, body)) is NotSent


def test_a_success_inside_a_server_fault_is_not_taken_for_one(ebanx: Line) -> None:
    caught = failed(ebanx, ISSUE, sample("payment_pending.json"), 502)
    assert (type(caught), caught.code) == (Ambiguous, ErrorCode.CREATE_OUTCOME_UNKNOWN)


def test_the_documented_error_object_is_read(ebanx: Line) -> None:
    caught = failed(ebanx, READING, sample("error.json"))
    assert (caught.code, caught.fault.raw_code) == (ErrorCode.AUTH_INVALID_CREDENTIALS, "BP-SA-1")
