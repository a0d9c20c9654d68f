"""Inputs that once broke something, each with what it is to come to."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from pagoefectivo.domain.messages import PaymentUpdate, RefundUpdate
from pagoefectivo.domain.states import OrderState, PaymentStatus, Proof, RefundState, RefundStatus, Source, VoucherState
from pagoefectivo.models import Anomaly, Order, Refund, Voucher
from pagoefectivo.services import lifecycle, seams
from tests.integration.pages.stage import place_order, place_refund, place_voucher

pytestmark = pytest.mark.django_db(transaction=True)


def say(voucher: Voucher, status: PaymentStatus, *refunds: RefundUpdate, **facts: Any) -> None:
    """Let the provider answer a question about a voucher."""
    said = {"provider_reference": voucher.provider_reference, "amount": voucher.amount, "currency": "PEN", **facts}
    update = PaymentUpdate(status, status.upper(), Proof.READ, reference=voucher.reference, refunds=refunds, **said)
    hear(update)


def hear(update: PaymentUpdate | RefundUpdate) -> None:
    evidence = lifecycle.Evidence("default", request_id="req-1")
    seams.transact(
        lambda: lifecycle.apply(update, source=Source.POLL, evidence=evidence, actor="provider", now=seams.now())
    )


def listed(reference: str = "REF-1", amount: str = "30.00") -> RefundUpdate:
    return RefundUpdate(
        RefundStatus.SUCCEEDED,
        "SUCCESS",
        Proof.READ,
        provider_reference=reference,
        amount=Decimal(amount),
        currency="PEN",
    )


def oddities(voucher: Voucher) -> list[str]:
    return sorted(Anomaly.objects.filter(voucher=voucher).values_list("kind", flat=True))


def test_a_refund_known_before_its_payment_does_not_keep_the_payment_out() -> None:
    voucher = place_voucher(place_order(), provider_reference="D-1")
    say(voucher, PaymentStatus.UNRECOGNISED, listed())
    say(voucher, PaymentStatus.PAID, listed())
    order = Order.objects.get()
    assert (order.state, order.paid_amount, order.refunded_amount) == (
        "partially_refunded",
        voucher.amount,
        Decimal("30.00"),
    )
    assert oddities(voucher) == ["refund_started_outside", "refunded_too_much", "status_unrecognised"]


def test_a_refund_listed_under_two_payments_stays_with_the_first_and_the_second_is_paid_all_the_same() -> None:
    first = place_voucher(place_order(), provider_reference="D-1", code="11111111")
    second = place_voucher(place_order(), provider_reference="D-2", code="22222222")
    for voucher in (first, second):
        say(voucher, PaymentStatus.PAID, listed())
    assert list(Refund.objects.values_list("voucher", flat=True)) == [first.pk]
    assert sorted(Order.objects.values_list("state", flat=True)) == ["paid", "partially_refunded"]
    assert (oddities(first), oddities(second)) == (["refund_started_outside"], ["status_conflict"])


def test_a_refund_answered_with_another_refunds_number_does_not_take_it() -> None:
    order = place_order(OrderState.PAID, paid_amount="89.90")
    voucher = place_voucher(order, VoucherState.PAID, provider_reference="D-1", reserved_amount="60.00")
    place_refund(voucher, RefundState.PENDING, provider_reference="REF-1")
    mine = place_refund(voucher, RefundState.SUBMITTING)
    hear(
        RefundUpdate(
            RefundStatus.PENDING, "PENDING", Proof.ANSWER, mine.reference, "REF-1", amount=mine.amount, currency="PEN"
        )
    )
    mine.refresh_from_db()
    assert (mine.state, mine.provider_reference) == ("pending", "")
    assert oddities(voucher) == ["status_conflict"]


@pytest.mark.parametrize("status", PaymentStatus)
def test_B10_a_payment_that_is_another_vouchers_is_not_counted_twice(status: PaymentStatus) -> None:
    holder = place_voucher(place_order(), provider_reference="D-1")
    other = place_voucher(place_order(), VoucherState.SUBMITTING)
    say(other, status, provider_reference="D-1")
    other.refresh_from_db()
    assert (other.state, other.paid_amount, other.provider_reference) == ("unknown", 0, "")
    assert (oddities(holder), oddities(other)) == (["code_reused"], ["code_reused"])
    assert set(Order.objects.values_list("state", flat=True)) <= {"awaiting_payment", "in_review"}
