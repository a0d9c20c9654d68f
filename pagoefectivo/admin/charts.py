"""Pictures of numbers, drawn on the server: only geometry here, the colours are the style sheet's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, log10

WIDTH, HEIGHT = 720, 240
LEFT, RIGHT, TOP, BOTTOM = 76, 10, 10, 34
STEPS = 4
MOST_LABELS = 8
LETTER = 10  # the width of one of the style sheet's 16 px
Number = float | None
Series = tuple[str, Sequence[Number]]
LEAST = 1e-9  # below that there is nothing to draw


@dataclass(frozen=True, slots=True)
class Bar:
    """One part of one bar; `of` numbers its series."""

    x: float
    y: float
    width: float
    height: float
    of: int


@dataclass(frozen=True, slots=True)
class Line:
    """One series as the points of one or more polylines: where nothing was measured the line is broken."""

    parts: tuple[str, ...]
    of: int


@dataclass(frozen=True, slots=True)
class Tick:
    """One mark on an axis."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """What the template draws."""

    bars: tuple[Bar, ...]
    lines: tuple[Line, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    legend: tuple[tuple[int, str], ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    floor: int = HEIGHT - BOTTOM


def stacked_bars(labels: Sequence[str], series: Sequence[Series], said: Callable[[float], str]) -> Chart:
    """Draw one bar a label, the series on top of each other; `said` writes a number of the scale."""
    sums = [sum(values[place] or 0 for _, values in series) for place in range(len(labels))]
    top = _top(max(sums, default=0))
    slot = _slot(labels)
    bars = []
    for place in range(len(labels)):
        below = 0.0
        for number, (_, values) in enumerate(series):
            height = _up(values[place] or 0, top)
            if height:
                x, width = LEFT + place * slot + slot * 0.1, slot * 0.8
                bars.append(Bar(_short(x), _short(_floor() - below - height), _short(width), _short(height), number))
            below += height
    return Chart(tuple(bars), (), _across(labels, slot), _scale(top, said), _legend(series))


def lines(
    labels: Sequence[str], series: Sequence[Series], said: Callable[[float], str], units: Sequence[float] = ()
) -> Chart:
    """Draw one line a series over the labels; the scale is round in the largest of `units`, falling, that fits."""
    most = max((value for _, values in series for value in values if value is not None), default=0)
    unit = next((size for size in units if size <= most), 1.0)
    top = _top(most / unit) * unit
    slot = _slot(labels)
    drawn = []
    for number, (_, values) in enumerate(series):
        parts: list[list[str]] = [[]]
        for place, value in enumerate(values):
            if value is None:
                parts.append([])
            else:
                x = _short(LEFT + (place + 0.5) * slot)
                parts[-1].append(f"{x},{_short(_floor() - _up(value, top))}")
        drawn.append(Line(tuple(" ".join(part if len(part) > 1 else part * 2) for part in parts if part), number))
    return Chart((), tuple(drawn), _across(labels, slot), _scale(top, said), _legend(series))


def _slot(labels: Sequence[str]) -> float:
    return (WIDTH - LEFT - RIGHT) / max(len(labels), 1)


def _floor() -> int:
    return HEIGHT - BOTTOM


def _up(value: float, top: float) -> float:
    return value / top * (HEIGHT - TOP - BOTTOM)


def _top(most: float) -> float:
    """A round number at or above the largest, so that its quarters are round as well."""
    if most < LEAST:
        return float(STEPS)
    unit = 10.0 ** floor(log10(most))
    return float(next((step * unit for step in (1, 2, 4, 8) if step * unit >= most), 10 * unit))


def _scale(top: float, said: Callable[[float], str]) -> tuple[Tick, ...]:
    values = (top * step / STEPS for step in range(STEPS + 1))
    ticks = [Tick(_short(_floor() - _up(value, top)), said(value)) for value in values]
    return (*(tick for tick, after in pairwise(ticks) if tick.text != after.text), ticks[-1])


def _across(labels: Sequence[str], slot: float) -> tuple[Tick, ...]:
    """Names of a few bars are all written; of many labels as many as have room side by side and in the picture."""
    ticks = [Tick(_short(LEFT + (place + 0.5) * slot), label) for place, label in enumerate(labels)]
    if len(labels) <= MOST_LABELS:
        return tuple(ticks)
    width = max(map(len, labels)) * LETTER
    most = max(1, min(MOST_LABELS, int((WIDTH - LEFT - RIGHT) / (width + LETTER))))
    return tuple(tick for tick in ticks[:: ceil(len(labels) / most)] if tick.at + width / 2 <= WIDTH)


def _legend(series: Sequence[Series]) -> tuple[tuple[int, str], ...]:
    return tuple((number, name) for number, (name, _) in enumerate(series))


def _short(number: float) -> float:
    return round(number, 1)
