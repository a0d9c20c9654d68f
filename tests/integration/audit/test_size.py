"""Ten thousand rows are sealed and checked in portions: memory stays where it was at one thousand."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from pagoefectivo.models import ApiExchange, AuditEntry
from pagoefectivo.selectors import audit as verifying
from pagoefectivo.services import audit
from tests.integration.audit.conftest import Clock
from tests.integration.audit.evidence import EXCHANGE, order_one

SLACK = 2 * 1024 * 1024


def write(now: datetime, first: int, last: int) -> None:
    for start in range(first, last, 1000):
        ApiExchange.objects.bulk_create(
            ApiExchange(request_id=f"r-{number}", sent_at=now - timedelta(minutes=5), **EXCHANGE)
            for number in range(start, start + 1000)
        )


def peak(work: Callable[[], Any]) -> tuple[Any, int]:
    """What `work` returned, and the most memory in bytes that it held at once."""
    tracemalloc.start()
    try:
        return work(), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.django_db
def test_ten_thousand_rows_take_no_more_memory_than_one_thousand(clock: Clock) -> None:
    order_one(clock.now())
    write(clock.now(), 0, 1000)
    _, sealed_few = peak(audit.seal_when_due)
    _, checked_few = peak(verifying.verify)
    clock.advance(minutes=2)
    write(clock.now(), 1000, 11000)
    sealed, sealed_many = peak(audit.seal_when_due)
    verdict, checked_many = peak(verifying.verify)

    assert (sealed, AuditEntry.objects.count()) == (10000, 2 + 20)
    assert (verdict.rows, verdict.problems, verdict.unsealed) == (11000, 0, 0)
    assert sealed_many < sealed_few + SLACK
    assert checked_many < checked_few + SLACK


@pytest.mark.django_db
def test_a_backlog_larger_than_one_portion_is_sealed_minute_by_minute(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "BATCH", 100)
    monkeypatch.setattr(audit, "MOST_ENTRIES", 7)
    order_one(clock.now())
    write(clock.now(), 0, 1000)
    sealed = []
    for _ in range(3):
        sealed.append(audit.seal_when_due())
        clock.advance(minutes=2)
    assert sealed == [700, 300, 0]
    assert verifying.verify().problems == 0
