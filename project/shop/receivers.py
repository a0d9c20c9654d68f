"""What the shop does when it hears of money. Each receiver may be called twice, late or out of order: the end is the same."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from pagoefectivo.models import Order
from pagoefectivo.signals import order_paid, order_refunded, stock_release_due
from project.shop.models import Purchase

State = Purchase.State


@receiver(order_paid, dispatch_uid="shop.pack")
def pack(*, order: Order, occurred_at: datetime, **_: Any) -> None:
    """The money is here, even if it came after the goods were released."""
    unpaid = Purchase.objects.filter(reference=order.reference, state__in=[State.WAITING, State.RELEASED])
    unpaid.update(state=State.PAID, paid_at=occurred_at)


@receiver(order_refunded, dispatch_uid="shop.take_back")
def take_back(*, order: Order, occurred_at: datetime, **_: Any) -> None:
    """All of it went back. Final, also when the news of the payment is still on its way."""
    kept = Purchase.objects.filter(reference=order.reference).exclude(state=State.REFUNDED)
    kept.update(state=State.REFUNDED, refunded_at=occurred_at)


@receiver(stock_release_due, dispatch_uid="shop.release")
def release(*, order: Order, **_: Any) -> None:
    """Nobody will pay any more: the piece can be sold again."""
    Purchase.objects.filter(reference=order.reference, state=State.WAITING).update(state=State.RELEASED)
