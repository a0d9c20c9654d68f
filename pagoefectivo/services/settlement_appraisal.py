"""What was to be expected of a line, by what was agreed: its day, its cost, its exchange rate. No line is changed by it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from pagoefectivo import conf
from pagoefectivo.domain.business_days import Expected
from pagoefectivo.domain.localtime import LIMA
from pagoefectivo.domain.messages import SettlementKind, SettlementRow
from pagoefectivo.domain.settlements import TOLERANCE
from pagoefectivo.selectors import calendar
from pagoefectivo.selectors.rates import Rates
from pagoefectivo.services.accounts import EffectiveAccount


class Appraised(NamedTuple):
    """What stands beside a line in its row; None where nothing was agreed, or the file does not say enough."""

    day_rate: Decimal | None
    cost_expected: Decimal | None
    cost_difference: Decimal | None
    fx_difference: Decimal | None
    due_first: date | None
    due_last: date | None
    own_month: date


class Appraisal:
    """Appraises the lines of one file of one account; what holds for a whole day is asked once."""

    def __init__(self, account: EffectiveAccount, today: date) -> None:
        self._today = today
        self._cycle = account.settlement_cycle
        self._cut_off = conf.current().bank_cut_off
        self._dues: dict[tuple[date, bool], Expected] = {}
        self._rates = Rates()

    def of(self, row: SettlementRow) -> Appraised:
        """Return what was to be expected of one line. No query but the calendar's, once a day."""
        local = row.occurred_at.astimezone(LIMA) if row.occurred_at else None
        day = local.date() if local else self._today
        due = self._due(local) if local and row.kind is SettlementKind.PAYMENT else None
        return Appraised(
            day_rate=self._rates.on(day) if row.rate is not None else None,
            cost_expected=None,
            cost_difference=None,
            fx_difference=self._fx_difference(row),
            due_first=due.first if due else None,
            due_last=due.last if due else None,
            own_month=(row.settled_date or day).replace(day=1),
        )

    def _fx_difference(self, row: SettlementRow) -> Decimal | None:
        """What was settled and what the file's own rate makes of the amount."""
        if not row.rate or row.amount is None or row.settled_amount is None:
            return None
        return beyond(row.settled_amount - row.amount / row.rate)

    def _due(self, local: datetime) -> Expected | None:
        if self._cycle is None:
            return None
        key = local.date(), self._cut_off is not None and local.time() >= self._cut_off
        if key not in self._dues:
            self._dues[key] = self._cycle.expected(local, self._cut_off, calendar.is_closed)
        return self._dues[key]


def beyond(difference: Decimal) -> Decimal | None:
    """Return a difference that rounding does not explain, None for one that it does."""
    return difference if abs(difference) > TOLERANCE else None
