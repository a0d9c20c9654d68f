"""Read all that ever went wrong by today's tables and meanings; without --apply it only says what would read otherwise.

Words and who acts change; no payment and no refund moves, and the sealed rows stay as they were written.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.management.base import OutputWrapper

from pagoefectivo.services import meanings
from pagoefectivo.services.meanings import Rereading

OK = 0
WIDTH = 30


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--apply", action="store_true", help="do it; without: a dry run")
    parser.add_argument("--json", action="store_true", help="one object")


def run(options: Mapping[str, Any], out: OutputWrapper) -> int:
    """Say what reads otherwise, and with --apply have it read so."""
    is_dry = not options["apply"]
    found = meanings.reread(_bar(out, silent=options["json"]), dry_run=is_dry)
    if options["json"]:
        out.write(json.dumps({"dry_run": is_dry, "occurrences": _count(found), "read": [_row(each) for each in found]}))
        return OK
    for each in found:
        row = _row(each)
        out.write(
            f"{row['account']} {row['operation']} {row['raw_code']}: {each.before} → {each.after}, {row['count']} times\n"
        )
    verb = "would read" if is_dry else "now read"
    out.write(f"{_count(found)} occurrences of {len(found)} kinds {verb} otherwise.\n")
    if is_dry and found:
        out.write("Nothing was changed: add --apply.\n")
    return OK


def _bar(out: OutputWrapper, *, silent: bool) -> Any:
    def show(done: int, total: int) -> None:
        if not silent and out.isatty():
            filled = WIDTH * done // total
            out.write(
                f"\r[{'#' * filled}{'.' * (WIDTH - filled)}] {done} / {total}", ending="\n" if done == total else ""
            )

    return show


def _count(found: Sequence[Rereading]) -> int:
    return sum(each.tally.count for each in found)


def _row(each: Rereading) -> dict[str, Any]:
    tally = each.tally
    return {
        "account": tally.account,
        "operation": tally.operation,
        "raw_code": tally.raw_code,
        "before": each.before,
        "after": each.after,
        "count": tally.count,
    }
