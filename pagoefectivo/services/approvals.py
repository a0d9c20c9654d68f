"""How long a refund waits for its second person, and what becomes of one that waited in vain."""

from __future__ import annotations

from datetime import datetime

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.messages import Verb
from pagoefectivo.domain.states import Source
from pagoefectivo.models import Refund
from pagoefectivo.selectors.refund_desk import approval_deadline
from pagoefectivo.services import seams
from pagoefectivo.services.actors import SYSTEM
from pagoefectivo.services.commands import command, lock_refund

EXPIRED = "approval_expired"


def is_over(refund: Refund, now: datetime) -> bool:
    """Whether nobody may approve the refund any more."""
    deadline = approval_deadline(refund)
    return deadline is not None and now >= deadline


def expire(found: Refund) -> None:
    """Withdraw a refund that nobody approved in time: its amount is free again, and the shop hears of it."""

    def withdraw() -> None:
        locked, refund = lock_refund(found)
        if is_over(refund, seams.now()):
            code = ErrorCode.APPROVAL_EXPIRED
            command(locked, refund, Verb.CANCEL, actor=SYSTEM, source=Source.CLOCK, why=EXPIRED, error_code=code)

    seams.transact(withdraw)
