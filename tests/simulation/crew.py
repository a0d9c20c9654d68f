"""What each process of a run does. It imports the app only when Django is ready."""

from __future__ import annotations

import gc
import os
from collections import Counter
from dataclasses import dataclass

import django
from django.apps import apps

SEEDS_PER_MUTANT = 500


@dataclass(frozen=True, slots=True)
class Told:
    """What a process tells of one history."""

    seed: int
    trace_hash: str
    profile: str
    faults: Counter[str]
    violation: str
    rows: int
    parked: int


def prepare() -> None:
    """Make a process ready: the app, an empty database, and nothing for the garbage collector to walk again."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.simulation.settings"
    if apps.ready:
        return
    django.setup()
    from tests.simulation import database, haste

    database.build()
    haste.make()
    gc.collect()
    gc.freeze()


def tell(seed: int) -> Told:
    """Live through one seed."""
    from tests.simulation.faults import setup_of
    from tests.simulation.history import live

    outcome = live(setup_of(seed))
    violation = str(outcome.violation) if outcome.violation else ""
    return Told(
        seed, outcome.trace_hash, outcome.setup.profile, outcome.faults, violation, outcome.rows, outcome.parked
    )


def kill(number: int) -> tuple[str, int | None, str]:
    """Plant one bug; return its name, the seed that noticed it and the invariant it hurt."""
    from tests.simulation.faults import setup_of
    from tests.simulation.history import live
    from tests.simulation.mutants import MUTANTS
    from tests.simulation.profiles import FIRST_DROWSY, FIRST_REAL

    mutant = MUTANTS[number]
    with mutant.planted():
        first = max(first for first in (0, FIRST_REAL, FIRST_DROWSY) if first <= mutant.seed)
        for seed in (mutant.seed, *range(first, first + SEEDS_PER_MUTANT)):
            violation = live(setup_of(seed)).violation
            if violation is not None:
                return mutant.name, seed, str(violation).partition("\n")[0][:110]
    return mutant.name, None, ""
