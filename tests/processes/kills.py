"""SIGKILL at every named point of web, worker and beat while the shop sells, and what became of the sales."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from pagoefectivo.services import api_keys
from tests.processes.judgement import violations
from tests.processes.stack import ROLES, Stack, wait_for
from tests.processes.traffic import Traffic

SCOPES = ("orders:read", "orders:write", "refunds:read", "refunds:write")
Outage = Callable[[Stack, Traffic], None]
WARM_UP = 3  # sales that get through before the first kill: by then every usual point has been passed
MET_WITHIN = 8.0


@dataclass
class Report:
    """What a run of kills came to: point -> how often somebody died there."""

    points: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    never_met: Counter[str] = field(default_factory=Counter)
    revivals: dict[str, int] = field(default_factory=dict)
    sales: int = 0
    no_answer: int = 0
    violations: list[str] = field(default_factory=list)
    seconds: float = 0.0


def run(stack: Stack, kills: int, *, seed: int = 1, say: Callable[[str], None] = lambda _: None) -> Report:
    """Kill that many processes, each at a point of its own choosing, let everything heal, and judge."""
    chance = random.Random(seed)

    def kill(report: Report, traffic: Traffic) -> None:
        while report.kills.total() < kills and report.never_met.total() < kills + 20:
            _kill_once(stack, report, chance)
            say(f"\r{report.kills.total()}/{kills} killed, {traffic.finished} sales through")
        say("\n")

    return _amid_sales(stack, kill)


def suffer(stack: Stack, outage: Outage) -> Report:
    """Let servers fail in one way while the shop sells, let everything heal, and judge."""
    return _amid_sales(stack, lambda _report, traffic: outage(stack, traffic))


def _amid_sales(stack: Stack, trouble: Callable[[Report, Traffic], None]) -> Report:
    report, began = Report(), time.monotonic()
    stack.start()
    traffic = Traffic(stack, api_keys.create_key("drill", SCOPES)[1])
    traffic.start()
    try:
        wait_for(lambda: traffic.finished >= WARM_UP, seconds=90)
        trouble(report, traffic)
    finally:
        for warrant in (stack.drill / "warrants").iterdir():
            warrant.unlink(missing_ok=True)
        traffic.stop(meanwhile=stack.revive)  # who has just taken a warrant may be dying still
    report.violations = violations(stack, traffic)
    report.points = len(_points(stack))
    report.revivals, report.sales, report.no_answer = stack.revivals, traffic.finished, traffic.no_answer
    report.seconds = time.monotonic() - began
    return report


def _points(stack: Stack) -> list[str]:
    return sorted(path.name for path in (stack.drill / "seen").iterdir())


def _kill_once(stack: Stack, report: Report, chance: random.Random) -> None:
    """Have the next process die that passes the point which was visited least; roles take turns.

    A warrant that nobody meets in time stays out: whoever comes by later dies then, and that counts.
    """
    warrants, delivered = stack.drill / "warrants", stack.drill / "delivered"
    role = ROLES[(report.kills.total() + report.never_met.total()) % len(ROLES)]
    out = {path.name.partition("#")[0] for path in warrants.iterdir()}
    known = [point for point in _points(stack) if point not in out]
    known = [point for point in known if point.startswith(f"{role} ")] or known
    fewest = min(report.kills[point] for point in known)
    point = chance.choice([each for each in known if report.kills[each] == fewest])
    before = {path.name for path in delivered.iterdir()}
    (warrants / f"{point}#1").touch()

    def deaths() -> set[str]:
        stack.revive()
        return {path.name for path in delivered.iterdir()} - before

    wait_for(deaths, seconds=MET_WITHIN, every=0.05)
    for death in deaths():
        report.kills[death.partition(" ")[2]] += 1
    report.never_met[point] += (warrants / f"{point}#1").exists()
