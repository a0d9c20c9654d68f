"""How long a refund waits for its second person, and what becomes of one that waited in vain."""

from __future__ import annotations

from datetime import datetime

from pagoefectivo import conf
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.messages import Verb
from pagoefectivo.domain.states import RefundState, Source
from pagoefectivo.models import Refund
from pagoefectivo.services import seams
from pagoefectivo.services.actors import SYSTEM
from pagoefectivo.services.commands import command, lock_refund

EXPIRED = "approval_expired"


def deadline_of(refund: Refund) -> datetime | None:
    """Return until when a refund may be approved; None where it waits for none, or until somebody decides.

    Counted from when the approval was asked for or the bank account was given, whatever came last. What the rules of
    the account propose by themselves is owed to the buyer and waits as long as it takes.
    """
    if refund.state != RefundState.AWAITING_APPROVAL or refund.is_approved or refund.requested_by == SYSTEM.name:
        return None
    given_at = refund.destination.created_at if refund.destination else refund.changed_at
    return max(refund.changed_at, given_at) + conf.current().refund_approval_expires


def is_over(refund: Refund, now: datetime) -> bool:
    """Whether nobody may approve the refund any more."""
    deadline = deadline_of(refund)
    return deadline is not None and now >= deadline


def expire(found: Refund) -> None:
    """Withdraw a refund that nobody approved in time: its amount is free again, and the shop hears of it."""

    def withdraw() -> None:
        locked, refund = lock_refund(found)
        if is_over(refund, seams.now()):
            code = ErrorCode.APPROVAL_EXPIRED
            command(locked, refund, Verb.CANCEL, actor=SYSTEM, source=Source.CLOCK, why=EXPIRED, error_code=code)

    seams.transact(withdraw)
