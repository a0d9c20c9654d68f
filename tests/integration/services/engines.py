"""Engines for stories: one says what it was told to say, the others fail in each way."""

from __future__ import annotations

from typing import ClassVar

from pagoefectivo.ocr import cage
from pagoefectivo.ocr.base import Line, Unread

HERE = "tests.integration.services.engines"


class Scripted:
    """Reads the lines that a story wrote, all letters equally sure."""

    name = "scripted"
    lines: ClassVar[list[str]] = []
    sureness: ClassVar[float] = 1.0

    def read(self, picture: bytes) -> list[Line]:
        return [
            Line(text, (self.sureness,) * len(text), (40, 60 + 80 * number, 600, 110 + 80 * number))
            for number, text in enumerate(self.lines)
        ]


class Hanging:
    """Its process never answers and is killed."""

    name = "hanging"

    def read(self, picture: bytes) -> list[Line]:
        try:
            cage.run("tests.receipts.caged", b"hang", cage.Limits(1, 512 * 1024**2, 1000))
        except cage.Overrun:
            raise Unread(was_killed=True) from None
        return []


class Broken:
    """Fails at once."""

    name = "broken"

    def read(self, picture: bytes) -> list[Line]:
        raise Unread(was_killed=False)
