"""How cells are read: what says the same is read once, and never otherwise than it was."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pagoefectivo.domain.exceptions import UnreadableFile
from pagoefectivo.providers import cells
from pagoefectivo.providers.cells import Numerals, remembered
from tests.unit.providers.reports_stage import SAMPLES, read


def test_the_same_cells_are_read_once_whatever_their_line() -> None:
    lines: list[int] = []

    def sum_of(line: int, one: str, other: str) -> Decimal:
        lines.append(line)
        return Decimal(one) + Decimal(other)

    recall = remembered(sum_of)
    assert [recall(1, "1", "2"), recall(2, "1", "2"), recall(3, "2", "1")] == [3, 3, 3]
    assert lines == [1, 3]


def test_what_is_refused_is_refused_with_its_own_line_each_time() -> None:
    amount = remembered(Numerals().amount("NET"))
    for line in (4, 9):
        with pytest.raises(UnreadableFile) as refusal:
            amount(line, "1.234,5.6")
        assert refusal.value.line == line


def test_an_amount_that_was_read_before_its_file_chose_a_style_is_the_same_after_it() -> None:
    numerals = Numerals()
    amount, fee = remembered(numerals.amount("AMOUNT")), remembered(numerals.amount("FEE"))
    before = [amount(1, "12"), amount(1, "0")]
    assert fee(1, "1,50") == Decimal("1.50")
    assert [numerals.amount("AMOUNT")(2, "12"), amount(2, "0")] == before
    with pytest.raises(UnreadableFile):
        amount(3, "1.50")


def test_no_more_is_remembered_than_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "MOST_KNOWN", 2)
    lines: list[int] = []

    def read_cell(line: int, written: str) -> str:
        lines.append(line)
        return written

    recall = remembered(read_cell)
    for line, written in enumerate(("a", "b", "c", "a"), 1):
        assert recall(line, written) == written
    assert lines == [1, 2, 3, 4]


def test_rows_that_say_the_same_share_what_they_say() -> None:
    names, summary, details, first, *_ = (SAMPLES / "dlocal" / "settlement_whole.csv").read_text("utf-8").splitlines()
    other = first.replace("ORD-0001", "ORD-0002").replace("D-4", "D-5")
    total = summary.replace(",25.81,", f",{2 * Decimal('25.598133')},")
    rows = read("dlocal", f"{names}\n{total}\n{details}\n{first}\n{other}\n".encode())
    assert rows[0].facts is rows[1].facts
    assert rows[0].reference != rows[1].reference
