"""A month's flow as bars that fall from what buyers paid to what is left: only geometry here, in units of the picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from pagoefectivo.domain.month import Figure, Flow, Step

WIDTH = 360  # as wide as a small phone, so that its letters are read there as they are
ROW, THICK = 40, 14
TEXT, TEXT_SIZE = 16, 14
LEFT, RIGHT, BOTTOM = 2, 128, 4  # amounts stand at the right, where no bar comes
TENTH, LEAST = Decimal("0.1"), Decimal(1)
WHOLE = frozenset({Step.GROSS, Step.NET, Step.BANK})


@dataclass(frozen=True, slots=True)
class Bar:
    """One step, in a row of its own: from which amount to which it leads, and where that is drawn.

    `x_from` and `x_to` are those two amounts in the picture. `word` and `said` are the base lines of its name, which
    stands above it, and of its amount, which stands beside it.
    """

    figure: Figure
    start: Decimal
    end: Decimal
    x_from: Decimal
    x_to: Decimal
    top: int
    y: int
    word: int
    said: int

    @property
    def x(self) -> Decimal:
        """Where it begins at the left."""
        return min(self.x_from, self.x_to)

    @property
    def width(self) -> Decimal:
        """How wide it is; zero for a step in which nothing moved."""
        return abs(self.x_to - self.x_from)

    @property
    def seen(self) -> Decimal:
        """How wide it is drawn: what is there is seen, however little it is."""
        return max(self.width, LEAST) if self.figure.amount else self.width

    @property
    def kind(self) -> str:
        """Whether it is a `whole` amount, or one that is `less` or `more` than the one before."""
        if self.figure.step in WHOLE:
            return "whole"
        return "less" if self.end < self.start else "more"


@dataclass(frozen=True, slots=True)
class Thread:
    """The line that leads from one bar's end down to the next bar."""

    x: Decimal
    top: int
    bottom: int


@dataclass(frozen=True, slots=True)
class Waterfall:
    """What is drawn; `zero` is where nothing would be."""

    currency: str
    bars: tuple[Bar, ...]
    threads: tuple[Thread, ...]
    zero: Decimal
    height: int
    width: int = WIDTH
    row: int = ROW
    thick: int = THICK


def waterfall(flow: Flow) -> Waterfall:
    """Draw every step in its order: each begins where the last ended, and a whole amount begins at nothing."""
    moves = list(_moves(flow))
    levels = [Decimal(0), *(level for _, start, end in moves for level in (start, end))]
    low, span = min(levels), max(levels) - min(levels)

    def across(level: Decimal) -> Decimal:
        share = (level - low) / span if span else Decimal(0)
        return (LEFT + share * (WIDTH - LEFT - RIGHT)).quantize(TENTH)

    bars = tuple(
        Bar(figure, start, end, across(start), across(end), top, top + TEXT + 4, top + TEXT, top + TEXT + THICK)
        for top, (figure, start, end) in zip(range(0, len(moves) * ROW, ROW), moves, strict=True)
    )
    threads = tuple(
        Thread(bar.x_to, bar.y + THICK if bar.figure.amount else bar.y, after.y)
        for bar, after in pairwise(bars)
        if bar.end in {after.start, after.end}
    )
    return Waterfall(flow.currency, bars, threads, across(Decimal(0)), len(bars) * ROW + BOTTOM)


def _moves(flow: Flow) -> Iterator[tuple[Figure, Decimal, Decimal]]:
    reached = Decimal("0.00")
    for step in Step:
        figure = flow.of(step)
        start = Decimal("0.00") if step in WHOLE else reached
        reached = start + figure.amount
        yield figure, start, reached
