"""What reads pictures. Without an engine a person reads: everything works, only more slowly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of print: its letters, how sure the engine is of each (0 to 1), and left, top, right, bottom."""

    text: str
    confidences: tuple[float, ...]
    box: Box

    def confidence(self, start: int, end: int) -> float:
        """Return the lowest confidence of the letters from `start` to `end`: one doubtful digit spoils a number."""
        return min(self.confidences[start:end], default=0.0)


class Unread(Exception):
    """The engine gave no answer: it was killed for taking too long, or it failed. A person reads."""

    def __init__(self, *, was_killed: bool) -> None:
        self.was_killed = was_killed
        super().__init__("killed" if was_killed else "failed")


class OcrEngine(Protocol):
    """Reads one picture of ours. Never called in a web request; it must end by itself or be killed."""

    name: str

    def read(self, picture: bytes) -> list[Line]:
        """Return the lines on a JPEG, from top to bottom. Raises Unread."""
        ...
