"""The barcode, read back by a decoder that shares nothing with us."""

from __future__ import annotations

import re

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st

from pagoefectivo.domain.barcodes import HEIGHT, LONGEST, QUIET_ZONE, Drawing, code128_svg, drawing_of, symbols

PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=LONGEST)
BAR = re.compile(r"M(\d+) 0h(\d+)v(\d+)h-(\d+)z", re.ASCII)
SCALE = 2


def _drawn(text: str) -> Drawing:
    drawing = drawing_of(code128_svg(text))
    assert drawing is not None
    return drawing


def _read(text: str) -> str:
    """Paint the path's bars into a grey picture and let the decoder read that."""
    drawing = _drawn(text)
    row = bytearray(b"\xff" * drawing.width * SCALE)
    for x, width, height, back in BAR.findall(drawing.path):
        assert (height, back) == (str(HEIGHT), width)
        row[int(x) * SCALE : (int(x) + int(width)) * SCALE] = b"\x00" * (int(width) * SCALE)
    assert "".join(match[0] for match in BAR.finditer(drawing.path)) == drawing.path, (
        "the path is bars and nothing else"
    )
    picture = memoryview(bytes(row) * 20).cast("B", (20, drawing.width * SCALE))
    found = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.Code128]))
    assert len(found) == 1
    return found[0].text


@pytest.mark.parametrize(
    "code", ["12345678", "1234567", "12345678901234", "7", "42", "123", "CIP-0012345678X", "12AB345678CD", " a~"]
)
def test_a_decoder_reads_what_was_drawn(code: str) -> None:
    assert _read(code) == code


@given(PRINTABLE)
def test_a_decoder_reads_any_printable_text(text: str) -> None:
    assert _read(text) == text


@given(st.text(st.characters(min_codepoint=48, max_codepoint=57), min_size=1, max_size=30))
def test_digits_are_drawn_in_pairs(digits: str) -> None:
    pairs, single = divmod(len(digits), 2)
    around = 3  # start, check and stop
    shortest = min(around + pairs + 2 * single, around + len(digits))
    assert len(symbols(digits)) == shortest


def test_a_change_of_set_is_made_only_where_it_pays() -> None:
    assert len(symbols("AB1234CD")) == 3 + 8
    assert len(symbols("AB123456CD")) == 3 + 4 + 3 + 2


def test_a_quiet_zone_stands_on_both_sides() -> None:
    drawing = _drawn("12345678")
    bars = [(int(x), int(width)) for x, width, *_ in BAR.findall(drawing.path)]
    assert bars[0][0] == QUIET_ZONE
    assert drawing.width - sum(bars[-1]) == QUIET_ZONE


@pytest.mark.parametrize("text", ["", "ñ", "1234\n", "\x00", "１２３４", "7" * (LONGEST + 1)])
def test_what_cannot_be_drawn_costs_the_picture_and_raises_nothing(text: str) -> None:
    assert code128_svg(text) == ""


@pytest.mark.parametrize(
    "kept",
    [
        "",
        "<script>alert(1)</script>",
        code128_svg("12345678").replace("<path", "<script/><path"),
        code128_svg("12345678").replace('d="M', 'onload="x" d="M'),
        code128_svg("12345678") + "<b>",
    ],
)
def test_G08_only_our_own_drawing_is_taken_apart(kept: str) -> None:
    assert drawing_of(kept) is None
