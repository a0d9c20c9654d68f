"""When to ask again. Pure: the instant and the jitter come from outside."""

from __future__ import annotations

from datetime import datetime, timedelta

from pagoefectivo.domain.states import LIVE_VOUCHER, UNANSWERED_REFUND, RefundState, VoucherState

WATCH_AFTER_END = (timedelta(hours=6), timedelta(days=1), timedelta(days=3), timedelta(days=7), timedelta(days=14))
WATCH_AFTER_PAID = (timedelta(days=1), timedelta(days=7), timedelta(days=30), timedelta(days=90))
WAIT_FOR_PERSON = timedelta(days=1)
WAIT_WHEN_HELD = timedelta(hours=1)
SOON_AFTER_DEADLINE = timedelta(minutes=1)
WHILE_CONFIRMING = timedelta(minutes=5)

Schedule = tuple[timedelta, ...]


def step(schedule: Schedule, attempt: int) -> timedelta:
    """Return the wait before try `attempt` (from 0); the last step repeats."""
    return schedule[min(max(attempt, 0), len(schedule) - 1)]


def spread(wait: timedelta, jitter: float) -> timedelta:
    """Stretch a wait by up to a fifth, `jitter` being between 0 and 1, so that many rows do not ask at once."""
    return wait * (1 + 0.2 * jitter)


def next_watch(watch: Schedule, since: datetime, now: datetime) -> datetime | None:
    """Return the next look at something that ended at `since`: each wait follows the one before; None after the last.

    Only time ends a watch: however often somebody asked in between, and whether an answer came, does not.
    """
    due = since
    for wait in watch:
        due += wait
        if due > now:
            return due
    return None


def next_ask_for_voucher(
    state: VoucherState,
    *,
    attempt: int,
    now: datetime,
    since: datetime,
    expires_at: datetime | None,
    poll: Schedule,
    retry: Schedule,
) -> datetime | None:
    """Return when a voucher in `state` since `since` is due again, None when nothing is left to find out."""
    if state in {VoucherState.REQUESTED, VoucherState.SUBMITTING, VoucherState.UNKNOWN}:
        return now + step(retry, attempt)
    if state in LIVE_VOUCHER:
        wait = step(poll, attempt)
        if state is VoucherState.CONFIRMING:
            wait = min(wait, WHILE_CONFIRMING)
        due = now + wait
        ends = expires_at + SOON_AFTER_DEADLINE if expires_at else None
        return ends if ends and now < ends < due else due
    if state in {VoucherState.EXPIRED, VoucherState.CANCELED}:
        # A deadline beyond the end was moved there, and what has a deadline ahead can be paid.
        watches = (next_watch(WATCH_AFTER_END, begun, now) for begun in {since, max(since, expires_at or since)})
        return min((due for due in watches if due is not None), default=None)
    return next_watch(WATCH_AFTER_PAID, since, now) if state is VoucherState.PAID else None


def next_ask_for_refund(
    state: RefundState, *, attempt: int, now: datetime, since: datetime, poll: Schedule, retry: Schedule
) -> datetime | None:
    """Return when a refund in `state` since `since` is due again, None when it has ended."""
    if state is RefundState.REQUESTED or state in UNANSWERED_REFUND:
        return now + step(retry, attempt)
    if state in {RefundState.AWAITING_APPROVAL, RefundState.AWAITING_DESTINATION}:
        return now + WAIT_FOR_PERSON
    if state is RefundState.PENDING:
        return now + step(poll, attempt)
    return next_watch(WATCH_AFTER_PAID, since, now) if state is RefundState.SUCCEEDED else None
