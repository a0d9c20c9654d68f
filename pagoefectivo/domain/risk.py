"""What cash codes are bad at: many of them by one buyer, small ones in bursts. The rules, and their sentences."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from pagoefectivo.domain.money import format_money


class Mark(StrEnum):
    """By what a buyer is recognised."""

    EMAIL = "email"
    PHONE = "phone"
    DOCUMENT = "document"
    ADDRESS = "address"


class Rule(StrEnum):
    """What is looked for."""

    SMALL_BURST = "small_burst"
    UNPAID = "unpaid"
    BY_PHONE = "by_phone"
    BY_DOCUMENT = "by_document"
    BY_ADDRESS = "by_address"


RULE_LABELS = [
    (Rule.SMALL_BURST.value, gettext_lazy("many small codes in a short time")),
    (Rule.UNPAID.value, gettext_lazy("many unpaid codes by one buyer")),
    (Rule.BY_PHONE.value, gettext_lazy("many orders with one phone")),
    (Rule.BY_DOCUMENT.value, gettext_lazy("many orders with one document")),
    (Rule.BY_ADDRESS.value, gettext_lazy("receipts of many orders from one address")),
]
PERSON = (Mark.EMAIL, Mark.PHONE, Mark.DOCUMENT)
LOOKED_AT = {
    Rule.SMALL_BURST: PERSON,
    Rule.UNPAID: PERSON,
    Rule.BY_PHONE: (Mark.PHONE,),
    Rule.BY_DOCUMENT: (Mark.DOCUMENT,),
    Rule.BY_ADDRESS: (Mark.ADDRESS,),
}
_MARKS = {
    Mark.EMAIL: gettext_lazy("the same e-mail"),
    Mark.PHONE: gettext_lazy("the same phone"),
    Mark.DOCUMENT: gettext_lazy("the same document"),
    Mark.ADDRESS: gettext_lazy("the same address (IP)"),
}
_SENTENCES = {
    Rule.SMALL_BURST: gettext_lazy(
        "{count} codes of at most {amount} with {mark} within {within}. Flagged from {limit} on."
    ),
    Rule.UNPAID: gettext_lazy(
        "{count} codes with {mark} within {within} that nobody has paid. Flagged from {limit} on."
    ),
    Rule.BY_PHONE: gettext_lazy("{count} orders with {mark} within {within}. Flagged from {limit} on."),
    Rule.BY_DOCUMENT: gettext_lazy("{count} orders with {mark} within {within}. Flagged from {limit} on."),
    Rule.BY_ADDRESS: gettext_lazy("Receipts of {count} orders from {mark} within {within}. Flagged from {limit} on."),
}


@dataclass(frozen=True, slots=True)
class Threshold:
    """From how many on within which time a rule speaks; `small` is the largest small amount by currency."""

    count: int
    within: timedelta
    small: Mapping[str, Decimal]

    def facts(self, mark: str, seen: int, currency: str) -> dict[str, Any]:
        """Return what a flag keeps, so that its sentence stays true when the settings change."""
        facts: dict[str, Any] = {
            "mark": mark,
            "count": seen,
            "limit": self.count,
            "minutes": int(self.within.total_seconds() // 60),
        }
        return facts | ({"amount": str(self.small[currency]), "currency": currency} if self.small else {})


def too_many(alike: Iterable[tuple[datetime, int]], threshold: Threshold) -> Iterator[tuple[int, int]]:
    """Yield each order that is one of too many, with their number: those within the time before it, and itself.

    `alike` are instants and order ids, in any order, of orders that bear the same mark; each order once.
    """
    by_time = sorted(alike)
    times = [at for at, _ in by_time]
    for at, order_id in by_time:
        count = bisect_right(times, at) - bisect_right(times, at - threshold.within)
        if count >= threshold.count:
            yield order_id, count


def flag_sentence(rule: str, facts: Mapping[str, Any]) -> str:
    """Say why a flag was raised, with its numbers."""
    amount = facts.get("amount")
    return str(_SENTENCES[Rule(rule)]).format(
        count=facts["count"],
        limit=facts["limit"],
        mark=_MARKS[Mark(facts["mark"])],
        within=_length(facts["minutes"]),
        amount=format_money(Decimal(amount), facts["currency"]) if amount else "",
    )


def _length(minutes: int) -> str:
    hours, days = minutes // 60, minutes // 1440
    if minutes % 1440 == 0:
        return ngettext("{n} day", "{n} days", days).format(n=days)
    if minutes % 60 == 0:
        return ngettext("{n} hour", "{n} hours", hours).format(n=hours)
    return _("{n} minutes").format(n=minutes)
