"""Each figure in words: its name, one sentence of truth, its table and its picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from pagoefectivo.admin.charts import Chart, lines, stacked_bars
from pagoefectivo.admin.presentation import LIMA, NOTHING
from pagoefectivo.domain.error_codes import CATALOGUE, ErrorCode
from pagoefectivo.domain.spreadsheets import Cell
from pagoefectivo.selectors import service_levels as levels
from pagoefectivo.selectors.periods import Period
from pagoefectivo.selectors.service_levels import Reading
from pagoefectivo.selectors.timeline_words import operation_word

MOST_BARS = 12
NUMBER = "#"  # of a row, by which its bar is called where words would not stand side by side
LONGEST_NAMES = 45
UNITS = (("d", levels.DAY), ("h", levels.HOUR), ("min", levels.MINUTE))
_KNOWN = frozenset(code.value for code in ErrorCode)


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure as the page shows it and as a spreadsheet gets it; instants in `rows` are instants, numbers numbers."""

    name: str
    title: str
    sentence: str
    heads: tuple[str, ...]
    rows: Sequence[Sequence[Cell]]
    chart: Chart | None


def confirmed(read: Reading) -> Figure:
    """From paid at the counter to known here."""
    rows = read.confirmations
    told, found, within = levels.totals(rows)
    names = [_within(seconds) for seconds in levels.CONFIRMED_WITHIN]
    share = within[2] / (told + found) if told + found else 0
    return Figure(
        "confirmed",
        _("From paid to known"),
        _("Of {count} payments {share} were known within a quarter of an hour.").format(
            count=told + found, share=_percent(share)
        )
        if rows
        else _nothing(),
        (_when(read.period), _("payments"), _("half within (seconds)"), _("95 % within (seconds)"), *names),
        [(row.at, row.count, _seconds(row.median), _seconds(row.p95), *row.within) for row in rows],
        _durations(rows, read) if rows else None,
    )


def _durations(rows: Sequence[Any], read: Reading) -> Chart:
    """Draw how long half of them and nearly all of them took."""
    half, most = [_seconds(row.median) for row in rows], [_seconds(row.p95) for row in rows]
    labels = [_label(row.at, read.period) for row in rows]
    return lines(
        labels, [(_("half of them"), half), (_("95 % of them"), most)], _length, [size for _name, size in UNITS]
    )


def told_first(read: Reading) -> Figure:
    """Notification against query."""
    rows = read.confirmations
    told, found, _w = levels.totals(rows)
    return Figure(
        "told-first",
        _("Who told us first"),
        _("A notification came first for {told} payments, a query for {found} ({share}).").format(
            told=told, found=found, share=_percent(found / (told + found))
        )
        if rows
        else _nothing(),
        (_when(read.period), _("told by a notification"), _("found by a query")),
        [(row.at, row.told, row.found) for row in rows],
        stacked_bars(
            [_label(row.at, read.period) for row in rows],
            [
                (_("told by a notification"), [row.told for row in rows]),
                (_("found by a query"), [row.found for row in rows]),
            ],
            _whole,
        )
        if rows
        else None,
    )


def lag(read: Reading) -> Figure:
    """From received to applied."""
    rows = read.notifications
    received, rejected = sum(row.received for row in rows), sum(row.rejected for row in rows)
    return Figure(
        "lag",
        _("Notifications: from received to applied"),
        _("{received} notifications came; {rejected} of them were turned away.").format(
            received=received, rejected=rejected
        )
        if rows
        else _nothing(),
        (
            *(_when(read.period), _("received"), _("turned away")),
            *(_("half within (seconds)"), _("95 % within (seconds)"), _("longest (seconds)")),
        ),
        [
            (row.at, row.received, row.rejected, _seconds(row.median), _seconds(row.p95), _seconds(row.longest))
            for row in rows
        ],
        _durations(rows, read) if rows else None,
    )


def calls(read: Reading) -> Figure:
    """Errors of the provider, hour by hour."""
    rows = read.calls
    many, failed = sum(row.calls for row in rows), sum(row.failed for row in rows)
    return Figure(
        "calls",
        _("Calls to the provider that failed"),
        _("{failed} of {many} calls were refused or had no answer ({share}).").format(
            failed=failed, many=many, share=_percent(failed / many)
        )
        if rows
        else _nothing(),
        (_when(read.period), _("calls"), _("no answer"), _("refused"), _("half within (ms)"), _("95 % within (ms)")),
        [(row.at, row.calls, row.unanswered, row.refused, _ms(row.median_ms), _ms(row.p95_ms)) for row in rows],
        stacked_bars(
            [_label(row.at, read.period) for row in rows],
            [(_("no answer"), [row.unanswered for row in rows]), (_("refused"), [row.refused for row in rows])],
            _whole,
        )
        if rows
        else None,
    )


def _bar_names(names: Sequence[str]) -> list[str]:
    if sum(map(len, names)) <= LONGEST_NAMES:
        return list(names)
    return [str(place) for place in range(1, len(names) + 1)]


