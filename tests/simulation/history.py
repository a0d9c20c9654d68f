"""One seed, one history: twelve hours of faults, then healing, then everything has to agree."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from django.conf import settings
from django.db import OperationalError, connection

from pagoefectivo import conf, signals
from pagoefectivo.services import audit, clues, pace, seams, sweep, upkeep
from tests.simulation import database
from tests.simulation.convergence import Convergence
from tests.simulation.courier import Courier
from tests.simulation.faults import Setup
from tests.simulation.invariants import Invariants
from tests.simulation.people import CANARIES, People
from tests.simulation.profiles import HOUR, MINUTE, PROFILES
from tests.simulation.psp import Psp
from tests.simulation.wire import SimulatedSession
from tests.simulation.world import FAULTY_SECONDS, LEASE, Crash, Violation, World

SECRET, NEXT_SECRET = "canary-secret-one", "canary-secret-two"
PATIENCE = 100 * 24 * HOUR
SOON = 5 * HOUR  # twice the longest wait between two tries, and some


@dataclass(slots=True)
class Outcome:
    """What became of one history."""

    setup: Setup
    trace_hash: str
    faults: Counter[str]
    steps: int
    violation: Violation | None = None
    story: list[str] = field(default_factory=list)
    rows: int = 0
    parked: int = 0
    healed_after: float = 0.0


def live(setup: Setup, *, telling: bool = False) -> Outcome:
    """Live through one history and return what became of it; the database is empty before and used after."""
    database.empty()
    history = _History(setup, telling=telling)
    world = history.world
    violation = None
    try:
        history.live()
    except Violation as found:
        violation = found
        world.tell(f"!!! {found}")
    finally:
        history.close()
    return Outcome(
        setup, world.trace_hash, world.struck, world.steps, violation, world.story,
        history.convergence.rows, history.convergence.parked, history.healed_after,
    )  # fmt: skip


def shrink(setup: Setup, name: str) -> Setup:
    """Leave out one actor or kind of fault after the other, as long as the same invariant is hurt."""
    for each in (*sorted(setup.actors), *sorted(setup.faults)):
        smaller = setup.without(each)
        violation = live(smaller).violation
        if violation is not None and violation.name == name:
            setup = smaller
    return setup


class _History:
    def __init__(self, setup: Setup, *, telling: bool) -> None:
        self.world = world = World(setup, telling=telling)
        profile = PROFILES[setup.profile]
        world.canaries = (*CANARIES, SECRET, NEXT_SECRET)
        self.psp = Psp(world, profile)
        self.people = People(world, self.psp)
        self.invariants = Invariants(world, self.psp, self.people, trusts_webhooks=not profile.needs_query)
        self.convergence = Convergence(world, self.psp, self.people.bank)
        self.courier = Courier(world, self.psp, SECRET, self.invariants.accept)
        self.psp.audit = self.invariants.audit
        self.healed_after = 0.0
        world.check, world.next_due = self.invariants.check, self.invariants.next_due
        database.SimulatedCache.clock = staticmethod(lambda: world.time)
        self._log = _Log(world)
        self._shop = _Shop(world)
        self._workers = 0

    def live(self) -> None:
        world = self.world
        self._configure([SECRET])
        with (
            seams.use(**world.seams(SimulatedSession(world, self.psp))),
            connection.execute_wrapper(world.watch),
            self._sparing(),
            self._log,
            self._shop,
        ):
            self._plan()
            world.run(FAULTY_SECONDS)
            self._heal()

    @contextmanager
    def _sparing(self) -> Iterator[None]:
        """Most histories go without the sealing of evidence, and listen, beat and judge seldom: it costs half the time."""
        actors = self.world.setup.actors
        with ExitStack() as stack:
            if "sealer" not in actors:
                stack.enter_context(patch.object(audit, "seal_when_due", lambda *_, **__: 0))
            if "listener" not in actors:
                stack.enter_context(patch.object(pace, "LISTEN_EVERY", timedelta(hours=2)))
                stack.enter_context(patch.object(upkeep, "HEARTBEAT_EVERY", timedelta(hours=1)))
                stack.enter_context(patch.object(upkeep, "RISK_EVERY", timedelta(days=1)))
                stack.enter_context(patch.object(clues, "EVERY", timedelta(days=1)))
            yield

    def close(self) -> None:
        with connection.execute_wrapper(self.world.watch), seams.use(**self.world.seams(None)):
            self.world.end()

    # --- the plan --------------------------------------------------------------------------------------------------

    def _configure(self, secrets: list[str]) -> None:
        dice, profile = self.world.dice("settings"), self.psp.profile
        late, over = dice.choice(("review", "accept", "refund")), dice.choice((None, "30.00", "75.00"))
        hurry = dice.choice(({}, {"RETRY": ["30s", "2m", "2m", "2m", "6h"]}))
        self._account = getattr(self, "_account", None) or {
            "PROVIDER": f"tests.simulation.provider.{profile.name}",
            "CONFIRMATION": "query" if profile.needs_query else "webhook",
            "LATE_PAYMENT": late,
            "REFUND_APPROVAL_OVER": over,
            "EXPIRY": ["1h", "72h"],
        }
        account = {**self._account, "CREDENTIALS": {"secret": secrets}}
        settings.PAGOEFECTIVO = {
            "PUBLIC_BASE_URL": "https://shop.example",
            "TIMING": {"POLL": ["1m", "15m", "1h", "2h"], **hurry},
            "ACCOUNTS": {"default": account},
            "MESSAGES": {"CHANNELS": {}},  # a mail server is no part of these worlds
        }
        conf.forget()

    def _plan(self) -> None:
        world, dice = self.world, self.world.dice("day")
        self._start_worker()
        if "second_worker" in world.setup.actors:
            self._start_worker()
        self.people.plan()
        if world.strikes("restart"):
            for _ in range(2):
                world.later(dice.uniform(0, FAULTY_SECONDS), self._restart)
        if world.strikes("clock_step"):
            begins = dice.uniform(0, FAULTY_SECONDS / 2)
            world.later(begins, lambda: self._step_clock(dice.choice((-3000.0, -200.0, 90.0, 400.0, 3000.0))))
            world.later(begins + dice.uniform(600, 4 * HOUR), lambda: self._step_clock(0.0))
        if world.strikes("secret_rotation"):
            begins = dice.uniform(HOUR, 6 * HOUR)
            world.later(begins, lambda: self._configure([NEXT_SECRET, SECRET]))
            world.later(begins + 10 * MINUTE, lambda: setattr(self.courier, "secret", NEXT_SECRET))
            world.later(begins + 2 * HOUR, lambda: self._configure([NEXT_SECRET]))
        if "forger" in world.setup.actors and world.strikes("forgery"):
            for _ in range(dice.choice((2, 4, 6))):
                world.later(dice.uniform(600, FAULTY_SECONDS), self._forge)

    def _forge(self) -> None:
        self.world.struck["forgery"] += 1
        self.courier.forge()

    def _restart(self) -> None:
        self.world.tell("  everything is restarted")
        self.world.struck["restart"] += 1
        self.world.kill("web")
        self.world.kill("worker")

    def _step_clock(self, skew: float) -> None:
        self.world.tell(f"  our clock is {skew:+.0f} s wrong")
        self.world.skew = skew

    # --- workers ---------------------------------------------------------------------------------------------------

    def _start_worker(self, after: float = 0.0) -> None:
        self._workers += 1
        name, dice = f"worker-{self._workers}", self.world.dice("sweep")

        def work() -> None:
            try:
                while True:
                    self.world.rest()
                    try:
                        sweep.run(most_rounds=dice.choice((1, 1, 4)))
                    except OperationalError as trouble:
                        self.world.tell(f"  {name}: {trouble}")
            except Crash:
                if not self.world.ended:
                    self._start_worker(self.world.dice("respawn").uniform(2, 90))
                raise

        self.world.spawn(name, work, after=after, process="worker")

    # --- healing ---------------------------------------------------------------------------------------------------

    def _heal(self) -> None:
        """Faults stop, people finish their work, and time runs on until everything agrees or patience ends."""
        world = self.world
        world.tell("healed")
        world.healed, world.skew = True, 0.0
        for task in world.tasks:
            task.wakes_at = min(task.wakes_at, world.time + LEASE) if not task.idle else task.wakes_at
        world.run(world.time + HOUR)
        self.people.finish()
        world.run(world.time + SOON)
        self._wait_for_agreement()
        self._beat_once_more()
        self.invariants.check_all()
        self._shop.check()
        self.convergence.check()

    def _beat_once_more(self) -> None:
        """Workers here stand still while nothing is due; real ones go on beating and close what a dead process left."""
        self.world.later(HOUR, lambda: self.people.request("cron", sweep.run))
        self.world.run(self.world.time + HOUR + 5 * MINUTE)

    def _wait_for_agreement(self) -> None:
        """What only a late second look can find may take as long as the watch over ended rows lasts."""
        world, healed_at = self.world, self.world.time
        while self.convergence.differences() and world.time - healed_at < PATIENCE:
            self.people.finish()
            world.run(min(max(self.invariants.next_due(), world.time) + 2 * MINUTE, healed_at + PATIENCE))
        self.healed_after = world.time - FAULTY_SECONDS


class _Log(logging.Handler):
    """Reads what the app logs: no canary in it, and no failure that nobody foresaw."""

    def __init__(self, world: World) -> None:
        super().__init__(logging.WARNING)
        self._world = world
        self._logger = logging.getLogger("pagoefectivo")

    def __enter__(self) -> None:
        self._logger.addHandler(self)
        self._logger.propagate = False

    def __exit__(self, *_: object) -> None:
        self._logger.removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        said = record.getMessage()
        self._world.tell(f"  log: {said}")
        error = record.exc_info[1] if record.exc_info else None
        if any(canary in f"{said} {error}" for canary in self._world.canaries):
            self._world.complain("I14", f"the log names a secret: {said}")
        kind = type(error).__name__ if error else said.partition(" failed: ")[2].partition("\n")[0]
        if kind and said.startswith("Work on") and kind != "OperationalError":
            frames = logging.Formatter().formatException(record.exc_info) if record.exc_info else said
            self._world.complain("X1", f"{kind}: {frames[-900:]}")


class _Shop:
    """The host shop's two ears: every announcement, once each, unless the process died while it was being made."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.heard: Counter[tuple[str, str, int, str]] = Counter()
        self._listeners: list[tuple[Any, Any]] = []

    def __enter__(self) -> None:
        for name, signal in signals.BY_NAME.items():
            for listener in (self._listener(name), self._stumbler()):
                signal.connect(listener, weak=False)
                self._listeners.append((signal, listener))

    def __exit__(self, *_: object) -> None:
        for signal, listener in self._listeners:
            signal.disconnect(listener)

    def _listener(self, name: str) -> Any:
        def listen(*, sender: type, occurred_at: Any, **subjects: Any) -> None:
            row = next(subjects[each] for each in ("refund", "voucher", "order", "error") if each in subjects)
            if connection.in_atomic_block:
                self._world.complain("I11", f"{name} is announced inside a transaction")
            self.heard[name, sender.__name__, row.pk, str(occurred_at)] += 1

        return listen

    def _stumbler(self) -> Any:
        def stumble(**_: Any) -> None:
            if self._world.strikes("receiver_fails"):
                raise ValueError("the host shop stumbles")

        return stumble

    def check(self) -> None:
        deaths = sum(self._world.struck[kind] for kind in ("crash", "restart", "stall", "clock_step"))
        twice = [each for each, times in self.heard.items() if times > 1 + deaths]
        if twice:
            raise Violation("I11", f"announced more than once: {twice}")
        told = database.rows("SELECT count(*) FROM pagoefectivo_outboxmessage WHERE done_at IS NOT NULL")[0][0]
        if told > sum(self.heard.values()):
            raise Violation("I11", f"{told} announcements are marked as made, {sum(self.heard.values())} were heard")
