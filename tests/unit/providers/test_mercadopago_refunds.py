"""Refunds at Mercado Pago: what we ask for, and what may be believed after a silence."""

from __future__ import annotations

import dataclasses
import json
from decimal import Decimal

import pytest

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Ambiguous, Held, NotSent
from pagoefectivo.domain.messages import Absent, RefundUpdate
from pagoefectivo.domain.states import Proof, RefundStatus
from tests.unit.providers.mercadopago_stage import PAYMENT, REFUND, REFUND_ID, Line, sample
from tests.unit.providers.stage import changed

APPROVED, REFUNDED, PENDING = "refund_approved.json", "payment_refunded.json", "payment_pending.json"
REFUNDS = f"/v1/payments/{PAYMENT}/refunds"
ONE = f"{REFUNDS}/{REFUND_ID}"


@pytest.mark.parametrize("status", [200, 201])
def test_the_whole_is_asked_for_without_a_body_under_its_key(mercado: Line, status: int) -> None:
    mercado.will_answer("POST", REFUNDS, sample(APPROVED), status=status)

    update = mercado.gateway.request_refund(REFUND)

    assert mercado.call.body == b""
    assert mercado.call.headers["X-Idempotency-Key"] == "key-2"
    assert mercado.call.headers["X-Render-In-Process-Refunds"] == "true"
    assert update == RefundUpdate(
        status=RefundStatus.SUCCEEDED,
        raw_status="approved",
        proof=Proof.ANSWER,
        provider_reference=REFUND_ID,
        payment_reference=PAYMENT,
        amount=Decimal("100.50"),
    )


def test_a_part_is_asked_for_by_its_amount(mercado: Line) -> None:
    mercado.will_answer("POST", REFUNDS, changed(sample(APPROVED), amount=40), status=201)
    part = dataclasses.replace(REFUND, amount=Decimal("40.00"), is_whole=False)
    assert mercado.gateway.request_refund(part).amount == Decimal("40.00")
    assert mercado.call.body == b'{"amount":40.00}'


def test_the_same_refund_is_sent_again_in_the_same_bytes(mercado: Line) -> None:
    mercado.will_answer("POST", REFUNDS, sample(APPROVED), status=201)
    first, second = mercado.gateway.request_refund(REFUND), mercado.gateway.request_refund(REFUND)
    assert first == second
    one, other = mercado.evidence.calls
    assert (one.url, one.headers, one.body) == (other.url, other.headers, other.body)


@pytest.mark.parametrize(
    ("raw", "status", "error_code"),
    [
        ("approved", RefundStatus.SUCCEEDED, None),
        ("in_process", RefundStatus.PENDING, None),
        ("authorized", RefundStatus.PENDING, None),
        ("rejected", RefundStatus.FAILED, ErrorCode.REFUND_REJECTED),
        ("cancelled", RefundStatus.CANCELED, ErrorCode.REFUND_CANCELLED),
        ("APPROVED", RefundStatus.UNRECOGNISED, None),
        ("refunded", RefundStatus.UNRECOGNISED, None),
    ],
)
def test_a_refund_is_read_below_its_payment(
    mercado: Line, raw: str, status: RefundStatus, error_code: ErrorCode | None
) -> None:
    mercado.will_answer("GET", ONE, changed(sample(APPROVED), status=raw))
    update = mercado.gateway.fetch_refund(REFUND_ID, PAYMENT)
    assert (update.status, update.raw_status, update.error_code) == (status, raw, error_code)
    assert (update.proof, update.payment_reference) == (Proof.READ, PAYMENT)


def test_a_refund_from_before_there_were_statuses_was_done(mercado: Line) -> None:
    mercado.will_answer("GET", ONE, sample("refund_without_status.json"))
    update = mercado.gateway.fetch_refund(REFUND_ID, PAYMENT)
    assert (update.status, update.raw_status) == (RefundStatus.SUCCEEDED, "")


