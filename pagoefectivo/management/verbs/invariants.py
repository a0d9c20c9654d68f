"""Recompute what must hold from the rows themselves; reads only, ends with 1 when something does not hold.

The sweep does the same once a day and logs what it finds. Each line names the invariant, how many rows break it and
the first of them. A violation is never repaired by itself: look at the rows, then write to whoever keeps the app.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.core.management.base import OutputWrapper

from pagoefectivo.selectors import invariants


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help='one object: {"violated": n, "invariants": […]}')


def run(options: Mapping[str, Any], out: OutputWrapper) -> int:
    """Print every invariant; 1 when any is violated."""
    found = invariants.check()
    violated = sum(1 for finding in found if finding.count)
    if options["json"]:
        out.write(json.dumps({"violated": violated, "invariants": [asdict(each) for each in found]}) + "\n")
        return int(violated > 0)
    for each in found:
        out.write(f"{each.id:<4} {'holds' if not each.count else f'VIOLATED {each.count} times'}  {each.sentence}\n")
        if each.rows:
            out.write(f"     first: {', '.join(each.rows)}\n")
    return int(violated > 0)
