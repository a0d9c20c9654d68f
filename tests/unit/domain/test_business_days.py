"""Between which days money is expected: weekends, holidays and the cut-off move them, and only lateness is flagged."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from itertools import pairwise

import pytest

from pagoefectivo.domain.business_days import (
    BusinessDays,
    Expected,
    business_days_after,
    business_days_until,
    counted_day,
    expected,
)
from pagoefectivo.domain.localtime import LIMA, between_days

TWO = time(14, 0)
DECEMBER_HOLIDAYS = {date(2026, 12, 8), date(2026, 12, 9), date(2026, 12, 25)}


def is_closed(day: date) -> bool:
    return day.weekday() >= 5 or day in DECEMBER_HOLIDAYS


def lima(day: int, hour: int = 10, minute: int = 0, month: int = 12) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=LIMA)


@pytest.mark.parametrize(
    ("since", "takes", "first", "last"),
    [
        (lima(1), BusinessDays(0, 0), date(2026, 12, 1), date(2026, 12, 1)),
        (lima(1), BusinessDays(1, 3), date(2026, 12, 2), date(2026, 12, 4)),
        (lima(1, 13, 59), BusinessDays(1, 3), date(2026, 12, 2), date(2026, 12, 4)),
        (lima(1, 14), BusinessDays(1, 3), date(2026, 12, 3), date(2026, 12, 7)),
        (lima(4, 14), BusinessDays(0, 1), date(2026, 12, 7), date(2026, 12, 10)),  # a Friday evening, two holidays
        (lima(5, 9), BusinessDays(1, 1), date(2026, 12, 10), date(2026, 12, 10)),  # a Saturday counts as the Monday
        (lima(6, 23), BusinessDays(0, 0), date(2026, 12, 7), date(2026, 12, 7)),  # and so does a Sunday night
        (lima(7, 23), BusinessDays(0, 0), date(2026, 12, 10), date(2026, 12, 10)),
        (lima(24, 16), BusinessDays(1, 3), date(2026, 12, 29), date(2026, 12, 31)),
        (lima(31, 16), BusinessDays(1, 3), date(2027, 1, 4), date(2027, 1, 6)),
    ],
)
def test_only_business_days_count(since: datetime, takes: BusinessDays, first: date, last: date) -> None:
    assert expected(since, takes, cut_off=TWO, is_closed=is_closed) == Expected(first, last)


def test_without_a_cut_off_a_day_ends_at_midnight_in_lima_not_in_utc() -> None:
    last_minute, first_minute = datetime(2026, 12, 2, 4, 59, tzinfo=UTC), datetime(2026, 12, 2, 5, 0, tzinfo=UTC)
    assert counted_day(last_minute, cut_off=None, is_closed=is_closed) == date(2026, 12, 1)
    assert counted_day(first_minute, cut_off=None, is_closed=is_closed) == date(2026, 12, 2)
    assert counted_day(last_minute, cut_off=time(23, 59), is_closed=is_closed) == date(2026, 12, 2)


def test_money_is_normal_until_the_last_day_ends_and_late_from_the_next_on() -> None:
    awaited = Expected(date(2026, 12, 1), date(2026, 12, 3))
    assert [awaited.is_late_on(date(2026, 12, day)) for day in (1, 3, 4)] == [False, False, True]
    assert not awaited.is_late_on(date(2026, 11, 30)), "early is not late"


@pytest.mark.parametrize(("least", "most"), [(-1, 2), (3, 2)])
def test_a_span_that_goes_backwards_is_none(least: int, most: int) -> None:
    with pytest.raises(ValueError, match="no span"):
        BusinessDays(least, most)


def test_the_days_after_a_day_are_all_different() -> None:
    days = [business_days_after(date(2026, 12, 1), count, is_closed) for count in range(30)]
    assert all(one < other for one, other in pairwise(days))


TODAY = date(2026, 11, 27)


@pytest.mark.parametrize(
    ("first", "last", "es", "en", "zh"),
    [
        (
            date(2026, 12, 1), date(2026, 12, 3),
            "entre el martes 1 y el jueves 3 de diciembre",
            "between Tuesday, December 1 and Thursday, December 3",
            "12月1日（周二）至12月3日（周四）",
        ),
        (
            date(2026, 12, 1), date(2026, 12, 1),
            "el martes 1 de diciembre", "on Tuesday, December 1", "12月1日（周二）",
        ),
        (
            date(2026, 9, 30), date(2026, 10, 2),
            "entre el miércoles 30 de setiembre y el viernes 2 de octubre",
            "between Wednesday, September 30 and Friday, October 2",
            "9月30日（周三）至10月2日（周五）",
        ),
        (
            date(2026, 12, 31), date(2027, 1, 4),
            "entre el jueves 31 de diciembre de 2026 y el lunes 4 de enero de 2027",
            "between Thursday, December 31, 2026 and Monday, January 4, 2027",
            "2026年12月31日（周四）至2027年1月4日（周一）",
        ),
        (
            date(2027, 1, 4), date(2027, 1, 6),
            "entre el lunes 4 y el miércoles 6 de enero de 2027",
            "between Monday, January 4 and Wednesday, January 6, 2027",
            "2027年1月4日（周一）至1月6日（周三）",
        ),
        (
            date(2027, 1, 4), date(2027, 1, 4),
            "el lunes 4 de enero de 2027", "on Monday, January 4, 2027", "2027年1月4日（周一）",
        ),
    ],
)  # fmt: skip
def test_days_read_as_people_say_them(first: date, last: date, es: str, en: str, zh: str) -> None:
    assert between_days(first, last, "es-pe", today=TODAY) == es
    assert between_days(first, last, "en", today=TODAY) == en
    assert between_days(first, last, "zh-hans", today=TODAY) == zh
    assert between_days(first, last, "qu", today=TODAY) == es


@pytest.mark.parametrize(
    ("day", "last", "left"),
    [
        (date(2026, 11, 23), date(2026, 11, 23), 0),
        (date(2026, 11, 23), date(2026, 11, 27), 4),
        (date(2026, 11, 27), date(2026, 11, 30), 1),  # a weekend between
        (date(2026, 11, 28), date(2026, 11, 29), 0),  # both closed
        (date(2026, 11, 30), date(2026, 11, 27), -1),
        (date(2026, 11, 29), date(2026, 11, 27), 0),  # over, and no business day has begun since
    ],
)
def test_business_days_that_are_left_are_counted_without_the_closed_ones(day: date, last: date, left: int) -> None:
    assert business_days_until(day, last, is_closed) == left
