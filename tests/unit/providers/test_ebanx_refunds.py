"""Refunds at EBANX: what we ask for, to the byte, and how one is found again although its code is not unique."""

from __future__ import annotations

import dataclasses
import json
from decimal import Decimal

import pytest

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Ambiguous, Held
from pagoefectivo.domain.messages import Absent, RefundUpdate
from pagoefectivo.domain.states import Proof, RefundStatus
from pagoefectivo.providers.ebanx.references import payment_code, refund_code, refund_reference
from pagoefectivo.services.recovery import _OUR_REFUND
from tests.unit.providers.ebanx_stage import (
    HASH,
    REFUND,
    sample,
    will_answer,
    with_payment,
)
from tests.unit.providers.line import Line

PAID = sample("payment_paid_with_refunds.json")


def listing(*refunds: dict[str, object]) -> bytes:
    return with_payment("payment_paid_with_refunds.json", refunds=list(refunds))


def test_a_refund_is_asked_for_in_exactly_these_bytes(ebanx: Line) -> None:
    will_answer(ebanx, "/ws/refund", sample("refund_requested.json"))

    update = ebanx.gateway.request_refund(REFUND)

    assert ebanx.evidence.calls[0].body == (
        b'{"operation":"request","hash":"' + HASH.encode() + b'","amount":25.50,'
        b'"merchant_refund_code":"0123456789ABCDEF0123","description":"buyer_request"}'
    )
    assert update == RefundUpdate(
        status=RefundStatus.PENDING,
        raw_status="RE",
        proof=Proof.ANSWER,
        reference="R-0123456789ABCDEF0123",
        provider_reference="9283",
        payment_reference=HASH,
        amount=Decimal("25.50"),
        currency="PEN",
    )


def test_a_refund_without_a_reason_is_described_by_its_code_for_a_description_is_mandatory(ebanx: Line) -> None:
    will_answer(ebanx, "/ws/refund", sample("refund_requested.json"))
    ebanx.gateway.request_refund(dataclasses.replace(REFUND, reason=""))
    assert json.loads(ebanx.evidence.calls[0].body)["description"] == "0123456789ABCDEF0123"


@pytest.mark.parametrize(
    ("raw", "status", "error_code"),
    [
        ("RE", RefundStatus.PENDING, None),
        ("PE", RefundStatus.AWAITING_PAYER, None),
        ("CO", RefundStatus.SUCCEEDED, None),
        ("CA", RefundStatus.CANCELED, ErrorCode.REFUND_CANCELLED),
        ("re", RefundStatus.UNRECOGNISED, None),
        ("PA", RefundStatus.UNRECOGNISED, None),
    ],
)
def test_a_refund_is_read_out_of_its_payment(
    ebanx: Line, raw: str, status: RefundStatus, error_code: ErrorCode | None
) -> None:
    will_answer(ebanx, "/ws/query", listing({"id": 9283, "status": raw, "amount_ext": "25.50"}))
    update = ebanx.gateway.fetch_refund("9283", HASH)
    assert (update.status, update.raw_status, update.error_code) == (status, raw, error_code)
    assert (update.proof, update.provider_reference, update.payment_reference) == (Proof.READ, "9283", HASH)
    assert json.loads(ebanx.evidence.calls[0].body) == {"hash": HASH}


def test_a_refund_that_its_payment_does_not_list_is_asked_for_again(ebanx: Line) -> None:
    will_answer(ebanx, "/ws/query", PAID)
    with pytest.raises(Ambiguous) as caught:
        ebanx.gateway.fetch_refund("9999", HASH)
    assert (caught.value.code, caught.value.request_id) == (ErrorCode.POLL_NOT_FOUND, "req-1")


def test_a_refund_is_found_by_our_reference(ebanx: Line) -> None:
    will_answer(ebanx, "/ws/query", PAID)
    found = ebanx.gateway.find_refund("R-89ABCDEF012345678901", HASH)
    assert isinstance(found, RefundUpdate)
    assert (found.provider_reference, found.reference) == ("9284", "R-89ABCDEF012345678901")


@pytest.mark.parametrize("body", ["payment_paid_with_refunds.json", "payment_pending.json"])
def test_a_refund_that_is_not_listed_may_still_exist(ebanx: Line, body: str) -> None:
    will_answer(ebanx, "/ws/query", sample(body))
    assert ebanx.gateway.find_refund("R-FFFFFFFFFFFFFFFFFFFF", HASH) == Absent(proves_never=False)


@pytest.mark.parametrize("second", ["RE", "CA"])
def test_two_refunds_with_one_code_are_a_persons_business(ebanx: Line, second: str) -> None:
    code = "0123456789ABCDEF0123"
    refunds: list[dict[str, object]] = [
        {"id": "1", "status": "RE", "merchant_refund_code": code},
        {"id": "2", "status": second, "merchant_refund_code": code},
    ]
    will_answer(ebanx, "/ws/query", listing(*refunds))
    with pytest.raises(Held) as caught:
        ebanx.gateway.find_refund(REFUND.reference, HASH)
    assert (caught.value.code, caught.value.request_id) == (ErrorCode.REFUND_DUPLICATE, "req-1")


def test_every_reference_of_ours_fits_and_comes_back_the_same() -> None:
    reference = "R-0123456789ABCDEF0123"
    assert _OUR_REFUND.fullmatch(reference)
    assert refund_code(reference) == "0123456789ABCDEF0123"
    assert refund_reference(refund_code(reference)) == reference


@pytest.mark.parametrize("reference", ["RF-0001", "R-1", "x" * 20, "x" * 21, "R-" + "g" * 30, "ñ" * 100])
def test_any_other_reference_fits_too_and_two_never_share_a_code(reference: str) -> None:
    assert len(refund_code(reference)) <= 20
    assert refund_code(reference) == refund_code(reference)
    assert refund_code(reference) != refund_code(reference + "2")
    assert len(payment_code(reference)) <= 40
    assert payment_code(reference) != payment_code(reference + "2")


def test_long_references_of_one_order_differ_in_their_codes_although_they_begin_alike() -> None:
    codes = {payment_code(f"{'A' * 64}-{attempt}-0123456789AB") for attempt in range(100)}
    assert len(codes) == 100
    assert {len(code) for code in codes} == {40}
    assert payment_code("A" * 40) == "A" * 40
