"""What settlement files came to, and what stands beside one line of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q, QuerySet

from pagoefectivo.domain.settlements import DIFFERENCES, Verdict
from pagoefectivo.models import Discrepancy, ReportStanding, SettlementLine, SettlementReport

MOST = 500
BYTES_A_LINE = 200
OTHERS_SHOWN = 20
_ORDER = {verdict.value: (verdict not in DIFFERENCES, place) for place, verdict in enumerate(Verdict)}


@dataclass(frozen=True, slots=True)
class ClassSum:
    """How many lines of a file are of one class, and what they change in the balance."""

    verdict: str
    lines: int
    booked: Decimal
    currency: str


def classes_of(report: SettlementReport) -> dict[str, list[ClassSum]]:
    """Return what a file came to when it was read, by currency; first what does not add up. No query."""
    found: dict[str, list[ClassSum]] = {}
    told = [
        ClassSum(each["verdict"], each["lines"], Decimal(each["booked"]), each["currency"])
        for each in report.summary.get("classes", [])
    ]
    for each in sorted(told, key=lambda one: (one.currency, _ORDER[one.verdict])):
        found.setdefault(each.currency, []).append(each)
    return found


def differing(report: SettlementReport) -> int:
    """Return how many lines of a file did not add up when it was read. No query."""
    return sum(each.lines for sums in classes_of(report).values() for each in sums if each.verdict in DIFFERENCES)


def still_open(report: SettlementReport) -> int:
    """Return how many differences of a file nobody has settled yet."""
    return Discrepancy.objects.filter(line__report=report, settled_at__isnull=True).count()


def awaited_lines(report: SettlementReport) -> int:
    """Return about how many lines a file has that is being read: nobody knows before its end, its size tells."""
    return max(report.size // BYTES_A_LINE, report.lines_read + 1)


def last_imported(account: str = "") -> SettlementReport | None:
    """Return the file that was imported last, of one account or of any."""
    imported = SettlementReport.objects.filter(standing=ReportStanding.IMPORTED)
    return (imported.filter(account=account) if account else imported).order_by("-created_at").first()


def lines_named(term: str, order_ids: Sequence[int]) -> QuerySet[SettlementLine]:
    """Return the lines about some orders, and those that nobody could match and that name `term` themselves.

    One query, 500 lines at most. An unmatched line is found among the differences: they are few where lines are many.
    """
    names = ("reference", "provider_reference", "refund_reference", "refund_provider_reference", "code", "batch")
    named = Q()
    for name in names:
        named |= Q(**{f"line__{name}": term})
    about = SettlementLine.objects.filter(voucher__order__in=order_ids).order_by().values_list("pk")
    by_hand = SettlementLine.objects.filter(shares__voucher__order__in=order_ids).order_by().values_list("pk")
    unmatched = Discrepancy.objects.filter(named, line__isnull=False).order_by().values_list("line")
    found = [pk for (pk,) in about.union(by_hand, unmatched)[:MOST]]
    return SettlementLine.objects.filter(pk__in=found)


def others_of(line: SettlementLine) -> list[SettlementLine]:
    """Return what else files say of the payment that a line is about: the first twenty, in the order they came."""
    if line.voucher_id is None:
        return []
    same = SettlementLine.objects.select_related("report").filter(voucher=line.voucher_id).exclude(pk=line.pk)
    return list(same.order_by("pk")[:OTHERS_SHOWN])


def told_amount(line: SettlementLine) -> Decimal:
    """Return what the parts of a line have to come to when it is matched by hand."""
    told: Decimal = line.booked if line.amount is None else line.amount
    return told
