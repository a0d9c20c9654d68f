"""What a provider takes: for each payment, refund and dispute, and for a month that is only thought of. Pure.

Rounding: the fee of one event is summed exactly and rounded once to the cent, half up; its tax is taken of the rounded
fee and rounded the same way. So does whoever writes an invoice line by line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from pagoefectivo.domain.money import CENT, SYMBOLS, ZERO

IGV = Decimal("18.00")
WHOLE = Decimal(100)
_FINEST_PERCENT = Decimal("0.0001")
_PERCENTS = ("percent", "tax_percent", "fx_margin_percent", "cross_border_percent")
_SUMS = ("fixed", "minimum", "refund_fee", "failed_refund_fee", "dispute_fee", "risk_fee")


class Market(StrEnum):
    """Where a payment is acquired: by an entity in Peru, or from abroad."""

    LOCAL = "local"
    CROSS_BORDER = "cross_border"


MARKET_WORDS = {Market.LOCAL: _("local"), Market.CROSS_BORDER: _("cross-border")}


class Cost(NamedTuple):
    """A fee and the tax on it, both zero or above, with two decimals, in the currency of the schedule.

    A tuple, for it is made once per line of a settlement file.
    """

    fee: Decimal
    tax: Decimal

    @property
    def total(self) -> Decimal:
        return self.fee + self.tax


@dataclass(frozen=True, slots=True)
class Tier:
    """From so many payments a month on, every payment of the month is charged with these instead. Not graduated."""

    from_payments: int
    percent: Decimal
    fixed: Decimal = ZERO

    def __post_init__(self) -> None:
        if self.from_payments < 1:
            raise ValueError("a tier begins at one payment or more")
        _demand_percent("percent", self.percent)
        _demand_sum("fixed", self.fixed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """One agreement on fees. `currency` is that of the payments and of every sum here, `settlement_currency` what
    arrives at the shop's bank. Percents are of a hundred with at most four decimals, sums have at most two.

    `minimum` is the least that percent and fixed come to together; `risk_fee` is added to each payment;
    `cross_border_percent` is added to the percent of what is acquired from abroad; `tax_percent` is taken of all fees.
    Raises ValueError for what is negative, above a hundred percent, too fine, or for tiers that do not ascend.
    """

    currency: str
    percent: Decimal = ZERO
    fixed: Decimal = ZERO
    minimum: Decimal = ZERO
    tax_percent: Decimal = IGV
    refund_fee: Decimal = ZERO
    failed_refund_fee: Decimal = ZERO
    dispute_fee: Decimal = ZERO
    risk_fee: Decimal = ZERO
    cross_border_percent: Decimal = ZERO
    fx_margin_percent: Decimal = ZERO
    settlement_currency: str = ""
    tiers: tuple[Tier, ...] = ()

    def __post_init__(self) -> None:
        for name in _PERCENTS:
            _demand_percent(name, getattr(self, name))
        for name in _SUMS:
            _demand_sum(name, getattr(self, name))
        if self.currency not in SYMBOLS or self.settlement_currency not in {*SYMBOLS, ""}:
            raise ValueError("currency is one that we can hold")
        begins = [tier.from_payments for tier in self.tiers]
        if begins != sorted(set(begins)):
            raise ValueError("tiers ascend, each from another number of payments on")

    @property
    def is_exchanged(self) -> bool:
        """Whether the shop's money arrives in another currency than buyers pay in."""
        return self.settlement_currency not in {"", self.currency}

    def rates(self, payments: int) -> tuple[Decimal, Decimal]:
        """Return percent and fixed at so many payments a month."""
        reached = [tier for tier in self.tiers if tier.from_payments <= payments]
        return (reached[-1].percent, reached[-1].fixed) if reached else (self.percent, self.fixed)


@dataclass(frozen=True, slots=True)
class Price:
    """What each payment of one month costs, worked out once: shares of one, and sums."""

    share: Decimal
    fixed: Decimal
    minimum: Decimal
    risk_fee: Decimal
    tax_share: Decimal

    def of(self, amount: Decimal) -> Cost:
        """Return the cost of one payment; files write what was taken back below zero, so the sign is not looked at."""
        fee = abs(amount) * self.share + self.fixed
        fee = max(fee, self.minimum)
        return _cost(fee + self.risk_fee, self.tax_share)


