"""Reading one refund."""

from __future__ import annotations

from dataclasses import dataclass

from pagoefectivo.domain.doubts import Doubt
from pagoefectivo.domain.states import RefundState
from pagoefectivo.models import Refund, RefundDestination
from pagoefectivo.services import doubts
from pagoefectivo.services.actors import Actor, Permission
from pagoefectivo.services.refunds import refund_named

_READERS = frozenset({Permission.WRITE_REFUNDS, Permission.APPROVE_REFUNDS})


@dataclass(frozen=True, slots=True)
class Approvable:
    """What an approver is shown of a refund; `seen` names it."""

    destination: RefundDestination | None
    doubts: tuple[Doubt, ...]
    seen: str


def refund_for(public_id: str, *, actor: Actor) -> Refund:
    """Return one refund; raises PermissionRefused, and NotFound also where the actor may not know of it."""
    if not actor.permissions & _READERS:
        actor.require(Permission.READ_REFUNDS)
    return refund_named(public_id, actor=actor)


def approvable(refund: Refund, *, actor: Actor) -> Approvable | None:
    """Return what is to be looked at before a refund is approved; None where it waits for none, or the actor may not."""
    waits = refund.state == RefundState.AWAITING_APPROVAL and not refund.is_approved
    if not waits or Permission.APPROVE_REFUNDS not in actor.permissions:
        return None
    shown = doubts.look(refund)
    return Approvable(refund.destination, shown.doubts, shown.seen)
