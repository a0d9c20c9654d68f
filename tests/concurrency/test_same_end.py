"""Several truths about one row at the same instant: whoever is first, the end is the same, and it is told once."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pagoefectivo import shop
from pagoefectivo.domain.exceptions import StateConflict
from pagoefectivo.domain.messages import PaymentUpdate, RefundUpdate
from pagoefectivo.domain.states import PaymentStatus, Proof, RefundStatus, Source
from pagoefectivo.models import BuyerMessage, Order, OutboxMessage, Refund, StateChange, Voucher
from pagoefectivo.sandbox.operations import Operations
from pagoefectivo.services import doubts, refunds
from pagoefectivo.services.actors import SHOP
from pagoefectivo.services.claiming import claim_row
from tests.concurrency.conftest import Team, ask, told

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.servers]


def signals() -> list[str]:
    return sorted(OutboxMessage.objects.values_list("signal", flat=True))


def no_error(outcomes: list[Any]) -> None:
    assert [each for each in outcomes if isinstance(each, Exception)] == []


def test_E08_create_answer_webhook_and_poll_at_once_make_one_paid_order(
    psp: Operations, issued: Callable[..., Order], eight: Team
) -> None:
    for number in range(10):
        issued(f"A-{number}")
        voucher = Voucher.objects.get(order__reference=f"A-{number}")
        OutboxMessage.objects.all().delete()
        paid = PaymentUpdate(
            PaymentStatus.PAID, "PAID", Proof.READ, reference=voucher.reference,
            provider_reference=voucher.provider_reference, amount=voucher.amount, currency="PEN",
            paid_at=voucher.created_at, payment_identity=voucher.provider_reference,
        )  # fmt: skip
        waiting = replace(paid, status=PaymentStatus.PENDING, raw_status="PENDING", paid_at=None)
        works = [
            told(replace(waiting, proof=Proof.ANSWER, code=voucher.code), Source.API),
            told(waiting, Source.POLL),
            *[told(replace(paid, proof=Proof.SIGNED_BODY), Source.WEBHOOK)] * 3,
            *[told(paid, Source.POLL)] * 3,
        ]
        no_error(eight.race(*works))
        order = Order.objects.get(reference=f"A-{number}")
        assert (order.state, order.paid_amount) == ("paid", voucher.amount)
        assert StateChange.objects.filter(order=order, transition="pay").count() == 2, "the voucher's and the order's"
        assert signals() == ["order_paid"]
        assert BuyerMessage.objects.filter(order=order, kind="paid").count() == 1


def test_E07_E08_refund_answer_webhook_and_poll_at_once_make_one_refund(
    psp: Operations, paid: Callable[..., Order], eight: Team
) -> None:
    paid(amount="500.00")
    psp.configure(auto_refund=None)
    for number, order_of_arrival in enumerate(itertools.islice(itertools.permutations(range(4)), 0, 24, 3)):
        refund = shop.request_refund(reference="A-1042", amount="10.00", reason="other", actor=SHOP)
        OutboxMessage.objects.all().delete()
        done = RefundUpdate(
            RefundStatus.SUCCEEDED, "SUCCESS", Proof.READ, reference=refund.reference,
            provider_reference=refund.provider_reference, amount=refund.amount, currency="PEN",
        )  # fmt: skip
        accepted = replace(done, status=RefundStatus.PENDING, raw_status="PENDING", proof=Proof.ANSWER)
        works = [
            told(accepted, Source.API),
            told(replace(done, proof=Proof.SIGNED_BODY), Source.WEBHOOK),
            told(done, Source.POLL),
            told(done, Source.POLL),
        ]
        no_error(eight.race(*[works[place] for place in order_of_arrival]))
        assert Refund.objects.get(pk=refund.pk).state == "succeeded"
        voucher = Voucher.objects.get()
        assert voucher.refunded_amount == voucher.reserved_amount == 10 * (number + 1)
        assert Order.objects.get().refunded_amount == voucher.refunded_amount
        assert signals() == ["refund_succeeded"]


def test_D06_a_cancellation_and_a_payment_at_once_never_lose_the_money(
    psp: Operations, issued: Callable[..., Order], pair: Team
) -> None:
    ends = set()
    for number in range(20):
        reference = f"A-{number}"
        issued(reference)
        voucher = Voucher.objects.get(order__reference=reference)

        def cancel(reference: str = reference) -> Order:
            return shop.cancel_order(reference=reference)

        def pay(code: str = voucher.code) -> None:
            psp.pay(code)

        canceled, _ = pair.race(cancel, pay)
        assert isinstance(canceled, Order | StateConflict), canceled
        claim = claim_row(Voucher, voucher.pk)
        if claim is not None:
            Voucher.objects.filter(pk=voucher.pk).update(lease_until=None)
            ask(voucher)
        order, voucher = Order.objects.get(reference=reference), Voucher.objects.get(order__reference=reference)
        assert (voucher.state, voucher.paid_amount) == ("paid", voucher.amount)
        assert order.state in {"paid", "in_review"}
        if order.state == "in_review":
            drafted = Refund.objects.get(order=order)
            assert (drafted.state, drafted.amount) == ("awaiting_approval", voucher.amount)
        assert psp.refunds(voucher.provider_reference) == []
        ends.add(order.state)
    assert ends <= {"paid", "in_review"}


def test_E18_a_withdrawal_and_a_sending_at_once_are_one_or_the_other(
    psp: Operations, paid: Callable[..., Order], pair: Team, settings: Any
) -> None:
    account = {**settings.PAGOEFECTIVO["ACCOUNTS"]["default"], "REFUND_APPROVAL_OVER": "0"}
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "ACCOUNTS": {"default": account}}
    ana = replace(SHOP, name="ana")
    paid(amount="900.00")
    for _ in range(15):
        before = len(psp.refunds())
        refund = shop.request_refund(reference="A-1042", amount="10.00", reason="other", actor=SHOP)

        def withdraw(public_id: str = refund.public_id) -> Refund:
            return refunds.cancel(public_id, actor=SHOP, source=Source.STAFF)

        def approve(asked: Refund = refund) -> Refund:
            return refunds.approve(asked.public_id, seen=doubts.seen_of(asked), actor=ana, source=Source.STAFF)

        outcomes = pair.race(withdraw, approve)
        state = Refund.objects.get(pk=refund.pk).state
        sent = len(psp.refunds()) - before
        assert (state, sent) in {("canceled", 0), ("pending", 1)}, outcomes
        assert sum(isinstance(each, StateConflict) for each in outcomes) <= 1
