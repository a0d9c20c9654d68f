"""What was to be expected of a line, by what was agreed: its day, its cost, its exchange rate. No line is changed by it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from pagoefectivo import conf
from pagoefectivo.domain.business_days import Expected
from pagoefectivo.domain.fees import settled_at_least
from pagoefectivo.domain.localtime import LIMA
from pagoefectivo.domain.messages import SettlementFacts, SettlementKind, SettlementRow
from pagoefectivo.domain.money import ZERO
from pagoefectivo.domain.settlements import COSTS_OF_THEIR_OWN, beyond, booked_of, cost_of, gross_of, off_its_own_rate
from pagoefectivo.selectors import calendar
from pagoefectivo.selectors.agreed import agreed_cost
from pagoefectivo.selectors.fees import pricing_of
from pagoefectivo.selectors.rates import Rates
from pagoefectivo.services.accounts import EffectiveAccount

MOST_KNOWN = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Appraised:
    """What follows from a line alone; None where nothing was agreed, or the file does not say enough.

    Lines that share their facts and their day share it, and it is only equal to itself.
    """

    facts: SettlementFacts
    gross: Decimal | None
    booked: Decimal
    day_rate: Decimal | None
    cost_expected: Decimal | None
    cost_difference: Decimal | None
    fx_difference: Decimal | None
    due_first: date | None
    due_last: date | None
    own_month: date


class Appraisal:
    """Appraises the lines of one file of one account: lines that say the same of the same day once for all of them."""

    def __init__(self, account: EffectiveAccount, today: date) -> None:
        self._today = today
        self._cycle = account.settlement_cycle
        self._cut_off = conf.current().bank_cut_off
        self._dues: dict[tuple[date, bool], Expected] = {}
        self._known: dict[tuple[object, ...], Appraised] = {}
        self._rates = Rates()
        self._pricing = pricing_of(account.config.name)

    def of(self, row: SettlementRow) -> Appraised:
        """Return what was to be expected of one line. Asks the calendar and a month's count of payments, each once."""
        local = row.occurred_at.astimezone(LIMA) if row.occurred_at else None
        day = local.date() if local else self._today
        is_late = False
        if self._cycle is not None and local is not None and self._cut_off is not None:
            is_late = local.time() >= self._cut_off
        key = (row.facts, local is None, day, is_late)
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            known = self._known[key] = self._appraised(row.facts, local, day, is_late=is_late)
        return known

    def _appraised(self, facts: SettlementFacts, local: datetime | None, day: date, *, is_late: bool) -> Appraised:
        due = self._due(local, is_late=is_late) if local and facts.kind is SettlementKind.PAYMENT else None
        day_rate = self._rates.on(day) if facts.rate else None
        expected = agreed_cost(self._pricing, facts, day)
        return Appraised(
            facts=facts,
            gross=gross_of(facts),
            booked=booked_of(facts),
            day_rate=day_rate,
            cost_expected=expected,
            cost_difference=None if expected is None else beyond(_charged(facts) - expected),
            fx_difference=self._fx_difference(facts, day, day_rate),
            due_first=due.first if due else None,
            due_last=due.last if due else None,
            own_month=(facts.settled_date or day).replace(day=1),
        )

    def _fx_difference(self, facts: SettlementFacts, day: date, day_rate: Decimal | None) -> Decimal | None:
        """Return what is missing by the file's own rate, or else by the day's rate with the agreed margin."""
        contradiction = off_its_own_rate(facts)
        if contradiction is not None or day_rate is None or facts.kind is not SettlementKind.PAYMENT:
            return contradiction
        if facts.amount is None or facts.settled_amount is None:
            return None
        schedule = self._pricing.schedule_on(facts.currency, day)
        if schedule is None or not schedule.terms.is_exchanged:
            return None
        missing = beyond(facts.settled_amount - settled_at_least(schedule.terms, facts.amount, day_rate))
        return missing if missing is not None and missing < 0 else None  # a better rate than agreed is no complaint

    def _due(self, local: datetime, *, is_late: bool) -> Expected | None:
        if self._cycle is None:
            return None
        key = local.date(), is_late
        if key not in self._dues:
            self._dues[key] = self._cycle.expected(local, self._cut_off, calendar.is_closed)
        return self._dues[key]


def _charged(facts: SettlementFacts) -> Decimal:
    """Return what the line takes, below zero; a fee of its own is its net."""
    if facts.kind in COSTS_OF_THEIR_OWN:
        return facts.net if facts.net is not None else facts.amount or ZERO
    return cost_of(facts)
