"""Refunds that are on their way for longer than expected: noted once each, for people to see."""

from __future__ import annotations

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.models import ErrorOccurrence, Refund
from pagoefectivo.selectors import calendar
from pagoefectivo.selectors.expectations import expected_refund_dates
from pagoefectivo.services import occurrences, seams


def note(refund: Refund, operation: str) -> None:
    """Write REFUND_PENDING_TOO_LONG the first time that a refund is seen past its expected days; it changes no state.

    `operation` is by which it was looked at. One of which nobody says how long it takes is never late.
    """
    awaited = expected_refund_dates(refund)
    if awaited is None or not awaited.is_late_on(calendar.today()):
        return
    code = ErrorCode.REFUND_PENDING_TOO_LONG
    if not ErrorOccurrence.objects.filter(refund=refund, code=code).exists():
        occurrences.keep(
            ErrorOccurrence(
                code=code, operation=operation, account=refund.account, refund=refund, occurred_at=seams.now()
            )
        )
