"""The bell: wakes a worker soon after a commit. One ring per process and tenth of a second, never in the caller's way."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable

QUIET = 0.1
SHARE = 10  # a publisher is busy for at most a tenth of the time, however slow the broker's client is
PAUSE_AFTER_FAILURE = 5.0

logger = logging.getLogger("pagoefectivo.bell")


class Bell:
    """Coalesces rings in a background thread; a broker that is slow or gone is felt by nobody but this thread."""

    def __init__(self, quiet: float = QUIET, pause: float = PAUSE_AFTER_FAILURE) -> None:
        self._quiet, self._pause = quiet, pause
        self._publish: Callable[[], None] | None = None
        self._wanted = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._process = 0

    def connect(self, publish: Callable[[], None]) -> None:
        """Say what a ring does. Without a publisher a ring does nothing and the sweep finds the work."""
        self._publish = publish

    def ring(self) -> None:
        """Ask for a wake-up; returns at once and never raises."""
        if self._publish is None:
            return
        self._wanted.set()
        if self._thread is None or self._process != os.getpid():
            self._start()

    def _start(self) -> None:
        with self._lock:
            if self._thread is not None and self._process == os.getpid():
                return
            self._process = os.getpid()
            self._thread = threading.Thread(target=self._answer, name="pagoefectivo-bell", daemon=True)
            self._thread.start()

    def _answer(self) -> None:
        idle = threading.Event()
        while True:
            self._wanted.wait()
            self._wanted.clear()
            began = time.monotonic()
            rung = self._ring_once()
            tired = min(SHARE * (time.monotonic() - began), self._pause)
            idle.wait(max(self._quiet, tired) if rung else self._pause)

    def _ring_once(self) -> bool:
        try:
            if self._publish is not None:
                self._publish()
        except Exception:  # noqa: BLE001 - whatever the broker's client raises, the sweep finds the work
            logger.warning("The bell could not be rung; the sweep will find the work.")
            return False
        return True


_bell = Bell()
connect = _bell.connect
ring = _bell.ring
readers = Bell()  # those who read pictures have a queue of their own, where nothing about money waits
