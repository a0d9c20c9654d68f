"""What the demo's shop sold is thought out for whatever day the demo is run on."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal

import pytest

from pagoefectivo.domain.month import Step
from tooling.demo_files import files_of, late_file, planned_steps
from tooling.demo_past import midnight, past_months, sales_of

DAYS = [date(2026, 11, 28), date(2026, 12, 1), date(2027, 1, 31), date(2028, 3, 1)]


@pytest.mark.parametrize("today", DAYS)
def test_whatever_was_sold_came_to_its_end_before_today(today: date) -> None:
    months = past_months(today)
    sales = sales_of(months, today)
    assert sales == sales_of(months, today), "the same all day"
    assert all(sale.created_at < sale.ended_at < midnight(today) for sale in sales)
    assert all(sale.refund.arrived_at < midnight(today) for sale in sales if sale.refund)
    assert len({sale.reference for sale in sales}) == len({sale.code for sale in sales}) == len(sales)
    assert {sale.ended_as for sale in sales} == {"paid", "expired", "canceled"}
    assert sum(sale.reversed_at is not None for sale in sales) == 3


@pytest.mark.parametrize("today", DAYS)
def test_each_payment_of_the_whole_months_is_in_one_file_or_comes_late(today: date) -> None:
    months = past_months(today)
    sales = sales_of(months, today)
    files = files_of(sales, months)
    assert [[verdict for verdict, _ in file.planted] for file in files] == [
        *[["amount", "duplicate", "fee", "fx", "missing_here"]] * 2,
        *[["amount", "duplicate", "fee", "missing_here"]] * 2,
        *[["fee", "missing_here"]] * 4,
        *[["amount", "fx"]] * 2,
        *[["amount"]] * 2,
    ]
    [forgetful] = [file for file in files if file.forgotten]
    told = Counter(
        moved.payment.id
        for file in (*files, late_file(forgetful))
        for moved in file.movements
        if moved.kind == "payment"
    )
    strangers = {name for file in files for verdict, name in file.planted if verdict in {"duplicate", "missing_here"}}
    ends = midnight(today.replace(day=1))
    assert told == Counter([*(sale.id for sale in sales if sale.is_paid and sale.ended_at < ends), *strangers])


def test_the_planned_way_of_the_money_adds_up_to_what_the_file_says() -> None:
    months = past_months(DAYS[0])
    file = files_of(sales_of(months, DAYS[0]), months)[0]
    summary = file.content.decode().splitlines()[1].split(",")
    steps = planned_steps(file)
    assert steps[Step.NET] == Decimal(summary[5])
    assert steps[Step.GROSS] > 0 > steps[Step.REFUNDS]
