"""A month's lines, receipts and unsettled payments, summed by the database: a few statements at any number of lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Case, Count, Exists, F, Min, OuterRef, Q, Sum, Value, When
from django.db.models.fields import BooleanField
from django.db.models.functions import Abs, Coalesce, TruncDate, TruncTime
from django.db.models.lookups import GreaterThan

from pagoefectivo import conf
from pagoefectivo.domain.closing import following, in_cents
from pagoefectivo.domain.localtime import LIMA
from pagoefectivo.domain.messages import SettlementKind
from pagoefectivo.domain.money import ZERO
from pagoefectivo.domain.month import ClassSum, Figure, Flow, Step, Transit
from pagoefectivo.domain.settlements import TOLERANCE, UNCOUNTED, Verdict
from pagoefectivo.models import BankReceipt, Discrepancy, SettlementLine, SettlementShare
from pagoefectivo.models.settlements import settled_field
from pagoefectivo.selectors import calendar
from pagoefectivo.selectors.fees import paid_in
from pagoefectivo.services.accounts import account_named

MOVES = (Step.GROSS, Step.FEES, Step.TAX, Step.REFUNDS, Step.DISPUTES, Step.ADJUSTMENTS)
STEP_OF_KIND = {
    SettlementKind.PAYMENT: Step.GROSS,
    SettlementKind.REFUND: Step.REFUNDS,
    SettlementKind.FEE: Step.FEES,
    SettlementKind.TAX: Step.TAX,
    SettlementKind.CHARGEBACK: Step.DISPUTES,
    SettlementKind.ADJUSTMENT: Step.ADJUSTMENTS,
}
_NAMED = (SettlementKind.PAYMENT, SettlementKind.REFUND, SettlementKind.CHARGEBACK)
_NONE = Value(Decimal(0), output_field=settled_field())

# What a line moves before its costs: as the file names it, else what is left of its net. Costs are told apart.
_FEE, _TAX = Coalesce(F("fee"), _NONE), Coalesce(F("tax"), _NONE)
_BEFORE_COSTS = Case(
    When(kind__in=_NAMED, settled_amount__isnull=False, then=F("settled_amount")),
    default=F("booked") - _FEE - _TAX,
    output_field=settled_field(),
)


@dataclass(frozen=True, slots=True)
class LineSums:
    """What the lines of a month come to. `unexplained` counts those whose net is not what their parts come to."""

    flows: Sequence[Flow]
    classes: Sequence[ClassSum]
    reports: Sequence[int]
    lines: int
    late: int
    unexplained: int


@dataclass(frozen=True, slots=True)
class Unsettled:
    """Payments of a month that no line of it tells of: not due yet at its end, and overdue today with nobody told."""

    transits: Sequence[Transit]
    overdue: int


def line_sums(account: str, month: date) -> LineSums:
    """Sum the lines of a month in two statements, exactly, and round to the cent only at the end.

    Every cent that a line books is in one step: what its net holds beyond the parts that the file names is an
    adjustment. So the steps come to what the lines book, transfers to the bank left aside.
    """
    groups = _groups(account, month)
    steps: dict[str, dict[Step, Decimal]] = defaultdict(lambda: dict.fromkeys(MOVES, Decimal(0)))
    counts: dict[str, dict[Step, int]] = defaultdict(lambda: dict.fromkeys((*MOVES, Step.NET), 0))
    for each in groups:
        step = STEP_OF_KIND.get(each["kind"])
        if step is None or each["verdict"] in UNCOUNTED:
            continue
        amounts, lines = steps[each["book_currency"]], counts[each["book_currency"]]
        amounts[step] += each["before_costs"]
        amounts[Step.FEES] += each["fees"]
        amounts[Step.TAX] += each["taxes"]
        amounts[Step.ADJUSTMENTS] += each["net"] - each["before_costs"] - each["fees"] - each["taxes"]
        lines[step] += each["lines"]
        lines[Step.NET] += each["lines"]
        lines[Step.FEES] += each["with_fee"] if step is not Step.FEES else 0
        lines[Step.TAX] += each["with_tax"] if step is not Step.TAX else 0
    bank = _receipts(account, month)
    return LineSums(
        flows=[_flow(currency, steps[currency], counts[currency], bank) for currency in sorted({*steps, *bank})],
        classes=_classes(groups),
        reports=sorted({each["report_id"] for each in groups}),
        lines=sum(each["lines"] for each in groups),
        late=sum(each["late"] for each in groups),
        unexplained=sum(each["unexplained"] for each in groups if each["verdict"] not in UNCOUNTED),
    )


def unsettled(account: str, month: date) -> Unsettled:
    """Sum the payments of a month that no counted line of it, or of a month before, tells of. Three statements at most.

    What was paid before the first payment that any file of the account tells of is nobody's to settle here.
    """
    cycle = account_named(account).settlement_cycle if account in conf.current().accounts else None
    cut_off, today, ends = conf.current().bank_cut_off, calendar.today(), following(month)
    waits: dict[str, tuple[int, Decimal]] = defaultdict(lambda: (0, ZERO))
    overdue = 0
    for each in _unsettled_groups(account, month, cut_off):
        due = None
        if cycle is not None:
            at = cut_off if cut_off is not None and each["is_after"] else time()
            due = cycle.expected(datetime.combine(each["day"], at, LIMA), cut_off, calendar.is_closed).last
        if due is None or due >= ends:
            payments, amount = waits[each["paid_currency"]]
            waits[each["paid_currency"]] = payments + each["payments"], amount + each["amount"]
        if due is not None and due < today and not each["is_told"] and not each["is_known"]:
            overdue += each["payments"]
    return Unsettled([Transit(currency, *waits[currency]) for currency in sorted(waits)], overdue)


def months_with_lines(account: str) -> list[date]:
    """Return the months in which lines of an account count, oldest first; a step of an index each, however many lines."""
    table = connection.ops.quote_name(SettlementLine._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE found(month) AS (SELECT min(month) FROM {table} WHERE account = %(account)s UNION ALL "  # noqa: S608 - our own table
            f"SELECT (SELECT min(month) FROM {table} WHERE account = %(account)s AND month > found.month) "
            "FROM found WHERE found.month IS NOT NULL) SELECT month FROM found WHERE month IS NOT NULL",
            {"account": account},
        )
        return [date.fromisoformat(str(month)) for (month,) in cursor.fetchall()]


def _groups(account: str, month: date) -> list[Any]:
    lines = SettlementLine.objects.filter(account=account, month=month)
    unexplained = Abs(F("booked") - _FEE - _TAX - _BEFORE_COSTS)
    return list(
        lines.values("book_currency", "verdict", "kind", "report_id")
        .annotate(
            lines=Count("pk"),
            net=Sum("booked"),
            fees=Sum(_FEE),
            taxes=Sum(_TAX),
            before_costs=Sum(_BEFORE_COSTS),
            with_fee=Count("pk", filter=Q(fee__isnull=False) & ~Q(fee=0)),
            with_tax=Count("pk", filter=Q(tax__isnull=False) & ~Q(tax=0)),
            late=Count("pk", filter=Q(own_month__lt=F("month"))),
            unexplained=Count("pk", filter=GreaterThan(unexplained, TOLERANCE)),
        )
        .order_by("book_currency", "verdict", "kind", "report_id")
    )


def _receipts(account: str, month: date) -> dict[str, tuple[Decimal, int]]:
    """By currency: what arrived, and how many receipts that is; one struck out and its strike are none."""
    rows = BankReceipt.objects.filter(account=account, month=month).values("currency")
    sums = rows.annotate(
        amount=Sum("amount"),
        receipts=Count("pk", filter=Q(strikes__isnull=True)) - Count("pk", filter=Q(strikes__isnull=False)),
    )
    return {each["currency"]: (each["amount"], each["receipts"]) for each in sums.order_by("currency")}


def _flow(
    currency: str, amounts: dict[Step, Decimal], lines: dict[Step, int], bank: dict[str, tuple[Decimal, int]]
) -> Flow:
    moved = [
        Figure(step, amount, lines[step])
        for step, amount in zip(MOVES, in_cents(amounts[step] for step in MOVES), strict=True)
    ]
    net = sum((each.amount for each in moved), ZERO)
    arrived, receipts = bank.get(currency, (ZERO, 0))
    return Flow(currency, (*moved, Figure(Step.NET, net, lines[Step.NET]), Figure(Step.BANK, arrived, receipts)))


def _classes(groups: Iterable[Any]) -> list[ClassSum]:
    """Each class of each currency; what they change comes to the net of the month."""
    lines: dict[str, dict[Verdict, int]] = defaultdict(lambda: defaultdict(int))
    nets: dict[str, dict[Verdict, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for each in groups:
        currency, verdict = each["book_currency"], Verdict(each["verdict"])
        lines[currency][verdict] += each["lines"]
        nets[currency][verdict] += each["net"] if verdict not in UNCOUNTED and each["kind"] in STEP_OF_KIND else 0
    found = []
    for currency in sorted(lines):
        verdicts = [verdict for verdict in Verdict if verdict in lines[currency]]
        rounded = in_cents(nets[currency][verdict] for verdict in verdicts)
        found += [
            ClassSum(verdict, currency, lines[currency][verdict], net)
            for verdict, net in zip(verdicts, rounded, strict=True)
        ]
    return found


def _told_since(account: str, month: date) -> dict[str, datetime]:
    """The condition on what was paid in the month of the first file, or before: no file tells of earlier payments."""
    lines = SettlementLine.objects.filter(account=account)
    first = lines.aggregate(first=Min("month"))["first"]
    if first is None or month > first:
        return {}
    told = lines.filter(month=first, kind=SettlementKind.PAYMENT.value).aggregate(at=Min("occurred_at"))["at"]
    return {"paid_at__gte": told} if told else {}


def _unsettled_groups(account: str, month: date, cut_off: time | None) -> Any:
    lines = SettlementLine.objects.filter(voucher=OuterRef("pk"), kind=SettlementKind.PAYMENT.value)
    lines = lines.exclude(verdict__in=UNCOUNTED)
    shares = SettlementShare.objects.filter(voucher=OuterRef("pk"), refund__isnull=True)
    told = Exists(lines) | Exists(shares)
    by_then = Exists(lines.filter(month__lte=month)) | Exists(shares.filter(line__month__lte=month))
    is_after: Any = Value(value=False, output_field=BooleanField())
    payments = paid_in(month, account).filter(~by_then, **_told_since(account, month))
    if cut_off is not None:
        payments = payments.annotate(clock=TruncTime("paid_at", tzinfo=LIMA))
        is_after = Case(When(clock__gte=cut_off, then=Value(value=True)), default=Value(value=False))
    return (
        payments.annotate(
            day=TruncDate("paid_at", tzinfo=LIMA),
            is_after=is_after,
            is_told=Case(When(told, then=Value(value=True)), default=Value(value=False)),
            is_known=Exists(Discrepancy.objects.filter(voucher=OuterRef("pk"), line__isnull=True, refund__isnull=True)),
        )
        .values("day", "is_after", "paid_currency", "is_told", "is_known")
        .annotate(payments=Count("pk"), amount=Sum("paid_amount"))
        .order_by("day")
    )
