"""In which rhythm a provider hands paid money to the shop: some business days after each payment, or once a week. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from pagoefectivo.domain.business_days import BusinessDays, ClosedDays, Expected, business_days_after, expected
from pagoefectivo.domain.localtime import LIMA

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAILY = re.compile(r"t\+(\d{1,2})", re.ASCII)
_WEEKLY = re.compile(rf"weekly ({'|'.join(WEEKDAYS)})\+([1-9]\d?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cycle:
    """How long money `takes`, in business days: from the payment on, or from the weekday on which the week `closes_on`.

    `closes_on` counts from 0, a Monday; None: every payment is settled by itself.
    """

    takes: BusinessDays
    closes_on: int | None = None

    @classmethod
    def parse(cls, written: str) -> Cycle:
        """Read `T+1` or `weekly friday+2`, in small or capital letters; raises ValueError for anything else.

        `T+0` is the day of the payment. A week's money cannot leave before its last day is over, so that is `+1` or more.
        """
        text = " ".join(written.lower().split())
        if daily := _DAILY.fullmatch(text):
            return cls(_exactly(int(daily[1])))
        if weekly := _WEEKLY.fullmatch(text):
            return cls(_exactly(int(weekly[2])), WEEKDAYS.index(weekly[1]))
        raise ValueError(f"{written!r} is no settlement cycle")

    def expected(self, paid_at: datetime, cut_off: time | None, is_closed: ClosedDays) -> Expected:
        """Return the days between which what was paid at `paid_at` is transferred, both open.

        `T+n` counts from the business day that the payment belongs to, by `cut_off`. A week ends with the last day
        itself, at midnight in Lima, whether banks work on it or not.
        """
        if self.closes_on is None:
            return expected(paid_at, self.takes, cut_off=cut_off, is_closed=is_closed)
        paid_on = paid_at.astimezone(LIMA).date()
        closes = paid_on + timedelta(days=(self.closes_on - paid_on.weekday()) % len(WEEKDAYS))
        first, last = (business_days_after(closes, days, is_closed) for days in (self.takes.least, self.takes.most))
        return Expected(first, last)


def _exactly(days: int) -> BusinessDays:
    return BusinessDays(days, days)
