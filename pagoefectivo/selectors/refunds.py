"""Reading one refund."""

from __future__ import annotations

from pagoefectivo.models import Refund
from pagoefectivo.services.actors import Actor, Permission
from pagoefectivo.services.refunds import refund_named

_READERS = frozenset({Permission.WRITE_REFUNDS, Permission.APPROVE_REFUNDS})


def refund_for(public_id: str, *, actor: Actor) -> Refund:
    """Return one refund; raises PermissionRefused, and NotFound also where the actor may not know of it."""
    if not actor.permissions & _READERS:
        actor.require(Permission.READ_REFUNDS)
    return refund_named(public_id, actor=actor)
