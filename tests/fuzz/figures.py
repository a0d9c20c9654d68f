"""What a run came to: counts, time, memory, and every failure."""

from __future__ import annotations

import resource
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

PAGE = 4096
SHARES = 20


@dataclass
class Figures:
    """What a run came to."""

    inputs: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    grown_kib: int = 0

    def lines(self) -> Iterator[str]:
        """The figures for a person."""
        yield f"{self.inputs} inputs in {self.seconds:.0f} s; memory grew by {self.grown_kib / 1024:.1f} MiB"
        yield "answers: " + ", ".join(f"{name} {count}" for name, count in sorted(self.answers.items()))
        yield from (f"  {count:>7}  {name}" for name, count in sorted(self.kinds.items()))
        yield from (f"{name}: {value}" for name, value in self.notes.items())
        yield from (f"FAILED {each}" for each in self.failures[:20])
        yield f"failures: {len(self.failures)}"


@contextmanager
def measured(figures: Figures) -> Iterator[None]:
    """Time and memory of the block."""
    started, before = time.monotonic(), resident_kib()
    try:
        yield
    finally:
        figures.seconds += time.monotonic() - started
        figures.grown_kib += resident_kib() - before


def resident_kib() -> int:
    """The memory that this process holds now; its peak where the system does not say."""
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123 - read often
            return int(statm.read().split()[1]) * PAGE // 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def counted(numbers: Iterable[int], total: int, what: str, *, loud: bool) -> Iterator[int]:
    """The same numbers; a loud run says on standard error how far it came."""
    step = max(1, total // SHARES)
    for done, number in enumerate(numbers):
        if loud and done % step == 0:
            bar = "█" * (done * SHARES // total)
            print(f"\r{what} {bar:░<{SHARES}} {done}/{total}", end="", file=sys.stderr, flush=True)
        yield number
    if loud:
        print(f"\r{what} {'█' * SHARES} {total}/{total}", file=sys.stderr, flush=True)
