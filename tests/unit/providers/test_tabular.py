"""The shared reading of delimited files: strict to the byte, and flat in memory however long the file is."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Iterator
from typing import BinaryIO, cast

import pytest
from django.utils.translation import override

from pagoefectivo.domain.exceptions import UnreadableFile
from pagoefectivo.providers.cells import Numerals
from pagoefectivo.providers.dlocal.settlement import DLocalTransactions
from pagoefectivo.providers.reports import reader_of
from pagoefectivo.providers.tabular import CHUNK, Layout, Records
from tests.unit.providers.reports_stage import SAMPLES, readers

TWO = Layout(needed=("a", "b"))


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with override("en"):
        yield


def rows(content: bytes, layout: Layout = TWO) -> list[tuple[int, tuple[str, ...]]]:
    records = Records(io.BytesIO(content))
    return list(records.rows(records.header(layout)))


def refusal(content: bytes) -> tuple[int, str]:
    with pytest.raises(UnreadableFile) as caught:
        rows(content)
    return caught.value.line, caught.value.why


def test_a_row_begins_on_its_own_line_though_a_cell_runs_over_several() -> None:
    assert rows(b'a,b\r\n"1\r\n2",3\r\n\r\n4,5\r\n') == [(2, ("1\r\n2", "3")), (5, ("4", "5"))]


def test_columns_are_found_by_name_in_any_order() -> None:
    layout = Layout(needed=("a", "b"), optional=("c",), other=frozenset({"x"}))
    assert rows(b"x\tb\ta\n1\t2\t3\n", layout) == [(2, ("3", "2", ""))]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_header_alone_decides_the_delimiter(delimiter: str) -> None:
    assert rows(f'a{delimiter}b\n"1,2;3\t4"{delimiter}5\n'.encode()) == [(2, ("1,2;3\t4", "5"))]


@pytest.mark.parametrize(
    ("content", "line", "why"),
    [
        (b"a b\n", 1, "The first line names no columns divided by comma, semicolon or tab."),
        (b"a,b\n", 0, "The file has no rows."),
        (b"a,a\n1,2\n", 1, "Columns that stand there twice: a."),
        (b"a,b\n1,2\n1,\xe9\n", 3, "Not written in UTF-8. Export the report again, in UTF-8."),
        (b"\xff\xfea\x00,\x00b\x00\n\x00\x00\xd8\n\x00", 2, "Not written in UTF-8. Export the report again, in UTF-8."),
        (b"a,b\n1,\x002\n", 2, "A null character."),
        (b'a,b\n1,2\n1,"2\n3,4\n', 3, "The quotes of this line do not match."),
        (b'a,b\n1,2\n1,"2', 3, "The file is cut off here: its last line is not whole."),
        (b"a,b\n1,2\n3", 3, "The file is cut off here: its last line is not whole."),
        (b"a,b\n1,2\n3,4", 3, "The file ends without a line break, so its last cell may be cut off."),
        (b"a,b\n1,2\n3\n", 3, "1 cells instead of 2."),
        (b"a,b\n" + b"1" * 70_000 + b",2\n", 2, "A line is too long."),
        (b"a,b\r1,2\r", 1, "A carriage return alone ends no line."),
    ],
)
def test_what_cannot_be_read_whole_is_refused_where_it_is(content: bytes, line: int, why: str) -> None:
    assert refusal(content) == (line, why)


def test_a_refusal_speaks_the_language_of_who_reads_it() -> None:
    with override("es"):
        assert refusal(b"a,b\n1\n") == (2, "1 celdas en lugar de 2.")


def test_a_fault_far_into_the_file_is_found_on_its_line() -> None:
    many = b"1,2\n" * CHUNK
    assert refusal(b"a,b\n" + many + b"1,\xff\n")[0] == CHUNK + 2
    assert refusal(b"a,b\n" + many + b"1,\x00\n")[0] == CHUNK + 2
    assert refusal(b"a,b\n" + many + b"1\n")[0] == CHUNK + 2


def test_a_quote_that_is_never_closed_does_not_take_the_memory() -> None:
    assert refusal(b'a,b\n1,"2\n' + b"3,4\n" * 100_000) == (2, "A cell is too long, or a quote is never closed.")


@pytest.mark.parametrize(
    ("head", "why"),
    [
        (b"", "The file is empty."),
        (b"\xef\xbb\xbf\r\n", "The file is empty."),
        (b"PK\x03\x04rest", "This is a spreadsheet or an archive. Export it as CSV, or unpack it."),
        (b"\xd0\xcf\x11\xe0rest", "This is a spreadsheet or an archive. Export it as CSV, or unpack it."),
        (b"%PDF-1.7", "This is a PDF or a compressed file, not a table of text."),
        (b"\x1f\x8b\x08", "This is a PDF or a compressed file, not a table of text."),
        (b"\n <HTML>", "This is a web page, perhaps a login page. Download the report again."),
    ],
)
def test_another_format_is_refused_with_what_to_do(head: bytes, why: str) -> None:
    for read in (rows, lambda content: reader_of(readers("ebanx"), io.BytesIO(content))):
        with pytest.raises(UnreadableFile) as caught:
            read(head)
        assert (caught.value.line, caught.value.why) == (0, why)


def test_a_file_of_nobody_is_refused_with_the_layouts_there_are() -> None:
    with pytest.raises(UnreadableFile, match="Known are: settlement, transactions"):
        reader_of(readers("dlocal"), io.BytesIO(b"a,b\n1,2\n"))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (
            ["1234.50", "1,234.50", "-1.00", "(1.00)", "1.00-", "\u22121.00", "-0.00"],
            ["1234.50", "1234.50", *["-1.00"] * 4, "0.00"],
        ),
        (["1.234,50", "12,5", "-3"], ["1234.50", "12.5", "-3"]),
        (["7", "1.000,25", "1.000"], ["7", "1000.25", "1000"]),
        (["1,234,567.00", "0.1"], ["1234567.00", "0.1"]),
    ],
)
def test_one_style_of_numbers_is_read_exactly(written: list[str], read: list[str]) -> None:
    amount = Numerals().amount("x")
    assert [str(amount(1, each)) for each in written] == read


@pytest.mark.parametrize(
    "written",
    [
        *(["", " ", "-", "N/A", "1.2.3", "1,2,3", "1e5", "NaN", "Infinity", "1 000.00", "S/ 1.00", "--1", "(-1.00)"]),
        *(["1,23,456.00", "0x10", "１.00", "12345678901", "1.005", ".5", "5.", "+1.00", "1_000"]),
    ],
)
def test_what_is_no_amount_raises_and_never_becomes_zero(written: str) -> None:
    numerals = Numerals()
    numerals.amount("x")(1, "1.50")
    with pytest.raises(UnreadableFile, match="line 7: x "):
        numerals.amount("x")(7, written)


def test_an_amount_that_two_styles_read_differently_is_not_chosen_from() -> None:
    amount = Numerals().amount("x", decimals=6)
    assert str(amount(1, "12")) == "12"
    with pytest.raises(UnreadableFile, match="two different amounts"):
        amount(2, "1.234")
    assert str(amount(3, "1.5")) == "1.5"
    assert str(amount(4, "1.234")) == "1.234"


class Endless(io.RawIOBase):
    """A report that is made while it is read, so that only the reader's own memory is measured."""

    def __init__(self, header: bytes, row: bytes, rows: int) -> None:
        self._pieces: Iterator[bytes] = iter([header, *([row * 500] * (rows // 500))])
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        while len(self._rest) < size:
            piece = next(self._pieces, b"")
            if not piece:
                break
            self._rest += piece
        given, self._rest = self._rest[:size], self._rest[size:]
        return given


def test_memory_is_flat_however_many_rows_there_are() -> None:
    header, row = (SAMPLES / "dlocal" / "settlement_transactions_whole.csv").read_bytes().splitlines(keepends=True)[:2]
    peaks = []
    for count in (2_000, 20_000):
        file = Endless(header, row, count)
        tracemalloc.start()
        assert len([None for _ in DLocalTransactions().read(cast("BinaryIO", file))]) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.2 + 200_000
