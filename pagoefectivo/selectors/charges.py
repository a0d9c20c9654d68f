"""What a month's lines were charged beside what was agreed, summed by the database, and the lines that differ."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Case, CharField, Count, F, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Abs, Coalesce

from pagoefectivo.domain.charges import DIFFERING, IN_QUESTION, Aside, Charge, MonthCharges, Standing, by_kind
from pagoefectivo.domain.discrepancies import DiscrepancyReason
from pagoefectivo.domain.messages import SettlementKind
from pagoefectivo.domain.settlements import COSTS_OF_THEIR_OWN, UNCOUNTED, Verdict
from pagoefectivo.domain.states import RefundState
from pagoefectivo.models import SettlementLine
from pagoefectivo.models.settlements import settled_field
from pagoefectivo.selectors.month_sums import STEP_OF_KIND

_NONE = Value(Decimal(0), output_field=settled_field())
_OWN = Coalesce(F("net"), F("amount"), _NONE)
# What a line takes, below zero, as it is held against what was agreed when its file is read.
_TAKEN = Case(
    When(kind__in=COSTS_OF_THEIR_OWN, then=_OWN),
    default=Coalesce(F("fee"), _NONE) + Coalesce(F("tax"), _NONE),
    output_field=settled_field(),
)
_TAXED = Case(
    When(kind=SettlementKind.TAX, then=_OWN),
    When(kind=SettlementKind.FEE, then=None),
    default=F("tax"),
    output_field=settled_field(),
)
# Who matched a line by hand said whose it is, and nothing of what it cost.
_IS_SETTLED = Q(discrepancy__settled_at__isnull=False) & ~Q(discrepancy__reason=DiscrepancyReason.MATCHED)
_STANDING = Case(
    When(cost_expected__isnull=True, then=Value(Standing.UNKNOWN.value)),
    When(cost_difference__isnull=True, then=Value(Standing.AGREED.value)),
    When(_IS_SETTLED, then=Value(Standing.SETTLED.value)),
    When(verdict__in=IN_QUESTION, then=Value(Standing.QUESTIONED.value)),
    When(cost_difference__gt=0, then=Value(Standing.LESS.value)),
    default=Value(Standing.CLAIMED.value),
    output_field=CharField(),
)
_STANDING_OF_EXCHANGE = Case(
    When(_IS_SETTLED, then=Value(Standing.SETTLED.value)),
    When(verdict__in=[*IN_QUESTION, Verdict.AMOUNT], then=Value(Standing.QUESTIONED.value)),
    default=Value(Standing.CLAIMED.value),
    output_field=CharField(),
)
# What nobody can settle, for it is no difference, is not claimed; a cost of its own is claimed as a cost, once.
_TOO_DEAR = Q(fx_difference__lt=0, exchange=Standing.CLAIMED, discrepancy__isnull=False) & ~Q(
    kind__in=COSTS_OF_THEIR_OWN
)
_PAYMENT = Q(kind=SettlementKind.PAYMENT, booked__gt=0) & ~Q(verdict=Verdict.DUPLICATE)
_UNPAID = Q(voucher__isnull=False, voucher__paid_at__isnull=True) & (
    Q(kind__in=COSTS_OF_THEIR_OWN) | Q(kind=SettlementKind.PAYMENT, verdict=Verdict.MISSING_HERE)
)
_FAILED_REFUND = Q(kind=SettlementKind.REFUND, refund__state__in=(RefundState.FAILED, RefundState.RETURNED))
_BROUGHT_NOTHING = Case(When(_UNPAID, then=Value("unpaid")), default=Value("failed_refunds"), output_field=CharField())


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines that differ are asked for; what is empty is not asked. The greatest difference first, or the newest."""

    currency: str = ""
    kind: str = ""
    standing: str = ""
    newest_first: bool = False


