"""On which days Peru's banks move money: weekends, public holidays, and what the shop says of single days.

Assumed, with where it is from:

- On the public holidays of Legislative Decree 713 (article 6 and its amendments) all banks are closed: so said BCP, BBVA,
  Interbank, Scotiabank and Banco de la Nación of 30 August and of 8 and 9 December 2025 (El Comercio, Lima). The dates are
  those of the `holidays` package for PE.
- Days that a decree makes non-working for the public sector change nothing: of 26 December 2022 (DS 033-2022-PCM) the same
  banks said that they work as always (La República, 24 December 2022).
- On Saturdays agencies may open, but nothing is cleared between banks.

Where a bank or a provider does otherwise, `NonWorkingDay` says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from holidays import country_holidays

from pagoefectivo.domain.localtime import LIMA
from pagoefectivo.models import NonWorkingDay
from pagoefectivo.services import seams

_SATURDAY = 5
_MINUTE = 60


def is_closed(day: date) -> bool:
    """Whether banks move no money on this day; the table is read once per year and minute, not once per question."""
    said = _said(day.year, int(seams.now().timestamp()) // _MINUTE).get(day)
    return day.weekday() >= _SATURDAY or day in _public_holidays(day.year) if said is None else said


def today() -> date:
    """Return the day on the calendar in Lima."""
    return seams.now().astimezone(LIMA).date()


def forget() -> None:
    """Read the table anew at the next question. Other processes do so within a minute by themselves."""
    _said.cache_clear()


@lru_cache(maxsize=64)
def _said(year: int, _minute: int) -> Mapping[date, bool]:
    """Return what the table says of days of a year: whether banks are closed."""
    rows = NonWorkingDay.objects.filter(day__year=year).values_list("day", "banks_work")
    return {day: not banks_work for day, banks_work in rows}


@lru_cache(maxsize=64)
def _public_holidays(year: int) -> frozenset[date]:
    return frozenset(country_holidays("PE", years=year))
