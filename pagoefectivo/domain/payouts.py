"""Refunds by bank transfer on paper: the file that goes to the bank, and the file that comes back."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from django.utils.translation import gettext as _

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import UnreadableFile
from pagoefectivo.domain.spreadsheets import BYTE_ORDER_MARK, plain_text

COLUMNS = ("cci", "holder", "document_type", "document_number", "amount", "currency", "reference", "purpose")
RESULT_COLUMNS = ("reference", "result", "operation_number", "date", "code")
REJECTIONS = (
    ErrorCode.REFUND_ACCOUNT_INVALID,
    ErrorCode.REFUND_ACCOUNT_CLOSED,
    ErrorCode.REFUND_HOLDER_MISMATCH,
    ErrorCode.REFUND_BANK_MISMATCH,
    ErrorCode.REFUND_LIMIT_EXCEEDED,
    ErrorCode.REFUND_REJECTED,
)
LARGEST_RESULTS = 1024 * 1024
OPERATION_NUMBER = re.compile(r"[A-Za-z0-9-]{1,40}", re.ASCII)
_DATES = ("%Y-%m-%d", "%d/%m/%Y")


@dataclass(frozen=True, slots=True)
class Transfer:
    """One line for the bank. `reference` is our refund's, `purpose` what the payee reads on the statement."""

    cci: str = field(repr=False)
    holder_name: str = field(repr=False)
    document_type: str
    document_number: str = field(repr=False)
    amount: Decimal
    currency: str
    reference: str
    purpose: str


class Outcome(StrEnum):
    """What the bank made of one transfer."""

    PAID = "paid"
    REJECTED = "rejected"
    RETURNED = "returned"


_OUTCOME_WORDS = {
    **{each.value: each for each in Outcome},
    "pagado": Outcome.PAID,
    "rechazado": Outcome.REJECTED,
    "devuelto": Outcome.RETURNED,
}


@dataclass(frozen=True, slots=True)
class BankResult:
    """What the bank says of one transfer. `line` is the place in its file, 0 where a person typed it in a form.

    `on` is the bank's date, Lima's calendar. `code` is one of `REJECTIONS` where it was rejected.
    """

    reference: str
    outcome: Outcome
    operation_number: str = ""
    on: date | None = None
    code: str = ""
    line: int = 0

    @property
    def identity(self) -> str:
        """The transfer's name in our books: `00123-4` and `1234` are one number, as spreadsheets and banks write it."""
        return f"bank {self.operation_number.replace('-', '').upper().lstrip('0')}"


def payout_csv(transfers: Iterable[Transfer]) -> bytes:
    """Write transfers as CSV: UTF-8 with its mark, CRLF, every cell quoted. Digits are exactly as they are.

    Numbers keep their zeros and carry no apostrophe: the bank reads them. Names and purposes that a spreadsheet would
    take for a formula have one.
    """
    file = io.StringIO(newline="")
    writer = csv.writer(file, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    for each in transfers:
        writer.writerow(
            (
                *(each.cci, plain_text(each.holder_name), each.document_type, each.document_number),
                *(f"{each.amount:.2f}", each.currency, each.reference, plain_text(each.purpose)),
            )
        )
    return (BYTE_ORDER_MARK + file.getvalue()).encode()


def read_results(content: bytes) -> list[BankResult]:
    """Read a CSV of results, with commas or semicolons, headed by the names of `RESULT_COLUMNS`.

    Raises UnreadableFile with line and reason for the first thing that cannot be read: then nothing of it counts.
    """
    if len(content) > LARGEST_RESULTS:
        raise UnreadableFile(0, _("The file is too large."))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableFile(0, _("The file is not written in UTF-8.")) from None
    results = list(_results(text))
    if not results:
        raise UnreadableFile(0, _("There is no line in the file."))
    return results


def _results(text: str) -> Iterator[BankResult]:
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
            else:
                yield _result(names, cells, reader.line_num)
    except csv.Error:
        raise UnreadableFile(reader.line_num, _("This is not CSV.")) from None


def _header(cells: list[str], line: int) -> list[str]:
    names = [cell.lower() for cell in cells]
    if len(set(names)) < len(names) or not {"reference", "result"} <= set(names) <= set(RESULT_COLUMNS):
        raise UnreadableFile(line, _("The first line must name the columns: %s.") % ", ".join(RESULT_COLUMNS))
    return names


def _result(names: list[str], cells: list[str], line: int) -> BankResult:
    if len(cells) != len(names):
        raise UnreadableFile(line, _("This line has more or fewer cells than the first one."))
    given = dict(zip(names, cells, strict=True))
    outcome = _OUTCOME_WORDS.get(given["result"].lower())
    if outcome is None:
        raise UnreadableFile(line, _("The result must be paid, rejected or returned."))
    return BankResult(
        reference=given["reference"],
        outcome=outcome,
        operation_number=given.get("operation_number", ""),
        on=_date(given.get("date", ""), line),
        code=given.get("code", "").upper(),
        line=line,
    )


def _date(written: str, line: int) -> date | None:
    if not written:
        return None
    for pattern in _DATES:
        try:
            return datetime.strptime(written, pattern).date()  # noqa: DTZ007 - a day of the bank's calendar
        except ValueError:
            continue
    raise UnreadableFile(line, _("A date must be written like 2026-11-23 or 23/11/2026."))
