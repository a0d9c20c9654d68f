"""What a dollar cost in soles on a day, by the rates that the shop imported."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from pagoefectivo.models import ExchangeRate

OLDEST = timedelta(days=5)  # nobody publishes on weekends and holidays; in Semana Santa that makes four days in a row
_PUBLISHED = ExchangeRate.objects.filter(base="USD", quote="PEN")


def rate_on(day: date) -> Decimal | None:
    """Return the soles for one dollar by the last rate published up to a day; None where none is of its last five days.

    On a Sunday that is the rate of the Friday or Saturday before. One query; for many days there is `Rates`.
    """
    found = _PUBLISHED.filter(day__lte=day, day__gte=day - OLDEST).order_by("-day")
    return found.values_list("rate", flat=True).first()


class Rates:
    """All rates as they stand when it is made, read once: for a million questions, and not to be kept for long."""

    def __init__(self) -> None:
        self._published = dict(_PUBLISHED.values_list("day", "rate"))
        self._answers: dict[date, Decimal | None] = {}

    def on(self, day: date) -> Decimal | None:
        """Return what `rate_on` returns."""
        if day not in self._answers:
            last = (day - timedelta(days=back) for back in range(OLDEST.days + 1))
            self._answers[day] = next((self._published[each] for each in last if each in self._published), None)
        return self._answers[day]
