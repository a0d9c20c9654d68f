"""Simulated time and a seeded scheduler: one thread, one greenlet per task, a fault at any point between two steps."""

from __future__ import annotations

import hashlib
import heapq
import re
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from django.db import OperationalError, connection, transaction
from greenlet import getcurrent, greenlet

from tests.simulation.faults import RATES, Setup

EPOCH = datetime(2026, 11, 23, 13, tzinfo=UTC)
FAULTY_SECONDS = 12 * 3600.0
LEASE = 60.0
BEAT = 15.0  # how often a sweep starts by itself
SEAL_PAUSE = timedelta(hours=4)  # the chain is not what a history is about: a few entries will do
MOST_STEPS = 20000
FOREVER = float("inf")
DUE_TABLES = frozenset({"webhookdelivery", "voucher", "refund", "outboxmessage"})
_TABLE = re.compile(r"pagoefectivo_(\w+)", re.ASCII)
CLAIMS = "RETURNING id, lease_token"  # most find nothing due; what follows a claim has points of its own
WRITES = ("INSERT", "UPDATE", "DELETE")


class Crash(BaseException):
    """The process is gone at this very point: no handler of the app may stop it."""


class Violation(BaseException):
    """An invariant did not hold. No handler of the app may swallow it."""

    def __init__(self, name: str, story: str) -> None:
        self.name = name
        super().__init__(f"{name}: {story}")


class Task:
    """One thread of work in one process. `wakes_at` is when it may go on, in simulated seconds."""

    __slots__ = ("doomed", "greenlet", "idle", "name", "process", "stalled", "wakes_at")

    def __init__(self, name: str, process: str, wakes_at: float, work: Callable[[], None]) -> None:
        self.name, self.process, self.wakes_at = name, process, wakes_at
        self.doomed = self.idle = False
        self.stalled = 0.0
        self.greenlet = greenlet(work)


