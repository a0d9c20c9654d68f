"""`python -m tests.processes`: the drills, told as a table or as one JSON object."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from typing import TYPE_CHECKING

from tests.processes.stack import running

OUTAGES = ("broker", "database", "migrations", "sqlite", "backup")

if TYPE_CHECKING:
    from tests.processes.kills import Report


def main() -> int:
    """Returns 0 when nothing was lost, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="dev.py drill", description="Kill real processes of a selling shop.")
    parser.add_argument("--outage", choices=OUTAGES, help="this happens instead")
    parser.add_argument("--kills", type=int, default=200, help="how many processes die")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)
    with running(on_sqlite=asked.outage == "sqlite") as stack:
        from tests.processes import backup, kills, outages  # their models need the stack's settings

        if asked.outage == "backup":
            report = backup.restore(stack)
        elif asked.outage:
            report = kills.suffer(stack, outages.OUTAGES[asked.outage])
        else:
            report = kills.run(stack, asked.kills, seed=asked.seed, say=_say)
    if asked.json:
        print(json.dumps(vars(report)))
    else:
        _tell(report)
    return 1 if report.violations or (not asked.outage and report.kills.total() < asked.kills) else 0


def _say(line: str) -> None:
    print(line, end="", file=sys.stderr, flush=True)


def _tell(report: Report) -> None:
    for point in sorted(report.kills | report.never_met):
        missed = f", {report.never_met[point]} times not at once" if report.never_met[point] else ""
        print(f"{point:<60} killed {report.kills[point]} times{missed}")
    print(
        f"{report.kills.total()} kills at {sum(count > 0 for count in report.kills.values())} of {report.points} points; started again: {report.revivals}; "
        f"{report.sales} sales through, {report.no_answer} requests without an answer; "
        f"{len(report.violations)} violations; {report.seconds:.0f} s"
    )
    for violation in report.violations:
        print(f"  {violation}")


if __name__ == "__main__":
    sys.exit(main())
