"""Make the permission groups of the back office: support 1 and 2, finance, auditor, developer.

Run again it adds what a new release brings. Nobody is put into a group: that is done in the admin.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.core.management.base import OutputWrapper

from pagoefectivo.services import people


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--exact", action="store_true", help="also take away what the table does not name")
    parser.add_argument("--json", action="store_true", help="one object instead of a table")


def run(options: Mapping[str, Any], out: OutputWrapper) -> int:
    """Make them and print who may do what."""
    made = people.make_groups(exact=options["exact"])
    if options["json"]:
        out.write(json.dumps({"groups": [asdict(group) for group in made]}) + "\n")
        return 0
    _table(made, out)
    for group in made:
        changes = [*(f"+{each}" for each in group.given), *(f"-{each}" for each in group.taken)]
        verdict = "made" if group.is_new else f"changed: {' '.join(changes)}" if changes else "as it was"
        out.write(f"{group.name}: {verdict}\n")
        if group.unknown:
            out.write(f"  not there yet: {', '.join(group.unknown)}\n")
    return 0


def _table(made: list[people.MadeGroup], out: OutputWrapper) -> None:
    """One line a permission, one column a group."""
    named = [group.name.removeprefix("PagoEfectivo ") for group in made]
    out.write(f"{'permission':<26}" + "".join(f"{name:<11}" for name in named) + "\n")
    for codename in sorted({each for group in made for each in group.holds}):
        marks = ("yes" if codename in group.holds else "–" for group in made)
        out.write(f"{codename:<26}" + "".join(f"{mark:<11}" for mark in marks) + "\n")
