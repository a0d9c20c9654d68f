"""Payment codes at PagoEfectivo: what we ask for, to the byte, and what we make of the answers."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Ambiguous, Held, ProviderError, Refused
from pagoefectivo.domain.messages import Absent, PaymentUpdate
from pagoefectivo.domain.states import PaymentStatus, Proof
from pagoefectivo.providers.base import Operation
from tests.unit.providers.direct_stage import CIP, REQUEST, TOKEN, DirectLine, account_with, direct_line, sample
from tests.unit.providers.stage import REFUND, changed

LONG = "AN-ORDER-WITH-A-LONG-NAME-2026-1-0123456789AB"


@pytest.fixture
def direct() -> Iterator[DirectLine]:
    with direct_line(account_with()) as line:
        yield line


def issued_with(line: DirectLine, **changes: Any) -> dict[str, Any]:
    """Return what was asked for."""
    line.will_answer("POST", "/cips", sample("created.json"), 201)
    line.gateway.issue_voucher(dataclasses.replace(REQUEST, **changes))
    [call] = line.calls_of(Operation.ISSUE_VOUCHER)
    asked: dict[str, Any] = json.loads(call.body)
    return asked


def test_a_code_is_asked_for_in_exactly_the_documented_bytes(direct: DirectLine) -> None:
    direct.will_answer("POST", "/cips", sample("created.json"), 201)

    direct.gateway.issue_voucher(REQUEST)

    [call] = direct.calls_of(Operation.ISSUE_VOUCHER)
    assert call.body == sample("vector_create.json")
    assert dict(call.headers) == {
        "Accept": "application/json",
        "Accept-Language": "es-PE",
        "Authorization": f"Bearer {TOKEN}",
        "Content-Type": "application/json",
        "Origin": "web",
        "User-Agent": "django-pagoefectivo/0.1.0",
    }


def test_what_is_too_long_is_cut_to_the_documented_length(direct: DirectLine) -> None:
    payer = dataclasses.replace(REQUEST.payer, name="Ñ" * 100)
    asked = issued_with(direct, reference=LONG, payer=payer, description="🦙" * 200)
    assert asked["transactionCode"] == "-" + LONG[-35:]
    assert (len(asked["transactionCode"]), asked["userName"], asked["paymentConcept"]) == (36, "Ñ" * 30, "🦙" * 50)


@pytest.mark.parametrize(("reference", "length"), [("R" * 36, 36), ("R" * 37, 36), ("R", 1)])
def test_a_reference_is_whole_up_to_36_characters(direct: DirectLine, reference: str, length: int) -> None:
    asked = issued_with(direct, reference=reference)["transactionCode"]
    assert (len(asked), asked == reference) == (length, len(reference) == length)


@pytest.mark.parametrize(
    ("phone", "country", "number"),
    [
        ("999111222", "+51", "999111222"),
        ("+51 999 111 222", "+51", "999111222"),
        ("+51999111222", "+51", "999111222"),
        ("(01) 234-5678", "+51", "012345678"),
        ("+593 99 911 1222", "+593", "999111222"),
        ("+593999111222", None, None),
        ("1234567890123456", None, None),
        ("", None, None),
    ],
)
def test_a_phone_goes_as_country_and_number(
    direct: DirectLine, phone: str, country: str | None, number: str | None
) -> None:
    asked = issued_with(direct, payer=dataclasses.replace(REQUEST.payer, phone=phone))
    assert (asked.get("userCodeCountry"), asked.get("userPhone")) == (country, number)


@pytest.mark.parametrize(
    ("kind", "number", "sent"),
    [
        ("DNI", "12345678", ("DNI", "12345678")),
        ("PASSPORT", "AB123456", ("PAS", "AB123456")),
        ("RUC", "20123456789", (None, None)),
        ("CE", "001234567", (None, None)),
        ("DNI", "", (None, None)),
        ("", "12345678", (None, None)),
    ],
)
def test_only_documents_that_they_know_are_sent(
    direct: DirectLine, kind: str, number: str, sent: tuple[str | None, str | None]
) -> None:
    payer = dataclasses.replace(REQUEST.payer, document_type=kind, document_number=number)
    asked = issued_with(direct, payer=payer)
    assert (asked.get("userDocumentType"), asked.get("userDocumentNumber")) == sent


def test_what_the_sources_dispute_is_the_accounts_choice() -> None:
    with direct_line(account_with(ORIGIN="android", USER_COUNTRY="PERU", SEND_PHONE=False)) as line:
        asked = issued_with(line, payer=dataclasses.replace(REQUEST.payer, phone="999111222"))
        assert (asked["userCountry"], "userPhone" in asked, "userCodeCountry" in asked) == ("PERU", False, False)
        assert {call.headers["Origin"] for call in line.evidence.calls} == {"android"}


@pytest.mark.parametrize("code", [100, "100"])
def test_an_issued_code_is_read_as_text_with_its_deadline(direct: DirectLine, code: object) -> None:
    direct.will_answer("POST", "/cips", changed(sample("created.json"), code=code), 201)
    assert direct.gateway.issue_voucher(REQUEST) == PaymentUpdate(
        status=PaymentStatus.PENDING,
        raw_status="",
        proof=Proof.ANSWER,
        reference="ORD-0001",
        provider_reference=CIP,
        amount=Decimal("100.50"),
        currency="PEN",
        code=CIP,
        expires_at=datetime(2026, 11, 25, tzinfo=UTC),
        payment_identity=CIP,
        raw_code="100",
    )


def test_an_answer_that_differs_is_handed_on_as_said(direct: DirectLine) -> None:
    data = {"cip": "00012345678", "amount": "99.9", "currency": "USD", "transactionCode": "-CUT"}
    direct.will_answer("POST", "/cips", changed(sample("created.json"), data=data), 201)
    update = direct.gateway.issue_voucher(REQUEST)
    assert (update.code, update.amount, update.currency) == (CIP, Decimal("99.90"), "USD")
    assert (update.reference, update.expires_at) == ("", None)


@pytest.mark.parametrize(
    "body",
    [
        changed(sample("created.json"), data={}),
        changed(sample("created.json"), data={"cip": 0}),
        changed(sample("created.json"), data={"cip": "12A"}),
        changed(sample("created.json"), data={"cip": 123456789012345}),
        changed(sample("created.json"), data={"cip": 1, "amount": "a lot"}),
        changed(sample("created.json"), data=[]),
        changed(sample("created.json"), code=None),
        changed(sample("created.json"), code=True),
    ],
)
def test_a_success_that_names_no_code_may_have_made_one(direct: DirectLine, body: bytes) -> None:
    direct.will_answer("POST", "/cips", body, 201)
    with pytest.raises(Ambiguous) as caught:
        direct.gateway.issue_voucher(REQUEST)
    assert caught.value.code is ErrorCode.PSP_BAD_RESPONSE


@pytest.mark.parametrize(
    ("data", "raw_code", "code"),
    [
        ([{"code": 112, "field": "userEmail"}], "112", ErrorCode.CREATE_FIELD_REQUIRED),
        ([{"code": "113", "field": "dateExpiry"}], "113", ErrorCode.CREATE_FIELD_INVALID),
        ([{"code": 113, "field": "a"}, {"code": 113, "field": "b"}], "113", ErrorCode.CREATE_FIELD_INVALID),
        ([{"code": 112, "field": "a"}, {"code": 113, "field": "b"}], "111", ErrorCode.CREATE_INVALID_REQUEST),
        ([], "111", ErrorCode.CREATE_INVALID_REQUEST),
        ({}, "111", ErrorCode.CREATE_INVALID_REQUEST),
        (None, "111", ErrorCode.CREATE_INVALID_REQUEST),
        ([7, None, {"field": {}}], "111", ErrorCode.CREATE_INVALID_REQUEST),
    ],
)
def test_faults_that_are_all_of_one_kind_are_called_by_it(
    direct: DirectLine, data: object, raw_code: str, code: ErrorCode
) -> None:
    direct.will_answer("POST", "/cips", changed(sample("refused.json"), data=data), 400)
    with pytest.raises(Refused) as caught:
        direct.gateway.issue_voucher(REQUEST)
    assert (caught.value.fault.raw_code, caught.value.code) == (raw_code, code)


def test_a_refusal_names_its_field(direct: DirectLine) -> None:
    direct.will_answer("POST", "/cips", sample("refused.json"), 400)
    with pytest.raises(Refused) as caught:
        direct.gateway.issue_voucher(REQUEST)
    assert "userEmail" in caught.value.fault.raw_message


@pytest.mark.parametrize(("code", "kind"), [(111, Refused), ("511", Refused), (777, Held), (166, Ambiguous)])
def test_a_refusal_inside_a_200_is_one_all_the_same(direct: DirectLine, code: object, kind: type) -> None:
    direct.will_answer("POST", "/cips", changed(sample("created.json"), code=code))
    with pytest.raises(ProviderError) as caught:
        direct.gateway.issue_voucher(REQUEST)
    assert type(caught.value) is kind


def test_nothing_is_found_by_our_reference_and_nothing_is_asked(direct: DirectLine) -> None:
    direct.psp.assert_all_requests_are_fired = False
    assert direct.gateway.find_payment("ORD-0001") == Absent(proves_never=False)
    assert direct.evidence.calls == []


def test_a_deadline_is_moved_in_whole_seconds_of_lima(direct: DirectLine) -> None:
    direct.will_answer("PATCH", f"/cips/{CIP}", sample("done.json"))
    moved = direct.gateway.extend_voucher(CIP, datetime(2026, 12, 1, 3, 4, 5, 999_999, tzinfo=UTC))
    assert direct.evidence.calls[-1].body == b'{"dateExpiry":"2026-11-30T22:04:05-05:00"}'
    assert (moved.status, moved.proof, moved.provider_reference) == (PaymentStatus.PENDING, Proof.ANSWER, CIP)
    assert moved.expires_at == datetime(2026, 12, 1, 3, 4, 5, tzinfo=UTC)


def test_a_code_is_withdrawn(direct: DirectLine) -> None:
    direct.will_answer("DELETE", f"/cips/{CIP}", sample("done.json"))
    gone = direct.gateway.cancel_voucher(CIP)
    assert direct.evidence.calls[-1].body == b""
    assert (gone.status, gone.proof, gone.provider_reference) == (PaymentStatus.CANCELED, Proof.ANSWER, CIP)


@pytest.mark.parametrize("reference", ["", "..", "1/2", "12a", "0", "0123", "１２", "123456789012345", "search"])
def test_what_is_no_code_is_put_into_no_address(direct: DirectLine, reference: str) -> None:
    direct.psp.assert_all_requests_are_fired = False
    with pytest.raises(Held):
        direct.gateway.cancel_voucher(reference)
    with pytest.raises(Held):
        direct.gateway.extend_voucher(reference, REQUEST.expires_at)
    with pytest.raises(Held):
        direct.gateway.fetch_payment(reference)
    assert direct.evidence.calls == []


def test_money_is_never_given_back_by_a_call(direct: DirectLine) -> None:
    direct.psp.assert_all_requests_are_fired = False
    with pytest.raises(Refused) as asked:
        direct.gateway.request_refund(REFUND)
    with pytest.raises(Refused) as fetched:
        direct.gateway.fetch_refund("REF-1", CIP)
    with pytest.raises(Refused) as looked_for:
        direct.gateway.find_refund("RF-0001", CIP)
    assert {each.value.code for each in (asked, fetched, looked_for)} == {ErrorCode.REFUND_UNSUPPORTED}
    assert direct.evidence.calls == []
