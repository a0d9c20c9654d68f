"""What was to be expected of a line, by what was agreed: its day, its cost, its exchange rate. No line is changed by it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import NamedTuple

from pagoefectivo import conf
from pagoefectivo.domain.business_days import Expected, counted_day, expected
from pagoefectivo.domain.localtime import LIMA
from pagoefectivo.domain.messages import SettlementKind, SettlementRow
from pagoefectivo.domain.settlements import TOLERANCE
from pagoefectivo.selectors import calendar
from pagoefectivo.services.accounts import EffectiveAccount

_NOON = time(12)


class Appraised(NamedTuple):
    """What stands beside a line in its row; None where nothing was agreed, or the file does not say enough."""

    day_rate: Decimal | None
    cost_expected: Decimal | None
    cost_difference: Decimal | None
    fx_difference: Decimal | None
    due_first: date | None
    due_last: date | None
    own_month: date


@dataclass(frozen=True, slots=True)
class _Day:
    """What holds for everything that happened on one day in Lima."""

    month: date
    due: Expected | None


class Appraisal:
    """Appraises the lines of one file of one account; what holds for a whole day is asked once."""

    def __init__(self, account: EffectiveAccount, today: date) -> None:
        self._account, self._today = account, today
        self._takes = account.capabilities.settles_in
        self._cut_off = conf.current().bank_cut_off
        self._dues: dict[date, Expected] = {}

    def of(self, row: SettlementRow) -> Appraised:
        """Return what was to be expected of one line. No query but the calendar's, once a day."""
        due = self._due(row.occurred_at) if row.kind is SettlementKind.PAYMENT and row.occurred_at else None
        contradiction = None
        if row.rate and row.amount is not None and row.settled_amount is not None:
            contradiction = beyond(row.settled_amount - row.amount / row.rate)
        return Appraised(
            day_rate=None,
            cost_expected=None,
            cost_difference=None,
            fx_difference=contradiction,
            due_first=due.first if due else None,
            due_last=due.last if due else None,
            own_month=(row.settled_date or self._day_of(row)).replace(day=1),
        )

    def _day_of(self, row: SettlementRow) -> date:
        return row.occurred_at.astimezone(LIMA).date() if row.occurred_at else self._today

    def _due(self, occurred_at: datetime) -> Expected | None:
        if self._takes is None:
            return None
        day = counted_day(occurred_at, cut_off=self._cut_off, is_closed=calendar.is_closed)
        if day not in self._dues:
            noon = datetime.combine(day, _NOON, LIMA)
            self._dues[day] = expected(noon, self._takes, cut_off=None, is_closed=calendar.is_closed)
        return self._dues[day]


def beyond(difference: Decimal) -> Decimal | None:
    """Return a difference that rounding does not explain, None for one that it does."""
    return difference if abs(difference) > TOLERANCE else None
