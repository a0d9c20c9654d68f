"""Spreadsheet files of Excel with typed cells: amounts and days are such, and a text is never anything but a text.

Needs the extra `export`; nothing else of the app does.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from math import ceil
from typing import Any

from pagoefectivo.domain.exceptions import ConfigurationError
from pagoefectivo.domain.localtime import LIMA
from pagoefectivo.domain.spreadsheets import Cell

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LONGEST_TEXT = 32_767  # of one cell, by Excel's limits
NOT_INSTALLED = 'XlsxWriter is not installed: pip install "django-pagoefectivo[export]", or take the CSV file.'
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_A4 = 9
LINE = 15  # points
_TEXT = {"num_format": "@", "text_wrap": True, "valign": "top"}  # a text that is edited stays one
_FORMATS: dict[type, dict[str, Any]] = {
    str: _TEXT,
    Decimal: {"num_format": "#,##0.00", "valign": "top"},
    int: {"num_format": "0", "valign": "top"},
    date: {"num_format": "yyyy-mm-dd", "align": "left", "valign": "top"},
    datetime: {"num_format": "yyyy-mm-dd hh:mm", "align": "left", "valign": "top"},
}
_EXACT = {**_FORMATS[Decimal], "num_format": "#,##0.00####"}
_HEAD = {**_TEXT, "bold": True, "bg_color": "#E6F0FB", "bottom": 1}
_TITLE = {"num_format": "@", "bold": True, "font_size": 16, "valign": "top"}


class Workbook:
    """One file. The same content gives the same bytes: `created` is told, never asked of a clock."""

    def __init__(self, title: str, created: datetime, *, footer: str = "") -> None:
        try:
            import xlsxwriter  # an extra
        except ImportError:
            raise ConfigurationError(NOT_INSTALLED) from None
        self._file = io.BytesIO()
        self._book = xlsxwriter.Workbook(self._file, {"in_memory": True})
        self._book.set_properties({"title": _clean(title), "created": created.astimezone(LIMA).replace(tzinfo=None)})
        self._footer = footer.replace("&", "&&")
        self._formats: dict[tuple[type, bool], Any] = {}
        self.exact = self._book.add_format(_EXACT)
        self.head = self._book.add_format(_HEAD)
        self.title = self._book.add_format(_TITLE)

    def sheet(self, name: str, widths: Sequence[int]) -> Sheet:
        """Add a sheet that prints on A4, one page wide; widths are in letters."""
        page = self._book.add_worksheet(name)
        for column, width in enumerate(widths):
            page.set_column(column, column, width)
        page.set_landscape()
        page.set_paper(_A4)
        page.fit_to_pages(1, 0)
        page.set_margins(left=0.5, right=0.5)
        page.set_footer(f"&L&8 {self._footer}&R&8&P / &N")
        page.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})  # codes are texts on purpose
        return Sheet(self, page, widths)

    def format(self, kind: type, *, bold: bool) -> Any:
        """Return the format of one kind of cell, made once."""
        if (kind, bold) not in self._formats:
            total = {"bold": True, "top": 1} if bold else {}
            self._formats[kind, bold] = self._book.add_format({**_FORMATS[kind], **total})
        return self._formats[kind, bold]

    def content(self) -> bytes:
        """Return the finished file."""
        self._book.close()
        return self._file.getvalue()


class Sheet:
    """Rows one below the other."""

    def __init__(self, book: Workbook, page: Any, widths: Sequence[int]) -> None:
        self._book, self._page, self._widths, self.row = book, page, widths, 0

    def title(self, text: str) -> None:
        """Write what the sheet is over all columns."""
        self._over_all(text, self._book.title, height=24)

    def say(self, sentence: str, *, bold: bool = False) -> None:
        """Write a sentence over all columns."""
        needed = ceil(len(sentence) / sum(self._widths)) * LINE
        self._over_all(sentence, self._book.format(str, bold=bold), height=max(LINE, needed))

    def skip(self) -> None:
        """Leave a row empty."""
        self.row += 1

    def head(self, names: Iterable[str], *, stays: bool = False) -> None:
        """Name the columns. Where it stays it is seen while one scrolls, and printed on each page."""
        for column, name in enumerate(names):
            self._page.write_string(self.row, column, _clean(name), self._book.head)
        if stays:
            self._page.freeze_panes(self.row + 1, 0)
            self._page.repeat_rows(self.row)
        self.row += 1

    def stay(self) -> None:
        """Keep what was written so far in sight while one scrolls."""
        self._page.freeze_panes(self.row, 0)

    def add(self, cells: Iterable[Cell], *, bold: bool = False) -> None:
        """Write one row, each cell as what it is."""
        for column, cell in enumerate(cells):
            self._write(column, cell, bold=bold)
        self.row += 1

    def _over_all(self, text: str, shape: Any, *, height: int) -> None:
        # merged cells are written as if typed, so the text comes after; nor do they grow by themselves
        self._page.merge_range(self.row, 0, self.row, len(self._widths) - 1, "", shape)
        self._page.write_string(self.row, 0, _clean(text), shape)
        self._page.set_row(self.row, height)
        self.row += 1

    def _write(self, column: int, cell: Cell, *, bold: bool) -> None:
        if cell is None:
            return
        kind = next(each for each in (str, Decimal, int, datetime, date) if isinstance(cell, each))
        shape = self._book.format(kind, bold=bold)
        if isinstance(cell, str):
            self._page.write_string(self.row, column, _clean(cell), shape)
        elif isinstance(cell, Decimal | int):
            is_finer = cell != round(cell, 2)
            self._page.write_number(self.row, column, cell, self._book.exact if is_finer else shape)
        else:
            local = cell.astimezone(LIMA).replace(tzinfo=None) if isinstance(cell, datetime) else cell
            self._page.write_datetime(self.row, column, local, shape)


def _clean(text: str) -> str:
    """Keep what a cell can hold: no letter that XML forbids, no more than Excel reads."""
    return _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", text)[:LONGEST_TEXT]
