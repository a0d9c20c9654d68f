"""A recorder that keeps what it is told, and the small world a gateway needs."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pagoefectivo.providers.base import Answer, Call, Wire
from pagoefectivo.providers.transport import open_session

NOW = datetime(2026, 11, 22, 14, 5, 6, 123000, tzinfo=UTC)


@dataclass
class KeptEvidence:
    """Every call with its end, in the order told."""

    told: list[str] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)

    def sending(self, call: Call) -> None:
        self.told.append("sending")
        self.calls.append(call)

    def answered(self, call: Call, answer: Answer) -> None:
        self.told.append("answered")
        self.answers.append(answer)

    def lost(self, call: Call, why: str) -> None:
        self.told.append("lost")
        self.losses.append(why)


@contextmanager
def open_wire(now: datetime = NOW) -> Iterator[Wire]:
    """A real session, a standing clock and counted ids."""
    numbers = itertools.count(1)
    session = open_session(pool_size=4)
    try:
        yield Wire(session=session, now=lambda: now, new_id=lambda: f"req-{next(numbers)}")
    finally:
        session.close()
