"""Settlement cycles as contracts write them, and the days that follow from them around Peru's holidays."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest

from pagoefectivo.domain.business_days import BusinessDays, Expected
from pagoefectivo.domain.cycles import Cycle
from pagoefectivo.domain.localtime import LIMA

# Fiestas Patrias of 2026 are a Tuesday and a Wednesday; Good Friday is 3 April, after Maundy Thursday
HOLIDAYS = {date(2026, 7, 28), date(2026, 7, 29), date(2026, 4, 2), date(2026, 4, 3)}


def is_closed(day: date) -> bool:
    return day.weekday() >= 5 or day in HOLIDAYS


@pytest.mark.parametrize(
    ("written", "cycle"),
    [
        ("T+0", Cycle(BusinessDays(0, 0))),
        ("T+1", Cycle(BusinessDays(1, 1))),
        ("t+15", Cycle(BusinessDays(15, 15))),
        ("weekly friday+2", Cycle(BusinessDays(2, 2), closes_on=4)),
        (" Weekly  SUNDAY+1 ", Cycle(BusinessDays(1, 1), closes_on=6)),
    ],
)
def test_a_cycle_is_read_as_it_is_written(written: str, cycle: Cycle) -> None:
    assert Cycle.parse(written) == cycle


@pytest.mark.parametrize(
    "written",
    [
        *("", "T", "T+", "T+-1", "T+1.5", "T+100", "T + 1", "D+1", "T+\u0663", "3", "monthly", "weekly"),
        *("weekly friday", "weekly friday+0", "weekly fri+2", "weekly friday+2, T+1", "weekly viernes+2"),
    ],
)
def test_anything_else_is_no_cycle(written: str) -> None:
    with pytest.raises(ValueError, match="no settlement cycle"):
        Cycle.parse(written)


@pytest.mark.parametrize(
    ("written", "paid", "comes"),
    [
        ("T+0", "2026-03-02 10:00", "2026-03-02"),
        ("T+0", "2026-03-07 10:00", "2026-03-09"),  # a Saturday belongs to the Monday
        ("T+1", "2026-03-02 10:00", "2026-03-03"),
        ("T+1", "2026-03-02 14:00", "2026-03-04"),  # from the cut-off on it is the next day's
        ("T+1", "2026-03-06 23:30", "2026-03-10"),  # Friday night
        ("T+3", "2026-04-01 10:00", "2026-04-08"),  # Semana Santa
        ("T+1", "2026-07-27 10:00", "2026-07-30"),  # Fiestas Patrias
        ("weekly friday+2", "2026-03-02 10:00", "2026-03-10"),
        ("weekly friday+2", "2026-03-06 23:59", "2026-03-10"),  # the week has no cut-off but midnight
        ("weekly friday+2", "2026-03-07 00:00", "2026-03-17"),
        ("weekly friday+2", "2026-04-03 10:00", "2026-04-07"),  # a holiday closes a week as any Friday does
        ("weekly sunday+1", "2026-03-08 23:59", "2026-03-09"),
        ("weekly monday+1", "2026-07-27 10:00", "2026-07-30"),
    ],
)
def test_money_comes_on_that_day(written: str, paid: str, comes: str) -> None:
    paid_at = datetime.fromisoformat(paid).replace(tzinfo=LIMA)
    day = date.fromisoformat(comes)
    assert Cycle.parse(written).expected(paid_at, time(14), is_closed) == Expected(day, day)


def test_days_that_a_provider_promises_are_a_span() -> None:
    paid_at = datetime(2026, 3, 31, 10, tzinfo=LIMA)
    spanned = Cycle(BusinessDays(1, 3)).expected(paid_at, None, is_closed)
    assert spanned == Expected(date(2026, 4, 1), date(2026, 4, 7))
