"""Tables that people open in a spreadsheet: numbers stay numbers, and no text is taken for a formula or a number."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pagoefectivo.domain.localtime import LIMA

BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"  # Excel reads UTF-8 only behind it
Cell = str | int | Decimal | date | datetime | None
_BEGINS_A_FORMULA = frozenset("=+-@|%")
_TAKEN_FOR_A_NUMBER = re.compile(r"0\d+|\d{16,}|\d+[eE]\d+", re.ASCII)


def csv_lines(header: Iterable[str], rows: Iterable[Iterable[Cell]]) -> Iterator[str]:
    """Yield a CSV file line by line: UTF-8 mark, commas, CRLF, texts quoted, days in ISO 8601, instants on Lima's clock."""
    writer = csv.writer(_Line(), quoting=csv.QUOTE_NONNUMERIC)
    yield BYTE_ORDER_MARK + writer.writerow(header)
    for row in rows:
        yield writer.writerow([_written(cell) for cell in row])


def plain_text(text: str) -> str:
    """Return a text that a spreadsheet shows as it is: an apostrophe goes before what it would calculate or round.

    A formula begins with `= + - @ | %`, also full-width and behind blanks, tabs or line ends. Leading zeros and more
    than fifteen digits are what spreadsheets take from a code. OWASP, "CSV Injection".
    """
    begins = unicodedata.normalize("NFKC", text.lstrip())[:1]
    if begins in _BEGINS_A_FORMULA or text[:1] in {"\t", "\r", "\n"} or _TAKEN_FOR_A_NUMBER.fullmatch(text):
        return f"'{text}"
    return text


class _Line:
    """A file that hands each line back to whoever writes it."""

    def write(self, line: str) -> Any:
        return line


def _written(cell: Cell) -> str | int | Decimal | date:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return f"{cell.astimezone(LIMA):%Y-%m-%d %H:%M:%S}"
    return plain_text(cell) if isinstance(cell, str) else cell
