"""Work on everything that is due, until nothing is; safe from cron, many times, in parallel.

Asks the provider about open payment codes and refunds, applies stored notifications, sends what was never sent, and
tells the shop's signal receivers and its buyers. A shop without Celery needs nothing else: run it every minute.
"""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.core.management.base import OutputWrapper
from django.utils import timezone

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.models import ErrorOccurrence
from pagoefectivo.services import sweep
from pagoefectivo.services.sweep import SweepReport

OK, PROBLEM, UNREACHABLE = 0, 1, 3
_NO_ANSWER = [ErrorCode.PSP_UNAVAILABLE, ErrorCode.PSP_TIMEOUT]


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--loop", action="store_true", help="keep going until Ctrl-C")
    parser.add_argument("--every", type=float, default=15.0, metavar="SECONDS", help="rest between passes (15)")
    parser.add_argument("--json", action="store_true", help="one object per pass")


def run(options: Mapping[str, Any], out: OutputWrapper) -> int:
    """Sweep once or for ever; 1 when work failed unexpectedly, 3 when a provider did not answer."""
    while True:
        started_at = timezone.now()
        report = sweep.run()
        unanswered = _unanswered(started_at)
        out.write(_as_json(report, unanswered) if options["json"] else _as_sentence(report, unanswered))
        out.flush()
        if not options["loop"]:
            return PROBLEM if report.failures else UNREACHABLE if unanswered else OK
        time.sleep(options["every"])


def _unanswered(since: datetime) -> int:
    return ErrorOccurrence.objects.filter(occurred_at__gte=since, code__in=_NO_ANSWER).count()


def _as_json(report: SweepReport, unanswered: int) -> str:
    return json.dumps({**asdict(report), "unanswered": unanswered}) + "\n"


def _as_sentence(report: SweepReport, unanswered: int) -> str:
    worked_on = (
        f"{report.deliveries} notifications, {report.vouchers} payment codes, {report.refunds} refunds, "
        f"{report.announcements} announcements, {report.messages} messages to buyers, {report.proofs} pictures"
    )
    return f"Worked on {worked_on}; {report.failures} failed, {unanswered} not answered by the provider.\n"
