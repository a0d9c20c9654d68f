"""Rows whose work fails as nobody foresaw: tried again with growing waits, then parked, in nobody's way."""

from __future__ import annotations

import logging
from datetime import timedelta

from pagoefectivo import conf
from pagoefectivo.domain.timing import WAIT_FOR_PERSON, step
from pagoefectivo.models import StuckRow
from pagoefectivo.services import seams
from pagoefectivo.services.claiming import Claim

TRIES_BEFORE_PARKED = 8
SLACK = timedelta(minutes=5)

logger = logging.getLogger("pagoefectivo.stuck")


def note(claim: Claim, error: Exception) -> timedelta:
    """Count one failure of a row, committed on return; return how long it waits. Keeps the kind, never the text.

    From the eighth failure in a row on it is parked: tried once a day, and counted where people look. What the
    database itself could not do is no row's fault and is not counted.
    """
    retry = conf.current().timing.retry
    if isinstance(error, seams.DATABASE_TROUBLE):
        return step(retry, claim.attempts - 1)
    kind = type(error).__name__
    failures = seams.transact(lambda: _count(claim, kind))
    if failures == TRIES_BEFORE_PARKED:
        logger.error("Work on %s %s is parked after %s failures: %s", claim.kind, claim.row_id, failures, kind)
    return _wait(failures)


def _wait(failures: int) -> timedelta:
    return WAIT_FOR_PERSON if failures >= TRIES_BEFORE_PARKED else step(conf.current().timing.retry, failures - 1)


def _count(claim: Claim, kind: str) -> int:
    now = seams.now()
    row, _ = StuckRow.objects.select_for_update().get_or_create(
        kind=claim.kind, row_id=claim.row_id, defaults={"error": kind[:80], "first_at": now, "last_at": now}
    )
    if now - row.last_at > 2 * _wait(row.failures) + SLACK:  # it was due again long before, and did not fail
        row.failures, row.first_at, row.parked_at = 0, now, None
    row.failures += 1
    row.error, row.last_at = kind[:80], now
    if row.failures >= TRIES_BEFORE_PARKED:
        row.parked_at = row.parked_at or now
    row.save()
    return row.failures
