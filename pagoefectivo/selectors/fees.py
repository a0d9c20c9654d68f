"""What things cost by the fee schedules: one event, a month that happened, and a month that is thought of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, DateField
from django.db.models.functions import TruncDate

from pagoefectivo import conf
from pagoefectivo.domain.cases import CaseKind
from pagoefectivo.domain.closing import following
from pagoefectivo.domain.fees import (
    WHOLE,
    Cost,
    Price,
    Quote,
    QuoteRequest,
    dispute_cost,
    failed_refund_cost,
    fx_cost,
    price,
    quote,
    refund_cost,
    rounded,
)
from pagoefectivo.domain.localtime import LIMA
from pagoefectivo.domain.messages import SettlementKind
from pagoefectivo.domain.money import ZERO
from pagoefectivo.domain.states import RefundState, VoucherState
from pagoefectivo.models import BuyerMessage, Case, FeeSchedule, StateChange, Voucher
from pagoefectivo.providers.registry import provider_named

LONGEST_LIFE = timedelta(days=92)  # from issued to paid, however late: so that an index of time finds the payments
BANDS = tuple(map(Decimal, (0, 20, 50, 100, 200, 500, 1000)))
NOTHING = Cost(ZERO, ZERO)
_UNREAD: Any = object()


class Pricing:
    """What the schedules of one account say; made for one piece of work and thrown away, for it never reads them again.

    Not for several threads.
    """

    def __init__(self, account: str, schedules: Iterable[FeeSchedule]) -> None:
        self.account = account
        self._schedules = tuple(schedules)
        self._rules: dict[tuple[SettlementKind, str, date], Price | Cost | None] = {}
        self._counts: dict[date, int] = {}

    def cost(self, kind: SettlementKind, amount: Decimal, currency: str, day: date) -> Cost | None:
        """Return what a payment, a refund that arrived or a chargeback of that day in Lima costs, in `currency`.

        None where no schedule holds on that day, and for every other kind. The exchange margin is not in it.
        """
        rule = self._rules.get((kind, currency, day), _UNREAD)
        if rule is _UNREAD:
            rule = self._rules[kind, currency, day] = self._rule(kind, currency, day)
        return rule.of(amount) if type(rule) is Price else rule

    def schedule_on(self, currency: str, day: date) -> FeeSchedule | None:
        """Return the schedule that holds on a day in Lima for payments in a currency."""
        return next((each for each in self._schedules if each.currency == currency and each.holds_on(day)), None)

    def payments_before(self, day: date) -> int:
        """Return how many payments the calendar month before a day had, by which its tier is chosen."""
        month = (day.replace(day=1) - timedelta(days=1)).replace(day=1)
        if month not in self._counts:
            self._counts[month] = paid_in(month, self.account).count()
        return self._counts[month]

    def _rule(self, kind: SettlementKind, currency: str, day: date) -> Price | Cost | None:
        schedule = self.schedule_on(currency, day)
        if schedule is None:
            return None
        if kind == SettlementKind.PAYMENT:
            reached = self.payments_before(day) if schedule.terms.tiers else 0
            return price(schedule.terms, reached, cross_border=schedule.is_cross_border)
        if kind == SettlementKind.REFUND:
            return refund_cost(schedule.terms)
        return dispute_cost(schedule.terms) if kind == SettlementKind.CHARGEBACK else None


def pricing_of(account: str) -> Pricing:
    """Read the schedules of an account, in two queries; a month's payments are counted when a tier first asks for them,
    in one query a month, whatever their currency.
    """
    return Pricing(account, _schedules(account=account))


@dataclass(slots=True)
class Sum:
    """How many of something, over how much, and what they cost."""

    count: int = 0
    volume: Decimal = ZERO
    fee: Decimal = ZERO
    tax: Decimal = ZERO

    def add(self, count: int, volume: Decimal, cost: Cost) -> None:
        """Count some that cost the same each."""
        self.count += count
        self.volume += volume
        self.fee += cost.fee * count
        self.tax += cost.tax * count

    @property
    def total(self) -> Decimal:
        return self.fee + self.tax


@dataclass(slots=True)
class MonthCosts:
    """What one account's month costs in one currency by its schedules. `unpriced` payments fell on days without one:
    they are in no other number. `messages` were sent about codes that expired unpaid in the month, e-mails apart.
    """

    account: str
    currency: str
    payments: Sum = field(default_factory=Sum)
    refunds: Sum = field(default_factory=Sum)
    failed_refunds: Sum = field(default_factory=Sum)
    disputes: Sum = field(default_factory=Sum)
    fx_margin: Decimal = ZERO
    unpriced: int = 0
    unpaid_codes: int = 0
    messages: int = 0
    message_cost: Decimal = ZERO
    days: dict[date, Sum] = field(default_factory=lambda: defaultdict(Sum))
    bands: dict[Decimal, Sum] = field(default_factory=lambda: defaultdict(Sum))

    @property
    def unpaid_cost(self) -> Decimal:
        """What the messages about codes cost that nobody paid."""
        return rounded(self.messages * self.message_cost)

    @property
    def fees(self) -> Decimal:
        return sum((each.fee for each in self._sums()), ZERO)

    @property
    def tax(self) -> Decimal:
        return sum((each.tax for each in self._sums()), ZERO)

    @property
    def total(self) -> Decimal:
        return self.fees + self.tax + self.fx_margin + self.unpaid_cost

    @property
    def per_paid_voucher(self) -> Decimal | None:
        """The total over the payments that have a price, rounded to the cent; None without any."""
        return rounded(self.total / self.payments.count) if self.payments.count else None

    @property
    def effective_percent(self) -> Decimal | None:
        """The total in percent of what these buyers paid, with two decimals."""
        return rounded(self.total / self.payments.volume * WHOLE) if self.payments.volume else None

    def _sums(self) -> Iterator[Sum]:
        yield from (self.payments, self.refunds, self.failed_refunds, self.disputes)


def costs(month: date, account: str = "", *, message_cost: Decimal = ZERO) -> list[MonthCosts]:
    """Return what the month of a day costs, for each account and currency in which anything happened; "" is all accounts.

    A payment counts on the day in Lima on which it was paid, a refund when its end was heard of, a dispute when its case
    was opened, a code that nobody paid on its deadline. Five queries, two more for each account with anything to price,
    and one for each whose schedule has tiers. What channel a buyer paid through is not told by providers, so not kept.
    """
    reading = _MonthReading(month.replace(day=1), account, message_cost)
    for read in (reading.payments, reading.refunds, reading.disputes, reading.unpaid, reading.messages):
        read()
    return [reading.rows[key] for key in sorted(reading.rows)]


@dataclass(frozen=True, slots=True)
class Offer:
    """What one account would cost. `quote` is None where no schedule of the currency holds on the day."""

    account: str
    provider: str
    schedule: FeeSchedule | None
    quote: Quote | None
    is_cheapest: bool = False


def quotes(asked: QuoteRequest, day: date, *, cross_border: Decimal | None = None) -> list[Offer]:
    """Ask the schedule of every account that holds on a day what a month would cost; the cheapest are marked where there
    are at least two to compare.

    `cross_border` is the share of all; None: all or nothing, as each account acquires. Two queries.
    """
    rows = {each.account: each for each in _schedules(currency=asked.currency) if each.holds_on(day)}
    offers = []
    for account, settings in conf.current().accounts.items():
        row = rows.get(account)
        share = (Decimal(row.is_cross_border) if row else ZERO) if cross_border is None else cross_border
        said = quote(row.terms, replace(asked, cross_border=share)) if row else None
        offers.append(Offer(account, provider_named(settings.provider).name, row, said))
    totals = [each.quote.total for each in offers if each.quote]
    least = min(totals) if len(totals) > 1 else None
    return [replace(each, is_cheapest=each.quote is not None and each.quote.total == least) for each in offers]


class _MonthReading:
    def __init__(self, month: date, account: str, message_cost: Decimal) -> None:
        self.month, self.account, self.message_cost = month, account, message_cost
        self.rows: dict[tuple[str, str], MonthCosts] = {}
        self._pricings: dict[str, Pricing] = {}

    def payments(self) -> None:
        day = TruncDate("paid_at", tzinfo=LIMA, output_field=DateField())
        grouped = paid_in(self.month, self.account).annotate(day=day).order_by("day")
        cells = grouped.values_list("account", "paid_currency", "day", "paid_amount").annotate(many=Count("pk"))
        for account, currency, on, amount, many in cells.iterator():
            row, pricing = self._row(account, currency), self._pricing(account)
            cost, schedule = (
                pricing.cost(SettlementKind.PAYMENT, amount, currency, on),
                pricing.schedule_on(currency, on),
            )
            if cost is None or schedule is None:
                row.unpriced += many
                continue
            for each in (row.payments, row.days[on], row.bands[max(band for band in BANDS if band <= amount)]):
                each.add(many, amount * many, cost)
            row.fx_margin += fx_cost(schedule.terms, amount * many)

    def refunds(self) -> None:
        changes = StateChange.objects.filter(subject="refund", **_within(self.month, "at"))
        changes = changes.filter(
            to_state__in=[RefundState.SUCCEEDED.value, RefundState.FAILED.value, RefundState.RETURNED.value]
        ).exclude(to_state=RefundState.FAILED.value, refund__provider_reference="")  # nobody has sent it
        if self.account:
            changes = changes.filter(refund__account=self.account)
        day = TruncDate("at", tzinfo=LIMA, output_field=DateField())
        cells = (
            changes.annotate(day=day).order_by().values_list("refund__account", "refund__currency", "day", "to_state")
        )
        for account, currency, on, state, many in cells.annotate(many=Count("pk")):
            row, schedule = self._row(account, currency), self._pricing(account).schedule_on(currency, on)
            arrived = state == RefundState.SUCCEEDED
            cost = NOTHING
            if schedule is not None:
                cost = refund_cost(schedule.terms) if arrived else failed_refund_cost(schedule.terms)
            (row.refunds if arrived else row.failed_refunds).add(many, ZERO, cost)

    def disputes(self) -> None:
        cases = Case.objects.filter(
            kind=CaseKind.DISPUTE.value, **_within(self.month, "opened_at"), **self._of_account()
        )
        day = TruncDate("opened_at", tzinfo=LIMA, output_field=DateField())
        cells = cases.exclude(currency="").annotate(day=day).order_by().values_list("account", "currency", "day")
        for account, currency, on, many in cells.annotate(many=Count("pk")):
            cost = self._pricing(account).cost(SettlementKind.CHARGEBACK, ZERO, currency, on)
            self._row(account, currency).disputes.add(many, ZERO, cost or NOTHING)

    def unpaid(self) -> None:
        cells = self._unpaid().order_by().values_list("account", "currency").annotate(many=Count("pk"))
        for account, currency, many in cells:
            self._row(account, currency).unpaid_codes = many

    def messages(self) -> None:
        sent = BuyerMessage.objects.filter(voucher__in=self._unpaid(), outcome=BuyerMessage.Outcome.SENT)
        cells = sent.exclude(channel="email").order_by().values_list("voucher__account", "voucher__currency")
        for account, currency, many in cells.annotate(many=Count("pk")):
            self._row(account, currency).messages = many

    def _unpaid(self) -> Any:
        begins, _ends = month_span(self.month)
        codes = Voucher.objects.filter(**_within(self.month, "expires_at"), **self._of_account())
        return codes.filter(
            created_at__gte=begins - LONGEST_LIFE, state=VoucherState.EXPIRED.value, paid_at__isnull=True
        )

    def _of_account(self) -> dict[str, str]:
        return {"account": self.account} if self.account else {}

    def _row(self, account: str, currency: str) -> MonthCosts:
        found = self.rows.get((account, currency))
        if found is None:
            found = self.rows[account, currency] = MonthCosts(account, currency, message_cost=self.message_cost)
        return found

    def _pricing(self, account: str) -> Pricing:
        if account not in self._pricings:
            self._pricings[account] = pricing_of(account)
        return self._pricings[account]


def _schedules(**which: str) -> Any:
    return FeeSchedule.objects.filter(is_withdrawn=False, **which).order_by("valid_from").prefetch_related("tiers")


def paid_in(month: date, account: str) -> Any:
    """Return the payment codes that were paid in the month of a day, as Lima counts it; "" is all accounts."""
    begins, ends = month_span(month)
    paid = Voucher.objects.filter(paid_at__gte=begins, paid_at__lt=ends, created_at__gte=begins - LONGEST_LIFE)
    return paid.filter(created_at__lt=ends, **({"account": account} if account else {}))


def _within(month: date, instant: str) -> dict[str, datetime]:
    begins, ends = month_span(month)
    return {f"{instant}__gte": begins, f"{instant}__lt": ends}


def month_span(month: date) -> tuple[datetime, datetime]:
    """From its first instant in Lima to that of the next month."""
    first = month.replace(day=1)
    return datetime.combine(first, time(), LIMA), datetime.combine(following(first), time(), LIMA)
