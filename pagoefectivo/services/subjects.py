"""Finding and locking what a statement is about. The order of locks is written once, here."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from pagoefectivo.domain.exceptions import NotFound
from pagoefectivo.domain.messages import Command, PaymentUpdate, RefundUpdate, Update
from pagoefectivo.models import Order, Refund, Voucher


@dataclass(slots=True)
class Locked:
    """One order with everything below it, locked: order, then vouchers, then refunds, each by ascending id."""

    order: Order
    vouchers: list[Voucher]
    refunds: list[Refund]
    voucher: Voucher
    refund: Refund | None = None


def lock(update: Update, account: str) -> Locked:
    """Lock the order that `update` speaks of; raises NotFound when it is not ours."""
    order_id, voucher_id, refund_id = _locate(update, account)
    locked = lock_order(order_id)
    locked.voucher = next(voucher for voucher in locked.vouchers if voucher.pk == voucher_id)
    locked.refund = next((refund for refund in locked.refunds if refund.pk == refund_id), None)
    return locked


def lock_order(order_id: int) -> Locked:
    """Lock one order and everything below it; `voucher` is its newest. Must run inside a transaction."""
    order = Order.objects.select_for_update(no_key=True).get(pk=order_id)
    vouchers = list(Voucher.objects.select_for_update(no_key=True).filter(order=order).order_by("pk"))
    refunds = list(Refund.objects.select_for_update(no_key=True).filter(order=order).order_by("pk"))
    for voucher in vouchers:
        voucher.order = order
    for refund in refunds:
        refund.order = order
    return Locked(order, vouchers, refunds, vouchers[-1])


def find_refund(refunds: list[Refund], update: RefundUpdate) -> Refund | None:
    """Return which of an order's refunds a statement names, by our reference first, then by the provider's."""
    for refund in refunds:
        if update.reference and refund.reference == update.reference:
            return refund
    for refund in refunds:
        if update.provider_reference and refund.provider_reference == update.provider_reference:
            return refund
    return None


def _locate(update: Update, account: str) -> tuple[int, int, int | None]:
    if isinstance(update, Command):
        if update.refund_id is not None:
            return _refund_at(Q(pk=update.refund_id))
        return _voucher_at(Q(pk=update.voucher_id))
    named = _named(update) & Q(account=account)
    return _refund_at(named) if isinstance(update, RefundUpdate) else _voucher_at(named)


def _named(update: PaymentUpdate | RefundUpdate) -> Q:
    """Our own reference decides; the provider's only where ours is not said."""
    if update.reference:
        return Q(reference=update.reference)
    if update.provider_reference:
        return Q(provider_reference=update.provider_reference)
    raise NotFound


def _voucher_at(place: Q) -> tuple[int, int, None]:
    row = Voucher.objects.filter(place).values_list("order_id", "pk").first()
    if row is None:
        raise NotFound
    return (*row, None)


def _refund_at(place: Q) -> tuple[int, int, int]:
    row = Refund.objects.filter(place).values_list("order_id", "voucher_id", "pk").first()
    if row is None:
        raise NotFound
    return row
