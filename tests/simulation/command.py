"""The command: many seeds on several cores, the story of one, the table of planted bugs."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

from tests.simulation.crew import Told, kill, prepare, tell

MOST_PARKED = 0.05
# There a person is often the only right answer: no look-up, or refunds without a key whose absence proves nothing.
UNABLE = frozenset({"blind", "no_lookup", "pagoefectivo_direct", "ebanx"})
Result = TypeVar("Result")


def run(arguments: list[str]) -> int:
    """Returns 0 when everything held, 1 otherwise."""
    asked = _parser().parse_args(arguments)
    if asked.seed is not None:
        return _one(asked)
    started = time.monotonic()
    seeds = asked.only or range(asked.first, asked.first + asked.seeds)
    told = _live_all(seeds, asked.jobs)
    bad = [each for each in told if each.violation]
    able = [each for each in told if each.profile not in UNABLE]
    parked = sum(each.parked for each in able) / max(sum(each.rows for each in able), 1)
    if parked > MOST_PARKED:
        print(f"L6: {parked:.1%} of all rows wait for a person although the PSP could be asked")
    killed = [] if asked.mutants is None else _kill_all(asked.jobs, asked.mutants.split(","))
    alive = [name for name, seed, _ in killed if seed is None]
    summary = {
        "seeds": len(told),
        "faults": sum(each.faults.total() for each in told),
        "violations": len(bad),
        "seconds": round(time.monotonic() - started, 1),
        "mutants_killed": f"{len(killed) - len(alive)}/{len(killed)}" if killed else None,
        "profiles": sorted({each.profile for each in told}),
        "parked_share": round(parked, 4),
    }
    if asked.hashes:
        summary["hashes"] = [each.trace_hash for each in told]
    if asked.json:
        print(json.dumps(summary))
    else:
        print(", ".join(f"{name}: {value}" for name, value in summary.items() if value is not None))
    return 1 if bad or alive or parked > MOST_PARKED else 0


def _live_all(seeds: Sequence[int], jobs: int) -> list[Told]:
    """Live through every seed; tell each violation at once, and at a terminal how far it is."""
    told: list[Told] = []
    for each in _each(tell, seeds, jobs):
        told.append(each)
        if each.violation:
            print(f"seed {each.seed} ({each.profile}): {each.violation}", flush=True)
        if len(told) % 10 == 0 and sys.stderr.isatty():
            faults = sum(one.faults.total() for one in told)
            print(f"\r{len(told):,}/{len(seeds):,} histories, {faults:,} faults", end="", file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return told


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dev.py simulate", description="Seeded histories of the whole app.")
    parser.add_argument("--seeds", type=int, default=100, help="how many histories")
    parser.add_argument(
        "--from",
        dest="first",
        type=int,
        default=0,
        metavar="S",
        help="the first seed; from 100000 on with what the real providers declare, from 200000 on with workers that are held up",
    )
    parser.add_argument("--only", type=_numbers, metavar="S,S", help="just these seeds")
    parser.add_argument("--seed", type=int, metavar="S", help="this one only; shrunk when it fails")
    parser.add_argument("--without", default="", metavar="A,B", help="leave out actors or kinds of faults")
    parser.add_argument("--trace", action="store_true", help="with --seed: tell its story")
    parser.add_argument(
        "--mutants",
        nargs="?",
        const="",
        metavar="WORDS",
        help="plant every bug, or those named so, and see who notices",
    )
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="processes")
    parser.add_argument("--hashes", action="store_true", help="with --json: the trace hash of every history")
    parser.add_argument("--json", action="store_true", help="end with one object")
    return parser


def _one(asked: argparse.Namespace) -> int:
    prepare()
    from tests.simulation.faults import setup_of
    from tests.simulation.history import live, shrink

    setup = setup_of(asked.seed).without(*filter(None, asked.without.split(",")))
    outcome = live(setup, telling=asked.trace)
    for line in outcome.story:
        print(line)
    print(
        f"seed {setup.seed}, {setup.profile}: {outcome.faults.total()} faults, {outcome.steps} steps, {outcome.trace_hash}"
    )
    if outcome.violation is None:
        return 0
    print(outcome.violation)
    left = shrink(setup, outcome.violation.name)
    gone = sorted((setup.faults | setup.actors) - left.faults - left.actors)
    print(f"the same without {len(gone)} of its faults and actors: --seed {setup.seed} --without {','.join(gone)}")
    return 1


def _each(work: Callable[[int], Result], numbers: Iterable[int], jobs: int) -> Iterator[Result]:
    """Work on each number in its turn, in several processes where more than one is allowed."""
    if jobs == 1:
        prepare()
        yield from map(work, numbers)
        return
    with ProcessPoolExecutor(jobs, get_context("spawn"), prepare) as pool:
        yield from pool.map(work, numbers)


def _kill_all(jobs: int, words: list[str]) -> list[tuple[str, int | None, str]]:
    prepare()
    from tests.simulation.mutants import EQUIVALENT, MUTANTS

    killed = []
    chosen = [number for number, mutant in enumerate(MUTANTS) if any(word in mutant.name for word in words)]
    for name, seed, violation in _each(kill, chosen, jobs):
        print(f"{name:<42} {'alive' if seed is None else f'seed {seed}':<10} {violation}", flush=True)
        killed.append((name, seed, violation))
    for name, why in EQUIVALENT.items():
        print(f"{name:<42} {'left out':<10} {why}")
    return killed


def _numbers(written: str) -> list[int]:
    return [int(each) for each in written.split(",")]
