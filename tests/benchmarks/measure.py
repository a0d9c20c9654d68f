"""Two things measured in one interleaved run: A B A B …, medians of each, so that a busy machine is unfair to neither."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `value` is ours against the floor; `goal` its bound, from below or from above."""

    name: str
    what: str
    unit: str
    floor: float
    ours: float
    value: float
    goal: float
    at_least: bool = True
    decides: bool = True
    conditions: dict[str, bool] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    also: dict[str, Any] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether the goal is met, and everything that belongs to it."""
        is_met = self.value >= self.goal if self.at_least else self.value <= self.goal
        return is_met and all(self.conditions.values())

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints for it."""
        return {
            "value": round(self.value, 3),
            "goal": self.goal,
            "holds": self.holds,
            "floor": round(self.floor, 3),
            "ours": round(self.ours, 3),
            "unit": self.unit,
            **self.also,
            **({"conditions": self.conditions} if self.conditions else {}),
        }


def interleaved(works: Sequence[Callable[[], float]], rounds: int) -> list[list[float]]:
    """Run the works in turn, `rounds` times; return the measurements of each. The first round is thrown away."""
    seen: list[list[float]] = [[] for _ in works]
    for turn in range(rounds + 1):
        order = range(len(works)) if turn % 2 else reversed(range(len(works)))
        for place in order:
            measured = works[place]()
            if turn:
                seen[place].append(measured)
    return seen


def median_ratio(over: Sequence[float], under: Sequence[float]) -> float:
    """Return the median of the ratios of neighbours in time."""
    return median(a / b for a, b in zip(over, under, strict=True))


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which `share` of all lie."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def cpu_seconds(process_id: int) -> float:
    """Return the processor time that a process and its children still alive have used, all their threads together."""
    threads = [
        thread for process in (process_id, *_children(process_id)) for thread in Path(f"/proc/{process}/task").iterdir()
    ]
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9


def _children(process_id: int) -> list[int]:
    listed = Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()
    return [int(child) for child in listed]


def table(rows: Sequence[Row]) -> str:
    """Return all rows as text, each beside its floor."""
    lines = [f"{'':<4}{'what':<47}{'floor':>11}{'ours':>11} {'unit':<10}{'value':>8}{'goal':>9}  holds"]
    for row in rows:
        sign = "≥" if row.at_least else "≤"
        verdict = "yes" if row.holds else "no" if row.decides else "no (measured)"
        lines.append(
            f"{row.name:<4}{row.what:<47}{row.floor:>11,.2f}{row.ours:>11,.2f} {row.unit:<10}{row.value:>8.2f}"
            f"{sign + f' {row.goal:,g}':>9}  {verdict}"
        )
        lines += [f"      {'yes' if met else 'no ':<4}{condition}" for condition, met in row.conditions.items()]
        lines += [f"          {note}" for note in row.notes]
    return "\n".join(lines)
