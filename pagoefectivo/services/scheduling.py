"""When a row is due again, and who may say so."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Case, DateTimeField, F, Q, Value, When

from pagoefectivo import conf
from pagoefectivo.domain.states import FINAL_REFUND, LIVE_VOUCHER, RefundState, VoucherState
from pagoefectivo.domain.timing import WAIT_FOR_PERSON, next_ask_for_refund, next_ask_for_voucher, spread, step
from pagoefectivo.models import Refund, Voucher
from pagoefectivo.models.fields import DueRow
from pagoefectivo.services import seams
from pagoefectivo.services.claiming import Claim

ENDED = FINAL_REFUND | (frozenset(VoucherState) - LIVE_VOUCHER)


def schedule(
    row: Voucher | Refund,
    *,
    claim: Claim | None,
    moved: bool,
    ask_now: bool,
    now: datetime,
    unanswered: bool = False,
    retry_after: float | None = None,
) -> None:
    """Set when `row` is due next; unsaved. `unanswered`: somebody asked, and no answer came.

    A claim's holder ends its lease. A holder whose claim was taken over, and a bringer of news without a claim, leave
    the lease alone and only bring the next question forward.
    """
    holds = claim is not None and claim.is_for(row)
    if claim is not None and claim.concerns(row) and not holds and not moved:
        return
    if holds:
        row.lease_until = None
    if row.state in ENDED and not unanswered:
        row.attempts = 0  # from here on it counts the questions that nobody answered
    if ask_now:
        row.next_action_at = now
        seams.ring()
    elif moved or holds:
        row.next_action_at = _next(row, now, retry_after, unanswered=unanswered)


def _next(row: Voucher | Refund, now: datetime, retry_after: float | None, *, unanswered: bool) -> datetime | None:
    timing = conf.current().timing
    by_hand = isinstance(row, Refund) and row.payout_id is not None
    if row.state in ENDED and (by_hand or not (row.provider_reference or unanswered)):
        return None  # the provider never had it, and nobody says otherwise
    if by_hand:
        return now + WAIT_FOR_PERSON
    if retry_after is not None:
        return now + timedelta(seconds=retry_after)
    if unanswered and row.state in ENDED and row.attempts <= len(timing.retry):
        return now + spread(step(timing.retry, row.attempts - 1), seams.jitter())
    if isinstance(row, Voucher):
        due = next_ask_for_voucher(
            VoucherState(row.state),
            attempt=row.attempts,
            now=now,
            since=row.changed_at,
            expires_at=row.expires_at,
            poll=timing.poll,
            retry=timing.retry,
        )
    else:
        due = next_ask_for_refund(
            RefundState(row.state),
            attempt=row.attempts,
            now=now,
            since=row.changed_at,
            poll=timing.poll,
            retry=timing.retry,
        )
    return None if due is None else now + spread(due - now, seams.jitter())


def put_back(model: type[DueRow], claims: list[Claim], *, due: datetime, apart: timedelta) -> None:
    """Return claimed rows unworked in one statement, at no cost of a try: due one by one from `due` on, `apart` on average.

    A row whose claim was taken over meanwhile is left alone.
    """
    if not claims:
        return
    still_held = Q()
    for claim in claims:
        still_held |= Q(pk=claim.row_id, lease_token=claim.token)
    wait, turns = timedelta(), []
    for claim in claims:
        turns.append(When(pk=claim.row_id, then=Value(due + wait, output_field=DateTimeField())))
        wait += apart * (0.5 + seams.jitter())
    model._default_manager.filter(still_held, attempts__gt=0).update(
        next_action_at=Case(*turns, output_field=DateTimeField()), lease_until=None, attempts=F("attempts") - 1
    )


def let_go(model: type[DueRow], claims: list[Claim]) -> None:
    """Return claimed rows that ended before the provider had them: nothing is left to find out about those."""
    for claim in claims:
        held = model._default_manager.filter(pk=claim.row_id, lease_token=claim.token)
        held.update(next_action_at=None, lease_until=None)
