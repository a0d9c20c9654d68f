"""Where the services touch the world: time, chance, ids, transactions, the bell and the wire. Thin and real here.

A simulation replaces them with `use(...)`; nothing else in the services reads a clock, rolls a die or opens a socket.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any, TypeVar

from django.db import InterfaceError, InternalError, OperationalError, transaction
from django.utils import timezone
from requests import Session

from pagoefectivo.providers.transport import open_session
from pagoefectivo.services import bell

VICTIM_PAUSES = (0.02, 0.1)
DATABASE_TROUBLE = (InterfaceError, OperationalError, InternalError)  # gone, full or, by the last one, read only
Result = TypeVar("Result")

_dice = random.SystemRandom()


def _unit_of_work() -> AbstractContextManager[Any]:
    return transaction.atomic(durable=True)


@cache
def _session() -> Session:
    return open_session()


def _in_threads(work: Callable[[Any], None], items: list[Any], width: int) -> None:
    with ThreadPoolExecutor(max_workers=min(width, len(items))) as pool:
        list(pool.map(work, items))


@dataclass(frozen=True, slots=True)
class Seams:
    """One set of them."""

    now: Callable[[], datetime] = timezone.now
    database_now: Callable[[], datetime | None] = lambda: None
    new_id: Callable[[], str] = lambda: str(uuid.uuid4())
    jitter: Callable[[], float] = _dice.random
    unit_of_work: Callable[[], AbstractContextManager[Any]] = _unit_of_work
    ring: Callable[[], None] = bell.ring
    ring_readers: Callable[[], None] = bell.readers.ring
    session: Callable[[], Session] = _session
    sleep: Callable[[float], None] = time.sleep
    side_by_side: Callable[[Callable[[Any], None], list[Any], int], None] = _in_threads
    seal_pause: timedelta = timedelta(minutes=1)
    memory: dict[str, datetime] = field(default_factory=dict)
    tokens: dict[str, Any] = field(default_factory=dict)


_current = Seams()


def now() -> datetime:
    """The present instant, UTC."""
    return _current.now()


def database_now() -> datetime | None:
    """The instant that leases are measured with; None means the database's own clock."""
    return _current.database_now()


def new_id() -> str:
    """A fresh random id of 36 characters, never derived from a row's number."""
    return _current.new_id()


def jitter() -> float:
    """A number between 0 and 1."""
    return _current.jitter()


def unit_of_work() -> AbstractContextManager[Any]:
    """The outermost transaction. Raises RuntimeError inside another one: a host's ATOMIC_REQUESTS fails loudly."""
    return _current.unit_of_work()


def transact(work: Callable[[], Result]) -> Result:
    """Run `work` in a unit of work; the whole of it again, twice at most, when the database chose it as a victim.

    `work` must hold no call to the world outside: it may run more than once.
    """
    for pause in VICTIM_PAUSES:
        try:
            with unit_of_work():
                return work()
        except OperationalError as error:
            if not _is_victim(error):
                raise
            _current.sleep(pause * (1 + jitter()))
    with unit_of_work():
        return work()


def _is_victim(error: OperationalError) -> bool:
    """Serialization failure, deadlock, lock timeout, or SQLite's single writer being somebody else."""
    state = getattr(error.__cause__, "sqlstate", None)
    return state in {"40001", "40P01", "55P03"} or "database is locked" in str(error)


def ring() -> None:
    """Wake a worker once this transaction is committed; losing the call costs seconds, never work."""
    transaction.on_commit(_current.ring)


def ring_readers() -> None:
    """Wake who reads pictures once this transaction is committed; a lost call costs a minute."""
    transaction.on_commit(_current.ring_readers)


def session() -> Session:
    """The pooled session that provider calls go through."""
    return _current.session()


def side_by_side(work: Callable[[Any], None], items: list[Any], *, width: int) -> None:
    """Call `work` with each item, up to `width` at a time; over when all are. `work` must not touch the database."""
    if items:
        _current.side_by_side(work, items, width)


def seal_pause() -> timedelta:
    """How long the audit chain rests after an entry before the next."""
    return _current.seal_pause


def memory() -> dict[str, datetime]:
    """When this process last looked at something that need not be looked at each time. Another world remembers nothing."""
    return _current.memory


def tokens() -> dict[str, Any]:
    """What gateways of this process remember between calls, such as a token that is still good; never stored."""
    return _current.tokens


@contextmanager
def use(**replacements: Any) -> Iterator[Seams]:
    """Replace seams inside the block; for simulations and tests."""
    global _current  # noqa: PLW0603 - one world at a time is the point of a seam
    before = _current
    _current = replace(before, **{"memory": {}, "tokens": {}, **replacements})
    try:
        yield _current
    finally:
        _current = before
