"""Write orders or refunds as CSV for a spreadsheet: UTF-8, Lima's dates, no cell that could be a formula.

Buyers are masked unless --with-people says otherwise.
"""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, OutputWrapper

from pagoefectivo.domain.localtime import LIMA
from pagoefectivo.models import Order, Refund
from pagoefectivo.selectors import exports

OK, USAGE = 0, 2
TABLES: dict[str, Any] = {"orders": (Order, exports.orders_csv), "refunds": (Refund, exports.refunds_csv)}


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("what", choices=("orders", "refunds"))
    parser.add_argument(
        "--from", dest="first", type=_day, metavar="DAY", help="created on this day or later, Lima time"
    )
    parser.add_argument("--until", dest="last", type=_day, metavar="DAY", help="created on this day or earlier")
    parser.add_argument("--account", help="of this account only")
    parser.add_argument("--output", type=Path, metavar="FILE", help="a new file; without: standard output")
    parser.add_argument("--with-people", action="store_true", help="whole codes, names and e-mails")


def run(options: Mapping[str, Any], out: OutputWrapper) -> int:
    """Write the table and say how many rows there are; an existing file is left alone."""
    model, table = TABLES[options["what"]]
    wanted = {
        "created_at__gte": options["first"],
        "created_at__lt": options["last"] and options["last"] + timedelta(days=1),
        "account": options["account"],
    }
    rows: Any = model._default_manager.filter(**{name: value for name, value in wanted.items() if value is not None})
    lines = table(rows.order_by("pk"), with_people=options["with_people"])
    if options["output"] is None:
        out.write("".join(lines), ending="")
        return OK
    try:
        with options["output"].open("x", encoding="utf-8", newline="") as file:
            count = sum(1 for line in lines if file.write(line)) - 1
    except FileExistsError:
        raise CommandError(f"{options['output']} is there already: name a new file.", returncode=USAGE) from None
    out.write(f"{count} {options['what']} written to {options['output']}.\n")
    return OK


def _day(written: str) -> datetime:
    try:
        return datetime.strptime(written, "%Y-%m-%d").replace(tzinfo=LIMA)
    except ValueError:
        raise ArgumentTypeError(f"{written!r} is not a day like 2026-11-23") from None
