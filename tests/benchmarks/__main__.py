"""Each hot path beside its floor: `python3 dev.py bench [P1 P2 P3 P4 P5-read P5 P6 P7 P8] [--json] [--large] [--vouchers N]`."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from typing import Any

import django

MODULES = {
    "P1": "p1_acknowledged",
    "P2": "p2_applied",
    "P3": "p3_claimed",
    "P4": "p4_polled",
    "P5-read": "p5_read",
    "P5": "p5_reconciled",
    "P6": "p6_administered",
    "P7": "p7_shown",
    "P8": "p8_called",
}


def main() -> int:
    """Measure what was asked for; 1 when a goal that decides was missed."""
    parser = argparse.ArgumentParser(prog="dev.py bench")
    parser.add_argument("names", nargs="*", metavar="P", help=f"some of {', '.join(MODULES)}; all when left out")
    parser.add_argument("--json", action="store_true", help="end with one object on the last line")
    parser.add_argument("--large", action="store_true", help="P3 with five million rows too, which takes minutes")
    parser.add_argument("--vouchers", type=int, default=None, help="P6 over so many codes; without: a million")
    asked = parser.parse_args()
    unknown = sorted(set(asked.names) - set(MODULES))
    if unknown:
        parser.error(f"no such measurement: {', '.join(unknown)}")
    if not os.environ.get("PAGOEFECTIVO_DB_HOST"):
        parser.error("PostgreSQL and Valkey are missing: run this through `python3 dev.py bench`")
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.benchmarks.settings"
    django.setup()
    return _run([name for name in MODULES if name in asked.names or not asked.names], asked)


def _run(names: list[str], asked: argparse.Namespace) -> int:
    from tests.benchmarks.measure import Row, table
    from tests.benchmarks.stage import database

    rows: list[Row] = []
    with database():
        for name in names:
            print(f"measuring {name} …", file=sys.stderr, flush=True)
            options: dict[str, Any] = {"with_largest": asked.large} if name == "P3" else {}
            if name == "P6" and asked.vouchers:
                options = {"vouchers": asked.vouchers}
            measured = importlib.import_module(f"tests.benchmarks.{MODULES[name]}").measure(**options)
            print(table(measured), file=sys.stderr, flush=True)
            rows += measured
    print(table(rows), flush=True)
    if asked.json:
        print(json.dumps({row.name: row.as_json() for row in rows}))
    return 0 if all(row.holds for row in rows if row.decides) else 1


if __name__ == "__main__":
    sys.exit(main())
