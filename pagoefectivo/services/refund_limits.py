"""Limits of persons: what they may ask for and approve, in one act and in one day, and passing one in an emergency."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Q, QuerySet, Sum

from pagoefectivo import conf
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Reason, RuleRefused
from pagoefectivo.domain.localtime import LIMA
from pagoefectivo.domain.money import ZERO, format_money
from pagoefectivo.domain.refund_limits import LimitKind, limit_of, who_may
from pagoefectivo.domain.states import RefundState
from pagoefectivo.models import ApiKey, LimitPass, OutboxMessage, Refund, StateChange
from pagoefectivo.models.refund_desk import LIMIT_LABELS
from pagoefectivo.services import seams
from pagoefectivo.services.actors import BUYER, SHOP, SYSTEM, Actor, Permission

SIGNALS = {
    LimitKind.REQUEST: "refund_requested_over_limit",
    LimitKind.REQUEST_DAY: "refund_requested_over_limit",
    LimitKind.APPROVE: "refund_approved_over_limit",
    LimitKind.APPROVE_DAY: "refund_approved_over_limit",
}
_UNLIMITED = frozenset({SHOP.name, SYSTEM.name, BUYER.name})  # the shop's own code, and whoever asks for their own
_LEFT_NOTHING = (RefundState.CANCELED, RefundState.FAILED)
_ACTS = dict(LIMIT_LABELS)

logger = logging.getLogger("pagoefectivo.limits")


@dataclass(frozen=True, slots=True)
class Overrun:
    """A limit that an act goes beyond."""

    kind: LimitKind
    allowed: Decimal
    reached: Decimal
    currency: str

    @property
    def reason(self) -> Reason:
        """Which limit it is, and who may do more."""
        groups = who_may(conf.current().refund_limits, self.kind, self.currency, self.reached)
        return Reason(
            ErrorCode.REFUND_OVER_LIMIT,
            field="amount",
            values={
                "act": str(_ACTS[self.kind]),
                "limit": format_money(self.allowed, self.currency),
                "reached": format_money(self.reached, self.currency),
                "who": ", ".join(groups) or "–",
            },
        )


def hold_request(amount: Decimal, currency: str, actor: Actor, *, emergency: str) -> tuple[Overrun, ...]:
    """Return the limits that asking for `amount` passes by an `emergency`; raises RuleRefused(REFUND_OVER_LIMIT).

    Holds the person until the end of the transaction where a day's sum counts, so that two acts are summed one by one.
    """
    return _held((LimitKind.REQUEST, LimitKind.REQUEST_DAY), amount, currency, actor, emergency)


def hold_approval(refund: Refund, actor: Actor, *, emergency: str) -> tuple[Overrun, ...]:
    """`hold_request` for approving."""
    return _held((LimitKind.APPROVE, LimitKind.APPROVE_DAY), refund.amount, refund.currency, actor, emergency)


def keep_passes(overruns: tuple[Overrun, ...], refund: Refund, actor: Actor, reason: str) -> None:
    """Write down which limits were passed, for ever, and tell the shop. The refund must have moved before."""
    if not overruns or actor.user_id is None:
        return  # only a person passes a limit
    now = seams.now()
    for each in overruns:
        LimitPass.objects.create(
            refund=refund,
            kind=each.kind,
            allowed=each.allowed,
            reached=each.reached,
            currency=each.currency,
            actor=actor.name,
            person_id=actor.user_id,
            reason=reason[:500],
            at=now,
        )
        said = ("limit %s was passed for refund %s by user %s", each.kind, refund.public_id, actor.user_id)
        transaction.on_commit(partial(logger.error, *said))
    change = StateChange.objects.filter(refund=refund).order_by("-pk").first()
    if change is None:
        return
    for signal in sorted({SIGNALS[each.kind] for each in overruns}):
        columns = {"order_id": refund.order_id, "voucher_id": refund.voucher_id, "refund_id": refund.pk}
        due = {"source": change.source, "occurred_at": now, "next_action_at": now}
        OutboxMessage.objects.get_or_create(change=change, signal=signal, defaults=columns | due)
        seams.ring()


def asked_today_for(email: str, account: str, currency: str) -> Decimal:
    """Return what was asked to be given back to one buyer since midnight in Lima, over all of their orders."""
    if not email:
        return ZERO
    mine = Refund.objects.filter(order__payer_email=email, account=account, currency=currency, is_outside=False)
    return _sum(mine.filter(created_at__gte=_midnight()))


def _held(
    kinds: tuple[LimitKind, LimitKind], amount: Decimal, currency: str, actor: Actor, emergency: str
) -> tuple[Overrun, ...]:
    if actor.name in _UNLIMITED or not conf.current().refund_limits:
        return ()
    overruns = tuple(_overruns(kinds, amount, currency, actor))
    may_pass = bool(emergency.strip()) and actor.user_id is not None and Permission.EXCEED_LIMITS in actor.permissions
    if overruns and not may_pass:
        raise RuleRefused(*(each.reason for each in overruns))
    return overruns


def _overruns(kinds: tuple[LimitKind, LimitKind], amount: Decimal, currency: str, actor: Actor) -> list[Overrun]:
    names, found = _names_of(actor), []
    once, in_a_day = (limit_of(conf.current().refund_limits, names, kind, currency) for kind in kinds)
    if once is not None and amount > once:
        found.append(Overrun(kinds[0], once, amount, currency))
    if in_a_day is not None:
        _hold_person(actor)
        reached = amount + _sum(_of_today(kinds[1], actor).filter(currency=currency))
        if reached > in_a_day:
            found.append(Overrun(kinds[1], in_a_day, reached, currency))
    return found


def _names_of(actor: Actor) -> list[str]:
    if actor.person_id is None:
        return [actor.name]
    person = get_user_model()._default_manager.get(pk=actor.person_id)
    return [actor.name, *person.groups.values_list("name", flat=True)]


def _hold_person(actor: Actor) -> None:
    if actor.person_id is not None:
        people = get_user_model()._default_manager.select_for_update(no_key=True)
        list(people.filter(pk=actor.person_id).values_list("pk", flat=True))
    else:
        keys = ApiKey.objects.select_for_update(no_key=True).filter(name=actor.name.removeprefix("key:"))
        list(keys.order_by("pk").values_list("pk", flat=True))


def _of_today(kind: LimitKind, actor: Actor) -> QuerySet[Refund]:
    if kind is LimitKind.REQUEST_DAY:
        mine = Q(requested_by=actor.name)
        mine |= Q(requester_id=actor.person_id) if actor.person_id is not None else Q(pk=None)
        return Refund.objects.filter(mine, created_at__gte=_midnight())
    mine = Q(approved_by=actor.name)
    mine |= Q(approver_id=actor.person_id) if actor.person_id is not None else Q(pk=None)
    return Refund.objects.filter(mine, approved_at__gte=_midnight())


def _sum(refunds: QuerySet[Refund]) -> Decimal:
    counted = refunds.exclude(state__in=_LEFT_NOTHING)
    return counted.aggregate(sum=Sum("amount"))["sum"] or ZERO


def _midnight() -> datetime:
    return seams.now().astimezone(LIMA).replace(hour=0, minute=0, second=0, microsecond=0)
