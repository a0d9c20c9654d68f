"""How often something came per day, as bars that the server draws. The table beside them says the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

WIDTH, GAP, HEIGHT = 28, 4, 60


@dataclass(frozen=True, slots=True)
class Bar:
    """One day: where its bar stands and how high it is, in units of the picture."""

    day: date
    count: int
    x: int
    y: int
    height: int
    middle: int


@dataclass(frozen=True, slots=True)
class Bars:
    """All bars and the size of the picture."""

    bars: list[Bar]
    width: int
    height: int
    step: int
    most: int


def bars(days: Sequence[tuple[date, int]]) -> Bars:
    """Return bars as high as the day's share of the busiest one; a day with anything is never without a bar."""
    most = max((count for _, count in days), default=0)
    step = WIDTH + GAP
    drawn = []
    for number, (day, count) in enumerate(days):
        height = max(2, round(HEIGHT * count / most)) if count else 0
        left = number * step
        drawn.append(Bar(day, count, left, HEIGHT - height, height, left + WIDTH // 2))
    return Bars(drawn, step * len(drawn), HEIGHT, WIDTH, most)
