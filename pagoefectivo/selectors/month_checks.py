"""The checklist of a month: what has to be done before two people can sign it, and what they should know."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from pagoefectivo.domain.closing import following
from pagoefectivo.domain.localtime import LIMA, written_day, written_month
from pagoefectivo.domain.money import format_money
from pagoefectivo.domain.month import Check, Difference, Flow, Step
from pagoefectivo.domain.settlements import Verdict
from pagoefectivo.domain.states import RefundState
from pagoefectivo.models import MonthlyClose, Refund, ReportStanding, SettlementReport
from pagoefectivo.models.closing import CLOSED
from pagoefectivo.selectors.calendar import today
from pagoefectivo.selectors.fees import month_span
from pagoefectivo.selectors.month_sums import LineSums, Unsettled, months_with_lines


def checklist(
    account: str, month: date, sums: LineSums, waits: Unsettled, files: Sequence[str], differences: Sequence[Difference]
) -> list[Check]:
    """Return every check of a month in the active language, in the order in which they are worked off."""
    left = [each for each in differences if each.state == "open"]
    proposed = sum(each.verdict is Verdict.PROPOSED for each in left)
    return [
        _over(month),
        _in_order(account, month),
        _files(account, month, files),
        _half_read(account),
        Check("proposed", _("Every proposed match is confirmed by a person."), proposed, blocks=True),
        Check("differences", _("Every difference is settled with a reason."), len(left) - proposed, blocks=True),
        Check("overdue", _("Every payment that is due stands in a file."), waits.overdue, blocks=True),
        Check("refunds", _("The outcome of every refund is known."), _unknown_refunds(account, month), blocks=True),
        Check(
            "parts",
            _("The parts of every line come to its net; what does not is an adjustment."),
            sums.unexplained,
            blocks=False,
        ),
        *(_bank(flow) for flow in sums.flows),
    ]


def unharmed(*, is_harmed: bool) -> Check:
    """Whether the kept figures are still the ones of their fingerprint."""
    if is_harmed:
        said = _(
            "The signed figures were changed in the database: they do not fit their SHA-256. Believe the signed paper."
        )
        return Check("digest", said, 1, blocks=True)
    return Check("digest", _("The signed figures fit their SHA-256."), 0, blocks=True)


def unchanged(*, is_stale: bool) -> Check:
    """Whether a preparation still holds."""
    if is_stale:
        said = _("The figures changed since they were prepared: withdraw the preparation and prepare the month again.")
        return Check("changed", said, 1, blocks=True)
    return Check("changed", _("The figures are the ones that were prepared."), 0, blocks=True)


def as_signed(parts: Sequence[str]) -> Check:
    """Whether the rows of a closed month still come to what was signed."""
    if parts:
        said = _(
            "The rows of this closed month no longer come to what was signed: {parts}. Somebody changed the database."
        )
        return Check(
            "signed", said.format(parts=", ".join(_part_word(part) for part in parts)), len(parts), blocks=True
        )
    return Check("signed", _("The rows of this month come to what was signed."), 0, blocks=True)


def earlier_open(account: str, month: date) -> list[date]:
    """Return the months before, with lines, that are not closed; oldest first."""
    closed = set(
        MonthlyClose.objects.filter(
            account=account, month__lt=month, standing__in=CLOSED, agreed_at__isnull=True
        ).values_list("month", flat=True)
    )
    return [each for each in months_with_lines(account) if each < month and each not in closed]


def _part_word(part: str) -> str:
    return {
        "flows": _("figures"),
        "classes": _("classes"),
        "differences": _("differences"),
        "files": _("files"),
        "late_lines": _("late lines"),
    }[part]


def _over(month: date) -> Check:
    if today() >= following(month):
        return Check("over", _("The month is over in Lima."), 0, blocks=True)
    last = written_day(following(month) - timedelta(days=1), get_language() or "")
    return Check("over", _("The month is not over yet: it ends in Lima with {day}.").format(day=last), 1, blocks=True)


def _in_order(account: str, month: date) -> Check:
    earlier = earlier_open(account, month)
    if not earlier:
        return Check("order", _("Every month before is closed."), 0, blocks=True)
    language = get_language() or ""
    months = ", ".join(written_month(each, language) for each in earlier)
    return Check(
        "order", _("These months have to be closed first: {months}.").format(months=months), len(earlier), blocks=True
    )


def _files(account: str, month: date, files: Sequence[str]) -> Check:
    if files:
        return Check("files", _("Files of this month: {files}.").format(files=", ".join(files)), 0, blocks=True)
    last = SettlementReport.objects.filter(account=account, standing=ReportStanding.IMPORTED).order_by("-pk").first()
    if last is None or last.imported_at is None:
        return Check("files", _("No file of this account was ever imported."), 1, blocks=True)
    language = get_language() or ""
    said = _("No file of {month} yet. The last one was {file}, imported on {day}.").format(
        month=written_month(month, language),
        file=last,
        day=written_day(last.imported_at.astimezone(LIMA).date(), language),
    )
    return Check("files", said, 1, blocks=True)


def _half_read(account: str) -> Check:
    under_way = SettlementReport.objects.filter(
        account=account, standing__in=(ReportStanding.RECEIVED, ReportStanding.READING), is_rehearsal=False
    )
    return Check("half_read", _("No file waits to be read, or is half read."), under_way.count(), blocks=True)


def _unknown_refunds(account: str, month: date) -> int:
    _begins, ends = month_span(month)
    return Refund.objects.filter(account=account, state=RefundState.UNKNOWN.value, created_at__lt=ends).count()


def _bank(flow: Flow) -> Check:
    net, bank = flow.of(Step.NET).amount, flow.of(Step.BANK).amount
    name, currency = f"bank_{flow.currency}", flow.currency
    if net == bank:
        said = _("What arrived at the bank is the net: {amount}.").format(amount=format_money(net, currency))
        return Check(name, said, 0, blocks=False)
    said = _("The net is {net}, and {bank} arrived at the bank: {difference} apart.").format(
        net=format_money(net, currency),
        bank=format_money(bank, currency),
        difference=format_money(bank - net, currency),
    )
    return Check(name, said, 1, blocks=False)
