"""Refunds at dLocal: what we ask for, to the byte, and how one is found again."""

from __future__ import annotations

import dataclasses
import json
from decimal import Decimal

import pytest

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Held
from pagoefectivo.domain.messages import Absent, RefundUpdate
from pagoefectivo.domain.states import Proof, RefundStatus
from tests.unit.providers.line import Line
from tests.unit.providers.stage import DESTINATION, PAYMENT, REFUND, changed, sample


def test_a_refund_is_asked_for_in_exactly_the_documented_bytes(line: Line) -> None:
    line.will_answer("POST", "/refunds", sample("refund_pending.json"))

    update = line.gateway.request_refund(REFUND)

    (call,) = line.evidence.calls
    assert call.body == sample("vector_refund.json")
    assert call.headers["X-Idempotency-Key"] == "key-2"
    assert (update.status, update.proof) == (RefundStatus.PENDING, Proof.ANSWER)
    assert (update.reference, update.provider_reference) == ("RF-0001", "REF-1")
    assert (update.payment_reference, update.amount) == (PAYMENT, Decimal("40.00"))


def test_a_destination_is_sent_in_dlocals_fields(line: Line) -> None:
    line.will_answer("POST", "/refunds", sample("refund_pending.json"))
    line.gateway.request_refund(dataclasses.replace(REFUND, destination=DESTINATION))
    document = json.loads(line.evidence.calls[0].body)
    assert {key: value for key, value in document.items() if key.startswith(("bank", "beneficiary"))} == {
        "beneficiary_name": "María " + "Q" * 44,
        "bank_code": "002",
        "bank_account": "00219312345678901234",
        "bank_account_type": "S",
    }


@pytest.mark.parametrize(
    ("raw", "status", "error_code"),
    [
        ("PENDING", RefundStatus.PENDING, None),
        ("SUCCESS", RefundStatus.SUCCEEDED, None),
        ("REJECTED", RefundStatus.FAILED, ErrorCode.REFUND_REJECTED),
        ("CANCELLED", RefundStatus.CANCELED, ErrorCode.REFUND_CANCELLED),
        ("success", RefundStatus.UNRECOGNISED, None),
    ],
)
def test_a_refund_is_read_with_its_reason(
    line: Line, raw: str, status: RefundStatus, error_code: ErrorCode | None
) -> None:
    line.will_answer("GET", "/refunds/REF-1", changed(sample("refund_pending.json"), status=raw, status_code=300))
    update = line.gateway.fetch_refund("REF-1", "D-4-1")
    assert (update.status, update.raw_status, update.error_code) == (status, raw, error_code)
    assert (update.proof, update.raw_code) == (Proof.READ, "300")


def test_a_refund_of_which_less_arrived_says_so(line: Line) -> None:
    body = changed(sample("refund_pending.json"), status="SUCCESS", amount_refunded=38.5)
    line.will_answer("GET", "/refunds/REF-1", body)
    update = line.gateway.fetch_refund("REF-1", "D-4-1")
    assert (update.status, update.error_code) == (RefundStatus.SUCCEEDED, ErrorCode.REFUND_NET_DIFFERS)
    assert update.amount == Decimal("40.00")


@pytest.mark.parametrize(("reference", "found"), [("RF-0001", "REF-1"), ("RF-0002", "REF-2")])
def test_a_refund_is_found_by_our_key_or_by_the_address_we_gave(line: Line, reference: str, found: str) -> None:
    line.will_answer("GET", f"/payments/{PAYMENT}", sample("payment_paid_with_refunds.json"))
    update = line.gateway.find_refund(reference, PAYMENT)
    assert isinstance(update, RefundUpdate)
    assert (update.provider_reference, update.reference, update.proof) == (found, reference, Proof.READ)


@pytest.mark.parametrize("body", ["payment_paid_with_refunds.json", "payment_pending.json"])
def test_a_refund_that_is_not_listed_may_still_exist(line: Line, body: str) -> None:
    line.will_answer("GET", f"/payments/{PAYMENT}", sample(body))
    assert line.gateway.find_refund("RF-0009", PAYMENT) == Absent(proves_never=False)


def test_two_refunds_with_one_key_are_a_persons_business(line: Line) -> None:
    refunds = [{"id": each, "status": "PENDING", "order_refund_id": "RF-0001"} for each in ("REF-1", "REF-2")]
    line.will_answer("GET", f"/payments/{PAYMENT}", changed(sample("payment_pending.json"), refunds=refunds))
    with pytest.raises(Held) as caught:
        line.gateway.find_refund("RF-0001", PAYMENT)
    assert (caught.value.code, caught.value.request_id) == (ErrorCode.REFUND_DUPLICATE, "req-1")
