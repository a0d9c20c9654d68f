"""How often a provider may be called: pauses, the rate budget, and what counts as silence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagoefectivo.domain.pacing import BURST, LISTENING, PAUSES, Hearing, book, deafness, pause, wait_while_deaf

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_a_breaker_that_opens_again_stays_open_longer_up_to_a_cap() -> None:
    assert [pause(openings) for openings in (1, 2, 3, 4, 5, 100)] == [*PAUSES, PAUSES[-1], PAUSES[-1]]
    assert list(PAUSES) == sorted(set(PAUSES))


def test_C01_a_budget_that_rested_grants_a_burst_and_then_nothing() -> None:
    granted, until = book(None, NOW, wanted=1000, per_second=20)
    assert (granted, until) == (200, NOW)
    assert book(until, NOW, wanted=1, per_second=20) == (0, NOW)


def test_C01_a_budget_refills_with_time_and_never_beyond_its_burst() -> None:
    _, spent = book(None, NOW, wanted=1000, per_second=20)
    assert book(spent, NOW + 3 * SECOND, wanted=1000, per_second=20)[0] == 60
    assert book(spent, NOW + 3600 * SECOND, wanted=1000, per_second=20)[0] == 200


def test_C01_what_cannot_wait_is_asked_in_any_case_and_the_others_wait_for_it() -> None:
    granted, until = book(None, NOW, wanted=500, exempt=150, per_second=20)
    assert (granted, until) == (50, NOW)
    granted, until = book(until, NOW, wanted=500, exempt=100, per_second=20)
    assert (granted, until) == (0, NOW + 5 * SECOND), "in debt by five seconds"
    assert book(until, NOW + 5 * SECOND, wanted=500, per_second=20)[0] == 0
    assert book(until, NOW + 6 * SECOND, wanted=500, per_second=20)[0] == 20


def test_C01_an_account_that_was_asked_for_patience_grants_nothing_until_then() -> None:
    assert book(NOW + 90 * SECOND, NOW, wanted=10, per_second=20) == (0, NOW + 90 * SECOND)
    assert book(NOW + 90 * SECOND, NOW + 91 * SECOND, wanted=100, per_second=20)[0] == 20


@given(
    steps=st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 400)), min_size=1, max_size=40),
    per_second=st.integers(1, 50),
)
def test_no_run_of_questions_ever_passes_the_rate_and_one_burst(steps: list[tuple[int, int]], per_second: int) -> None:
    now, booked, asked = NOW, None, 0
    for milliseconds, wanted in steps:
        now += timedelta(milliseconds=milliseconds)
        granted, booked = book(booked, now, wanted=wanted, per_second=per_second)
        asked += granted
        assert 0 <= granted <= wanted
    assert asked <= per_second * ((now - NOW) + BURST).total_seconds() + 1


def heard(**facts: object) -> str:
    said = {"live_codes": 5, "live_since": NOW - timedelta(hours=30), "last_heard_at": NOW - SECOND}
    return deafness(Hearing(**{**said, "announced": 3, "found_by_poll": 0, **facts}), NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({}, ""),
        ({"found_by_poll": 3}, ""),  # half and half: asking was merely quicker
        ({"found_by_poll": 4}, "missed"),
        ({"found_by_poll": 1, "announced": 0}, ""),  # one may be chance
        ({"found_by_poll": 2, "announced": 0}, "missed"),
        ({"last_heard_at": NOW - LISTENING}, "silent"),
        ({"last_heard_at": None}, "silent"),
        ({"last_heard_at": None, "live_since": NOW - timedelta(hours=5)}, ""),
        ({"live_codes": 0, "live_since": None, "last_heard_at": None, "found_by_poll": 9}, ""),
    ],
)
def test_an_account_is_deaf_when_payments_came_unannounced_or_nothing_came_at_all(
    facts: dict[str, object], why: str
) -> None:
    assert heard(**facts) == why


def test_a_deaf_account_is_asked_by_an_early_step_of_its_own_schedule() -> None:
    minutes = tuple(timedelta(minutes=each) for each in (1, 2, 5, 15, 60))
    assert wait_while_deaf(minutes) == timedelta(minutes=5)
    assert wait_while_deaf(minutes[:1]) == timedelta(minutes=1)
