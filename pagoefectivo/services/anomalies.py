"""Opening and closing what does not fit. Callers hold the order's locks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from pagoefectivo.domain.states import AnomalyKind
from pagoefectivo.models import Anomaly, Refund, Voucher

BY_A_LATER_FACT = "system"


def open_anomaly(
    kind: AnomalyKind, voucher: Voucher, refund: Refund | None, *, holds_order: bool, now: datetime, again: bool = False
) -> bool:
    """Open an anomaly unless the same one is open for this subject, or a person has closed it; return whether it is new.

    One that a person has closed stays closed: the same old fact, heard again, is no news. One that a later fact answered
    is news when it comes again. With `again` it is another fact, and only one that is still open stands for it.
    """
    same = Anomaly.objects.filter(kind=kind, voucher=voucher, refund=refund).exclude(closed_by=BY_A_LATER_FACT)
    if (same.filter(closed_at=None) if again else same).exists():
        return False
    Anomaly.objects.create(
        kind=kind, order_id=voucher.order_id, voucher=voucher, refund=refund, holds_order=holds_order, opened_at=now
    )
    return True


def close_settled(kinds: Iterable[AnomalyKind], voucher: Voucher, refund: Refund | None, now: datetime) -> None:
    """Close what a later fact has answered."""
    settled = list(kinds)
    if settled:
        still_open = Anomaly.objects.filter(kind__in=settled, voucher=voucher, refund=refund, closed_at=None)
        still_open.update(closed_at=now, closed_by=BY_A_LATER_FACT, resolution="answered by a later fact")
