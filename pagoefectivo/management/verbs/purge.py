"""Erase what is older than RETENTION_DAYS: raw messages, settlement files, bank accounts, pictures, buyers' data, kept API answers.

Run it once a day from cron. Orders with anything open are left alone, whatever their age. Amounts, references, states
and who did what are kept, and verify-audit holds afterwards. What was done is noted in the audit chain.
"""

from __future__ import annotations

import getpass
import json
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.core.management.base import OutputWrapper

from pagoefectivo.services import retention

OK = 0


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="change nothing; count what would be erased")
    parser.add_argument(
        "--batch", type=_at_least_one, default=retention.BATCH, metavar="N", help="rows in one transaction (500)"
    )
    parser.add_argument("--json", action="store_true", help="one object of counts")


def run(options: Mapping[str, Any], out: OutputWrapper) -> int:
    """Purge once and say how much."""
    dry_run = options["dry_run"]
    purged = retention.purge(actor=f"shell:{getpass.getuser()}", batch=options["batch"], dry_run=dry_run)
    if options["json"]:
        out.write(json.dumps({**asdict(purged), "dry_run": dry_run}) + "\n")
        return OK
    out.write(
        f"{'Would erase' if dry_run else 'Erased'} {purged.deliveries} notifications, {purged.exchanges} provider calls, "
        f"{purged.destinations} bank accounts, {purged.proofs} pictures, {purged.settlements} settlement files, {purged.buyers} buyers, "
        f"{purged.answers} kept answers.\n"
    )
    if purged.unsealed:
        out.write(f"{purged.unsealed} messages are not sealed yet and wait for the next purge after a sweep.\n")
    return OK


def _at_least_one(written: str) -> int:
    if not written.isdecimal() or int(written) < 1:
        raise ArgumentTypeError(f"{written!r} is not a number from 1 up")
    return int(written)
