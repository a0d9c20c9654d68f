"""Which change is told as what, when it is due, whether it is still true: rules without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from pagoefectivo.domain.buyer_messages import (
    REMINDERS,
    MessageKind,
    QuietHours,
    Standing,
    is_stale,
    is_true,
    may_mail_link,
    planned_for,
    postponed,
)
from pagoefectivo.domain.states import OrderState, RefundState, VoucherState

K = MessageKind
NIGHT = QuietHours(time(21), time(8))
NOON = datetime(2026, 11, 24, 17, tzinfo=UTC)  # in Lima
FORTNIGHT = timedelta(days=14)
TWO_DAYS = timedelta(hours=48)
WAITING = Standing(OrderState.AWAITING_PAYMENT, VoucherState.ISSUED, NOON + TWO_DAYS)


def lima(hour: int, *, day: int = 24, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, minute=minute, tzinfo=UTC) + timedelta(hours=hour + 5)


def reminders(issued_at: datetime, deadline: datetime, quiet: QuietHours | None = NIGHT) -> dict[str, datetime]:
    standing = replace(WAITING, deadline=deadline)
    planned = planned_for("voucher", "issued", standing, issued_at, quiet=quiet, account_within=FORTNIGHT)
    return {each.kind.value: each.due_at for each in planned if each.kind in REMINDERS}


def told(subject: str, state: str, standing: Standing = WAITING) -> list[str]:
    return [
        each.kind.value for each in planned_for(subject, state, standing, NOON, quiet=NIGHT, account_within=FORTNIGHT)
    ]


def test_reminders_come_at_half_of_the_time_and_three_hours_before_the_end() -> None:
    assert reminders(NOON, NOON + TWO_DAYS) == {
        "reminder_half": NOON + timedelta(hours=24),
        "reminder_last": NOON + timedelta(hours=45),
    }


@pytest.mark.parametrize(
    ("hours", "kinds"),
    [(0.5, []), (2, ["reminder_half"]), (6, ["reminder_half"]), (9, ["reminder_half", "reminder_last"])],
)
def test_a_short_code_has_fewer_reminders_and_a_very_short_one_none(hours: float, kinds: list[str]) -> None:
    assert list(reminders(lima(9), lima(9) + timedelta(hours=hours), quiet=None)) == kinds


def test_what_is_due_at_night_comes_in_the_morning() -> None:
    assert reminders(lima(2), lima(2, day=26))["reminder_half"] == lima(8, day=25)


def test_what_the_morning_would_be_too_late_for_comes_the_evening_before() -> None:
    due = reminders(lima(18), lima(8, day=26, minute=30))
    assert due["reminder_last"] == lima(20, day=25)


def test_the_last_reminder_is_left_out_where_night_pushes_it_before_the_first() -> None:
    assert list(reminders(lima(20), lima(6, day=25))) == []


def test_quiet_hours_hold_over_midnight_and_within_a_day() -> None:
    assert [NIGHT.contain(lima(hour)) for hour in (20, 21, 23, 0, 7, 8)] == [False, True, True, True, True, False]
    siesta = QuietHours(time(13), time(15))
    assert [siesta.contain(lima(hour)) for hour in (12, 13, 14, 15, 23)] == [False, True, True, False, False]
    assert NIGHT.end_after(lima(22)) == lima(8, day=25)
    assert NIGHT.end_after(lima(3)) == lima(8)


def test_only_reminders_wait_for_the_morning() -> None:
    for kind in MessageKind:
        standing = replace(WAITING, deadline=lima(2, day=25))
        later = postponed(kind, standing, lima(23), NIGHT)
        assert later == (lima(8, day=25) if kind in REMINDERS else None), kind
    assert postponed(K.REMINDER_HALF, WAITING, lima(23), None) is None


def test_a_deadline_that_moved_moves_its_last_reminder() -> None:
    moved = replace(WAITING, deadline=NOON + timedelta(hours=30))
    assert postponed(K.REMINDER_LAST, moved, NOON, None) == NOON + timedelta(hours=27)
    assert postponed(K.REMINDER_LAST, replace(WAITING, deadline=NOON + timedelta(hours=3)), NOON, NIGHT) is None


@pytest.mark.parametrize(
    ("subject", "state", "standing", "expected"),
    [
        ("voucher", "paid", WAITING, []),
        ("voucher", "confirming", WAITING, []),
        ("order", "paid", WAITING, ["paid"]),
        ("order", "paid", replace(WAITING, is_late=True), ["paid_late"]),
        ("order", "in_review", WAITING, []),
        ("order", "in_review", replace(WAITING, has_money=True), ["in_review"]),
        ("order", "expired", WAITING, ["expired"]),
        ("order", "canceled", WAITING, []),
        ("order", "refunded", WAITING, []),
        ("refund", "awaiting_approval", WAITING, []),
        ("refund", "submitting", WAITING, ["refund_requested"]),
        ("refund", "unknown", WAITING, []),
        ("refund", "pending", WAITING, ["refund_sent"]),
        ("refund", "succeeded", WAITING, ["refund_done"]),
        ("refund", "failed", WAITING, ["refund_failed"]),
        ("refund", "returned", WAITING, ["refund_returned"]),
        ("refund", "canceled", WAITING, ["refund_withdrawn"]),
    ],
)
def test_each_change_is_told_as_what_it_means(
    subject: str, state: str, standing: Standing, expected: list[str]
) -> None:
    assert told(subject, state, standing) == expected


@pytest.mark.parametrize(
    ("within", "days"), [(30, [0, 3, 7, 29]), (14, [0, 3, 7, 13]), (8, [0, 3, 7]), (4, [0, 3]), (1, [0])]
)
def test_a_missing_bank_account_is_asked_for_again_until_the_last_day(within: int, days: list[int]) -> None:
    planned = planned_for(
        "refund", "awaiting_destination", WAITING, NOON, quiet=NIGHT, account_within=timedelta(days=within)
    )
    assert [(each.due_at - NOON).days for each in planned] == days


@pytest.mark.parametrize(
    "now_otherwise",
    [
        {"voucher": VoucherState.PAID},
        {"voucher": VoucherState.CONFIRMING},
        {"voucher": VoucherState.EXPIRED},
        {"order": OrderState.IN_REVIEW},
        {"order": OrderState.CANCELED},
        {"is_newest": False},
        {"is_withdrawing": True},
        {"deadline": NOON},
    ],
)
def test_nobody_is_asked_to_pay_what_must_not_or_need_not_be_paid(now_otherwise: dict[str, object]) -> None:
    for kind in (K.VOUCHER_ISSUED, K.REMINDER_HALF, K.REMINDER_LAST):
        assert is_true(kind, WAITING, NOON)
        assert not is_true(kind, replace(WAITING, **now_otherwise), NOON)  # type: ignore[arg-type]


def test_each_message_about_a_refund_is_true_in_its_own_states_alone() -> None:
    true_in = {
        kind: {state.value for state in RefundState if is_true(kind, replace(WAITING, refund=state), NOON)}
        for kind in MessageKind
        if kind.startswith("refund")
    }
    account = {kind for kind in true_in if kind.startswith("refund_needs_account")}
    assert {frozenset(true_in.pop(kind)) for kind in account} == {frozenset({"awaiting_destination"})}
    assert true_in == {
        K.REFUND_REQUESTED: {"requested", "submitting", "unknown"},
        K.REFUND_ACCOUNT_GIVEN: set(RefundState),
        K.REFUND_ACCOUNT_CHANGED: set(RefundState),
        K.REFUND_SENT: {"pending"},
        K.REFUND_DONE: {"succeeded"},
        K.REFUND_FAILED: {"failed"},
        K.REFUND_RETURNED: {"returned"},
        K.REFUND_WITHDRAWN: {"canceled"},
    }
    missing = replace(WAITING, refund=RefundState.AWAITING_DESTINATION, account_until=NOON + TWO_DAYS)
    assert all(is_true(kind, missing, NOON) for kind in account)
    assert not any(is_true(kind, replace(missing, has_destination=True), NOON) for kind in account)
    assert not any(is_true(kind, missing, NOON + TWO_DAYS) for kind in account)


def test_a_lost_link_is_mailed_once_in_ten_minutes_and_five_times_a_day() -> None:
    minutes = [NOON - timedelta(minutes=10 * number) for number in range(1, 6)]
    assert may_mail_link([], NOON)
    assert may_mail_link(minutes[:4], NOON)
    assert not may_mail_link(minutes, NOON)
    assert not may_mail_link([NOON - timedelta(minutes=9, seconds=59)], NOON)
    assert all(is_true(K.LINK_WANTED, replace(WAITING, order=order), NOON) for order in OrderState)


def test_an_end_is_told_of_the_newest_code_alone() -> None:
    ended = replace(WAITING, order=OrderState.EXPIRED, voucher=VoucherState.EXPIRED)
    assert is_true(K.EXPIRED, ended, NOON)
    assert not is_true(K.EXPIRED, replace(ended, is_newest=False), NOON)


def test_after_a_day_without_a_mail_server_a_message_is_given_up() -> None:
    assert not is_stale(NOON, NOON + timedelta(hours=23, minutes=59))
    assert is_stale(NOON, NOON + timedelta(hours=24))
