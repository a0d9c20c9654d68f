"""The company's own clock: real time plus an offset, and the acts that wait for a moment on it."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

logger = logging.getLogger(__name__)

LONGEST_WAIT_SECONDS = 1.0


class Clock:
    """A clock that can be moved. Acts booked with `call_at` run in time order, each at exactly its own moment."""

    def __init__(self) -> None:
        self._offset = timedelta()
        self._held_at: datetime | None = None
        self._booked: list[tuple[datetime, int, Callable[[], object]]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._moving = threading.RLock()
        self._running = False
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._listeners: list[Callable[[], None]] = []

    def now(self) -> datetime:
        """Return the company's time as an aware UTC instant."""
        held_at = self._held_at
        return held_at if held_at is not None else datetime.now(UTC) + self._offset

    @property
    def offset_seconds(self) -> float:
        """Return by how much this clock runs ahead of the real one."""
        return self._offset.total_seconds()

    def call_at(self, moment: datetime, act: Callable[[], object]) -> None:
        """Book `act` for `moment`; a moment already past is due at once."""
        with self._changed:
            heapq.heappush(self._booked, (moment, next(self._numbers), act))
            self._changed.notify_all()

    def on_move(self, listener: Callable[[], None]) -> None:
        """Have `listener` called after each move of the clock."""
        self._listeners.append(listener)

    def advance(self, seconds: float) -> datetime:
        """Move by `seconds`, run what falls due on the way before returning, return the new time."""
        with self._moving:
            return self.set(self.now() + timedelta(seconds=seconds))

    def set(self, moment: datetime) -> datetime:
        """Move to `moment`; going back runs nothing."""
        with self._moving:
            self._run_until(moment)
            self._offset = moment - datetime.now(UTC)
            self._held_at = None
        for listener in self._listeners:
            listener()
        return self.now()

    def reset(self) -> None:
        """Go back to real time and forget what was booked."""
        with self._moving, self._changed:
            self._booked.clear()
            self._offset = timedelta()
            self._held_at = None

    def is_busy(self, horizon: float) -> bool:
        """Return whether an act is running or due within `horizon` seconds."""
        limit = self.now() + timedelta(seconds=horizon)
        with self._changed:
            return self._running or bool(self._booked and self._booked[0][0] <= limit)

    def start(self) -> None:
        """Run booked acts as real time passes, in a background thread."""
        self._stopping = False
        self._thread = threading.Thread(target=self._tick, name="sandbox-clock", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the background thread."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread:
            self._thread.join(timeout=5)

    def _run_until(self, moment: datetime) -> None:
        while (booked := self._next_due(moment)) is not None:
            due_at, act = booked
            self._held_at = max(due_at, self.now())
            try:
                act()
            except Exception:
                logger.exception("an act booked on the sandbox clock failed")
            finally:
                self._running = False

    def _next_due(self, moment: datetime) -> tuple[datetime, Callable[[], object]] | None:
        with self._changed:
            if not self._booked or self._booked[0][0] > moment:
                return None
            self._running = True
            due_at, _, act = heapq.heappop(self._booked)
            return due_at, act

    def _tick(self) -> None:
        while not self._stopping:
            with self._moving:
                self._run_until(self.now())
                self._held_at = None
            with self._changed:
                wait = LONGEST_WAIT_SECONDS
                if self._booked:
                    wait = min(wait, max(0.0, (self._booked[0][0] - self.now()).total_seconds()))
                if wait and not self._stopping:
                    self._changed.wait(wait)