def charges_of(account: str, month: date) -> list[MonthCharges]:
    """Return what an account's lines of a month were charged and what was agreed, by currency; two statements.

    Lines that count in no sum count in none here. Figures are exact to the millionth; a difference within a cent is
    rounding, and stands in the sums of what was charged as agreed.
    """
    lines = _counted(account, month)
    grouped = (
        lines.annotate(standing=_STANDING, exchange=_STANDING_OF_EXCHANGE)
        .order_by()
        .values("book_currency", "kind", "standing")
    )
    sums = grouped.annotate(
        lines=Count("pk"),
        expected=Sum("cost_expected"),
        taken=Sum(_TAKEN),
        taxed=Sum(_TAXED),
        payments=Count("pk", filter=_PAYMENT),
        dear=Count("pk", filter=_TOO_DEAR),
        lost=Sum("fx_difference", filter=_TOO_DEAR),
    )
    parts: dict[str, list[Charge]] = defaultdict(list)
    payments: dict[str, int] = defaultdict(int)
    dear: dict[str, Aside] = defaultdict(lambda: Aside(0, Decimal(0)))
    for each in sums:
        currency = each["book_currency"]
        payments[currency] += each["payments"]
        dear[currency] = Aside(dear[currency].lines + each["dear"], dear[currency].charged - (each["lost"] or 0))
        parts[currency].append(
            Charge(
                kind=SettlementKind(each["kind"]),
                standing=Standing(each["standing"]),
                lines=each["lines"],
                agreed=-(each["expected"] or Decimal(0)),
                charged=-each["taken"],
                tax=None if each["taxed"] is None else -each["taxed"],
            )
        )
    aside = _brought_nothing(lines)
    return [
        MonthCharges(
            currency=currency,
            kinds=by_kind(parts[currency]),
            payments=payments[currency],
            exchanges=dear[currency] if dear[currency].lines else None,
            **aside.get(currency, {}),
        )
        for currency in sorted(parts)
    ]


def differing_lines(account: str, month: date, wanted: Wanted) -> QuerySet[SettlementLine]:
    """Return the lines whose cost is beyond a cent from what was agreed, each with `standing` and `taken`, below zero."""
    lines = _counted(account, month).filter(cost_difference__isnull=False)
    found: QuerySet[Any] = lines.annotate(standing=_STANDING, taken=_TAKEN)
    found = found.filter(standing__in=[wanted.standing] if wanted.standing else [each.value for each in DIFFERING])
    narrowed = {"book_currency": wanted.currency, "kind": wanted.kind}
    found = found.filter(**{column: value for column, value in narrowed.items() if value})
    if wanted.newest_first:
        return found.order_by(F("occurred_at").desc(nulls_last=True), "-pk")
    return found.order_by(Abs("cost_difference").desc(), "pk")


def exchanged_too_dear(account: str, month: date) -> QuerySet[SettlementLine]:
    """Return the lines whose exchange rate took more than a cent beyond what was agreed, and nobody has settled it.

    The greatest loss first.
    """
    lines: QuerySet[Any] = _counted(account, month).annotate(exchange=_STANDING_OF_EXCHANGE)
    return lines.filter(_TOO_DEAR).order_by("fx_difference", "pk")


def _counted(account: str, month: date) -> QuerySet[SettlementLine]:
    lines = SettlementLine.objects.filter(account=account, month=month, kind__in=list(STEP_OF_KIND))
    return lines.exclude(verdict__in=UNCOUNTED)


def _brought_nothing(lines: QuerySet[SettlementLine]) -> dict[str, dict[str, Aside]]:
    """By currency: what was charged for codes that nobody paid and for refunds that failed, where a line tells of any."""
    told = lines.filter(_UNPAID | _FAILED_REFUND).annotate(what=_BROUGHT_NOTHING, taken=_TAKEN).exclude(taken=0)
    found: dict[str, dict[str, Aside]] = defaultdict(dict)
    for each in told.order_by().values("book_currency", "what").annotate(lines=Count("pk"), sum=Sum("taken")):
        found[each["book_currency"]][each["what"]] = Aside(each["lines"], -each["sum"])
    return found
