"""Refunds that were started at the provider: somebody says that the shop knows one, or that it does not."""

from __future__ import annotations

import logging

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Reason, RuleRefused, StateConflict
from pagoefectivo.domain.refund_reasons import REFUND_REASONS
from pagoefectivo.domain.states import AnomalyKind
from pagoefectivo.models import Anomaly, Refund
from pagoefectivo.services import seams
from pagoefectivo.services.actors import Actor, Permission
from pagoefectivo.services.commands import lock_refund
from pagoefectivo.services.refunds import refund_named

STARTED_OUTSIDE = AnomalyKind.REFUND_STARTED_OUTSIDE

logger = logging.getLogger("pagoefectivo.refunds")


def own(public_id: str, *, reason: str, note: str, actor: Actor) -> Refund:
    """Say that the shop knows a refund that was started at the provider, and why; its anomaly is closed by that.

    Who says so and when stays on the refund. Raises RuleRefused without a `note`, StateConflict where it was said
    before, PermissionRefused for anybody but a person, and NotFound.
    """
    if reason not in REFUND_REASONS:
        raise RuleRefused(Reason(ErrorCode.CREATE_FIELD_INVALID, field="reason"))
    refund, said = _taken_up(public_id, note, actor)

    def take_over() -> Refund:
        _, mine = lock_refund(refund)
        if not mine.is_unowned:
            raise StateConflict
        mine.reason, mine.note = reason, said
        mine.owned_by, mine.owner_id, mine.owned_at = actor.name, actor.user_id, seams.now()
        mine.save()
        open_ones = Anomaly.objects.filter(refund=mine, kind=STARTED_OUTSIDE, closed_at=None)
        open_ones.update(closed_at=mine.owned_at, closed_by=actor.name, resolution=said)
        return mine

    return seams.transact(take_over)


def disown(public_id: str, *, note: str, actor: Actor) -> Anomaly:
    """Say that nobody of the shop knows a refund from outside: its anomaly stays open and bears the note.

    The newest note counts. Raises what `own` raises.
    """
    refund, said = _taken_up(public_id, note, actor)

    def write_down() -> Anomaly:
        _, mine = lock_refund(refund)
        anomaly = Anomaly.objects.filter(refund=mine, kind=STARTED_OUTSIDE, closed_at=None).first()
        if not mine.is_unowned or anomaly is None:
            raise StateConflict
        anomaly.resolution = said
        anomaly.save(update_fields=["resolution"])
        logger.error("nobody of the shop knows refund %s, says user %s", mine.public_id, actor.user_id)
        return anomaly

    return seams.transact(write_down)


def _taken_up(public_id: str, note: str, actor: Actor) -> tuple[Refund, str]:
    actor.require_person(Permission.OWN_REFUNDS)
    refund, said = refund_named(public_id, actor=actor), note.strip()[:500]
    if not refund.is_outside:
        raise StateConflict
    if not said:
        raise RuleRefused(Reason(ErrorCode.REFUND_NOTE_MISSING, field="note"))
    return refund, said
