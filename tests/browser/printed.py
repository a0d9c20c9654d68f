"""What Chromium printed: the letters of a PDF in the order they were drawn, without blanks."""

from __future__ import annotations

import re
import zlib

_OBJECT = re.compile(rb"(\d+) 0 obj\n(.*?)\nendobj", re.DOTALL)
_STREAM = re.compile(rb"stream\n(.*)\nendstream", re.DOTALL)
_FONT = re.compile(rb"/(F\d+) (\d+) 0 R")
_LETTERS = re.compile(rb"<([0-9A-Fa-f]{4})> <([0-9A-Fa-f]{4})>\n")
_RANGES = re.compile(rb"<([0-9A-Fa-f]{4})> <([0-9A-Fa-f]{4})> <([0-9A-Fa-f]{4})>")
_DRAWN = re.compile(rb"/(F\d+) [\d.]+ Tf|<([0-9A-Fa-f]+)> Tj|\[(.*?)\] TJ", re.DOTALL)


def read_pdf(pdf: bytes) -> str:
    """Return the letters of all pages, each font's glyphs read by its own table."""
    objects = {int(number): body for number, body in _OBJECT.findall(pdf)}
    fonts = {
        name.decode(): _table(objects, int(number)) for body in objects.values() for name, number in _FONT.findall(body)
    }
    pages = [stream for body in objects.values() if (stream := _unpacked(body)) and b" Tf" in stream]
    return "".join(_read(page, fonts) for page in pages).replace(" ", "").replace("\xa0", "")


def _unpacked(body: bytes) -> bytes:
    found = _STREAM.search(body)
    if found is None or b"/FlateDecode" not in body:
        return b""
    return zlib.decompress(found[1])


def _table(objects: dict[int, bytes], font: int) -> dict[int, str]:
    named = re.search(rb"/ToUnicode (\d+) 0 R", objects.get(font, b""))
    if named is None:
        return {}
    written = _unpacked(objects[int(named[1])])
    table = {}
    for block in re.findall(rb"beginbfchar\n(.*?)endbfchar", written, re.DOTALL):
        table.update({int(glyph, 16): chr(int(letter, 16)) for glyph, letter in _LETTERS.findall(block)})
    for block in re.findall(rb"beginbfrange\n(.*?)endbfrange", written, re.DOTALL):
        for first, last, letter in _RANGES.findall(block):
            start = int(first, 16)
            table.update({glyph: chr(int(letter, 16) + glyph - start) for glyph in range(start, int(last, 16) + 1)})
    return table


def _read(page: bytes, fonts: dict[str, dict[int, str]]) -> str:
    table: dict[int, str] = {}
    letters = []
    for font, plain, spaced in _DRAWN.findall(page):
        if font:
            table = fonts.get(font.decode(), {})
        for drawn in [plain] if plain else re.findall(rb"<([0-9A-Fa-f]+)>", spaced):
            letters += [table.get(int(drawn[at : at + 4], 16), "") for at in range(0, len(drawn), 4)]
    return "".join(letters)
