"""Every two of the twelve entry points, and each with itself, at the same instant on one order.

Three rounds a pair as part of the suite, two threads each. All of it, fifty rounds of eight threads, four at each
entry point; half an hour on two cores:

    RACE_ROUNDS=50 RACE_THREADS=8 python3 dev.py test tests/concurrency/test_pairs.py -n 2
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import combinations_with_replacement
from typing import Any

import pytest
from psycopg.errors import DeadlockDetected

from pagoefectivo.sandbox.operations import Operations
from pagoefectivo.services import sweep
from tests.concurrency.conftest import FIGURES, Team
from tests.concurrency.entry_points import ENTRY_POINTS, Racer
from tests.concurrency.judgement import Judgement, judge_the_end
from tests.concurrency.scenes import APPROVAL_OVER, Stage, make_due

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.servers]

ROUNDS = int(os.environ.get("RACE_ROUNDS", "3"))
THREADS = int(os.environ.get("RACE_THREADS", "2"))
PAIRS = list(combinations_with_replacement(ENTRY_POINTS, 2))


@pytest.fixture
def company(psp: Operations, settings: Any) -> Operations:
    """Two accounts: one asks about every message, one believes what is signed. Letters are booked, but not sent."""
    default = {
        **settings.PAGOEFECTIVO["ACCOUNTS"]["default"],
        "REFUND_APPROVAL_OVER": APPROVAL_OVER,
        "QUESTIONS_PER_SECOND": 1000,
    }
    accounts = {"default": default, "trusting": {**default, "CONFIRMATION": "webhook"}}
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "ACCOUNTS": accounts}
    psp.configure(notify_created=True)
    psp.webhook_fault("lost", times=None)
    return psp


@pytest.fixture
def team() -> Iterator[Team]:
    """Half of it goes to each entry point."""
    team = Team(THREADS)
    yield team
    team.disband()


def test_there_are_66_pairs_and_12_self_pairs() -> None:
    assert len(PAIRS) == 78
    assert len([pair for pair in PAIRS if pair[0] == pair[1]]) == 12


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_F07_two_entry_points_at_once_neither_double_nor_lose(
    first: str, second: str, company: Operations, team: Team, record_property: Callable[[str, object], None]
) -> None:
    figures = dict.fromkeys(("pairs", "rounds", "errors", "deadlocks", "doubles", "losses"), 0)
    record_property(FIGURES, figures)
    figures["pairs"] = 1
    places = [first, second] * (THREADS // 2)
    racers = [Racer(f"racer-{number}") for number in range(THREADS)]
    stage = Stage(company, first, second)
    for number in range(PAIRS.index((first, second)), PAIRS.index((first, second)) + ROUNDS):
        scene = stage.scene(number)
        ends = team.race(*[racer.at(place, scene) for racer, place in zip(racers, places, strict=True)])
        errors = [end for end in ends if not isinstance(end, bool)]
        figures["rounds"] += 1
        figures["errors"] += len(errors)
        figures["deadlocks"] += sum(isinstance(error.__cause__, DeadlockDetected) for error in errors)

        assert errors == [], scene
        accepted = Counter(place for place, end in zip(places, ends, strict=True) if end)
        judgement = Judgement(company, scene, {first, second}, accepted)
        figures["doubles"] += judgement.doubles()
        figures["losses"] += judgement.losses()
        judgement.pass_on()

    make_due()
    assert sweep.run().failures == 0
    judge_the_end(company)
