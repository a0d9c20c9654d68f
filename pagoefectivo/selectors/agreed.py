"""What one line of a settlement file should have cost, by the schedules as they hold now."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from pagoefectivo.domain.money import ZERO
from pagoefectivo.domain.settlements import COSTS_OF_THEIR_OWN
from pagoefectivo.selectors.fees import Pricing


def agreed_cost(pricing: Pricing, row: Any, day: date) -> Decimal | None:
    """Return the agreed fee with its tax, below zero, in the settled currency; None where the line names no cost.

    `row` is a row of a file or a line that was kept of it. A fee on a line of its own was agreed by no schedule: nothing
    was expected of it where one holds.
    """
    if row.kind in COSTS_OF_THEIR_OWN:
        return ZERO if pricing.schedule_on(row.currency or row.settled_currency, day) else None
    if row.amount is None or (row.fee is None and row.tax is None):
        return None
    cost = pricing.cost(row.kind, row.amount, row.currency, day)
    if cost is None:
        return None
    if row.settled_currency in {"", row.currency}:
        return -cost.total
    return -cost.total / row.rate if row.rate else None
