"""What a buyer is told, of which change, when, and whether it is still true by then. Pure functions of facts."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from pagoefectivo.domain.localtime import LIMA
from pagoefectivo.domain.states import OrderState, RefundState, VoucherState

LAST_REMINDER = timedelta(hours=3)  # before the deadline
SHORTEST_WORTH_REMINDING = timedelta(hours=1)
BEFORE_SILENCE = timedelta(hours=1)
BETWEEN_LINKS = timedelta(minutes=10)
MOST_LINKS_A_DAY = 5
REQUEST_SETTLES = timedelta(minutes=10)  # a refund that is sent by then is told as sent alone
ONE_DAY = timedelta(days=1)
NOT_WORTH_SENDING_AFTER = timedelta(hours=24)


class MessageKind(StrEnum):
    """One thing to say; a buyer hears each at most once about one payment code, order, refund or account given."""

    VOUCHER_ISSUED = "voucher_issued"
    REMINDER_HALF = "reminder_half"
    REMINDER_LAST = "reminder_last"
    PAID = "paid"
    PAID_LATE = "paid_late"
    IN_REVIEW = "in_review"
    EXPIRED = "expired"
    REFUND_REQUESTED = "refund_requested"
    REFUND_NEEDS_ACCOUNT = "refund_needs_account"
    REFUND_NEEDS_ACCOUNT_DAY_3 = "refund_needs_account_day_3"
    REFUND_NEEDS_ACCOUNT_DAY_7 = "refund_needs_account_day_7"
    REFUND_NEEDS_ACCOUNT_LAST = "refund_needs_account_last"
    REFUND_ACCOUNT_GIVEN = "refund_account_given"
    REFUND_ACCOUNT_CHANGED = "refund_account_changed"
    REFUND_SENT = "refund_sent"
    REFUND_DONE = "refund_done"
    REFUND_FAILED = "refund_failed"
    REFUND_RETURNED = "refund_returned"
    REFUND_WITHDRAWN = "refund_withdrawn"
    LINK_WANTED = "link_wanted"


K = MessageKind
WITH_CODE = frozenset({K.VOUCHER_ISSUED, K.REMINDER_HALF, K.REMINDER_LAST})
ABOUT_VOUCHER = WITH_CODE | {K.EXPIRED}  # a new code of the same order has a story of its own
_ASKED_ON = {
    K.REFUND_NEEDS_ACCOUNT: timedelta(0),
    K.REFUND_NEEDS_ACCOUNT_DAY_3: timedelta(days=3),
    K.REFUND_NEEDS_ACCOUNT_DAY_7: timedelta(days=7),
}
NEEDS_ACCOUNT = frozenset({*_ASKED_ON, K.REFUND_NEEDS_ACCOUNT_LAST})
ABOUT_ACCOUNT = frozenset({K.REFUND_ACCOUNT_GIVEN, K.REFUND_ACCOUNT_CHANGED})  # once for each account
REMINDERS = frozenset({K.REMINDER_HALF, K.REMINDER_LAST, *NEEDS_ACCOUNT}) - {K.REFUND_NEEDS_ACCOUNT}
# What takes back or corrects something is told to those alone who were told that something.
ONLY_AFTER_OTHERS = frozenset({K.REFUND_FAILED, K.REFUND_WITHDRAWN})

_NOT_SENT_YET = frozenset({RefundState.REQUESTED, RefundState.SUBMITTING, RefundState.UNKNOWN})
_TRUE_OF_ORDER = {
    K.PAID: frozenset({OrderState.PAID, OrderState.PARTIALLY_REFUNDED}),
    K.PAID_LATE: frozenset({OrderState.PAID, OrderState.PARTIALLY_REFUNDED}),
    K.IN_REVIEW: frozenset({OrderState.IN_REVIEW}),
    K.EXPIRED: frozenset({OrderState.EXPIRED}),
}
_TRUE_OF_REFUND = {
    K.REFUND_REQUESTED: _NOT_SENT_YET,
    **dict.fromkeys(NEEDS_ACCOUNT, frozenset({RefundState.AWAITING_DESTINATION})),
    **dict.fromkeys(
        ABOUT_ACCOUNT, frozenset(RefundState)
    ),  # what happened stays true, and is news above all to its owner
    K.REFUND_SENT: frozenset({RefundState.PENDING}),
    K.REFUND_DONE: frozenset({RefundState.SUCCEEDED}),
    K.REFUND_FAILED: frozenset({RefundState.FAILED}),
    K.REFUND_RETURNED: frozenset({RefundState.RETURNED}),
    K.REFUND_WITHDRAWN: frozenset({RefundState.CANCELED}),
}
_TOLD_OF_REFUND = {
    RefundState.SUBMITTING: K.REFUND_REQUESTED,
    RefundState.REQUESTED: K.REFUND_REQUESTED,  # approved, and paid out by people later
    RefundState.AWAITING_DESTINATION: K.REFUND_NEEDS_ACCOUNT,
    RefundState.PENDING: K.REFUND_SENT,
    RefundState.SUCCEEDED: K.REFUND_DONE,
    RefundState.FAILED: K.REFUND_FAILED,
    RefundState.RETURNED: K.REFUND_RETURNED,
    RefundState.CANCELED: K.REFUND_WITHDRAWN,
}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the order, the payment code and the refund of one message stand, as far as its truth depends on it."""

    order: OrderState
    voucher: VoucherState
    deadline: datetime | None
    is_newest: bool = True  # no other payment code replaced this one
    is_withdrawing: bool = False
    has_money: bool = False
    is_late: bool = False
    refund: RefundState | None = None
    has_destination: bool = False
    account_until: datetime | None = None  # when the buyer's time to name an account is over