def price(schedule: Schedule, payments_last_month: int, *, cross_border: bool) -> Price:
    """Return what each payment of a month costs.

    The tier is chosen by the number of payments of the calendar month before: it is known before the first payment of
    the month, so that what a payment costs never changes afterwards, and a month's sum does not hang on its last day.
    """
    percent, fixed = schedule.rates(payments_last_month)
    added = schedule.cross_border_percent if cross_border else ZERO
    return Price((percent + added) / WHOLE, fixed, schedule.minimum, schedule.risk_fee, schedule.tax_percent / WHOLE)


def payment_cost(schedule: Schedule, amount: Decimal, payments_last_month: int, *, cross_border: bool) -> Cost:
    """Return what one payment costs. The FX margin is not in it: it hides in the exchange rate and in no fee."""
    return price(schedule, payments_last_month, cross_border=cross_border).of(amount)


def refund_cost(schedule: Schedule) -> Cost:
    """Return what one refund that arrived costs; the fee of its payment is not given back."""
    return _cost(schedule.refund_fee, schedule.tax_percent / WHOLE)


def failed_refund_cost(schedule: Schedule) -> Cost:
    """Return what one refund costs that the bank rejected or sent back; it stands instead of the refund's fee."""
    return _cost(schedule.failed_refund_fee, schedule.tax_percent / WHOLE)


def dispute_cost(schedule: Schedule) -> Cost:
    """Return what one dispute costs, however it ends."""
    return _cost(schedule.dispute_fee, schedule.tax_percent / WHOLE)


def fx_cost(schedule: Schedule, amount: Decimal) -> Decimal:
    """Return what is lost in the exchange of an amount, rounded half up; nothing where nothing is exchanged. Untaxed."""
    return rounded(abs(amount) * schedule.fx_margin_percent / WHOLE) if schedule.is_exchanged else ZERO


def settled_at_least(schedule: Schedule, amount: Decimal, day_rate: Decimal) -> Decimal:
    """Return what an amount comes to after exchange by a day's rate with the whole agreed margin taken; not rounded."""
    return amount / (day_rate * (1 + schedule.fx_margin_percent / WHOLE))


class Part(StrEnum):
    """One part of what a month costs; the names of `Quote`'s fields."""

    PERCENTAGE = "percentage"
    FIXED = "fixed"
    TIER = "tier"
    MINIMUM = "minimum"
    CROSS_BORDER = "cross_border"
    RISK = "risk"
    REFUNDS = "refunds"
    FAILED_REFUNDS = "failed_refunds"
    DISPUTES = "disputes"
    TAX = "tax"
    FX_MARGIN = "fx_margin"
    MESSAGES = "messages"


PART_WORDS = {
    Part.PERCENTAGE: _("Percentage"),
    Part.FIXED: _("Fixed per payment"),
    Part.TIER: _("Change by the volume tier"),
    Part.MINIMUM: _("Up to the minimum"),
    Part.CROSS_BORDER: _("Cross-border"),
    Part.RISK: _("Risk module"),
    Part.REFUNDS: _("Refunds"),
    Part.FAILED_REFUNDS: _("Failed refunds"),
    Part.DISPUTES: _("Disputes"),
    Part.TAX: _("Tax on fees (IGV)"),
    Part.FX_MARGIN: _("Exchange margin"),
    Part.MESSAGES: _("Messages to buyers"),
}
UNTAXED = frozenset({Part.TAX, Part.FX_MARGIN, Part.MESSAGES})


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteRequest:
    """A month that is thought of. Shares are of one; `unpaid` of the codes issued, `failed_refunds` of the refunds, the
    others of the payments. `message_cost` is for all messages about one code, paid or not, in `currency`.

    Raises ValueError without a payment, for an average of nothing, and for shares that are none.
    """

    payments: int
    average: Decimal
    currency: str
    refunded: Decimal = ZERO
    failed_refunds: Decimal = ZERO
    disputed: Decimal = ZERO
    cross_border: Decimal = ZERO
    unpaid: Decimal = ZERO
    message_cost: Decimal = ZERO

    def __post_init__(self) -> None:
        shares = (self.refunded, self.failed_refunds, self.disputed, self.cross_border, self.unpaid)
        if any(not 0 <= share <= 1 for share in shares) or self.unpaid == 1:
            raise ValueError("a share lies between nothing and all; not all codes stay unpaid")
        if self.payments < 1 or self.average <= 0 or self.message_cost < 0:
            raise ValueError("a quote needs payments, and amounts above zero")

    @property
    def volume(self) -> Decimal:
        """What buyers pay in the month."""
        return self.payments * self.average

    @property
    def codes(self) -> Decimal:
        """How many codes have to be issued for so many payments."""
        return self.payments / (1 - self.unpaid)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What such a month costs, part by part, in the currency of the request. Only `tier` may be below zero, where it is
    the discount of the volume. `total` is exactly the sum of the parts.
    """

    percentage: Decimal
    fixed: Decimal
    tier: Decimal
    minimum: Decimal
    cross_border: Decimal
    risk: Decimal
    refunds: Decimal
    failed_refunds: Decimal
    disputes: Decimal
    tax: Decimal
    fx_margin: Decimal
    messages: Decimal
    payments: int
    volume: Decimal

    def parts(self) -> Iterator[tuple[Part, Decimal]]:
        """Each part with its amount, in their order."""
        return ((part, getattr(self, part)) for part in Part)

    @property
    def fees(self) -> Decimal:
        """What the provider's invoice says before tax."""
        return sum((amount for part, amount in self.parts() if part not in UNTAXED), ZERO)

    @property
    def total(self) -> Decimal:
        return sum((amount for _part, amount in self.parts()), ZERO)

    @property
    def per_paid_voucher(self) -> Decimal:
        """What one paid code costs, rounded to the cent."""
        return rounded(self.total / self.payments)

    @property
    def effective_percent(self) -> Decimal:
        """The total in percent of what buyers paid, with two decimals."""
        return rounded(self.total / self.volume * WHOLE)


