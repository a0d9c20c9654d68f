"""Where the services touch the world: time, chance, ids, transactions, the bell and the wire. Thin and real here.

A simulation replaces them with `use(...)`; nothing else in the services reads a clock, rolls a die or opens a socket.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from django.db import transaction
from django.utils import timezone
from requests import Session

from pagoefectivo.providers.transport import open_session
from pagoefectivo.services import bell

_dice = random.SystemRandom()


def _unit_of_work() -> AbstractContextManager[Any]:
    return transaction.atomic(durable=True)


@cache
def _session() -> Session:
    return open_session()


@dataclass(frozen=True, slots=True)
class Seams:
    """One set of them."""

    now: Callable[[], datetime] = timezone.now
    database_now: Callable[[], datetime | None] = lambda: None
    new_id: Callable[[], str] = lambda: str(uuid.uuid4())
    jitter: Callable[[], float] = _dice.random
    unit_of_work: Callable[[], AbstractContextManager[Any]] = _unit_of_work
    ring: Callable[[], None] = bell.ring
    session: Callable[[], Session] = _session


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


def ring() -> None:
    """Wake a worker once this transaction is committed; losing the call costs seconds, never work."""
    transaction.on_commit(_current.ring)


def session() -> Session:
    """The pooled session that provider calls go through."""
    return _current.session()


@contextmanager
def use(**replacements: Any) -> Iterator[Seams]:
    """Replace seams inside the block; for simulations and tests."""
    global _current  # noqa: PLW0603 - one world at a time is the point of a seam
    before = _current
    _current = replace(before, **replacements)
    try:
        yield _current
    finally:
        _current = before
