"""Files by which many refunds are asked for at once: CSV in UTF-8, headed by `COLUMNS`, one request per line."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Reason, RuleRefused, UnreadableFile
from pagoefectivo.domain.money import parse_amount

COLUMNS = ("reference", "amount", "reason", "note")
LARGEST_FILE = 256 * 1024
MOST_LINES = 200
_LONGEST_NOTE = 500


@dataclass(frozen=True, slots=True)
class FileLine:
    """One request as it is written; `refusal` where its amount cannot be read. `number` is its line in the file."""

    number: int
    reference: str
    amount: Decimal | None
    reason: str
    note: str
    refusal: Reason | None = None


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file that could be read whole. The same lines have the same `sha256`, whatever ends them."""

    sha256: str
    lines: tuple[FileLine, ...]

    def nonce_of(self, line: FileLine) -> str:
        """Name the one refund that a line asks for."""
        return line_nonce(self.sha256, line.number)


def line_nonce(sha256: str, number: int) -> str:
    """Name the one refund that line `number` of a file asks for."""
    return f"file:{sha256[:48]}:{number}"


def read_refund_file(content: bytes) -> ReadFile:
    """Read a file of requests, with commas or semicolons. Raises UnreadableFile with line and reason: then none counts."""
    if len(content) > LARGEST_FILE:
        raise UnreadableFile(0, _("The file is too large."))
    text = _text(content)
    lines = tuple(_lines(text))
    if not lines:
        raise UnreadableFile(0, _("There is no line in the file."))
    if len(lines) > MOST_LINES:
        raise UnreadableFile(lines[MOST_LINES].number, _("A file has %s lines at most.") % MOST_LINES)
    return ReadFile(hashlib.sha256(text.encode()).hexdigest(), lines)


def _text(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise UnreadableFile(line, _("The file is not written in UTF-8.")) from None
    if "\0" in text:
        raise UnreadableFile(text[: text.index("\0")].count("\n") + 1, _("This is not CSV."))
    return text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")


def _lines(text: str) -> Iterator[FileLine]:
    delimiter = ";" if ";" in text.partition("\n")[0] else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    names: list[str] = []
    try:
        for row in reader:
            cells = [cell.strip().removeprefix("'") for cell in row]
            if not any(cells):
                continue
            if not names:
                names = _header(cells, reader.line_num)
            elif len(cells) != len(names):
                raise UnreadableFile(reader.line_num, _("This line has more or fewer cells than the first one."))
            else:
                yield _line(dict(zip(names, cells, strict=True)), reader.line_num)
    except csv.Error:
        raise UnreadableFile(reader.line_num, _("This is not CSV.")) from None


def _header(cells: list[str], line: int) -> list[str]:
    names = [cell.lower() for cell in cells]
    if len(set(names)) < len(names) or not set(COLUMNS[:3]) <= set(names) <= set(COLUMNS):
        raise UnreadableFile(line, _("The first line must name the columns: %s.") % ", ".join(COLUMNS))
    return names


def _line(given: dict[str, str], number: int) -> FileLine:
    amount, refusal = None, None
    try:
        amount = parse_amount(given["amount"])
    except RuleRefused as refused:
        refusal = refused.reasons[0]
    note = given.get("note", "")
    if len(note) > _LONGEST_NOTE:
        refusal = Reason(ErrorCode.CREATE_FIELD_INVALID, field="note")
    return FileLine(number, given["reference"], amount, given["reason"], note, refusal)
