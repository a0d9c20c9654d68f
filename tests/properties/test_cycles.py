"""Any settlement cycle under any calendar: never before the payment, never earlier for what was paid later, on an open day."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pagoefectivo.domain.cycles import WEEKDAYS, Cycle
from pagoefectivo.domain.localtime import LIMA
from tests.properties.test_business_days import CUT_OFFS, DAY, HOLIDAYS, INSTANTS, PROMISES, calendar

WRITTEN = st.integers(0, 15).map("T+{}".format) | st.builds(
    "weekly {}+{}".format, st.sampled_from(WEEKDAYS), st.integers(1, 15)
)
CYCLES = WRITTEN.map(Cycle.parse) | PROMISES.map(Cycle)


@given(INSTANTS, CYCLES, CUT_OFFS, HOLIDAYS)
def test_money_comes_on_open_days_and_never_before_it_was_paid(
    paid_at: datetime, cycle: Cycle, cut_off: time | None, holidays: frozenset[int]
) -> None:
    paid_on = paid_at.astimezone(LIMA).date()
    closed = calendar(holidays, paid_on)
    awaited = cycle.expected(paid_at, cut_off, closed.__contains__)
    assert paid_on <= awaited.first <= awaited.last
    assert not {awaited.first, awaited.last} & closed


@given(INSTANTS, INSTANTS, CYCLES, CUT_OFFS, HOLIDAYS)
def test_what_was_paid_later_never_comes_earlier(
    one: datetime, other: datetime, cycle: Cycle, cut_off: time | None, holidays: frozenset[int]
) -> None:
    earlier, later = sorted((one, min(other, one + 60 * DAY)))
    closed = calendar(holidays, earlier.astimezone(LIMA).date())
    before, after = (cycle.expected(each, cut_off, closed.__contains__) for each in (earlier, later))
    assert before.first <= after.first
    assert before.last <= after.last


@given(INSTANTS, st.sampled_from(WEEKDAYS), st.integers(1, 15), CUT_OFFS, HOLIDAYS)
def test_a_week_of_money_comes_at_once_and_after_the_day_that_closes_it(
    paid_at: datetime, weekday: str, days: int, cut_off: time | None, holidays: frozenset[int]
) -> None:
    cycle = Cycle.parse(f"weekly {weekday}+{days}")
    paid_on = paid_at.astimezone(LIMA).date()
    closed = calendar(holidays, paid_on - 6 * DAY)
    closes = next(day for day in (paid_on + each * DAY for each in range(7)) if day.weekday() == cycle.closes_on)
    noon = datetime.combine(closes, time(12), LIMA)
    week = [cycle.expected(noon - each * timedelta(days=1), cut_off, closed.__contains__) for each in range(7)]
    assert week == [cycle.expected(paid_at, cut_off, closed.__contains__)] * 7
    assert week[0].first > closes
    between = [closes + each * DAY for each in range(1, (week[0].first - closes).days + 1)]
    assert len([day for day in between if day not in closed]) == days
