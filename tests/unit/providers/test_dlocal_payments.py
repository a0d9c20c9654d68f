"""Vouchers at dLocal: what we ask for, to the byte, and what we make of the answers."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Ambiguous, NotSent
from pagoefectivo.domain.messages import Absent, PaymentUpdate, RefundUpdate
from pagoefectivo.domain.states import PaymentStatus, Proof, RefundStatus
from pagoefectivo.providers.base import Operation
from tests.unit.providers.line import Line
from tests.unit.providers.stage import PAYMENT, VOUCHER, changed, sample


def test_a_voucher_is_asked_for_in_exactly_the_documented_bytes_and_signature(line: Line) -> None:
    line.will_answer("POST", "/payments", sample("payment_pending.json"))

    line.gateway.issue_voucher(VOUCHER)

    (call,) = line.evidence.calls
    assert call.body == sample("vector_create.json")
    sent = line.psp.calls[0].request
    assert sent.body == call.body
    assert {name: sent.headers[name] for name in call.headers} == call.headers
    assert dict(call.headers) == {
        "X-Date": "2026-11-22T14:05:06.123Z",
        "X-Login": "lg_test_PE01",
        "X-Trans-Key": "tk_demo",
        "X-Version": "2.1",
        "Content-Type": "application/json",
        "Accept": "application/json",
        "User-Agent": "django-pagoefectivo/0.1.0",
        "Authorization": "V2-HMAC-SHA256, Signature: 350d0240de5632f46899c883c6ef5dccb38c52b52531d3aac4ceb9ca372d729d",
        "X-Idempotency-Key": "key-1",
    }


def test_phone_and_description_are_sent_where_there_are_any(line: Line) -> None:
    line.will_answer("POST", "/payments", sample("payment_pending.json"))
    payer = dataclasses.replace(VOUCHER.payer, phone="+51 999 111 222")

    line.gateway.issue_voucher(dataclasses.replace(VOUCHER, payer=payer, description="🦙" * 300))

    document = json.loads(line.evidence.calls[0].body)
    assert document["payer"]["phone"] == "+51 999 111 222"
    assert document["description"] == "🦙" * 200


def test_an_issued_voucher_is_read_with_code_and_deadline(line: Line) -> None:
    line.will_answer("POST", "/payments", sample("payment_pending.json"))

    assert line.gateway.issue_voucher(VOUCHER) == PaymentUpdate(
        status=PaymentStatus.PENDING,
        raw_status="PENDING",
        proof=Proof.ANSWER,
        reference="ORD-0001",
        provider_reference=PAYMENT,
        amount=Decimal("100.50"),
        currency="PEN",
        code="2301711",
        expires_at=datetime(2026, 11, 27, 4, 59, tzinfo=UTC),
        payment_identity=PAYMENT,
        raw_code="100",
    )


def test_an_answer_that_differs_or_lacks_facts_is_handed_on_as_said(line: Line) -> None:
    body = changed(sample("payment_pending.json"), amount=99, currency="USD", order_id="OTHER", ticket=None, id=None)
    line.will_answer("POST", "/payments", body)

    update = line.gateway.issue_voucher(VOUCHER)

    assert (update.amount, update.currency, update.reference) == (Decimal("99.00"), "USD", "OTHER")
    assert (update.provider_reference, update.code, update.expires_at) == ("", "", None)


@pytest.mark.parametrize("status", [None, "WHO_KNOWS", "paid", "AUTHORIZED", "VERIFIED"])
def test_a_status_that_nobody_explained_is_never_guessed(line: Line, status: str | None) -> None:
    line.will_answer("GET", f"/payments/{PAYMENT}", changed(sample("payment_pending.json"), status=status))
    update = line.gateway.fetch_payment(PAYMENT)
    assert (update.status, update.raw_status) == (PaymentStatus.UNRECOGNISED, status or "")


@pytest.mark.parametrize("status_code", [None, 400, "400", "200", 500, 600])
@pytest.mark.parametrize(
    ("raw", "status"),
    [
        ("PENDING", PaymentStatus.PENDING),
        ("PAID", PaymentStatus.PAID),
        ("EXPIRED", PaymentStatus.EXPIRED),
        ("CANCELLED", PaymentStatus.CANCELED),
        ("REJECTED", PaymentStatus.REJECTED),
    ],
)
def test_the_status_word_decides_whatever_the_status_code_says(
    line: Line, raw: str, status: PaymentStatus, status_code: object
) -> None:
    body = changed(sample("payment_pending.json"), status=raw, status_code=status_code)
    line.will_answer("GET", f"/payments/{PAYMENT}", body)
    update = line.gateway.fetch_payment(PAYMENT)
    assert (update.status, update.raw_code) == (status, str(status_code or ""))


def test_a_read_tells_of_the_payment_and_of_every_refund_under_it(line: Line) -> None:
    line.will_answer("GET", f"/payments/{PAYMENT}", sample("payment_paid_with_refunds.json"))

    update = line.gateway.fetch_payment(PAYMENT)

    assert (update.status, update.proof) == (PaymentStatus.PAID, Proof.READ)
    assert update.paid_at == update.occurred_at == datetime(2026, 11, 23, 9, 12, 44, tzinfo=UTC)
    assert update.refunds == (
        RefundUpdate(
            status=RefundStatus.SUCCEEDED,
            raw_status="SUCCESS",
            proof=Proof.READ,
            reference="RF-0001",
            provider_reference="REF-1",
            payment_reference=PAYMENT,
            amount=Decimal("40.00"),
            currency="PEN",
            raw_code="200",
        ),
        RefundUpdate(
            status=RefundStatus.PENDING,
            raw_status="PENDING",
            proof=Proof.READ,
            reference="RF-0002",
            provider_reference="REF-2",
            payment_reference=PAYMENT,
            amount=Decimal("10.00"),
            currency="PEN",
            raw_code="100",
        ),
    )


def test_a_date_of_approval_on_an_unpaid_payment_means_nothing(line: Line) -> None:
    body = changed(sample("payment_pending.json"), approved_date="2026-11-23T09:12:44.000+0000")
    line.will_answer("GET", f"/payments/{PAYMENT}", body)
    assert line.gateway.fetch_payment(PAYMENT).paid_at is None


@pytest.mark.parametrize(("raw_code", "error_code"), [("304", ErrorCode.CREATE_RISK_REJECTED), ("300", None)])
def test_only_a_rejection_for_risk_is_called_one(line: Line, raw_code: str, error_code: ErrorCode | None) -> None:
    body = changed(sample("payment_pending.json"), status="REJECTED", status_code=raw_code)
    line.will_answer("GET", f"/payments/{PAYMENT}", body)
    assert line.gateway.fetch_payment(PAYMENT).error_code is error_code


@pytest.mark.parametrize("key", ["id", "order_id"])
def test_an_answer_about_something_else_than_asked_is_not_believed(line: Line, key: str) -> None:
    if key == "id":
        line.will_answer("GET", f"/payments/{PAYMENT}", changed(sample("payment_pending.json"), id="D-4-other"))
    else:
        line.will_answer("GET", "/orders/ORD-0001", changed(sample("order.json"), order_id="OTHER"))
    with pytest.raises(NotSent) as caught:
        line.gateway.fetch_payment(PAYMENT) if key == "id" else line.gateway.find_payment("ORD-0001")
    assert caught.value.code is ErrorCode.PSP_BAD_RESPONSE


def test_after_a_timeout_the_payment_is_found_by_our_reference(line: Line) -> None:
    line.will_answer("GET", "/orders/ORD-0001", sample("order.json"))
    line.will_answer("GET", f"/payments/{PAYMENT}", sample("payment_pending.json"))

    update = line.gateway.find_payment("ORD-0001")

    assert isinstance(update, PaymentUpdate)
    assert (update.code, update.proof) == ("2301711", Proof.READ)
    assert [call.operation for call in line.evidence.calls] == [Operation.FIND_PAYMENT, Operation.FETCH_PAYMENT]


def test_a_reference_that_dlocal_does_not_know_is_absent(line: Line) -> None:
    line.will_answer("GET", "/orders/ORD-0001", b'{"code": 4000, "message": "Order not found"}', status=404)
    assert line.gateway.find_payment("ORD-0001") == Absent(proves_never=True)


def test_a_bare_404_proves_nothing(line: Line) -> None:
    line.will_answer("GET", "/orders/ORD-0001", b"NOT_FOUND", status=404)
    with pytest.raises(NotSent) as caught:
        line.gateway.find_payment("ORD-0001")
    assert caught.value.code is ErrorCode.PSP_BAD_RESPONSE


def test_a_payment_that_vanished_between_two_reads_is_not_absent(line: Line) -> None:
    line.will_answer("GET", "/orders/ORD-0001", sample("order.json"))
    line.will_answer("GET", f"/payments/{PAYMENT}", b'{"code": 4000, "message": "x"}', status=404)
    with pytest.raises(Ambiguous) as caught:
        line.gateway.find_payment("ORD-0001")
    assert caught.value.code is ErrorCode.POLL_NOT_FOUND


def test_a_cancel_is_a_signed_post_without_a_body(line: Line) -> None:
    line.will_answer("POST", f"/payments/{PAYMENT}/cancel", changed(sample("payment_pending.json"), status="CANCELLED"))
    update = line.gateway.cancel_voucher(PAYMENT)
    assert (update.status, update.proof) == (PaymentStatus.CANCELED, Proof.ANSWER)
    assert line.evidence.calls[0].body == b""
    assert line.psp.calls[0].request.headers["Content-Length"] == "0"
