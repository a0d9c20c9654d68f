"""Delimited files as PSPs write them, read strictly and a piece at a time. What cannot be read whole is refused."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import BinaryIO

from django.utils.translation import gettext

from pagoefectivo.domain.exceptions import UnreadableFile
from pagoefectivo.domain.redaction import redact_text

CHUNK = 65536
LONGEST_LINE = 65536
LONGEST_NAME = 40  # of a column or a word, where a message shows one
MOST_NAMES = 8
DELIMITERS = (",", ";", "\t")

_QUOTED = re.compile(r'"[^"]*"')
_WHOLE_AMOUNT = re.compile(r".*\d[.,]\d\d", re.ASCII)
_MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_UTF_8 = "utf-8-sig"  # with or without its mark

Picked = tuple[str, ...]


class Records:
    """The records of one file in order. UTF-8, or UTF-16 with its mark; read once, never held whole.

    The delimiter is what divides the first line. Raises UnreadableFile for other encodings and formats, null
    characters, lines of more than 64 Ki characters and quotes that RFC 4180 does not know.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._records = self._parsed()
        self.is_cut = False  # true from the moment that a last line without a line break was handed out

    def header(self, layout: Layout) -> Columns:
        """Return the columns that the next record names; raises UnreadableFile unless they are the layout's."""
        found = next(self._records, None)
        if found is None:
            raise UnreadableFile(0, gettext("The file ends before the names of its columns."))
        return layout.columns(*found)

    def row(self, columns: Columns) -> tuple[int, Picked]:
        """Return line and cells of the next record; raises UnreadableFile where there is none."""
        return next(self.rows(columns))

    def rows(self, columns: Columns) -> Iterator[tuple[int, Picked]]:
        """Yield line and cells of each further record; raises UnreadableFile where there is none at all."""
        line = 0
        for line, cells in self._records:
            yield line, columns.pick(line, cells, is_cut=self.is_cut)
        if not line:
            raise UnreadableFile(0, gettext("The file has no rows."))

    def _parsed(self) -> Iterator[tuple[int, list[str]]]:
        lines = self._lines()
        first = next(lines, "")
        reader = csv.reader(itertools.chain([first], lines), delimiter=_delimiter(first), strict=True)
        begins = 1
        try:
            for cells in reader:
                if cells:
                    yield begins, cells
                begins = reader.line_num + 1
        except csv.Error as error:
            raise UnreadableFile(begins, self._fault_of(error)) from None

    def _fault_of(self, error: csv.Error) -> str:
        if "field larger" in str(error):
            return gettext("A cell is too long, or a quote is never closed.")
        if "new-line" in str(error):
            return gettext("A carriage return alone ends no line.")
        if self.is_cut:
            return gettext("The file is cut off here: its last line is not whole.")
        return gettext("The quotes of this line do not match.")

    def _lines(self) -> Iterator[str]:
        """Yield lines with their ends. The file is decoded piece by piece, so that a whole one never stands in memory."""
        piece = self._file.read(CHUNK)
        refuse_other_formats(piece)
        decoder = codecs.getincrementaldecoder(encoding_of(piece))()
        done, rest = 0, ""
        while piece:
            whole, end, rest = (rest + _decoded(decoder, piece, done)).rpartition("\n")
            if len(whole.partition("\n")[0]) > LONGEST_LINE:
                raise UnreadableFile(done + 1, gettext("A line is too long."))
            if len(rest) > LONGEST_LINE:
                raise UnreadableFile(done + whole.count("\n") + bool(end) + 1, gettext("A line is too long."))
            if end:
                yield from io.StringIO(whole + end, newline="\n")
                done += whole.count("\n") + 1
            piece = self._file.read(CHUNK)
        rest += _decoded(decoder, b"", done)
        if rest:
            self.is_cut = True
            yield rest


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of one layout by their exact names, in any order.

    `needed` are read and must be there, `optional` are read where they are there, `other` may be there.
    """

    needed: tuple[str, ...]
    optional: tuple[str, ...] = ()
    other: frozenset[str] = frozenset()

    def columns(self, line: int, names: list[str]) -> Columns:
        """Match a header; raises UnreadableFile naming the columns that are missing, unknown or there twice."""
        named = [name.strip() for name in names]
        while named and not named[-1]:
            named.pop()
        known = {*self.needed, *self.optional, *self.other}
        self._refuse(line, gettext("Columns that stand there twice: %(names)s."), _repeated(named))
        missing = [name for name in self.needed if name not in named]
        unknown = [name for name in named if name not in known]
        if missing and unknown:
            text = gettext("Missing columns: %(missing)s. Unknown columns: %(unknown)s.")
            raise UnreadableFile(line, text % {"missing": _listed(missing), "unknown": _listed(unknown)})
        self._refuse(line, gettext("Missing columns: %(names)s."), missing)
        self._refuse(line, gettext("Unknown columns: %(names)s."), unknown)
        width = len(names)
        places = [named.index(name) if name in named else width for name in (*self.needed, *self.optional)]
        return Columns(width, len(named) - 1, tuple(places))

    @staticmethod
    def _refuse(line: int, text: str, names: list[str]) -> None:
        if names:
            raise UnreadableFile(line, text % {"names": _listed(names)})


class Columns:
    """Where a file keeps the columns of its layout."""

    def __init__(self, width: int, last: int, places: tuple[int, ...]) -> None:
        self._width, self._last = width, last
        self._ends_with_one_read = last in places
        self._take = itemgetter(*places)

    def pick(self, line: int, cells: list[str], *, is_cut: bool) -> Picked:
        """Return the cells of the columns that are read, in the layout's order; "" for one that the file has not.

        Raises UnreadableFile for a record of another width, and for a last one that may have been cut off.
        """
        if len(cells) != self._width:
            if is_cut:
                raise UnreadableFile(line, gettext("The file is cut off here: its last line is not whole."))
            text = gettext("%(found)d cells instead of %(expected)d.")
            raise UnreadableFile(line, text % {"found": len(cells), "expected": self._width})
        if is_cut and self._ends_with_one_read and not _WHOLE_AMOUNT.fullmatch(cells[self._last]):
            raise UnreadableFile(line, gettext("The file ends without a line break, so its last cell may be cut off."))
        cells.append("")
        picked: Picked = self._take(cells)
        return picked


def refuse_other_formats(head: bytes) -> None:
    """Raise UnreadableFile(0) for a file that is no text with columns, by its first bytes."""
    start = head[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not start:
        raise UnreadableFile(0, gettext("The file is empty."))
    if start.startswith((b"pk\x03\x04", b"pk\x05\x06", b"\xd0\xcf\x11\xe0")):
        raise UnreadableFile(0, gettext("This is a spreadsheet or an archive. Export it as CSV, or unpack it."))
    if start.startswith((b"%pdf", b"\x1f\x8b")):
        raise UnreadableFile(0, gettext("This is a PDF or a compressed file, not a table of text."))
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<head")):
        raise UnreadableFile(0, gettext("This is a web page, perhaps a login page. Download the report again."))


def encoding_of(head: bytes) -> str:
    """Return the codec of a file by its first bytes: UTF-16 where its mark says so, else UTF-8."""
    return next((name for mark, name in _MARKS if head.startswith(mark)), _UTF_8)


def first_line(head: bytes) -> str:
    """Return the first line of a file as text, as far as it can be read: to recognise a layout by, never to import."""
    return head.decode(encoding_of(head), errors="replace").lstrip("\r\n").partition("\n")[0]


def names_in(head: bytes) -> frozenset[str]:
    """Return the column names in the first line; none where nothing divides it."""
    line = first_line(head)
    delimiters = [each for each in DELIMITERS if each in line]
    return frozenset(
        name.strip().strip('"') for delimiter in delimiters for name in line.split(delimiter) if name.strip()
    )


def shown(word: str) -> str:
    """Return a word of the file as a message may show it: short, and without what could be personal."""
    return redact_text(word, longest=LONGEST_NAME) or "-"


def _delimiter(first: str) -> str:
    outside = _QUOTED.sub("", first)
    counts = sorted(((outside.count(each), each) for each in DELIMITERS), reverse=True)
    if counts[0][0] == counts[1][0]:
        raise UnreadableFile(1, gettext("The first line names no columns divided by comma, semicolon or tab."))
    return counts[0][1]


def _decoded(decoder: codecs.IncrementalDecoder, piece: bytes, done: int) -> str:
    fault = 0
    try:
        text = decoder.decode(piece, final=not piece)
    except UnicodeDecodeError as error:  # it carries the bytes, so it must not travel on
        text, fault = "", done + error.object.count(b"\n", 0, error.start) + 1
    if fault:
        raise UnreadableFile(fault, gettext("Not written in UTF-8. Export the report again, in UTF-8."))
    if "\x00" in text:
        raise UnreadableFile(done + text.count("\n", 0, text.index("\x00")) + 1, gettext("A null character."))
    return text


def _repeated(names: list[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})


def _listed(names: list[str]) -> str:
    more = ", …" if len(names) > MOST_NAMES else ""
    return ", ".join(shown(name) for name in names[:MOST_NAMES]) + more
