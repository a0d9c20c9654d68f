"""Days on which banks move money, and the days between which money is expected. Pure: the calendar comes from outside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from pagoefectivo.domain.localtime import LIMA

ClosedDays = Callable[[date], bool]
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class BusinessDays:
    """How long something takes: from `least` to `most` business days; 0 is the day that it is counted from."""

    least: int
    most: int

    def __post_init__(self) -> None:
        if not 0 <= self.least <= self.most:
            raise ValueError(f"{self.least} to {self.most} business days is no span of time")


@dataclass(frozen=True, slots=True)
class Expected:
    """The days in Lima between which money is expected, both included."""

    first: date
    last: date

    def is_late_on(self, day: date) -> bool:
        """Whether the money should have come: until the end of `last` all is normal, also before `first`."""
        return day > self.last


def expected(since: datetime, takes: BusinessDays, *, cut_off: time | None, is_closed: ClosedDays) -> Expected:
    """Return between which days comes what was accepted at `since` and takes so many business days."""
    begun = counted_day(since, cut_off=cut_off, is_closed=is_closed)
    first = business_days_after(begun, takes.least, is_closed)
    return Expected(first, business_days_after(first, takes.most - takes.least, is_closed))


def counted_day(instant: datetime, *, cut_off: time | None, is_closed: ClosedDays) -> date:
    """Return the business day that an instant belongs to: from `cut_off` (Lima) on, and on a closed day, the next one.

    Without a cut-off a day lasts until midnight in Lima, whatever the date is in UTC.
    """
    local = instant.astimezone(LIMA)
    day = local.date()
    if cut_off is not None and local.time() >= cut_off:
        day += _DAY
    while is_closed(day):
        day += _DAY
    return day


def business_days_after(day: date, days: int, is_closed: ClosedDays) -> date:
    """Return the day that is `days` open days later."""
    while days:
        day += _DAY
        days -= not is_closed(day)
    return day


def business_days_until(day: date, last: date, is_closed: ClosedDays) -> int:
    """Return how many open days lie after `day` up to and with `last`; negative: how many have begun since `last`."""
    if last < day:
        return -business_days_until(last, day, is_closed)
    days = ((day + _DAY * (number + 1)) for number in range((last - day).days))
    return sum(1 for each in days if not is_closed(each))
