"""Evidence to seal, and somebody with every right in the database but without the shop's keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import models

from pagoefectivo.services import audit, seams
from tests.integration.audit.evidence import as_superuser, one_of_each

NOON = datetime(2026, 11, 23, 17, tzinfo=UTC)


class Clock:
    """An instant that a test moves on."""

    def __init__(self) -> None:
        self.time = NOON

    def now(self) -> datetime:
        return self.time

    def advance(self, **duration: float) -> None:
        self.time += timedelta(**duration)


@pytest.fixture
def clock() -> Iterator[Clock]:
    """Our clock; the database keeps its own."""
    clock = Clock()
    with seams.use(now=clock.now):
        yield clock


@pytest.fixture(autouse=True)
def _own_key(settings: Any) -> None:
    settings.PAGOEFECTIVO = {**django_settings.PAGOEFECTIVO, "ENCRYPTION_KEYS": ["the key of today"]}


@pytest.fixture
def seal(clock: Clock) -> Callable[[], int]:
    """Let everything grow old enough and seal it."""

    def sealed() -> int:
        clock.advance(hours=1, minutes=20)
        return audit.seal_when_due()

    return sealed


@pytest.fixture
def rows(db: None, clock: Clock) -> dict[str, models.Model]:
    """One row in each sealed table, none of its columns empty."""
    with as_superuser():
        return one_of_each(clock.now(), 1)


@pytest.fixture
def history(rows: dict[str, models.Model], clock: Clock, seal: Callable[[], int]) -> dict[str, models.Model]:
    """Three rows in each table under three entries of each; the middle row of each is returned, by table."""
    seal()
    with as_superuser():
        middle = one_of_each(clock.now(), 2)
    seal()
    with as_superuser():
        one_of_each(clock.now(), 3)
    seal()
    return middle