@dataclass(frozen=True, slots=True)
class Planned:
    """One message to write down, and when it is due."""

    kind: MessageKind
    due_at: datetime


@dataclass(frozen=True, slots=True)
class QuietHours:
    """The hours of the night, Lima time, in which nobody is reminded of anything."""

    begins: time
    ends: time

    def contain(self, instant: datetime) -> bool:
        """Whether it is quiet at an instant."""
        at = instant.astimezone(LIMA).time()
        if self.begins <= self.ends:
            return self.begins <= at < self.ends
        return at >= self.begins or at < self.ends

    def end_after(self, instant: datetime) -> datetime:
        """Return the first end of a night after an instant."""
        return self._next(self.ends, instant)

    def begin_before(self, instant: datetime) -> datetime:
        """Return the last beginning of a night before an instant."""
        return self._next(self.begins, instant) - timedelta(days=1)

    def _next(self, at: time, instant: datetime) -> datetime:
        local = instant.astimezone(LIMA)
        same_day = local.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
        return same_day if same_day > local else same_day + timedelta(days=1)


def planned_for(
    subject: str,
    to_state: str,
    standing: Standing,
    now: datetime,
    *,
    quiet: QuietHours | None,
    account_within: timedelta,
) -> Iterator[Planned]:
    """Yield what the buyer is to be told because a `subject` (order, voucher or refund) moved to a state.

    `account_within` is how long a buyer has to name a bank account.
    """
    if subject == "voucher" and to_state == VoucherState.ISSUED and standing.deadline is not None:
        yield Planned(K.VOUCHER_ISSUED, now)
        yield from _reminders(now, standing.deadline, quiet)
    elif subject == "order":
        yield from (Planned(kind, now) for kind in _of_order(to_state, standing))
    elif subject == "refund" and to_state in _TOLD_OF_REFUND:
        kind = _TOLD_OF_REFUND[RefundState(to_state)]
        if kind is K.REFUND_NEEDS_ACCOUNT:
            last = max(account_within - ONE_DAY, timedelta(0))
            yield from (Planned(each, now + wait) for each, wait in _ASKED_ON.items() if not wait or wait < last)
            if last:
                yield Planned(K.REFUND_NEEDS_ACCOUNT_LAST, now + last)
        else:
            yield Planned(kind, now + REQUEST_SETTLES if kind is K.REFUND_REQUESTED else now)


def is_true(kind: MessageKind, standing: Standing, now: datetime) -> bool:
    """Whether a message may still be sent: what it says must hold at that moment."""
    if kind is K.LINK_WANTED:
        return True
    if kind in WITH_CODE:
        return (
            standing.voucher is VoucherState.ISSUED
            and standing.order is OrderState.AWAITING_PAYMENT
            and standing.is_newest
            and not standing.is_withdrawing
            and not _is_over(standing.deadline, now)
        )
    if kind in NEEDS_ACCOUNT and (standing.has_destination or _is_over(standing.account_until, now)):
        return False
    if kind in _TRUE_OF_REFUND:
        return standing.refund in _TRUE_OF_REFUND[kind]
    return standing.order in _TRUE_OF_ORDER[kind] and (kind is not K.EXPIRED or standing.is_newest)


def postponed(kind: MessageKind, standing: Standing, now: datetime, quiet: QuietHours | None) -> datetime | None:
    """Return when a reminder that is due now is to be sent instead; None: now.

    A deadline that was moved moves its last reminder, and a night is waited out. Facts are never kept back.
    """
    if kind is K.REMINDER_LAST and standing.deadline is not None and standing.deadline - now > 2 * LAST_REMINDER:
        return _aside_of_night(standing.deadline - LAST_REMINDER, standing.deadline, quiet)
    if kind in REMINDERS and quiet is not None and quiet.contain(now):
        return quiet.end_after(now)
    return None


def may_mail_link(before: Collection[datetime], now: datetime) -> bool:
    """Whether a buyer who lost the link may be mailed it now; `before` is when that was done within the last day."""
    return len(before) < MOST_LINKS_A_DAY and all(now - at >= BETWEEN_LINKS for at in before)


def is_stale(due_at: datetime, now: datetime) -> bool:
    """Whether a message that could not be sent since it was due is given up."""
    return now - due_at >= NOT_WORTH_SENDING_AFTER


def _is_over(deadline: datetime | None, now: datetime) -> bool:
    return deadline is not None and now >= deadline


def _of_order(to_state: str, standing: Standing) -> Iterator[MessageKind]:
    if to_state == OrderState.PAID:
        yield K.PAID_LATE if standing.is_late else K.PAID
    elif to_state == OrderState.IN_REVIEW and standing.has_money:
        yield K.IN_REVIEW
    elif to_state == OrderState.EXPIRED:
        yield K.EXPIRED


def _reminders(issued_at: datetime, deadline: datetime, quiet: QuietHours | None) -> Iterator[Planned]:
    validity = deadline - issued_at
    if validity < SHORTEST_WORTH_REMINDING:
        return
    half = _aside_of_night(issued_at + validity / 2, deadline, quiet)
    last = _aside_of_night(deadline - LAST_REMINDER, deadline, quiet)
    if half > issued_at:
        yield Planned(K.REMINDER_HALF, half)
    if last >= max(half, issued_at) + SHORTEST_WORTH_REMINDING:
        yield Planned(K.REMINDER_LAST, last)


def _aside_of_night(due: datetime, deadline: datetime, quiet: QuietHours | None) -> datetime:
    """Move what would be due at night to the morning, or to the evening before where the morning comes too late."""
    if quiet is None or not quiet.contain(due):
        return due
    morning = quiet.end_after(due)
    if deadline - morning >= SHORTEST_WORTH_REMINDING:
        return morning
    return quiet.begin_before(due) - BEFORE_SILENCE
