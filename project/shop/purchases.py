"""Buying: the shop's own row first, then pagoefectivo's order, joined by the reference."""

from __future__ import annotations

import secrets

from django.utils.translation import get_language

from pagoefectivo import shop
from pagoefectivo.domain.exceptions import NotFound, RuleRefused
from pagoefectivo.domain.states import VoucherState
from pagoefectivo.models import Order
from project.shop.catalogue import CURRENCY, Product
from project.shop.models import Purchase

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none that is mistaken for another


def new_reference() -> str:
    return "F-" + "".join(secrets.choice(_LETTERS) for _ in range(8))


def left(product: Product) -> int:
    """Return how many pieces can still be sold: counted anew each time, so that no release is counted twice."""
    gone = Purchase.objects.filter(product=product.slug).exclude(state=Purchase.State.RELEASED).count()
    return max(product.stock - gone, 0)


def buy(reference: str, product: Product, payer: shop.Payer, account: str) -> Order:
    """Buy one piece; the same `reference` again is the same purchase. Raises RuleRefused, and then nothing was bought."""
    purchase, is_new = Purchase.objects.get_or_create(  # before the order: a payment must always find its purchase
        reference=reference, defaults={"product": product.slug, "amount": product.price, "currency": CURRENCY}
    )
    try:
        return shop.open_order(
            reference=reference,
            amount=product.price,
            currency=CURRENCY,
            payer=payer,
            account=account,
            description=str(product.name),
            metadata={"product": product.slug},
            language=get_language() or "es",
        )
    except RuleRefused:
        if is_new:
            purchase.delete()
        raise


def was_turned_down(order: Order) -> bool:
    """Whether PagoEfectivo refused to make a code; the same reference with other data tries again."""
    newest = order.vouchers.order_by("-attempt").first()
    return newest is not None and newest.state == VoucherState.FAILED


def order_of(reference: str) -> Order | None:
    """Return a purchase's order with the protected page of its code; None where none was ever asked for."""
    try:
        return shop.get_order(reference=reference)
    except NotFound:
        return None
