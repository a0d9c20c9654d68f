"""What the cells of a settlement file say: amounts in the file's one style, instants, dates, references."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timezone
from decimal import Decimal
from typing import TypeVar, TypeVarTuple

from django.utils.translation import gettext

from pagoefectivo.domain.exceptions import UnreadableFile
from pagoefectivo.providers.documents import LONGEST_REFERENCE
from pagoefectivo.providers.tabular import shown

AMOUNT_DECIMALS = 2
RATE_DECIMALS = 10
MOST_KNOWN = 10_000  # of what rows say
FIRST_YEAR, END_YEAR = 2000, 2100

_MINUS = "\N{MINUS SIGN}"
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d{1,6})?(Z|[+-]\d\d:?\d\d)?", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)

Read = TypeVar("Read")
Cells = TypeVarTuple("Cells")
ReadAmount = Callable[[int, str], Decimal]
ReadInstant = Callable[[int, str], datetime]


class Numerals:
    """How one file writes numbers: `1,234.50` or `1.234,50`. The first one that can only be one of them decides.

    A number of the other style is refused from then on, and so is one that both styles would read differently
    (`1.234` where a third decimal is possible) as long as none has decided. Below zero is `-1.00`, `1.00-` or `(1.00)`.
    """

    def __init__(self) -> None:
        self._point = ""

    def amount(self, column: str, *, decimals: int = AMOUNT_DECIMALS) -> ReadAmount:
        """Return a reader of one column: line and cell to exact Decimal; raises UnreadableFile, also for an empty cell."""
        plain = re.compile(rf"(?!-[0.]+$)-?\d{{1,10}}(?:\.\d{{1,{decimals}}})?", re.ASCII).fullmatch
        styles = {point: _style(point, decimals) for point in ".,"}

        def read(line: int, written: str) -> Decimal:
            is_plain = self._point == "." and plain(written)
            return Decimal(written) if is_plain else self._read(line, column, written, styles)

        return read

    def _read(self, line: int, column: str, written: str, styles: dict[str, re.Pattern[str]]) -> Decimal:
        digits, is_negative = _unsigned(written.strip())
        if not digits:
            raise UnreadableFile(line, gettext("%(column)s is empty.") % {"column": column})
        fitting = [point for point, style in styles.items() if style.fullmatch(digits)]
        readings = {point: Decimal(_plain(digits, point)) for point in fitting if self._point in ("", point)}
        if not fitting:
            raise UnreadableFile(line, gettext("%(column)s is not an amount.") % {"column": column})
        if not readings:
            text = gettext("%(column)s has another decimal sign than the amounts before it.")
            raise UnreadableFile(line, text % {"column": column})
        if len(set(readings.values())) > 1:
            text = gettext("%(column)s could be read as two different amounts.")
            raise UnreadableFile(line, text % {"column": column})
        if len(fitting) == 1:
            self._point = fitting[0]
        value = next(iter(readings.values()))
        return -value if is_negative and value else value


def remembered(read: Callable[[int, *Cells], Read]) -> Callable[[int, *Cells], Read]:
    """Return a reader that reads the same cells once, whatever their line: few prices, fees and days stand in many rows.

    What raises is not remembered. A cell that was read is never read otherwise later: an amount decides on the file's
    style, or is the same in both.
    """
    before: dict[tuple[*Cells], Read] = {}

    def recall(line: int, /, *cells: *Cells) -> Read:
        found = before.get(cells)
        if found is None:
            if len(before) >= MOST_KNOWN:
                before.clear()
            found = before[cells] = read(line, *cells)
        return found

    return recall


def instant(column: str, zone: timezone) -> ReadInstant:
    """Return a reader of one column: line and cell to an instant in UTC; `zone` is that of one written without any.

    Raises UnreadableFile for anything but ISO 8601 to the second, of this century.
    """
    offset = datetime(2000, 1, 1, tzinfo=zone).isoformat()[-6:]

    def read(line: int, written: str) -> datetime:
        form = _INSTANT.fullmatch(written)
        try:
            moment = None if form is None else datetime.fromisoformat(written if form[1] else written + offset)
        except ValueError:
            moment = None
        if moment is None or not FIRST_YEAR <= moment.year < END_YEAR:
            raise UnreadableFile(line, gettext("%(column)s is not a date with its time.") % {"column": column})
        return moment if moment.tzinfo is UTC else moment.astimezone(UTC)

    return read


def signed(line: int, column: str, amount: Decimal, *, comes_in: bool) -> Decimal:
    """Return an amount with the sign of its row, where a report leaves that to the row's type.

    Raises UnreadableFile for what comes in and stands below zero: sign and type contradict one another.
    """
    if comes_in and amount < 0:
        raise UnreadableFile(line, gettext("%(column)s stands below zero.") % {"column": column})
    return amount if comes_in else -abs(amount)


def cost(line: int, column: str, amount: Decimal) -> Decimal:
    """Return what a report takes and writes above zero: below it, as all that leaves the shop."""
    return -signed(line, column, amount, comes_in=True)


def day(line: int, column: str, written: str) -> date:
    """Return a date written `2026-01-31` or `2026/01/31`; raises UnreadableFile for anything else."""
    try:
        found = datetime.strptime(written.strip().replace("/", "-"), "%Y-%m-%d").date()  # noqa: DTZ007 - a date has no zone
    except ValueError:
        found = None
    if found is None or not FIRST_YEAR <= found.year < END_YEAR:
        raise UnreadableFile(line, gettext("%(column)s is not a date.") % {"column": column})
    return found


def day_of(written: str) -> date:
    """Return the day of an instant that was read, as it is written: in the zone of the file."""
    return date.fromisoformat(written[:10])


def currency(line: int, column: str, written: str) -> str:
    """Return an ISO 4217 code; raises UnreadableFile for anything else."""
    if not _CURRENCY.fullmatch(written):
        raise UnreadableFile(line, gettext("%(column)s is not a currency.") % {"column": column})
    return written


def reference(line: int, column: str, written: str) -> str:
    """Return a reference, "" for an empty cell; raises UnreadableFile for one that is too long, or is several lines."""
    if len(written) > LONGEST_REFERENCE:
        raise UnreadableFile(line, gettext("%(column)s is too long.") % {"column": column})
    if not written.isprintable() and ("\n" in written or "\r" in written):
        raise UnreadableFile(line, gettext("%(column)s has a line break.") % {"column": column})
    return written


def needed_reference(line: int, column: str, written: str) -> str:
    """Return a reference; raises UnreadableFile for an empty cell too: without it the row could not be recognised."""
    if not written.strip():
        raise UnreadableFile(line, gettext("%(column)s is empty.") % {"column": column})
    return reference(line, column, written)


def if_said(read: Callable[[int, str], Read], line: int, written: str) -> Read | None:
    """Return what a cell says, None for an empty one: the row does not say it."""
    return read(line, written) if written else None


def known(table: Mapping[str, Read], line: int, column: str, word: str) -> Read:
    """Return what the layout's table knows of a word; raises UnreadableFile for one that it does not list."""
    found = table.get(word)
    if found is None:
        text = gettext("%(column)s says %(word)s, which this layout is not known to say.")
        raise UnreadableFile(line, text % {"column": column, "word": shown(word)})
    return found


def _style(point: str, decimals: int) -> re.Pattern[str]:
    group = re.escape("," if point == "." else ".")
    whole = rf"(?:\d{{1,10}}|\d{{1,3}}(?:{group}\d{{3}}){{1,3}})"
    return re.compile(rf"{whole}(?:{re.escape(point)}\d{{1,{decimals}}})?", re.ASCII)


def _plain(digits: str, point: str) -> str:
    return digits.replace("," if point == "." else ".", "").replace(",", ".")


def _unsigned(written: str) -> tuple[str, bool]:
    if written.startswith("(") and written.endswith(")"):
        return written[1:-1], True
    if written[:1] in ("-", _MINUS):
        return written[1:], True
    if written[-1:] in ("-", _MINUS):
        return written[:-1], True
    return written, False
