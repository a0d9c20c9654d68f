"""What every sweep sees to besides due rows: heartbeat, abandoned calls, listening, rules, the nightly look, old counts, clues."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from pagoefectivo.selectors import invariants
from pagoefectivo.services import (
    clues,
    exchanges,
    jobs,
    late_money,
    pace,
    recovery,
    risk,
    second_factor,
    settlement_folders,
)

HEARTBEAT = "sweep"
HEARTBEAT_EVERY = timedelta(minutes=1)
INVARIANTS = "invariants"
INVARIANTS_EVERY = timedelta(hours=24)
RISK_EVERY = timedelta(minutes=1)
FOLDERS_EVERY = timedelta(minutes=1)
SECOND_FACTOR_EVERY = timedelta(hours=24)

logger = logging.getLogger("pagoefectivo.upkeep")


def run() -> None:
    """Do each job that is due; what fails is logged and tried at its next turn, for no row must wait for it."""
    work: dict[str, tuple[timedelta, Callable[[], object]]] = {
        HEARTBEAT: (HEARTBEAT_EVERY, exchanges.close_abandoned),
        "listen": (pace.LISTEN_EVERY, _listen),
        INVARIANTS: (INVARIANTS_EVERY, _nightly),
        risk.JOB: (RISK_EVERY, risk.watch),
        "second factor": (SECOND_FACTOR_EVERY, second_factor.forget_old),
        clues.JOB: (clues.EVERY, clues.catch_up),
    }
    if settlement_folders.watched():
        work["settlement folders"] = (FOLDERS_EVERY, settlement_folders.collect)
    with _nothing_stops_a_payment("upkeep"):
        for name in jobs.due({name: every for name, (every, _) in work.items()}):
            with _nothing_stops_a_payment(f"job {name}"):
                work[name][1]()


def check_invariants() -> None:
    """Recompute what must hold, keep what was found, and log each violation by number."""
    broken = [finding for finding in invariants.check() if finding.count]
    jobs.keep(INVARIANTS, {finding.id: {"count": finding.count, "rows": finding.rows} for finding in broken})
    for finding in broken:
        logger.error("%s is violated %s times: %s First: %s", finding.id, finding.count, finding.sentence, finding.rows)


def _nightly() -> None:
    check_invariants()
    late_money.find()


def _listen() -> None:
    pace.listen()
    recovery.finish_what_was_read()


@contextmanager
def _nothing_stops_a_payment(what: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # noqa: BLE001 - upkeep stops no payment
        logger.error("The %s failed: %s", what, type(error).__name__)  # noqa: TRY400 - a database's complaint quotes rows
