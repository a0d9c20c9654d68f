"""After a restored backup: stop all calls that move money until everything unfinished was read again.

Start it before the shop's processes run on the restored database. Sweeps then read everything; --status says how much
is left. --finish lets money move again and refuses, with 1, while anything is unread.
"""

from __future__ import annotations

import getpass
import json
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import OutputWrapper

from pagoefectivo.services import recovery
from pagoefectivo.services.recovery import Progress

OK, PROBLEM = 0, 1


def add_arguments(parser: ArgumentParser) -> None:
    act = parser.add_mutually_exclusive_group(required=True)
    act.add_argument("--start", action="store_true", help="stop money and make everything unfinished due to be read")
    act.add_argument("--status", action="store_true", help="what is under way; 1 while anything is unread")
    act.add_argument("--finish", action="store_true", help="let money move again once everything was read")
    parser.add_argument("--account", action="append", metavar="A", help="only this account; may be repeated")
    parser.add_argument("--why", default="a backup was restored", metavar="TEXT", help="kept with the recovery")
    parser.add_argument("--force", action="store_true", help="with --finish: even with something unread; it is noted")
    parser.add_argument("--json", action="store_true", help="one object")


def run(options: Mapping[str, Any], out: OutputWrapper) -> int:
    """Do one of the three; 1 when something is still unread."""
    accounts, by = options["account"], f"shell:{getpass.getuser()}"
    if options["start"]:
        started = recovery.start(accounts, by=by, why=options["why"])
        _say(
            out, options, {"started": started}, f"In recovery: {', '.join(started) or 'nothing that was not before'}.\n"
        )
        return OK
    if options["finish"]:
        return _report(recovery.finish(accounts, by=by, force=options["force"]), options, out)
    return _report(recovery.status(), options, out)


def _report(under_way: list[Progress], options: Mapping[str, Any], out: OutputWrapper) -> int:
    written = [
        {
            "account": each.account,
            "since": each.since.isoformat(),
            "by": each.by,
            "why": each.why,
            "unread_vouchers": each.unread_vouchers,
            "unread_refunds": each.unread_refunds,
        }
        for each in under_way
    ]
    lines = [
        f"{each.account}: since {each.since:%Y-%m-%d %H:%M} UTC by {each.by} ({each.why}); "
        f"{each.unread_vouchers} payment codes and {each.unread_refunds} refunds are unread.\n"
        for each in under_way
    ]
    _say(out, options, {"under_way": written}, "".join(lines) or "No account is in recovery.\n")
    return PROBLEM if any(each.unread for each in under_way) else OK


def _say(out: OutputWrapper, options: Mapping[str, Any], document: Mapping[str, Any], sentence: str) -> None:
    out.write(json.dumps(document) + "\n" if options["json"] else sentence)
