"""Import a provider's settlement file: every line matched to a payment or a refund, every difference said.

All of a file or nothing. The same file, or the same line in another file, changes nothing. It may be stopped at any
moment and run again. No payment is changed: a payment that only the provider knows as paid is asked about at once.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, OutputWrapper

from pagoefectivo.domain.exceptions import UnreadableFile
from pagoefectivo.domain.settlements import DIFFERENCES
from pagoefectivo.models import ReportStanding, SettlementReport
from pagoefectivo.services import settlement_imports

OK, PROBLEM, USAGE = 0, 1, 2
WIDTH = 30
_UNREAD = frozenset({ReportStanding.RECEIVED, ReportStanding.READING})
_UNDONE = _UNREAD | {ReportStanding.REFUSED}


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "file", type=Path, metavar="FILE", help="as the provider wrote it: CSV, or JSON where it has that"
    )
    parser.add_argument("--account", required=True, help="the account that it is of")
    parser.add_argument("--dry-run", action="store_true", help="say what it would come to, and keep no line of it")
    parser.add_argument("--json", action="store_true", help="one object")


def run(options: Mapping[str, Any], out: OutputWrapper) -> int:
    """Import it; 1 where something does not add up, or the file was refused or is left to another process, 2 where it
    cannot be what it should be.
    """
    path: Path = options["file"]
    try:
        with path.open("rb") as file:
            report = settlement_imports.bring(
                file,
                account=options["account"],
                name=path.name,
                only_look=options["dry_run"],
                progress=_bar(path.stat().st_size),
            )
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.", returncode=USAGE) from None
    except UnreadableFile as fault:
        raise CommandError(f"{path.name}: {fault}", returncode=USAGE) from None
    out.write(json.dumps(_described(report)) if options["json"] else _told(report))
    return OK if report.standing not in _UNDONE and not _differing(report) else PROBLEM


def _bar(size: int) -> settlement_imports.Progress | None:
    """How far it is, at a terminal: a file of so many bytes has about so many lines."""
    if not sys.stderr.isatty():
        return None
    expected = max(size // 200, 1)

    def tell(lines: int) -> None:
        done = min(lines * WIDTH // expected, WIDTH)
        sys.stderr.write(f"\r[{'#' * done}{'.' * (WIDTH - done)}] {lines:,} lines")
        sys.stderr.flush()

    return tell


def _described(report: SettlementReport) -> dict[str, Any]:
    refused = {"line": report.refused_line, "why": report.refused_why}
    return {
        "report": report.pk,
        "account": report.account,
        "sha256": report.sha256,
        "layout": report.layout,
        "standing": report.standing,
        "lines": report.line_count,
        "classes": report.summary.get("classes", []),
        "differences": _differing(report),
        "refused": refused if report.standing == ReportStanding.REFUSED else None,
    }


def _told(report: SettlementReport) -> str:
    if report.standing == ReportStanding.REFUSED:
        where = f"line {report.refused_line}: " if report.refused_line else ""
        return f"Refused, and no line of it was kept. {where}{report.refused_why}"
    if report.standing in _UNREAD:
        return (
            "Another process reads this file or another one of its account, or was killed over it a moment ago; nothing of "
            "it is imported yet. Run this again in a minute, or leave it to the sweep."
        )
    kept = "imported" if report.standing == ReportStanding.IMPORTED else "looked at, nothing kept"
    lines = [f"{report.line_count} lines {kept}, {_differing(report)} of them do not add up."]
    lines += [
        f"  {each['verdict']:<14} {each['lines']:>9,}  {each['currency']} {each['booked']}"
        for each in report.summary.get("classes", [])
    ]
    return "\n".join(lines)


def _differing(report: SettlementReport) -> int:
    return sum(each["lines"] for each in report.summary.get("classes", []) if each["verdict"] in DIFFERENCES)
