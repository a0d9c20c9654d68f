"""Where a process may be killed: before and after everything it writes, commits, sends or rings. For drills only.

Each point has a name made of what happens there and the function that does it ("web commit submission.submit"). A
warrant is a file of that name; the process that passes the point takes the file and dies of SIGKILL on the spot.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

from celery import signals as celery_signals
from django.apps import AppConfig
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

ROLE: str = os.environ.get("DRILL_ROLE", "")
FOLDER = Path(os.environ.get("DRILL_FOLDER", "/nonexistent"))
WARRANTS, DELIVERED, SEEN = FOLDER / "warrants", FOLDER / "delivered", FOLDER / "seen"
LATEST_PASSAGE = 3
_WRITES = ("INSERT", "UPDATE", "DELETE", "WITH")
_NOT_A_PLACE = ("pagoefectivo.services.seams", "pagoefectivo.providers.", "pagoefectivo.models")
_passed: set[str] = set()
_AUDIT_REST = timedelta(seconds=2)


class KillPoints(AppConfig):
    """Plants the points as soon as Django is ready; forked children inherit them."""

    name = "tests.processes"
    label = "kill_points"

    def ready(self) -> None:
        _plant_transactions()
        _plant_lone_writes()
        _plant_calls()
        _plant_tasks()
        _hasten_upkeep()


def point(what: str, place: str) -> None:
    """Die here if there is a warrant; one for a later passage moves nearer by one."""
    tag = f"{ROLE} {what} {place}".rstrip()
    if ROLE and tag not in _passed:
        _passed.add(tag)
        (SEEN / tag).touch()
    if _takes(f"{tag}#1", DELIVERED / f"{os.getpid()} {tag}"):
        os.kill(os.getpid(), signal.SIGKILL)
    for passage in range(2, LATEST_PASSAGE + 1):
        if _takes(f"{tag}#{passage}", WARRANTS / f"{tag}#{passage - 1}"):
            return


def _takes(warrant: str, to: Path) -> bool:
    """Renaming is atomic: of all the processes that pass, one takes it."""
    try:
        os.rename(WARRANTS / warrant, to)  # noqa: PTH104 - a Path would cost more than the call
    except FileNotFoundError:
        return False
    return True


def _place() -> str:
    """Name the function of ours that is at work: the innermost outside the seams, the providers and the models."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module.startswith("pagoefectivo.") and not module.startswith(_NOT_A_PLACE):
            return f"{module.rpartition('.')[2]}.{frame.f_code.co_name}"
        frame = frame.f_back
    return ""


def _around(what: str, done: str, work: Callable[..., Any]) -> Callable[..., Any]:
    def pass_through(*args: Any, **options: Any) -> Any:
        place = _place()
        point(what, place)
        result = work(*args, **options)
        point(done, place)
        return result

    return pass_through


def _plant_transactions() -> None:
    from pagoefectivo.services import seams

    begin = seams._current.unit_of_work

    def unit_of_work() -> AbstractContextManager[Any]:
        point("begin", _place())
        return begin()

    seams.use(unit_of_work=unit_of_work, seal_pause=_AUDIT_REST).__enter__()  # for the life of this process
    wrapper: Any = BaseDatabaseWrapper
    wrapper._commit = _around("commit", "committed", wrapper._commit)


def _plant_lone_writes() -> None:
    def watch(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        if context["connection"].in_atomic_block or not str(sql).lstrip().startswith(_WRITES):
            return execute(sql, params, many, context)
        return _around("write", "written", execute)(sql, params, many, context)

    def connected(connection: BaseDatabaseWrapper, **_: Any) -> None:
        if watch not in connection.execute_wrappers:
            connection.execute_wrappers.append(watch)

    connection_created.connect(connected, weak=False)


def _plant_calls() -> None:
    from pagoefectivo.providers import transport

    adapter: Any = transport._CarefulAdapter
    adapter.send = _around("send", "sent", adapter.send)


def _plant_tasks() -> None:
    for moment, what in {
        celery_signals.before_task_publish: "ring",
        celery_signals.after_task_publish: "rung",
        celery_signals.task_received: "receives",
        celery_signals.task_prerun: "task begins",
        celery_signals.task_postrun: "task ends",
        celery_signals.beat_init: "starts",
    }.items():
        moment.connect(_passing(what), weak=False)


def _passing(what: str) -> Callable[..., None]:
    def passing(**_: Any) -> None:
        point(what, "")

    return passing


def _hasten_upkeep() -> None:
    """What runs once a minute or a night has to be met within seconds."""
    from pagoefectivo.services import api_keys, audit, breaker, upkeep

    audit.HORIZON = _AUDIT_REST
    api_keys._USE_IS_NEWS_AFTER = timedelta(seconds=5)
    breaker.LOOK_AGAIN = timedelta(seconds=1)
    upkeep.HEARTBEAT_EVERY = timedelta(seconds=1)
    upkeep.INVARIANTS_EVERY = timedelta(seconds=5)
