"""Periodic work of the sweep: each job at most once per interval over all processes, however many sweeps run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from pagoefectivo.models import Job
from pagoefectivo.services import seams

_PREFIX = "job "


def due(intervals: Mapping[str, timedelta]) -> Iterator[str]:
    """Yield the names of those jobs that this process is the one to do now; each is noted as begun when it is yielded.

    A process asks the database about a job once per interval, and about all of them in one query.
    """
    now, looked = seams.now(), seams.memory()
    asked = [name for name, every in intervals.items() if _is_over(looked.get(_PREFIX + name), every, now)]
    looked.update({_PREFIX + name: now for name in asked})
    ran = dict(Job.objects.filter(name__in=asked).values_list("name", "ran_at")) if asked else {}
    for name in asked:
        if name not in ran:
            is_ours = seams.transact(partial(Job.objects.get_or_create, name=name, defaults={"ran_at": now}))[1]
        else:
            is_ours = _is_over(ran[name], intervals[name], now) and _begin(name, ran[name], now)
        if is_ours:
            yield name


def keep(name: str, outcome: dict[str, Any]) -> None:
    """Keep what a job found, for those who look later."""
    Job.objects.filter(name=name).update(outcome=outcome)


def record(name: str, outcome: dict[str, Any]) -> None:
    """Keep what was found by a person or by cron, and that it was now."""
    Job.objects.update_or_create(name=name, defaults={"ran_at": seams.now(), "outcome": outcome})


def forget() -> None:
    """Ask the database at the next question."""
    for name in [name for name in seams.memory() if name.startswith(_PREFIX)]:
        del seams.memory()[name]


def _is_over(since: datetime | None, every: timedelta, now: datetime) -> bool:
    """Also where a clock was put back: that must stop no job."""
    return since is None or not timedelta(0) <= now - since < every


def _begin(name: str, ran_at: datetime, now: datetime) -> bool:
    return bool(Job.objects.filter(name=name, ran_at=ran_at).update(ran_at=now))
