"""Code 128 drawn as one SVG path: the scanner at the counter reads the code instead of a person typing it."""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST = 80
QUIET_ZONE = 10  # modules of white that the standard asks for on either side
HEIGHT = 50

_START_B, _START_C, _TO_C, _TO_B, _STOP = 104, 105, 99, 100, 106
# Bar and space widths of the symbols 0 to 106, as ISO/IEC 15417 lists them: six each, seven for the last, the stop.
_WIDTHS = (
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222 "
    "123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321 "
    "232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 "
    "313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 "
    "111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 "
    "111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 "
    "114311 411113 411311 113141 114131 311141 411131 211412 211214 211232 2331112"
)
_DIGITS = re.compile(r"\d*", re.ASCII)
_BAR = re.compile(r"M(\d+) 0h(\d+)v", re.ASCII)
_SVG = re.compile(
    rf'<svg xmlns="http://www\.w3\.org/2000/svg" viewBox="0 0 (\d{{1,5}}) {HEIGHT}"><path d="([MhvHVz0-9 -]*)"/></svg>',
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Drawing:
    """A barcode as numbers and one path, safe to put into any template: `width` modules by HEIGHT."""

    width: int
    path: str


def code128_svg(text: str) -> str:
    """Return `text` as a Code 128 barcode: an SVG of one path, quiet zones included, one unit per module.

    Empty for what cannot be drawn (no text, more than 80 characters, anything but printable ASCII): a provider's odd
    barcode costs the picture, never the payment code.
    """
    if not 0 < len(text) <= LONGEST or not all(" " <= letter <= "~" for letter in text):
        return ""
    widths = "".join(_WIDTHS[7 * symbol : 7 * symbol + 7].rstrip() for symbol in symbols(text))
    bars, at = [], QUIET_ZONE
    for index, width in enumerate(map(int, widths)):
        if index % 2 == 0:
            bars.append(f"M{at} 0h{width}v{HEIGHT}h-{width}z")
        at += width
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {at + QUIET_ZONE} {HEIGHT}">'
        f'<path d="{"".join(bars)}"/></svg>'
    )


def drawing_of(svg: str) -> Drawing | None:
    """Take a kept barcode apart; None for anything that `code128_svg` has not drawn."""
    drawn = _SVG.fullmatch(svg)
    return Drawing(int(drawn[1]), drawn[2]) if drawn else None


def bars_of(drawing: Drawing) -> list[tuple[int, int]]:
    """Return where each bar begins and how wide it is, in modules."""
    return [(int(at), int(width)) for at, width in _BAR.findall(drawing.path)]


def symbols(text: str) -> list[int]:
    """Return the symbols of a printable ASCII text from start to stop: digits in pairs where that is shorter."""
    chosen: list[int] = []
    in_pairs, at = False, 0
    while at < len(text):
        digits = _digits_from(text, at)
        if not in_pairs and _pairs_pay(text, at, digits):
            if digits % 2 and chosen:
                chosen.append(_in_set_b(text[at]))
                at += 1
            chosen.append(_TO_C if chosen else _START_C)
            in_pairs = True
        elif in_pairs and digits >= 2:  # noqa: PLR2004 - a pair
            chosen.append(int(text[at : at + 2]))
            at += 2
        else:
            if in_pairs or not chosen:
                chosen.append(_TO_B if chosen else _START_B)
                in_pairs = False
            chosen.append(_in_set_b(text[at]))
            at += 1
    return [*chosen, _check(chosen), _STOP]


def _digits_from(text: str, at: int) -> int:
    found = _DIGITS.match(text, at)
    return len(found[0]) if found else 0


def _pairs_pay(text: str, at: int, digits: int) -> bool:
    """Four digits pay for one change of set at either end, six for two in the middle; all of a text always pays."""
    at_an_end = at == 0 or at + digits == len(text)
    return digits == len(text) == 2 or digits >= (4 if at_an_end else 6)  # noqa: PLR2004 - of the standard


def _in_set_b(letter: str) -> int:
    return ord(letter) - ord(" ")


def _check(chosen: list[int]) -> int:
    return (chosen[0] + sum(place * symbol for place, symbol in enumerate(chosen))) % 103
