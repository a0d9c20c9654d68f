"""Reading a kept settlement file and judging its lines: all of them, or none, however often it is begun anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any, BinaryIO

from django.db import connection
from django.db.models import Count, Sum

from pagoefectivo import conf
from pagoefectivo.domain.exceptions import UnreadableFile
from pagoefectivo.domain.localtime import LIMA
from pagoefectivo.domain.messages import SettlementRow
from pagoefectivo.domain.states import Source
from pagoefectivo.models import (
    ReportStanding,
    SettlementDraft,
    SettlementLine,
    SettlementReport,
)
from pagoefectivo.providers.reports import reader_of
from pagoefectivo.selectors.months import closed_months
from pagoefectivo.services import seams, settlement_matching, settlements
from pagoefectivo.services.accounts import account_named
from pagoefectivo.services.actors import SYSTEM
from pagoefectivo.services.claiming import Claim, claim_row, shared_now
from pagoefectivo.services.discrepancies import ask_about_unpaid, settle_arrived
from pagoefectivo.services.settlement_appraisal import Appraisal
from pagoefectivo.services.settlements import kept_file

CHUNK = 10_000
CURRENCY = "PEN"  # of a line that names none, nor any payment: these reports are of Peru
Progress = Callable[[int], None]


class TakenOver(Exception):
    """Somebody else holds the file now, and does the same work."""


class _OnlyLooked(Exception):
    """Undoes what a rehearsal wrote, and carries away what it came to."""

    def __init__(self, summary: dict[str, object]) -> None:
        self.summary = summary
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
    """Read a claimed file into drafts, a chunk a transaction, then judge them all in one.

    After each chunk the lease is renewed, `lines_read` counted and `progress` told. Begun anew it begins from the first
    line, and what was drafted before is thrown away: a kill at any moment changes no result. A file that cannot be read
    whole is refused with its line and reason, and no line of it is kept.
    """
    report = SettlementReport.objects.get(pk=claim.row_id)
    if report.standing not in {ReportStanding.RECEIVED, ReportStanding.READING}:
        SettlementReport.objects.filter(pk=report.pk, lease_token=claim.token).update(
            next_action_at=None, lease_until=None
        )
        return
    with suppress(TakenOver):
        _hold(claim, standing=ReportStanding.READING, lines_read=0)
        _forget_drafts(report)
        try:
            count = _draft(report, claim, progress)
        except UnreadableFile as fault:
            _refuse(report, claim, fault)
        else:
            _judge(report, claim, count)


def _draft(report: SettlementReport, claim: Claim, progress: Progress | None) -> int:
    account = account_named(report.account)
    file = kept_file(report)
    reader = reader_of(account.settlement_readers, file)
    appraisal = Appraisal(account, _today())
    rows = reader.read(file)
    count = 0
    while True:
        with seams.unit_of_work():  # never twice: the rows are read once
            written = _store(report, appraisal, islice(rows, CHUNK))
        if not written:
            return count
        count += written
        _hold(claim, lines_read=count)
        if progress is not None:
            progress(count)


def _store(report: SettlementReport, appraisal: Appraisal, rows: Iterator[SettlementRow]) -> int:
    # A list, for appraising may ask the database, which cannot answer while it is being copied to.
    drafted = [(report.pk, report.account, *row, *appraisal.of(row)) for row in rows]
    table = connection.ops.quote_name(SettlementDraft._meta.db_table)
    names = ", ".join(("report_id", *settlement_matching.READ))
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            places = ", ".join(["%s"] * (1 + len(settlement_matching.READ)))
            values = [tuple(map(_adapted, each)) for each in drafted]
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", values)  # noqa: S608 - our own columns
        elif drafted:
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for each in drafted:
                    copy.write_row(each)
    return len(drafted)


def _adapted(value: Any) -> Any:
    """As SQLite's columns hold it."""
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return str(value) if isinstance(value, Decimal | date) else value


def _judge(report: SettlementReport, claim: Claim, count: int) -> None:
    """Write all lines, or none where somebody else took the file over meanwhile."""

    def judge() -> None:
        settlements.lock_account(report.account)
        _hold(claim)
        now = seams.now()
        settlement_matching.match(
            report.pk, account=report.account, currency=CURRENCY, closed=closed_months(report.account), now=now
        )
        summary = _summary(report)
        if report.is_rehearsal:
            raise _OnlyLooked(summary)
        _ended(report, standing=ReportStanding.IMPORTED, line_count=count, summary=summary, imported_at=now)
        settle_arrived(report)
        _forget_drafts(report)
        ask_about_unpaid(report)

    try:
        seams.transact(judge)
    except _OnlyLooked as looked:
        _ended(report, standing=ReportStanding.REHEARSED, line_count=count, summary=looked.summary)
        _forget_drafts(report)


def _refuse(report: SettlementReport, claim: Claim, fault: UnreadableFile) -> None:
    def refuse() -> None:
        _hold(claim)
        _forget_drafts(report)
        _ended(report, standing=ReportStanding.REFUSED, refused_line=fault.line, refused_why=fault.why[:500])

    seams.transact(refuse)


def _hold(claim: Claim, **columns: object) -> None:
    """Renew the lease of whoever holds the file. Raises TakenOver where that is somebody else now."""
    until = shared_now() + conf.current().timing.lease
    held = SettlementReport.objects.filter(pk=claim.row_id, lease_token=claim.token)
    if not held.update(lease_until=until, next_action_at=until, **columns):
        raise TakenOver


def _ended(report: SettlementReport, **columns: object) -> None:
    SettlementReport.objects.filter(pk=report.pk).update(next_action_at=None, lease_until=None, attempts=0, **columns)


def _forget_drafts(report: SettlementReport) -> None:
    SettlementDraft.objects.filter(report=report).delete()


def _summary(report: SettlementReport) -> dict[str, object]:
    """What the file came to: per class and currency how many lines, and what they change."""
    lines = SettlementLine.objects.filter(report=report).values("verdict", "book_currency")
    return {
        "classes": [
            {
                "verdict": each["verdict"],
                "currency": each["book_currency"],
                "lines": each["count"],
                "booked": f"{each['booked']:f}",
            }
            for each in lines.annotate(count=Count("pk"), booked=Sum("booked")).order_by("book_currency", "verdict")
        ]
    }


def _today() -> date:
    return seams.now().astimezone(LIMA).date()
