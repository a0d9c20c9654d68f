"""Giving the buyer's own links to people of the back office. Who has one could act as the buyer, so it is written down."""

from __future__ import annotations

from pagoefectivo.models import BuyerView, Order
from pagoefectivo.services import seams
from pagoefectivo.services.actors import Actor, Permission
from pagoefectivo.services.orders import order_named
from pagoefectivo.services.refunds import refund_named


def open_order(reference: str, *, actor: Actor) -> str:
    """Return the address of the buyer's page of an order, and note who was given it. Raises PermissionRefused, NotFound.

    Whoever has it approves no refund of the order any more: from that page the buyer says where the money goes.
    """
    actor.require_person(Permission.READ_ORDERS)
    order = order_named(reference, actor=actor)
    _note(order, actor)
    return order.page_url


def open_refund(public_id: str, *, actor: Actor) -> str:
    """Return the address of the buyer's page of a refund; otherwise as `open_order`. Empty where it has none."""
    actor.require_person(Permission.WRITE_REFUNDS)
    refund = refund_named(public_id, actor=actor)
    _note(refund.order, actor)
    return refund.page_url


def _note(order: Order, actor: Actor) -> None:
    BuyerView.objects.get_or_create(order=order, actor=actor.name, defaults={"at": seams.now()})
