"""What a provider takes: exact to the cent, never below the minimum, never negative, and the sum is the sum of its parts."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagoefectivo.domain.fees import (
    UNTAXED,
    Cost,
    Part,
    QuoteRequest,
    Schedule,
    Tier,
    dispute_cost,
    failed_refund_cost,
    fx_cost,
    payment_cost,
    quote,
    refund_cost,
)

D = Decimal
CENT = D("0.01")

percents = st.decimals(0, 100, places=4)
sums = st.decimals(0, 500, places=2)
amounts = st.decimals("0.01", "9999999.99", places=2)
shares = st.decimals(0, 1, places=4)
tiers = st.lists(
    st.builds(Tier, st.integers(1, 10_000), percents, sums), max_size=4, unique_by=lambda t: t.from_payments
)
schedules: Any = st.builds(
    Schedule,
    currency=st.just("PEN"),
    settlement_currency=st.sampled_from(["", "PEN", "USD"]),
    tiers=tiers.map(lambda some: tuple(sorted(some, key=lambda tier: tier.from_payments))),
    **dict.fromkeys(("percent", "tax_percent", "fx_margin_percent", "cross_border_percent"), percents),
    **dict.fromkeys(("fixed", "minimum", "refund_fee", "failed_refund_fee", "dispute_fee", "risk_fee"), sums),
)
requests: Any = st.builds(
    QuoteRequest,
    payments=st.integers(1, 100_000),
    average=amounts,
    currency=st.just("PEN"),
    unpaid=st.decimals(0, "0.99", places=2),
    message_cost=sums,
    **dict.fromkeys(("refunded", "failed_refunds", "disputed", "cross_border"), shares),
)


def plain(**terms: Any) -> Schedule:
    return Schedule(currency="PEN", **{"percent": D("3.5"), "fixed": D("1.00"), **terms})


@pytest.mark.parametrize(
    ("terms", "amount", "before", "abroad", "cost"),
    [
        ({}, "89.90", 0, False, ("4.15", "0.75")),  # 3.1465 + 1; 18 % of 4.15 is 0.747
        ({"minimum": D("5.00")}, "89.90", 0, False, ("5.00", "0.90")),
        ({"minimum": D("5.00"), "risk_fee": D("0.30")}, "89.90", 0, False, ("5.30", "0.95")),
        ({"cross_border_percent": D(1)}, "89.90", 0, False, ("4.15", "0.75")),
        ({"cross_border_percent": D(1)}, "89.90", 0, True, ("5.05", "0.91")),  # 4.0455 + 1; 0.909
        (
            {"percent": D("2.5"), "fixed": D(0)},
            "1.00",
            0,
            False,
            ("0.03", "0.01"),
        ),  # half a cent goes up; 0.0054 as well
        ({"percent": D("2.5"), "fixed": D(0), "tax_percent": D(0)}, "0.20", 0, False, ("0.01", "0.00")),
        ({"tiers": (Tier(100, D(3)), Tier(500, D(2)))}, "100.00", 99, False, ("4.50", "0.81")),
        ({"tiers": (Tier(100, D(3)), Tier(500, D(2)))}, "100.00", 100, False, ("3.00", "0.54")),
        ({"tiers": (Tier(100, D(3)), Tier(500, D(2)))}, "100.00", 500, False, ("2.00", "0.36")),
        ({}, "-89.90", 0, False, ("4.15", "0.75")),
    ],
)
def test_a_payment_costs_what_the_contract_says(
    terms: Any, amount: str, before: int, abroad: bool, cost: tuple[str, str]
) -> None:
    assert payment_cost(plain(**terms), D(amount), before, cross_border=abroad) == Cost(D(cost[0]), D(cost[1]))


def test_what_else_happens_has_its_own_fee_and_tax() -> None:
    schedule = plain(refund_fee=D("2.00"), failed_refund_fee=D("3.25"), dispute_fee=D("40.00"))
    assert refund_cost(schedule) == (D("2.00"), D("0.36"))
    assert failed_refund_cost(schedule) == (D("3.25"), D("0.59"))
    assert dispute_cost(schedule) == (D("40.00"), D("7.20"))
    assert dispute_cost(schedule).total == D("47.20")


def test_the_exchange_costs_only_where_something_is_exchanged() -> None:
    assert fx_cost(plain(fx_margin_percent=D(2)), D("89.90")) == 0
    assert fx_cost(plain(fx_margin_percent=D(2), settlement_currency="PEN"), D("89.90")) == 0
    assert fx_cost(plain(fx_margin_percent=D(2), settlement_currency="USD"), D("89.90")) == D("1.80")


def test_a_month_is_quoted_part_by_part() -> None:
    schedule = plain(
        tiers=(Tier(1000, D(3), D("0.80")),),
        minimum=D("3.50"),
        risk_fee=D("0.10"),
        cross_border_percent=D(1),
        refund_fee=D(2),
        failed_refund_fee=D(3),
        dispute_fee=D(40),
        fx_margin_percent=D(2),
        settlement_currency="USD",
    )
    asked = QuoteRequest(
        payments=1000,
        average=D("80.00"),
        currency="PEN",
        refunded=D("0.02"),
        failed_refunds=D("0.10"),
        disputed=D("0.001"),
        cross_border=D("0.25"),
        unpaid=D("0.20"),
        message_cost=D("0.15"),
    )
    told = quote(schedule, asked)
    assert dict(told.parts()) == {
        Part.PERCENTAGE: D(2800),
        Part.FIXED: D(1000),
        Part.TIER: D(-600),  # half a percent of 80 000, and 0.20 for each of a thousand
        Part.MINIMUM: D("225.00"),  # 0.30 for each that is local; 0.50 below it abroad is none, for 4.00 is above
        Part.CROSS_BORDER: D(200),
        Part.RISK: D(100),
        Part.REFUNDS: D(36),
        Part.FAILED_REFUNDS: D(6),
        Part.DISPUTES: D(40),
        Part.TAX: D("685.26"),
        Part.FX_MARGIN: D(1600),
        Part.MESSAGES: D("187.50"),
    }
    assert (told.fees, told.total) == (D("3807.00"), D("6279.76"))
    assert (told.per_paid_voucher, told.effective_percent) == (D("6.28"), D("7.85"))


@given(schedules, amounts, amounts, st.integers(0, 20_000), st.booleans())
def test_it_grows_with_the_amount(
    schedule: Schedule, amount: Decimal, other: Decimal, before: int, abroad: bool
) -> None:
    less, more = sorted((amount, other))
    least, most = (payment_cost(schedule, each, before, cross_border=abroad) for each in (less, more))
    assert least.fee <= most.fee
    assert least.tax <= most.tax


@given(schedules, st.decimals(-1000, 100_000, places=2), st.integers(0, 20_000), st.booleans())
def test_it_is_never_below_the_minimum_and_never_negative_and_exact_to_the_cent(
    schedule: Schedule, amount: Decimal, before: int, abroad: bool
) -> None:
    cost = payment_cost(schedule, amount, before, cross_border=abroad)
    assert cost.fee >= schedule.minimum + schedule.risk_fee >= 0
    assert 0 <= cost.tax <= cost.fee
    for each in cost:
        assert each == each.quantize(CENT)
        assert each.as_tuple().exponent == -2
    assert abs(cost.tax - cost.fee * schedule.tax_percent / 100) <= CENT / 2
    for other in (refund_cost(schedule), failed_refund_cost(schedule), dispute_cost(schedule)):
        assert min(other) >= 0


@given(schedules, amounts, st.integers(0, 20_000))
def test_within_a_tier_the_number_of_payments_changes_nothing(schedule: Schedule, amount: Decimal, before: int) -> None:
    reached = max((tier.from_payments for tier in schedule.tiers if tier.from_payments <= before), default=0)
    here, there = (payment_cost(schedule, amount, many, cross_border=False) for many in (before, reached))
    assert here == there


@given(amounts, st.integers(1, 1000), percents, sums)
def test_a_tier_with_the_same_terms_makes_no_step(
    amount: Decimal, begins: int, percent: Decimal, fixed: Decimal
) -> None:
    schedule = plain(percent=percent, fixed=fixed, tiers=(Tier(begins, percent, fixed),))
    before, after = (payment_cost(schedule, amount, many, cross_border=False) for many in (begins - 1, begins))
    assert before == after


@given(schedules, requests)
def test_a_quote_is_the_sum_of_its_parts_and_only_the_tier_may_be_a_discount(
    schedule: Schedule, asked: QuoteRequest
) -> None:
    told = quote(schedule, asked)
    parts = dict(told.parts())
    assert told.total == sum(parts.values())
    assert told.fees == sum(amount for part, amount in parts.items() if part not in UNTAXED)
    assert all(amount >= 0 for part, amount in parts.items() if part is not Part.TIER)
    assert all(amount == amount.quantize(CENT) for amount in parts.values())
    assert told.tax == (told.fees * schedule.tax_percent / 100).quantize(CENT, ROUND_HALF_UP)
    assert told.fees >= 0


@given(schedules, requests)
def test_a_quote_is_what_so_many_payments_cost_each_rounded(schedule: Schedule, asked: QuoteRequest) -> None:
    told = quote(schedule, asked)
    abroad = payment_cost(schedule, asked.average, asked.payments, cross_border=True).fee
    local = payment_cost(schedule, asked.average, asked.payments, cross_border=False).fee
    each = local * (1 - asked.cross_border) + abroad * asked.cross_border
    of_payments = told.percentage + told.fixed + told.tier + told.minimum + told.cross_border + told.risk
    assert abs(of_payments - each * asked.payments) <= asked.payments * CENT / 2 + 3 * CENT


@pytest.mark.parametrize(
    "terms",
    [
        {"percent": D("100.01")},
        {"percent": D(-1)},
        {"fixed": D("-0.01")},
        {"fixed": D("0.001")},
        {"tax_percent": D("1.00001")},
        {"tiers": (Tier(5, D(1)), Tier(5, D(2)))},
        {"tiers": (Tier(6, D(1)), Tier(5, D(2)))},
        {"settlement_currency": "EUR"},
    ],
)
def test_terms_that_cannot_be_are_no_schedule(terms: Any) -> None:
    with pytest.raises(ValueError, match=r"percent|above|ascend|currency"):
        plain(**terms)


def test_what_cannot_be_asked_is_no_request() -> None:
    for wrong in ({"payments": 0}, {"average": D(0)}, {"refunded": D(2)}, {"unpaid": D(1)}, {"message_cost": D(-1)}):
        with pytest.raises(ValueError, match=r"share|needs"):
            QuoteRequest(**{"payments": 1, "average": D(1), "currency": "PEN", **wrong})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="says nothing of USD"):
        quote(plain(), QuoteRequest(payments=1, average=D(1), currency="USD"))
    with pytest.raises(ValueError, match="one payment"):
        Tier(0, D(1))
