"""Expected days under any calendar: they are open, in order, as many as promised, and their words say exactly them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagoefectivo.domain.business_days import BusinessDays, business_days_after, counted_day, expected
from pagoefectivo.domain.localtime import LIMA, between_days

DAY = timedelta(days=1)
INSTANTS = st.integers(1_700_000_000, 2_200_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
DAYS = st.dates(date(2024, 1, 1), date(2040, 12, 31))
CUT_OFFS = st.none() | st.times()
PROMISES = st.tuples(st.integers(0, 15), st.integers(0, 15)).map(lambda pair: BusinessDays(*sorted(pair)))
HOLIDAYS = st.frozensets(st.integers(0, 400), max_size=60)
YEAR = {"es": r"de (\d{4})", "en": r", (\d{4})", "zh": r"(\d{4})年"}


def calendar(holidays: frozenset[int], start: date) -> set[date]:
    """Weekends and some other days from the day before `start` on."""
    span = [start + each * DAY for each in range(-1, 500)]
    return {day for day in span if day.weekday() >= 5} | {start + each * DAY for each in holidays}


@given(INSTANTS, PROMISES, CUT_OFFS, HOLIDAYS)
def test_expected_days_are_open_in_order_and_as_many_as_promised(
    since: datetime, takes: BusinessDays, cut_off: time | None, holidays: frozenset[int]
) -> None:
    start = since.astimezone(LIMA).date()
    closed = calendar(holidays, start)
    awaited = expected(since, takes, cut_off=cut_off, is_closed=closed.__contains__)
    begun = counted_day(since, cut_off=cut_off, is_closed=closed.__contains__)

    assert start <= begun <= awaited.first <= awaited.last
    assert not {begun, awaited.first, awaited.last} & closed
    for end, days in ((awaited.first, takes.least), (awaited.last, takes.most)):
        between = [begun + each * DAY for each in range(1, (end - begun).days + 1)]
        assert len([day for day in between if day not in closed]) == days


@given(INSTANTS, INSTANTS, PROMISES, CUT_OFFS, HOLIDAYS)
def test_what_was_accepted_later_is_never_expected_earlier(
    one: datetime, other: datetime, takes: BusinessDays, cut_off: time | None, holidays: frozenset[int]
) -> None:
    earlier, later = sorted((one, min(other, one + 60 * DAY)))
    closed = calendar(holidays, earlier.astimezone(LIMA).date())
    before, after = (expected(each, takes, cut_off=cut_off, is_closed=closed.__contains__) for each in (earlier, later))
    assert before.first <= after.first
    assert before.last <= after.last


@given(DAYS, st.integers(0, 15), st.integers(0, 15), HOLIDAYS)
def test_waiting_twice_is_waiting_for_both(day: date, one: int, other: int, holidays: frozenset[int]) -> None:
    closed = calendar(holidays, day)
    halfway = business_days_after(day, one, closed.__contains__)
    both = business_days_after(day, one + other, closed.__contains__)
    assert business_days_after(halfway, other, closed.__contains__) == both


@given(DAYS, PROMISES, HOLIDAYS, st.integers(0, 400))
def test_one_more_day_off_never_makes_anything_sooner(
    day: date, takes: BusinessDays, holidays: frozenset[int], decreed: int
) -> None:
    closed = calendar(holidays, day)
    without = business_days_after(day, takes.most, closed.__contains__)
    assert business_days_after(day, takes.most, (closed | {day + decreed * DAY}).__contains__) >= without


@pytest.mark.parametrize("language", ["es", "en", "zh"])
@given(first=DAYS, length=st.integers(0, 45), today=DAYS)
def test_the_words_name_both_days_and_each_year_that_is_not_this_one(
    language: str, first: date, length: int, today: date
) -> None:
    last = first + length * DAY
    said = between_days(first, last, language, today=today)
    years = [int(found) for found in re.findall(YEAR[language], said)]
    assert set(years) == ({first.year, last.year} if {first.year, last.year} != {today.year} else set())
    days = [int(found) for found in re.findall(r"\d+", said) if len(found) < 4]
    if language == "zh":
        days = days[1::2]
    assert days == ([first.day, last.day] if length else [first.day])
    assert "{" not in said
