"""Reading a kept settlement file and judging its lines: all of them, or none, however often it is begun anew."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext, suppress
from datetime import date, timedelta
from itertools import islice
from typing import BinaryIO

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Count, Sum

from pagoefectivo import conf
from pagoefectivo.domain.exceptions import UnreadableFile
from pagoefectivo.domain.localtime import LIMA
from pagoefectivo.domain.states import Source
from pagoefectivo.models import ReportStanding, SettlementLine, SettlementReport
from pagoefectivo.providers.reports import reader_of
from pagoefectivo.selectors.months import closed_months
from pagoefectivo.selectors.plans import grouped_unsorted, planned_for_its_values
from pagoefectivo.services import seams, settlements
from pagoefectivo.services.accounts import EffectiveAccount, account_named
from pagoefectivo.services.actors import SYSTEM
from pagoefectivo.services.claiming import Claim, claim_row, shared_now
from pagoefectivo.services.discrepancies import ask_about_unpaid, settle_arrived
from pagoefectivo.services.settlement_appraisal import Appraisal
from pagoefectivo.services.settlement_matching import Matching
from pagoefectivo.services.settlement_staging import Staging, beside
from pagoefectivo.services.settlements import kept_file

CHUNK = 10_000
DECIMALS = 6  # of what files write; SQLite sums to fifteen digits
NEXT_TRY = timedelta(seconds=10)
CURRENCY = "PEN"  # of a line that names none, nor any payment: these reports are of Peru
Progress = Callable[[int], None]


class TakenOver(Exception):
    """Somebody else holds the file now, and does the same work."""


class _AccountBusy(Exception):
    """Another file of the account is being read, or somebody closes a month of it."""


class _OnlyLooked(Exception):
    """Undoes what a rehearsal wrote, and carries away what it came to."""

    def __init__(self, lines: int, summary: dict[str, object]) -> None:
        self.lines, self.summary = lines, summary
        super().__init__()


def bring(
    file: BinaryIO, *, account: str, name: str, only_look: bool = False, progress: Progress | None = None
) -> SettlementReport:
    """Take a file in and read it now, as the system: for who has the server's console. Raises as `settlements.receive`."""
    received = settlements.receive(
        file, account=account, name=name, actor=SYSTEM, source=Source.SETTLEMENT, only_look=only_look
    )
    return import_report(received.report, progress=progress)


def import_report(report: SettlementReport, *, progress: Progress | None = None) -> SettlementReport:
    """Read and judge one file now, whose turn has not come yet; return it as it stands then.

    Where a worker is at it already it is left to that one, and one that was read is left as it is.
    """
    claim = claim_row(SettlementReport, report.pk) if report.next_action_at else None
    if claim is not None:
        read(claim, progress=progress)
    report.refresh_from_db()
    return report


def read(claim: Claim, *, progress: Progress | None = None) -> None:
    """Read a claimed file and judge it, in one transaction: all of its lines are there, or none.

    After each chunk the lease is renewed, `lines_read` counted for others to see, and `progress` told. Begun anew it
    begins from the first line: a kill at any moment changes no result. A file that cannot be read whole is refused with
    its line and reason, and no line of it is kept. Files of one account are read one after the other: while another one
    is being read, or a month of the account is being closed, it waits for its turn.
    """
    report = SettlementReport.objects.get(pk=claim.row_id)
    if report.standing not in {ReportStanding.RECEIVED, ReportStanding.READING}:
        SettlementReport.objects.filter(pk=report.pk, lease_token=claim.token).update(
            next_action_at=None, lease_until=None
        )
        return
    with suppress(TakenOver):
        _hold(claim, standing=ReportStanding.READING, lines_read=0)
        try:
            seams.transact(lambda: _write(report, claim, progress))
        except UnreadableFile as fault:
            _refuse(report, claim, fault)
        except _AccountBusy:
            _put_back(claim)
        except _OnlyLooked as looked:
            _ended(report, standing=ReportStanding.REHEARSED, line_count=looked.lines, summary=looked.summary)


def _write(report: SettlementReport, claim: Claim, progress: Progress | None) -> None:
    """Write all lines and what follows from them, or none where somebody else took the file over meanwhile."""
    if not settlements.is_account_free(report.account):
        raise _AccountBusy
    account, now = account_named(report.account), seams.now()
    matching = Matching(
        report.pk, account=report.account, currency=CURRENCY, closed=closed_months(report.account), now=now
    )
    with planned_for_its_values():
        with Staging(matching, Appraisal(account, _today()).of) as staging:
            lines = _judged(report, account, claim, staging, progress)
        _hold(claim)
        with connection.cursor() as cursor:
            matching.finish(cursor, lines)
    summary = _summary(report)
    if report.is_rehearsal:
        raise _OnlyLooked(lines, summary)
    _ended(report, standing=ReportStanding.IMPORTED, line_count=lines, summary=summary, imported_at=now)
    settle_arrived(report)
    ask_about_unpaid(report)


def _judged(
    report: SettlementReport, account: EffectiveAccount, claim: Claim, staging: Staging, progress: Progress | None
) -> int:
    lines, is_long = 0, report.size > settlements.PIECE
    with beside() if is_long else nullcontext(DEFAULT_DB_ALIAS) as alias:
        file = kept_file(report, using=alias)
        rows = reader_of(account.settlement_readers, file).read(file)
        while taken := staging.take(islice(rows, CHUNK)):
            lines += taken
            _hold(claim, using=alias, lines_read=lines)
            if progress is not None:
                progress(lines)
    return lines


def _put_back(claim: Claim) -> None:
    """Let it be read a little later."""
    SettlementReport.objects.filter(pk=claim.row_id, lease_token=claim.token).update(
        standing=ReportStanding.RECEIVED, next_action_at=seams.now() + NEXT_TRY, lease_until=None
    )


def _refuse(report: SettlementReport, claim: Claim, fault: UnreadableFile) -> None:
    def refuse() -> None:
        _hold(claim)
        _ended(report, standing=ReportStanding.REFUSED, refused_line=fault.line, refused_why=fault.why[:500])

    seams.transact(refuse)


def _hold(claim: Claim, using: str = DEFAULT_DB_ALIAS, **columns: object) -> None:
    """Renew the lease of whoever holds the file. Raises TakenOver where that is somebody else now."""
    until = shared_now(using) + conf.current().timing.lease
    held = SettlementReport.objects.using(using).filter(pk=claim.row_id, lease_token=claim.token)
    if not held.update(lease_until=until, next_action_at=until, **columns):
        raise TakenOver


def _ended(report: SettlementReport, **columns: object) -> None:
    SettlementReport.objects.filter(pk=report.pk).update(next_action_at=None, lease_until=None, attempts=0, **columns)


def _summary(report: SettlementReport) -> dict[str, object]:
    """What the file came to: per class and currency how many lines, and what they change."""
    lines = SettlementLine.objects.filter(report=report).values("verdict", "book_currency")
    with grouped_unsorted():
        sums = list(lines.annotate(count=Count("pk"), booked=Sum("booked")).order_by("book_currency", "verdict"))
    return {
        "classes": [
            {
                "verdict": each["verdict"],
                "currency": each["book_currency"],
                "lines": each["count"],
                "booked": f"{round(each['booked'], DECIMALS):f}",
            }
            for each in sums
        ]
    }


def _today() -> date:
    return seams.now().astimezone(LIMA).date()
