"""Answers that say "still waiting" once more: nothing moves, only the next question is set, for a whole batch at once."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Case, DateTimeField, Q, Value, When

from pagoefectivo import conf
from pagoefectivo.domain.messages import PaymentUpdate
from pagoefectivo.domain.states import AnomalyKind, VoucherState
from pagoefectivo.domain.timing import next_ask_for_voucher, spread
from pagoefectivo.models import Anomaly, PaymentEvent, Voucher
from pagoefectivo.services import seams
from pagoefectivo.services.claiming import Claim

Heard = tuple[Voucher, Claim, PaymentUpdate]


def postpone(heard: list[Heard]) -> set[int]:
    """Set the next question of the vouchers whose answer is already known; return their keys.

    Guarded by state and lease token in the statement itself: a voucher that moved meanwhile is left alone, and its
    answer goes through the single writer like any other.
    """
    repeated = _heard_before(heard)
    if not repeated:
        return set()
    now = seams.now()
    due = {voucher.pk: _next(voucher, claim, now) for voucher, claim, _ in repeated}
    still_held = Q()
    for voucher, claim, _ in repeated:
        still_held |= Q(pk=voucher.pk, lease_token=claim.token)
    Voucher.objects.filter(
        still_held, state=VoucherState.ISSUED, cancel_wanted_at=None, extend_wanted_until=None
    ).update(
        next_action_at=Case(
            *(When(pk=pk, then=Value(at, output_field=DateTimeField())) for pk, at in due.items()),
            output_field=DateTimeField(),
        ),
        lease_until=None,
        asked_at=now,
    )
    return set(
        Voucher.objects.filter(pk__in=due, state=VoucherState.ISSUED, lease_until=None).values_list("pk", flat=True)
    )


def _heard_before(heard: list[Heard]) -> list[Heard]:
    identities = [update.identity for _, _, update in heard]
    known = set(PaymentEvent.objects.filter(event_identity__in=identities).values_list("account", "event_identity"))
    worried = set(
        Anomaly.objects.filter(
            voucher__in=[voucher.pk for voucher, _, _ in heard],
            closed_at=None,
            kind__in=(AnomalyKind.STATUS_UNRECOGNISED, AnomalyKind.NOT_FOUND_AT_PROVIDER),
        ).values_list("voucher_id", flat=True)
    )
    return [
        (voucher, claim, update)
        for voucher, claim, update in heard
        if (voucher.account, update.identity) in known and voucher.pk not in worried
    ]


def _next(voucher: Voucher, claim: Claim, now: datetime) -> datetime:
    timing = conf.current().timing
    due = next_ask_for_voucher(
        VoucherState.ISSUED,
        attempt=claim.attempts,
        now=now,
        since=voucher.changed_at,
        expires_at=voucher.expires_at,
        poll=timing.poll,
        retry=timing.retry,
    )
    if due is None:
        raise LookupError("an issued voucher always has a next question")
    return now + spread(due - now, seams.jitter())