def quote(schedule: Schedule, asked: QuoteRequest) -> Quote:
    """Return what such a month costs. The tier is that of the payments asked for, as if every month were like it.

    Every payment is of the average amount. Each part is summed exactly and rounded once; tax is taken of their sum, not
    of the exchange margin and the messages, which are on no invoice of the provider. Raises ValueError for payments in
    another currency than the schedule's.
    """
    if asked.currency != schedule.currency:
        raise ValueError(f"a schedule in {schedule.currency} says nothing of {asked.currency}")
    percent, fixed = schedule.rates(asked.payments)
    refunds = asked.payments * asked.refunded
    taxed = {
        Part.PERCENTAGE: asked.volume * schedule.percent / WHOLE,
        Part.FIXED: asked.payments * schedule.fixed,
        Part.TIER: asked.volume * (percent - schedule.percent) / WHOLE + asked.payments * (fixed - schedule.fixed),
        Part.MINIMUM: _up_to_minimum(schedule, asked),
        Part.CROSS_BORDER: asked.volume * asked.cross_border * schedule.cross_border_percent / WHOLE,
        Part.RISK: asked.payments * schedule.risk_fee,
        Part.REFUNDS: refunds * (1 - asked.failed_refunds) * schedule.refund_fee,
        Part.FAILED_REFUNDS: refunds * asked.failed_refunds * schedule.failed_refund_fee,
        Part.DISPUTES: asked.payments * asked.disputed * schedule.dispute_fee,
    }
    kept = {part: rounded(amount) for part, amount in taxed.items()}
    return Quote(
        **{part.value: amount for part, amount in kept.items()},
        tax=rounded(sum(kept.values()) * schedule.tax_percent / WHOLE),
        fx_margin=fx_cost(schedule, asked.volume),
        messages=rounded(asked.codes * asked.message_cost),
        payments=asked.payments,
        volume=asked.volume,
    )


def rounded(amount: Decimal) -> Decimal:
    """Return an amount to the cent, half up."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def _up_to_minimum(schedule: Schedule, asked: QuoteRequest) -> Decimal:
    """What is missing to the minimum, of local and of cross-border payments."""
    percent, fixed = schedule.rates(asked.payments)
    local = asked.average * percent / WHOLE + fixed
    abroad = local + asked.average * schedule.cross_border_percent / WHOLE
    return asked.payments * (
        (1 - asked.cross_border) * max(schedule.minimum - local, ZERO)
        + asked.cross_border * max(schedule.minimum - abroad, ZERO)
    )


def _cost(fee: Decimal, tax_share: Decimal) -> Cost:
    whole = fee.quantize(CENT, ROUND_HALF_UP)
    return Cost(whole, (whole * tax_share).quantize(CENT, ROUND_HALF_UP))


def _demand_percent(name: str, value: Decimal) -> None:
    if not 0 <= value <= WHOLE or value != value.quantize(_FINEST_PERCENT):
        raise ValueError(f"{name} is a percent from 0 to 100 with at most four decimals")


def _demand_sum(name: str, value: Decimal) -> None:
    if value < 0 or value != value.quantize(CENT):
        raise ValueError(f"{name} is zero or above, with at most two decimals")
