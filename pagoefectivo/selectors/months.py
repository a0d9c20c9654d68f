"""The report of an account's month: as the rows say it now, or as two people signed it, and which months there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from pagoefectivo import conf
from pagoefectivo.domain.closing import deviations, digest_of, figures_of, following, parts_of
from pagoefectivo.domain.money import CENT
from pagoefectivo.domain.month import Check, CloseState, Difference, Flow, MonthReport, Step
from pagoefectivo.domain.settlements import Verdict
from pagoefectivo.models import Discrepancy, MonthlyClose, SettlementReport
from pagoefectivo.models.closing import CLOSED
from pagoefectivo.selectors import month_checks
from pagoefectivo.selectors.month_sums import line_sums, months_with_lines, unsettled
from pagoefectivo.services.accounts import account_named


def report_of(account: str, month: date, revision: int | None = None) -> MonthReport:
    """Return the report of a month by its first day; the revision that counts unless another is asked for.

    What was signed, by one or by two, is shown as it was signed and held against what the rows say now: where they
    differ, a check that blocks says so. A revision that was opened again is only shown. A dozen statements at most.
    Raises MonthlyClose.DoesNotExist for a revision that there is not.
    """
    close = close_of(account, month) if revision is None else _revision(account, month, revision)
    if close is None or close.standing == CloseState.OPEN:
        return draft_of(account, month, close)
    signed = MonthReport(
        **parts_of(close.figures),
        state=CloseState(close.standing),
        checks=(),
        prepared_by=close.prepared_by.removeprefix("staff:"),
        prepared_at=close.prepared_at,
        signed_by=close.signed_by.removeprefix("staff:"),
        signed_at=close.signed_at,
        digest=close.digest,
    )
    if close.agreed_at is not None:
        return replace(signed, checks=(_unharmed(close),))
    draft = draft_of(account, month, close)
    if close.standing == CloseState.PREPARED:
        is_stale = digest_of(figures_of(draft)) != close.digest
        return replace(signed, checks=(_unharmed(close), month_checks.unchanged(is_stale=is_stale), *draft.checks))
    parts = deviations(close.figures, figures_of(draft))
    return replace(signed, checks=(_unharmed(close), month_checks.as_signed(parts)))


def draft_of(account: str, month: date, close: MonthlyClose | None = None) -> MonthReport:
    """Return what the rows say of a month now, with its checklist; `close` is the row that counts, where there is one."""
    sums = line_sums(account, month)
    waits = unsettled(account, month)
    reports = SettlementReport.objects.filter(pk__in=sums.reports).order_by("pk")
    files = [str(each) for each in reports.only("name", "sha256")]
    differences = _differences(account, month)
    return MonthReport(
        account=account,
        provider=account_named(account).provider.name if account in conf.current().accounts else "",
        month=month,
        revision=close.revision if close else 1,
        state=CloseState.OPEN,
        flows=sums.flows,
        classes=sums.classes,
        differences=differences,
        checks=month_checks.checklist(account, month, sums, waits, files, differences),
        transits=waits.transits,
        late_lines=sums.late,
        files=files,
    )


def close_of(account: str, month: date) -> MonthlyClose | None:
    """Return the revision of a month that counts; None where it was never prepared."""
    return MonthlyClose.objects.filter(account=account, month=month, agreed_at__isnull=True).first()


def closed_months(account: str) -> list[tuple[date, date]]:
    """Return each closed month of an account with the first open one after it, oldest first."""
    closed = set(
        MonthlyClose.objects.filter(account=account, standing__in=CLOSED, agreed_at__isnull=True).values_list(
            "month", flat=True
        )
    )
    return [(month, _first_open_after(month, closed)) for month in sorted(closed)]


@dataclass(frozen=True, slots=True)
class MonthRow:
    """A month as a list shows it. `close` is None where it was never prepared; `flows` are signed figures or those of now."""

    account: str
    month: date
    close: MonthlyClose | None
    flows: Sequence[Flow]
    open_differences: int

    @property
    def state(self) -> CloseState:
        """How far its close has come."""
        return CloseState(self.close.standing) if self.close else CloseState.OPEN

    @property
    def nets(self) -> list[tuple[str, Any]]:
        """The net of each currency."""
        return [(flow.currency, flow.of(Step.NET).amount) for flow in self.flows]


def month_rows(accounts: Sequence[str], *, most: int = 24) -> list[MonthRow]:
    """Return the newest months of each account that have lines or a close, newest first, at most so many of each.

    Three statements an account and two for each month that nobody signed yet.
    """
    rows = []
    for account in accounts:
        closes = {each.month: each for each in MonthlyClose.objects.filter(account=account, agreed_at__isnull=True)}
        months = sorted({*months_with_lines(account), *closes}, reverse=True)[:most]
        waiting = _open_differences(account, months)
        rows += [_row(account, month, closes.get(month), waiting.get(month, 0)) for month in months]
    return sorted(rows, key=lambda row: row.month, reverse=True)


def _row(account: str, month: date, close: MonthlyClose | None, waiting: int) -> MonthRow:
    is_signed = close is not None and close.standing != CloseState.OPEN
    flows = parts_of(close.figures)["flows"] if close is not None and is_signed else line_sums(account, month).flows
    return MonthRow(account, month, close, flows, waiting)


def _open_differences(account: str, months: Sequence[date]) -> dict[date, int]:
    counts: dict[date, int] = {}
    found = Discrepancy.objects.filter(account=account, month__in=months, settled_at__isnull=True)
    for month in found.values_list("month", flat=True):
        counts[month] = counts.get(month, 0) + 1
    return counts


def _revision(account: str, month: date, revision: int) -> MonthlyClose:
    return MonthlyClose.objects.get(account=account, month=month, revision=revision)


def _unharmed(close: MonthlyClose) -> Check:
    return month_checks.unharmed(is_harmed=digest_of(close.figures) != close.digest)


def _first_open_after(month: date, closed: set[date]) -> date:
    after = following(month)
    while after in closed:
        after = following(after)
    return after


def _differences(account: str, month: date) -> list[Difference]:
    rows = Discrepancy.objects.filter(account=account, month=month)
    return [
        Difference(
            number=row.number,
            verdict=Verdict(row.verdict),
            subject=_subject(row),
            amount=row.amount.quantize(CENT),
            currency=row.currency,
            owner=row.owner.get_username() if row.owner else "",
            state="settled" if row.settled_at else "open",
            reason=row.reason,
            resolution=row.resolution,
            case=row.case.public_id if row.case else "",
        )
        for row in rows.select_related("owner", "case", "voucher__order", "refund__order", "line").order_by("pk")
    ]


def _subject(row: Discrepancy) -> str:
    """What people find it by: the order's number, or the provider's where nothing of ours is known."""
    ours = row.refund or row.voucher
    if ours is not None:
        return ours.order.reference
    line = row.line
    if line is None:
        return ""
    return line.refund_provider_reference or line.provider_reference or line.reference or str(line)
