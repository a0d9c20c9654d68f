"""How well receipts are read, and what is noticed: `python3 dev.py receipts [--per-layout N] [--only PART] [--json]`.

Draws the whole set, cleans and reads each picture, and prints accuracy by field and condition, seconds, memory, and the
rates of what was noticed and what was flagged without cause. Exit 1 if any wrongly read digit was taken for a match.
`--traces` looks for edited pictures and reads none, which takes a tenth of the time.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import django

ENGINE_RUNS = 3


def main() -> int:
    """Measure and print; 1 when the one property that matters is broken."""
    parser = argparse.ArgumentParser(prog="dev.py receipts")
    parser.add_argument(
        "--per-layout", type=int, default=4, metavar="N", help="how many of each layout and condition (4: 312)"
    )
    parser.add_argument("--only", nargs="+", metavar="PART", default=[""], help="parts of the names of conditions")
    parser.add_argument("--traces", action="store_true", help="only look for what was edited; nothing is read")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", action="store_true", help="end with one object on the last line")
    asked = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    django.setup()
    from tests.receipts.conditions import samples
    from tests.receipts.judging import Judged, false_matches, judged

    drawn = samples(asked.per_layout, seed=asked.seed)
    is_whole = asked.only == [""] and not asked.traces
    drawn = [each for each in drawn if any(part in each.condition for part in asked.only)]
    receipts: list[Judged] = []
    for sample in drawn:
        receipts.append(judged(sample, reads=not asked.traces))
        print(f"\r{len(receipts)} of {len(drawn)} receipts", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    wrong = list(false_matches(receipts))
    figures = {
        "receipts": len(receipts),
        "fields": {} if asked.traces else _fields(receipts),
        "false_matches": wrong,
        "edited": _edited(receipts, reads=not asked.traces),
        "reused": _reused(receipts) if is_whole else {},
        "engine": _engine(receipts) if is_whole else {},
    }
    _print(figures)
    if asked.json:
        print(json.dumps(figures))
    return 1 if wrong else 0


def _fields(receipts: list[Any]) -> dict[str, dict[str, dict[str, int]]]:
    from tests.receipts.judging import NUMBERS

    counted: dict[str, dict[str, Counter[str]]] = {}
    for each in receipts:
        for what in NUMBERS:
            by_field = counted.setdefault(each.sample.condition, {}).setdefault(what.value, Counter())
            by_field[each.outcome(what)] += 1
    return {condition: {what: dict(seen) for what, seen in by.items()} for condition, by in counted.items()}


def _edited(receipts: list[Any], *, reads: bool) -> dict[str, str]:
    """By its traces alone, by another amount than the provider's alone, and by either."""
    from tests.receipts.conditions import DOCTORED, HONEST, ODD

    signs: dict[str, Callable[[Any], bool]] = {"by its traces": lambda each: each.looks_edited}
    if reads:
        signs["by what it says"] = lambda each: each.says_otherwise
        signs["by either"] = lambda each: each.is_flagged
    groups = {name: {name} for name in DOCTORED} | {"honest, flagged all the same": {*HONEST, *ODD}}
    return {
        f"{group}, {sign}": _rate(receipts, is_hit, conditions)
        for group, conditions in groups.items()
        for sign, is_hit in signs.items()
        if any(each.sample.condition in conditions for each in receipts)
    }


def _reused(receipts: list[Any]) -> dict[str, str]:
    from pagoefectivo.domain.proofs import SURE, Field, operation_of
    from pagoefectivo.ocr.fingerprints import NEAR, SAME, difference, distance

    by_number = {each.sample.number: each for each in receipts}

    def is_same(one: Any, other: Any) -> bool:
        return distance(one.looks, other.looks) <= NEAR and difference(one.content, other.content) <= SAME

    def number(each: Any) -> str:
        seen = each.seen.get(Field.OPERATION)
        return operation_of(seen.text) if seen and seen.confidence >= SURE else ""

    def is_noticed(each: Any) -> bool:
        source = by_number[each.sample.source]
        same_bytes = _sha256(each) == _sha256(source)
        return same_bytes or is_same(each, source) or bool(number(each) and number(each) == number(source))

    rates = {name: _rate(receipts, is_noticed, {name}) for name in ("same_file", "saved_again", "photographed_again")}
    originals = [each for each in receipts if each.sample.source < 0]
    pairs = [
        (one, other)
        for place, one in enumerate(originals)
        for other in originals[:place]
        if one.sample.layout == other.sample.layout
    ]
    alarms = sum(is_same(one, other) or bool(number(one) and number(one) == number(other)) for one, other in pairs)
    return rates | {"pairs of different receipts of one layout flagged": f"{alarms} of {len(pairs)}"}


def _engine(receipts: list[Any]) -> dict[str, float]:
    """The engine as it runs in production: a process of its own for each picture."""
    from pagoefectivo.ocr.engine import RapidEngine

    seconds = []
    for each in receipts[:ENGINE_RUNS]:
        began = time.perf_counter()
        RapidEngine().read(each.content)
        seconds.append(time.perf_counter() - began)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    read = [each.read_seconds for each in receipts]
    return {
        "seconds in its own process, median": round(statistics.median(seconds), 2),
        "seconds of reading alone, median": round(statistics.median(read), 2),
        "seconds of cleaning, median": round(statistics.median(each.clean_seconds for each in receipts), 2),
        "peak memory of a process, MB": round(peak),
    }


def _rate(receipts: Iterable[Any], is_hit: Callable[[Any], bool], conditions: set[str]) -> str:
    judged = [is_hit(each) for each in receipts if each.sample.condition in conditions]
    return f"{sum(judged)} of {len(judged)}"


def _sha256(each: Any) -> str:
    return hashlib.sha256(each.sample.content).hexdigest()


def _print(figures: dict[str, Any]) -> None:
    outcomes = ("right", "unsure, right", "unsure, wrong", "missing", "WRONG")
    print(f"{figures['receipts']} receipts")
    if figures["fields"]:
        print(f"\n{'condition':22}{'field':12}" + "".join(f"{name:>15}" for name in outcomes))
    for condition, fields in figures["fields"].items():
        for what, seen in fields.items():
            print(f"{condition:22}{what:12}" + "".join(f"{seen.get(name, 0):>15}" for name in outcomes))
    for part in ("edited", "reused", "engine"):
        if figures[part]:
            print(f"\n{part}")
        for name, value in figures[part].items():
            print(f"  {name:52}{value}")
    if figures["fields"]:
        print(f"\nwrongly read digits taken for a match: {len(figures['false_matches'])}")
    for line in figures["false_matches"]:
        print(f"  {line}")


if __name__ == "__main__":
    sys.exit(main())
