"""Keep the exchange rates of a file, all of its days or none: a table of `day` and `rate`, the soles for one dollar.

Take the file from whoever publishes the rates, such as the SBS; nothing is fetched. The same file again changes nothing.
"""

from __future__ import annotations

import getpass
import json
from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, OutputWrapper

from pagoefectivo.domain.exceptions import UnreadableFile
from pagoefectivo.services import rates
from pagoefectivo.services.actors import Actor, Permission

OK, PROBLEM, USAGE = 0, 1, 2


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="day,rate: 2026-11-27,3.745")
    parser.add_argument("--source", required=True, help="who published them, and which rate it is: SBS")
    parser.add_argument(
        "--correct", default="", metavar="WHY", help="change days that have another rate; kept for ever"
    )
    parser.add_argument("--json", action="store_true", help="one object")


def run(options: Mapping[str, Any], out: OutputWrapper) -> int:
    """Import a file; 1 where it is refused, with its line and the reason."""
    shell = Actor(f"shell:{getpass.getuser()}", frozenset({Permission.KEEP_RATES}))
    try:
        with options["file"].open("rb") as file:
            kept = rates.import_rates(file, source=options["source"], actor=shell, correction=options["correct"])
    except OSError as error:
        raise CommandError(f"{options['file']} cannot be read: {error.strerror}.", returncode=USAGE) from None
    except UnreadableFile as refusal:
        _say(options, out, {"refused": {"line": refusal.line, "why": refusal.why}}, f"Nothing was kept: {refusal}")
        return PROBLEM
    _say(options, out, asdict(kept), f"{kept.added} days added, {kept.corrected} corrected, {kept.known} known before.")
    return OK


def _say(options: Mapping[str, Any], out: OutputWrapper, document: Mapping[str, Any], sentence: str) -> None:
    out.write(f"{json.dumps(document)}\n" if options["json"] else f"{sentence}\n")
