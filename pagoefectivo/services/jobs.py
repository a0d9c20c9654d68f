"""Periodic work of the sweep: each job at most once per interval over all processes, however many sweeps run."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Q

from pagoefectivo.models import Job
from pagoefectivo.services import seams

_PREFIX = "job "


def is_due(name: str, every: timedelta) -> bool:
    """Whether this process is the one to do a job now; answering yes notes that it has begun.

    A process asks the database once per interval and job, so asking costs nothing in between.
    """
    now, looked = seams.now(), seams.memory().get(_PREFIX + name)
    if looked is not None and timedelta(0) <= now - looked < every:
        return False
    seams.memory()[_PREFIX + name] = now
    over = Q(ran_at__lte=now - every) | Q(ran_at__gt=now)  # a clock that was put back must not stop it
    if Job.objects.filter(over, name=name).update(ran_at=now):
        return True
    if Job.objects.filter(name=name).exists():
        return False
    return bool(seams.transact(lambda: Job.objects.get_or_create(name=name, defaults={"ran_at": now})[1]))


def keep(name: str, outcome: dict[str, Any]) -> None:
    """Keep what a job found, for those who look later."""
    Job.objects.filter(name=name).update(outcome=outcome)


def forget() -> None:
    """Ask the database at the next question."""
    for name in [name for name in seams.memory() if name.startswith(_PREFIX)]:
        del seams.memory()[name]
