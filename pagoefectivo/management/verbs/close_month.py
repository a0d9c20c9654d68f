"""Close an account's month: prepare it as the first person, or sign it as the second.

Without --sign the figures are prepared and the checklist is printed; with --sign the prepared figures are signed by
another person, and from then on nothing in the month changes. It is done in the name of a person of the back office.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.management.base import CommandError, OutputWrapper

from pagoefectivo import conf
from pagoefectivo.domain.closing import figures_of
from pagoefectivo.domain.exceptions import NotFound, RuleRefused, StateConflict
from pagoefectivo.domain.localtime import month_named
from pagoefectivo.domain.month import MonthReport, Step
from pagoefectivo.management.verbs.payouts import person_named
from pagoefectivo.selectors.months import report_of
from pagoefectivo.services import closing
from pagoefectivo.services.actors import PermissionRefused

OK, PROBLEM, USAGE = 0, 1, 2


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("month", type=_month, metavar="MONTH", help="as 2026-11")
    parser.add_argument("--account", help="the account (the first of the settings)")
    parser.add_argument("--sign", action="store_true", help="sign what another person prepared")
    parser.add_argument("--as", dest="person", required=True, metavar="USER", help="who answers for it")
    parser.add_argument("--json", action="store_true", help="one object")


def run(options: Mapping[str, Any], out: OutputWrapper) -> int:
    """Prepare or sign; 1 where something is left or a rule refused it, 2 where the person or the account is wrong."""
    month, account = options["month"], options["account"] or next(iter(conf.current().accounts), "")
    actor = person_named(options["person"])
    report = report_of(account, month)
    refused: list[str] = []
    try:
        if options["sign"]:
            closing.sign(account, month, report.digest, actor=actor)
        else:
            closing.prepare(account, month, actor=actor)
    except (PermissionRefused, NotFound) as error:
        raise CommandError(f"{error} ({error.code})", returncode=USAGE) from None
    except RuleRefused as refusal:
        refused = [f"{each.message} {each.next_step} ({each.code})" for each in refusal.reasons]
    except StateConflict as conflict:
        refused = [f"The month is {report.state}. ({conflict.code})"]
    else:
        report = report_of(account, month)
    out.write(json.dumps(_described(report, refused)) if options["json"] else _told(report, refused))
    return PROBLEM if refused else OK


def _month(written: str) -> date:
    try:
        return month_named(written)
    except ValueError:
        raise ArgumentTypeError(f"{written!r} is no month; write it as 2026-11") from None


def _described(report: MonthReport, refused: list[str]) -> dict[str, Any]:
    return {
        "account": report.account,
        "month": f"{report.month:%Y-%m}",
        "revision": report.revision,
        "standing": report.state.value,
        "digest": report.digest,
        "prepared_by": report.prepared_by,
        "signed_by": report.signed_by,
        "figures": figures_of(report),
        "checks": [
            {"name": each.name, "said": each.said, "left": each.left, "blocks": each.blocks} for each in report.checks
        ],
        "refused": refused,
    }


def _told(report: MonthReport, refused: list[str]) -> str:
    lines = [f"{report.account} {report.month:%Y-%m}, revision {report.revision}: {report.state.value}"]
    for flow in report.flows:
        lines += [f"  {step.value:<12} {flow.currency} {flow.of(step).amount:>16,.2f}" for step in Step]
    for check in report.checks:
        mark = "x" if not check.left else "!" if check.blocks else "?"
        lines.append(f"  [{mark}] {check.said}{f' ({check.left})' if check.left else ''}")
    lines += [f"SHA-256 {report.digest}"] if report.digest else []
    return "\n".join([*lines, *refused])