class World:
    """Everything around the app: the clock, the dice, who runs next, and what strikes."""

    def __init__(self, setup: Setup, *, telling: bool = False) -> None:
        self.setup, self.telling = setup, telling
        self.time, self.skew, self.healed = 0.0, 0.0, False
        self.tasks: list[Task] = []
        self.current: Task | None = None
        self.struck: Counter[str] = Counter()
        self.written: set[str] = set()  # tables, since the last check
        self.steps = 0
        self.check: Callable[[set[str]], None] = lambda _: None
        self.next_due: Callable[[], float] = lambda: FOREVER
        self.canaries: tuple[str, ...] = ()
        self.story: list[str] = []
        self.ended = False
        self.complaint: Violation | None = None  # noticed where raising would be swallowed
        self._hash = hashlib.sha256()
        self._dice: dict[str, Random] = {}
        self._alarms: list[tuple[float, int, Callable[[], None]]] = []
        self._alarm_number = 0
        self._hub = getcurrent()
        self._ids = 0

    # --- what the seams are replaced with --------------------------------------------------------------------------

    def seams(self, session: Any) -> dict[str, Any]:
        """The replacements for `services.seams.use`."""
        return {
            "now": self.now,
            "database_now": self.true_now,
            "new_id": self.new_id,
            "jitter": self.dice("jitter").random,
            "unit_of_work": self.unit_of_work,
            "ring": self.ring,
            "session": lambda: session,
            "sleep": self.sleep,
            "side_by_side": self.one_by_one,
            "seal_pause": SEAL_PAUSE,
        }

    def now(self) -> datetime:
        """Our own clock, right or wrong."""
        return EPOCH + timedelta(milliseconds=round((self.time + self.skew) * 1000))

    def true_now(self) -> datetime:
        """The time at the PSP."""
        return EPOCH + timedelta(milliseconds=round(self.time * 1000))

    def new_id(self) -> str:
        self._ids += 1
        written = hashlib.sha256(f"{self.setup.seed}/{self._ids}".encode()).hexdigest()
        return f"{written[:8]}-{written[8:12]}-4{written[13:16]}-8{written[17:20]}-{written[20:32]}"

    @contextmanager
    def unit_of_work(self) -> Iterator[None]:
        self.point("begin")
        if self.strikes("victim"):
            raise OperationalError("database is locked")
        with transaction.atomic(durable=True):
            yield
        if self.current is not None and self.strikes("commit_unknown"):
            raise OperationalError("the connection was lost while committing")
        self.point("committed")

    def ring(self) -> None:
        """The bell wakes one idle worker, unless it is lost."""
        if "no_bell" in self.setup.faults or self.strikes("bell_lost"):
            return
        for task in self.tasks:
            if task.idle:
                task.wakes_at = min(task.wakes_at, self.time + 0.2)
                return

    def one_by_one(self, work: Callable[[Any], None], items: list[Any], _width: int) -> None:
        for item in items:
            work(item)

    # --- chance ----------------------------------------------------------------------------------------------------

    def dice(self, name: str) -> Random:
        """A stream of chance of its own, so that leaving one thing out does not shift the others."""
        if name not in self._dice:
            self._dice[name] = Random(f"{self.setup.seed}/{name}")
        return self._dice[name]

    def strikes(self, kind: str, rate: float | None = None) -> bool:
        """Whether a kind of fault strikes here; counted when it does."""
        if self.healed or kind not in self.setup.faults:
            return False
        if self.dice(kind).random() >= (RATES[kind] if rate is None else rate):
            return False
        self.struck[kind] += 1
        self.tell(f"    *** {kind}")
        return True

    # --- points ----------------------------------------------------------------------------------------------------

    def point(self, tag: str, *, may_stall: bool = True) -> None:
        """Give the turn back: another task may go first, the process may die or stand still."""
        task = self.current
        if task is None or connection.in_atomic_block:
            return
        self.tell(f"  {task.name}: {tag}")
        if self.strikes("crash"):
            raise Crash
        if may_stall and self.strikes("stall", self.setup.stall_rate):
            pause = self.dice("stall").uniform(*self.dice("stall").choice(((5, 70), (60, 900))))
            task.stalled += pause
            task.wakes_at = self.time + pause
        self._yield(task)

    def sleep(self, seconds: float) -> None:
        """Let simulated time pass for the running task."""
        task = self.current
        if task is None:
            return
        task.wakes_at = round(self.time + seconds, 3)
        self._yield(task)

    def rest(self) -> None:
        """Stand idle until something is due or the bell rings."""
        task = self.current
        if task is None:
            raise LookupError("only a task can rest")
        task.idle, task.wakes_at = True, FOREVER
        self._yield(task)
        task.idle = False

    def _yield(self, task: Task) -> None:
        self._hub.switch()
        if task.doomed:
            raise Crash

    def watch(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        """Around every SQL statement: a write outside a transaction is a unit of work of its own."""
        if not sql.lstrip().startswith(WRITES) or CLAIMS in sql:
            return execute(sql, params, many, context)
        if self.current is not None:
            if not connection.in_atomic_block:
                self._dawdle(sql, params)
                self.point("write")
            elif self.strikes("crash_in_transaction"):
                raise Crash
            elif self.strikes("victim", 0.003):
                raise OperationalError("database is locked")
        table = _TABLE.search(sql)
        self.written.add(table[1] if table else "")
        return execute(sql, params, many, context)

    def _dawdle(self, sql: str, params: Any) -> None:
        """A disk that is busy just when the evidence of an instruction is written: the lease may be over after it."""
        if "apiexchange" in sql and "POST" in (params or ()) and self.strikes("slow_evidence"):
            self.sleep(self.dice("slow_evidence").uniform(30, 1500))

    # --- tasks -----------------------------------------------------------------------------------------------------

    def spawn(self, name: str, work: Callable[[], None], *, after: float = 0.0, process: str = "web") -> Task:
        """Start a task; what it raises beyond Crash ends the history as a violation."""

        def run() -> None:
            try:
                work()
            except Crash:
                self.tell(f"  {name}: dies")

        task = Task(name, process, round(self.time + after, 3), run)
        self.tasks.append(task)
        return task

    def later(self, after: float, act: Callable[[], None]) -> None:
        """Have something happen outside the app; it touches no database."""
        self._alarm_number += 1
        heapq.heappush(self._alarms, (round(self.time + after, 3), self._alarm_number, act))

    def kill(self, process: str) -> None:
        """End every task of a process where it stands."""
        for task in list(self.tasks):
            if task.process.startswith(process) and task is not self.current:
                task.doomed = True
                task.wakes_at = self.time

    def run(self, until: float) -> None:
        """Go on until a simulated instant; checks after every step that wrote something."""
        while True:
            ready = [task for task in self.tasks if task.wakes_at <= self.time]
            if not ready:
                soonest = self._soonest()
                if soonest > until:
                    self.time = until
                    return
                self.time = soonest
                self._sound_alarms()
                self._wake_idle()
                continue
            task = ready[0] if len(ready) == 1 else self.dice("scheduler").choice(ready)
            self._step(task)

    def _step(self, task: Task) -> None:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise Violation("L4", "it never comes to rest")
        self.current = task
        try:
            task.greenlet.switch()
        except Violation:
            raise
        except Exception as error:
            where = "".join(traceback.format_exception(error)[-4:])
            raise Violation("X1", f"{task.name} met what nobody foresaw: {where}") from error
        finally:
            self.current = None
        if self.complaint:
            raise self.complaint
        if task.greenlet.dead:
            self.tasks.remove(task)
        written, self.written = self.written, set()
        if written:
            self.check(written)
        if task.idle or written & DUE_TABLES:
            self._wake_idle()

    def _wake_idle(self) -> None:
        idle = [task for task in self.tasks if task.idle]
        due = self.next_due() if idle else FOREVER
        for task in idle:
            if due < FOREVER:
                task.wakes_at = min(task.wakes_at, (max(due, self.time) // BEAT + 1) * BEAT)

    def _soonest(self) -> float:
        soonest = min((task.wakes_at for task in self.tasks), default=FOREVER)
        return min(soonest, self._alarms[0][0]) if self._alarms else soonest

    def _sound_alarms(self) -> None:
        while self._alarms and self._alarms[0][0] <= self.time:
            heapq.heappop(self._alarms)[2]()

    def end(self) -> None:
        """Throw away what still runs."""
        self.ended = True
        for task in self.tasks:
            task.doomed = True
            if task.greenlet:  # begun and not over
                task.greenlet.throw(Crash)
        self.tasks.clear()

    # --- the story -------------------------------------------------------------------------------------------------

    def tell(self, line: str) -> None:
        """Keep a line of the story; its hash is what two runs of one seed are compared by."""
        stamped = f"{self.time:.3f} {line}"
        self._hash.update(stamped.encode())
        if self.telling:
            self.story.append(stamped)

    def complain(self, name: str, story: str) -> None:
        """Note a violation where raising it would be swallowed; the history ends after this step."""
        self.complaint = self.complaint or Violation(name, story)

    @property
    def trace_hash(self) -> str:
        return self._hash.hexdigest()
