"""Bars and lines stand inside their picture, in proportion, and the scale is round."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pagoefectivo.admin.charts import HEIGHT, LEFT, LETTER, MOST_LABELS, TOP, WIDTH, lines, stacked_bars

NUMBERS = st.floats(0, 1e9, allow_nan=False)


def said(number: float) -> str:
    return f"{number:g}"


def test_bars_stand_on_each_other_in_proportion() -> None:
    chart = stacked_bars(["mon", "tue"], [("told", [3, 0]), ("found", [1, 2])], said)
    first, second, alone = chart.bars
    assert (first.of, second.of, alone.of) == (0, 1, 1)
    assert first.y == second.y + second.height, "the second begins where the first ends"
    assert first.height == 3 * second.height
    assert alone.y + alone.height == chart.floor
    assert [tick.text for tick in chart.up] == ["0", "1", "2", "3", "4"]
    assert chart.legend == ((0, "told"), (1, "found"))


def test_a_line_is_broken_where_nothing_was_measured_and_a_lone_point_is_drawn() -> None:
    chart = lines(["1", "2", "3", "4"], [("half", [1.0, 2.0, None, 4.0])], said)
    (line,) = chart.lines
    together, alone = line.parts
    assert len(together.split()) == 2
    assert len(set(alone.split())) == 1


def test_many_labels_are_thinned_out() -> None:
    chart = stacked_bars([str(hour) for hour in range(168)], [("calls", [1] * 168)], said)
    assert len(chart.bars) == 168
    assert [tick.text for tick in chart.across] == [str(hour) for hour in range(0, 168, 21)]


@given(st.integers(9, 400), st.integers(1, 12))
def test_labels_that_are_thinned_out_stand_apart_and_in_the_picture(count: int, length: int) -> None:
    across = stacked_bars(["8" * length] * count, [("calls", [1] * count)], said).across
    half = length * LETTER / 2
    assert 1 <= len(across) <= MOST_LABELS
    assert across[-1].at + half <= WIDTH
    for tick, after in pairwise(across):
        assert after.at - tick.at >= 2 * half


def test_names_of_a_few_bars_are_all_there() -> None:
    names = [f"a long name of number {number}" for number in range(MOST_LABELS)]
    assert [tick.text for tick in stacked_bars(names, [("calls", [1] * 8)], said).across] == names


def test_a_scale_of_lengths_of_time_is_round_in_the_unit_that_people_read() -> None:
    chart = lines(["1", "2"], [("half", [70.0, 421.0])], lambda seconds: f"{seconds / 60:g} min", units=(3600, 60))
    assert [tick.text for tick in chart.up] == ["0 min", "2 min", "4 min", "6 min", "8 min"]


def test_nothing_at_all_is_an_empty_picture() -> None:
    chart = stacked_bars([], [("calls", [])], said)
    assert (chart.bars, chart.across) == ((), ())


@given(st.lists(NUMBERS, min_size=1, max_size=40))
def test_whatever_the_numbers_all_lies_inside(values: list[float]) -> None:
    labels = [str(place) for place in range(len(values))]
    for bar in stacked_bars(labels, [("a", values)], said).bars:
        assert LEFT <= bar.x <= bar.x + bar.width <= WIDTH
        assert TOP - 0.2 <= bar.y <= bar.y + bar.height <= HEIGHT
    for line in lines(labels, [("a", values)], said).lines:
        for x, y in (point.split(",") for part in line.parts for point in part.split()):
            assert LEFT <= float(x) <= WIDTH
            assert TOP - 0.2 <= float(y) <= HEIGHT
