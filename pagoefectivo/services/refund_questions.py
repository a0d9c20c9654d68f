"""Asking about one refund because a person wants to know, not because the clock says so. Nothing is sent by it anew."""

from __future__ import annotations

from pagoefectivo.domain.exceptions import StateConflict
from pagoefectivo.domain.states import RefundState, Source
from pagoefectivo.models import Refund
from pagoefectivo.selectors.refund_desk import may_be_asked
from pagoefectivo.services import polling, submission
from pagoefectivo.services.actors import Actor, Permission
from pagoefectivo.services.claiming import claim_row
from pagoefectivo.services.refunds import refund_named


def ask_now(public_id: str, *, actor: Actor, source: Source) -> Refund:
    """Ask the provider now and apply the answer, as the clock would at its next turn; return the refund as it is then.

    Nobody is asked while a question is under way. What went wrong is on the refund. Raises StateConflict where there is
    nothing to ask, PermissionRefused and NotFound.
    """
    actor.require(Permission.READ_REFUNDS)
    refund = refund_named(public_id, actor=actor)
    if not may_be_asked(refund):
        raise StateConflict
    claim = claim_row(Refund, refund.pk)
    if claim is not None and refund.state == RefundState.PENDING:
        polling.ask_refund(claim, source=source)
    elif claim is not None:
        submission.submit(Refund, claim, source=source)
    return refund_named(public_id, actor=actor)