def latency(read: Reading) -> Figure:
    """How long the provider takes, by what is asked of it."""
    rows = read.operations
    names = [operation_word(row.operation) for row in rows]
    slowest = max(rows, key=lambda row: row.p95_ms or 0, default=None)
    return Figure(
        "latency",
        _("How long the provider takes"),
        _("Slowest is {operation}: 95 % within {ms} ms.").format(
            operation=operation_word(slowest.operation), ms=_whole(slowest.p95_ms or 0)
        )
        if slowest
        else _nothing(),
        (
            NUMBER,
            _("operation"),
            _("calls"),
            _("no answer"),
            _("refused"),
            _("half within (ms)"),
            _("95 % within (ms)"),
        ),
        [
            (place, name, row.calls, row.unanswered, row.refused, _ms(row.median_ms), _ms(row.p95_ms))
            for place, (name, row) in enumerate(zip(names, rows, strict=True), 1)
        ],
        stacked_bars(_bar_names(names), [(_("95 % within (ms)"), [row.p95_ms for row in rows])], _whole)
        if rows
        else None,
    )


def refunds(read: Reading) -> Figure:
    """How long refunds take, against the days that were promised."""
    rows = read.refunds
    in_time, late = sum(row.in_time for row in rows), sum(row.late for row in rows)
    parts = [
        (_("in time"), [row.in_time for row in rows]),
        (_("late"), [row.late for row in rows]),
        (_("nobody had said when"), [row.unpromised for row in rows]),
    ]
    return Figure(
        "refunds",
        _("Refunds: days until they arrived"),
        _("{in_time} arrived within the promised days, {late} later.").format(in_time=in_time, late=late)
        if rows
        else _nothing(),
        (_("days"), *(name for name, _values in parts)),
        [(row.days, row.in_time, row.late, row.unpromised) for row in rows],
        stacked_bars([str(row.days) for row in rows], parts, _whole) if rows else None,
    )


def funnel(read: Reading) -> Figure:
    """From asked for to paid."""
    found = read.codes
    steps = [
        (_("asked for"), found.asked),
        (_("issued"), found.issued),
        (_("page seen"), found.seen),
        (_("paid"), found.paid),
    ]
    return Figure(
        "funnel",
        _("From asked for to paid"),
        _("Of {asked} codes {paid} were paid ({share}).").format(
            asked=found.asked, paid=found.paid, share=_percent(found.paid / found.asked)
        )
        if found.asked
        else _nothing(),
        (_("step"), _("codes"), _("share (%)")),
        [(name, many, round(100 * many / found.asked)) for name, many in steps] if found.asked else [],
        stacked_bars([name for name, _m in steps], [(_("codes"), [many for _n, many in steps])], _whole)
        if found.asked
        else None,
    )


def survival(read: Reading) -> Figure:
    """The share of codes that is still unpaid, by hours since they were issued."""
    rows = [row for row in read.codes.survival if row.watched]
    return Figure(
        "survival",
        _("Codes still unpaid"),
        _("After {hours} hours {share} are still unpaid.").format(hours=rows[-1].hours, share=_percent(rows[-1].share))
        if rows
        else _nothing(),
        (_("hours since issued"), _("codes watched"), _("of them still unpaid"), _("share of all (%)")),
        [(row.hours, row.watched, row.unpaid, round(100 * row.share)) for row in rows],
        lines([str(row.hours) for row in rows], [(_("still unpaid (%)"), [100 * row.share for row in rows])], _whole)
        if rows
        else None,
    )


def failures(read: Reading) -> Figure:
    """What failed, by its reason."""
    rows = read.failures
    most = rows[:MOST_BARS]
    return Figure(
        "failures",
        _("Failures by reason"),
        _("{count} failures; most often: {sentence}").format(
            count=sum(row.count for row in rows), sentence=_meaning(rows[0].code)
        )
        if rows
        else _nothing(),
        (NUMBER, _("code"), _("operation"), _("count"), _("meaning")),
        [
            (place, row.code, operation_word(row.operation), row.count, _meaning(row.code))
            for place, row in enumerate(rows, 1)
        ],
        stacked_bars(_bar_names([row.code for row in most]), [(_("count"), [row.count for row in most])], _whole)
        if rows
        else None,
    )


FIGURES: dict[str, Callable[[Reading], Figure]] = {
    "confirmed": confirmed,
    "told-first": told_first,
    "lag": lag,
    "calls": calls,
    "latency": latency,
    "refunds": refunds,
    "funnel": funnel,
    "survival": survival,
    "failures": failures,
}


def _nothing() -> str:
    return _("Nothing happened in these days.")


def _when(period: Period) -> str:
    return _("hour (Lima)") if period.is_by_hour else _("day (Lima)")


def _label(at: datetime, period: Period) -> str:
    local = at.astimezone(LIMA)
    return f"{local:%d/%m %H}h" if period.is_by_hour else f"{local:%d/%m}"


def _within(seconds: int) -> str:
    return _("within {length}").format(length=_length(seconds))


def _length(seconds: float) -> str:
    for unit, size in UNITS:
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"


def _meaning(code: str) -> str:
    return CATALOGUE[ErrorCode(code)].sentence() if code in _KNOWN else code


def _percent(share: float) -> str:
    return f"{share:.0%}"


def _whole(number: float) -> str:
    return f"{number:,.4g}"


def _seconds(length: timedelta | None) -> Any:
    return None if length is None else round(max(length.total_seconds(), 0), 1)


def _ms(number: float | None) -> Any:
    return None if number is None else round(number)


def shown(cell: Cell, period: Period) -> str:
    """Return a cell as the page's table shows it."""
    if cell is None:
        return NOTHING
    return _label(cell, period) if isinstance(cell, datetime) else str(cell)
