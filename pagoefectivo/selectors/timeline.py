"""Everything that ever happened to an order, merged into one line, masked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pagoefectivo.models import Order, Refund, Voucher
from pagoefectivo.selectors.timeline_rows import KINDS, About, Row, in_time, rows_about
from pagoefectivo.selectors.timeline_words import Names, TimelineEntry, entry_of

__all__ = ["PAGE", "Chapter", "Show", "TimelineEntry", "chapter_of", "timeline_of"]

PAGE = 200
_AMONG_US = {"note", "buyer_view", "case"}  # what staff write for each other leaves the house by no API


class Show(StrEnum):
    """What of a timeline is shown."""

    ALL = "all"
    CHANGES = "changes"
    MESSAGES = "messages"
    CALLS = "calls"
    PEOPLE = "people"


_SHOWN = {
    Show.ALL: KINDS,
    Show.CHANGES: frozenset({"state_change"}),
    Show.MESSAGES: frozenset({"message"}),
    Show.CALLS: frozenset({"exchange", "delivery"}),
    Show.PEOPLE: frozenset({"state_change", "anomaly_closed", "message", "proof_received", "proof_judged"} | _AMONG_US),
}


@dataclass(frozen=True, slots=True)
class Chapter:
    """At most PAGE entries, newest first; `number` counts from 1 at the newest, and `has_older` says that one follows."""

    entries: Sequence[TimelineEntry]
    show: Show
    number: int
    has_older: bool


def timeline_of(order: Order) -> list[TimelineEntry]:
    """Return what happened to an order and all below it, newest last, in three queries, without staff's own notes.

    Bodies are not read and nothing personal is in it; sentences are in the active language.
    """
    names = Names(
        order.reference,
        dict(Voucher.objects.filter(order=order).values_list("pk", "public_id")),
        dict(Refund.objects.filter(order=order).values_list("pk", "public_id")),
    )
    rows = rows_about(About(order, list(names.vouchers)), KINDS - _AMONG_US)
    return [entry_of(Row(*row), names) for row in in_time(rows, newest_first=False)]


def chapter_of(
    order: Order,
    vouchers: Iterable[Voucher],
    refunds: Iterable[Refund],
    *,
    show: Show = Show.ALL,
    number: int = 1,
) -> Chapter:
    """Return one chapter of an order's timeline for staff, in one query; otherwise as `timeline_of`."""
    names = Names(
        order.reference,
        {voucher.pk: voucher.public_id for voucher in vouchers},
        {refund.pk: refund.public_id for refund in refunds},
    )
    about = About(order, list(names.vouchers), by_people=show is Show.PEOPLE)
    first = (number - 1) * PAGE
    rows = in_time(rows_about(about, _SHOWN[show]), newest_first=True)[first : first + PAGE + 1]
    entries = [entry_of(Row(*row), names) for row in rows]
    return Chapter(entries[:PAGE], show, number, has_older=len(entries) > PAGE)