def test_an_answer_about_another_refund_is_not_believed(mercado: Line) -> None:
    mercado.will_answer("GET", ONE, changed(sample(APPROVED), id=4711))
    with pytest.raises(NotSent) as caught:
        mercado.gateway.fetch_refund(REFUND_ID, PAYMENT)
    assert caught.value.code is ErrorCode.PSP_BAD_RESPONSE


def paid(*refunds: dict[str, object], **changes: object) -> bytes:
    body = {"status": "approved", "status_detail": "accredited", "refunds": list(refunds), **changes}
    return changed(sample(PENDING), **body)


def part(amount: float, status: str = "approved") -> dict[str, object]:
    return {"id": 1, "amount": amount, "status": status}


@pytest.mark.parametrize(
    "payment",
    [
        pytest.param(paid(), id="nothing went back"),
        pytest.param(paid(part(100.5, "rejected")), id="what was tried did not go back"),
        pytest.param(paid(part(40, "cancelled"), part(30, "rejected")), id="nor did any of two"),
        pytest.param(sample(REFUNDED), id="all went back, by us or by somebody else"),
        pytest.param(paid(part(100.5, "in_process")), id="all is on its way back"),
        pytest.param(paid(transaction_amount_refunded=100.5), id="all went back, by a refund that is not listed"),
    ],
)
def test_after_a_silence_no_refund_is_ever_taken_for_ours(mercado: Line, payment: bytes) -> None:
    """What is left is to send the same request under the same key: it cannot give back more than there is."""
    mercado.will_answer("GET", f"/v1/payments/{PAYMENT}", payment)
    assert mercado.gateway.find_refund("RF-0001", PAYMENT) == Absent(proves_never=False)


@pytest.mark.parametrize(
    "payment",
    [
        pytest.param(paid(part(40)), id="a part"),
        pytest.param(paid(part(40, "in_process")), id="a part on its way"),
        pytest.param(paid(part(40), part(30)), id="two parts"),
        pytest.param(paid(part(40), part(60.5, "rejected")), id="a part and a failure"),
        pytest.param(paid(transaction_amount_refunded=0.01), id="a part that is not listed"),
        pytest.param(paid(part(40, "UNHEARD_OF")), id="perhaps a part"),
    ],
)
def test_after_a_silence_a_part_that_is_gone_is_a_persons_business(mercado: Line, payment: bytes) -> None:
    mercado.will_answer("GET", f"/v1/payments/{PAYMENT}", payment)
    with pytest.raises(Held) as caught:
        mercado.gateway.find_refund("RF-0001", PAYMENT)
    assert (caught.value.code, caught.value.request_id) == (ErrorCode.REFUND_OUTCOME_UNKNOWN, "req-1")
    assert mercado.calls() == [("GET", f"/v1/payments/{PAYMENT}")]


def test_a_payment_that_states_no_amount_tells_nothing_of_its_refunds(mercado: Line) -> None:
    mercado.will_answer("GET", f"/v1/payments/{PAYMENT}", paid(transaction_amount=None))
    with pytest.raises(NotSent) as caught:
        mercado.gateway.find_refund("RF-0001", PAYMENT)
    assert caught.value.code is ErrorCode.PSP_BAD_RESPONSE


@pytest.mark.parametrize(
    ("code", "raises", "called"),
    [
        (4296, Ambiguous, ErrorCode.REFUND_DUPLICATE),
        (2063, Held, ErrorCode.REFUND_NOT_ALLOWED),
        (2017, Held, ErrorCode.REFUND_AMOUNT_EXCEEDED),
    ],
)
def test_what_a_done_refund_of_ours_would_bring_is_never_called_undone(
    mercado: Line, code: int, raises: type[Ambiguous], called: ErrorCode
) -> None:
    body = {"message": "x", "error": "bad_request", "status": 400, "cause": [{"code": code, "description": "x"}]}
    mercado.will_answer("POST", REFUNDS, json.dumps(body).encode(), status=400)
    with pytest.raises(Ambiguous) as caught:
        mercado.gateway.request_refund(REFUND)
    assert (type(caught.value), caught.value.code) == (raises, called)
