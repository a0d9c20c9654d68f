"""When to ask again: soon at first, patiently later, and never not at all while something is open."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from pagoefectivo.domain.states import LIVE_REFUND, LIVE_VOUCHER, RefundState, VoucherState
from pagoefectivo.domain.timing import (
    SOON_AFTER_DEADLINE,
    WAIT_FOR_PERSON,
    WATCH_AFTER_END,
    WATCH_AFTER_PAID,
    WHILE_CONFIRMING,
    next_ask_for_refund,
    next_ask_for_voucher,
    spread,
    step,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
POLL = (timedelta(minutes=1), timedelta(minutes=5), timedelta(hours=1))
RETRY = (timedelta(seconds=5), timedelta(seconds=30), timedelta(hours=1))


def voucher(
    state: VoucherState, attempt: int = 0, expires_at: datetime | None = None, age: timedelta = timedelta()
) -> timedelta | None:
    due = next_ask_for_voucher(
        state, attempt=attempt, now=NOW, since=NOW - age, expires_at=expires_at, poll=POLL, retry=RETRY
    )
    return None if due is None else due - NOW


def refund(state: RefundState, attempt: int = 0, age: timedelta = timedelta()) -> timedelta | None:
    due = next_ask_for_refund(state, attempt=attempt, now=NOW, since=NOW - age, poll=POLL, retry=RETRY)
    return None if due is None else due - NOW


def watched(next_look: Callable[[timedelta], timedelta | None]) -> list[timedelta | None]:
    """Every wait of a watch, each look being taken on time."""
    waits, age = [next_look(timedelta())], timedelta()
    while waits[-1] is not None:
        age += waits[-1]
        waits.append(next_look(age))
    return waits


@pytest.mark.parametrize(("attempt", "wait"), [(-1, 0), (0, 0), (1, 1), (2, 2), (3, 2), (10**6, 2)])
def test_the_last_step_of_a_schedule_repeats(attempt: int, wait: int) -> None:
    assert step(POLL, attempt) == POLL[wait]


def test_jitter_stretches_a_wait_by_a_fifth_at_most() -> None:
    assert spread(POLL[1], 0.0) == timedelta(minutes=5)
    assert spread(POLL[1], 1.0) == timedelta(minutes=6)


def test_a_voucher_that_waits_is_asked_about_by_the_poll_schedule() -> None:
    assert [voucher(VoucherState.ISSUED, attempt) for attempt in range(4)] == [*POLL, POLL[-1]]


def test_a_voucher_is_asked_about_right_after_its_deadline() -> None:
    ends = NOW + timedelta(minutes=20)
    assert voucher(VoucherState.ISSUED, 2, ends) == timedelta(minutes=20) + SOON_AFTER_DEADLINE
    assert voucher(VoucherState.ISSUED, 0, ends) == POLL[0]
    assert voucher(VoucherState.ISSUED, 2, NOW - timedelta(days=1)) == POLL[2], "after that, as before"


def test_C04_a_voucher_said_to_be_paid_is_not_kept_waiting() -> None:
    assert voucher(VoucherState.CONFIRMING, 9) == WHILE_CONFIRMING
    assert voucher(VoucherState.CONFIRMING, 0) == POLL[0]


@pytest.mark.parametrize("state", [VoucherState.REQUESTED, VoucherState.SUBMITTING, VoucherState.UNKNOWN])
def test_a_voucher_on_its_way_is_tried_by_the_retry_schedule(state: VoucherState) -> None:
    assert [voucher(state, attempt) for attempt in range(4)] == [*RETRY, RETRY[-1]]


@pytest.mark.parametrize("state", [VoucherState.EXPIRED, VoucherState.CANCELED])
def test_D01_a_dead_code_is_watched_for_weeks_because_late_money_is_money(state: VoucherState) -> None:
    assert watched(lambda age: voucher(state, age=age)) == [*WATCH_AFTER_END, None]


def test_C09_a_paid_code_is_looked_at_again_for_reversals() -> None:
    assert watched(lambda age: voucher(VoucherState.PAID, age=age)) == [*WATCH_AFTER_PAID, None]


def test_A04_questions_without_an_answer_do_not_use_up_a_watch() -> None:
    assert voucher(VoucherState.PAID, attempt=1000) == WATCH_AFTER_PAID[0]
    assert refund(RefundState.SUCCEEDED, attempt=1000) == WATCH_AFTER_PAID[0]


def test_a_failed_code_is_over() -> None:
    assert voucher(VoucherState.FAILED) is None


@pytest.mark.parametrize("attempt", [0, 1, 5, 1000])
def test_what_is_open_is_always_due_again(attempt: int) -> None:
    assert [state for state in LIVE_VOUCHER if voucher(state, attempt) is None] == []
    assert [state for state in LIVE_REFUND if refund(state, attempt) is None] == []


def test_a_refund_is_sent_by_the_retry_and_asked_about_by_the_poll_schedule() -> None:
    for state in (RefundState.REQUESTED, RefundState.SUBMITTING, RefundState.UNKNOWN):
        assert [refund(state, attempt) for attempt in range(4)] == [*RETRY, RETRY[-1]]
    assert [refund(RefundState.PENDING, attempt) for attempt in range(4)] == [*POLL, POLL[-1]]


@pytest.mark.parametrize("state", [RefundState.AWAITING_APPROVAL, RefundState.AWAITING_DESTINATION])
def test_a_refund_that_waits_for_a_person_is_looked_at_daily(state: RefundState) -> None:
    assert refund(state) == WAIT_FOR_PERSON


@pytest.mark.parametrize("state", [RefundState.FAILED, RefundState.CANCELED, RefundState.RETURNED])
def test_a_refund_that_was_freed_is_over(state: RefundState) -> None:
    assert refund(state) is None


def test_E13_a_refund_that_arrived_is_watched_for_its_return() -> None:
    assert watched(lambda age: refund(RefundState.SUCCEEDED, age=age)) == [*WATCH_AFTER_PAID, None]


def test_an_expired_code_whose_deadline_was_moved_is_watched_until_that_has_passed_too() -> None:
    month = timedelta(days=30)
    ended = WATCH_AFTER_END[0]
    assert voucher(VoucherState.EXPIRED, expires_at=NOW - month, age=timedelta(hours=1)) == ended - timedelta(hours=1)
    assert voucher(VoucherState.EXPIRED, expires_at=NOW + month) == ended
    assert voucher(VoucherState.EXPIRED, expires_at=NOW - month, age=month) is None
    assert voucher(VoucherState.EXPIRED, expires_at=NOW + month, age=month) == month + ended
    assert voucher(VoucherState.EXPIRED, expires_at=NOW - timedelta(hours=1), age=month) == ended - timedelta(hours=1)
