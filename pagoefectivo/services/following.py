"""What people do about errors, many at once: see, take over, have asked again, try again. Told row by row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.contrib.auth import get_user_model

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.error_rules import Retry, retry_rule
from pagoefectivo.domain.exceptions import ProviderError, Reason, RuleRefused, StateConflict
from pagoefectivo.domain.states import PAYABLE_VOUCHER, RefundState, Source, VoucherState
from pagoefectivo.models import ErrorMark, ErrorOccurrence, Refund
from pagoefectivo.services import orders, polling, refunds, seams
from pagoefectivo.services.accounts import is_by_hand
from pagoefectivo.services.actors import Actor, Permission, PermissionRefused

MOST = 50  # rows in one act
MOST_RETRIED = 10  # each may wait for a provider
_ASKED = PAYABLE_VOUCHER | {VoucherState.EXPIRED, VoucherState.CANCELED}


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one row; `reason` is why nothing was done, None where it was."""

    occurrence: ErrorOccurrence
    reason: Reason | None = None
    refund: Refund | None = None


def mark_seen(ids: Sequence[int], *, note: str, actor: Actor) -> list[Told]:
    """Write down that somebody has seen these errors; needs `errors:follow`."""
    return _each("seen", ids, note, actor, lambda _: None)


def assign(ids: Sequence[int], *, owner: str, note: str, actor: Actor) -> list[Told]:
    """Give these errors to a person of the back office; raises RuleRefused where there is no such person."""
    actor.require(Permission.FOLLOW_ERRORS)
    users = get_user_model()
    people = users._default_manager.filter(**{users.USERNAME_FIELD: owner}, is_active=True, is_staff=True)
    if not people.exists():
        raise RuleRefused(Reason(ErrorCode.REQUEST_INVALID, field="owner"))
    return _each("assigned", ids, note, actor, lambda _: None, owner=owner)


def ask_again(ids: Sequence[int], *, note: str, actor: Actor) -> list[Told]:
    """Make what these errors are about due for a question now, ahead of its time; nothing is sent that is no question.

    Only what the provider knows by a name of its own is brought forward: the rest is looked up by the sweep's rules.
    """
    return _each("asked", ids, note, actor, _ask)


def retry(ids: Sequence[int], *, note: str, actor: Actor) -> list[Told]:
    """Try again what may be: a refund that failed as a new one, a code that failed as a new one.

    Each decision is the service's that does it, with its permissions, its approvals and its refusals. What may have
    happened is never sent again. Waits for the provider, so it takes ten rows at most.
    """
    return _each("retried", ids, note, actor, lambda error: _retry(error, actor), most=MOST_RETRIED)


def _each(
    act: str,
    ids: Sequence[int],
    note: str,
    actor: Actor,
    do: Callable[[ErrorOccurrence], Refund | None],
    *,
    owner: str = "",
    most: int = MOST,
) -> list[Told]:
    actor.require(Permission.FOLLOW_ERRORS)
    if not 0 < len(set(ids)) <= most:
        raise RuleRefused(Reason(ErrorCode.REQUEST_INVALID, field=f"rows: 1–{most}"))
    rows = ErrorOccurrence.objects.select_related("voucher__order", "refund").filter(pk__in=set(ids)).order_by("pk")
    told = []
    for row in rows:
        if not actor.sees(row.account):
            continue
        told.append(_told(row, do))
        ErrorMark.objects.create(
            occurrence=row,
            act=act,
            owner=owner,
            note=note.strip()[:500],
            refused=told[-1].reason.code if told[-1].reason else "",
            actor=actor.name,
            at=seams.now(),
        )
    return told


def _told(row: ErrorOccurrence, do: Callable[[ErrorOccurrence], Refund | None]) -> Told:
    try:
        return Told(row, refund=do(row))
    except RuleRefused as refusal:
        return Told(row, refusal.reasons[0])
    except (StateConflict, ProviderError, PermissionRefused) as refusal:
        return Told(row, Reason(refusal.code, values=getattr(refusal, "values", {})))


def _ask(error: ErrorOccurrence) -> None:
    refund, voucher = error.refund, error.voucher
    if refund is not None:
        if not refund.provider_reference or refund.state != RefundState.PENDING or is_by_hand(refund):
            raise RuleRefused(Reason(ErrorCode.ERROR_NOTHING_TO_ASK))
        polling.ask_about_refund_soon(refund)
        return
    if voucher is None or not voucher.provider_reference or voucher.state not in _ASKED:
        raise RuleRefused(Reason(ErrorCode.ERROR_NOTHING_TO_ASK))
    polling.ask_soon([voucher])


def _retry(error: ErrorOccurrence, actor: Actor) -> Refund | None:
    if error.code not in ErrorCode.__members__ or retry_rule(ErrorCode(error.code)) is Retry.NEVER:
        raise RuleRefused(Reason(ErrorCode.ERROR_NOT_RETRIABLE))
    if error.refund is not None:
        return refunds.retry(error.refund.public_id, actor=actor, source=Source.STAFF)
    voucher = error.voucher
    if voucher is None or voucher.state != VoucherState.FAILED or voucher.order.current_voucher != voucher:
        raise RuleRefused(Reason(ErrorCode.ERROR_NOT_RETRIABLE))
    orders.reissue_voucher(voucher.order.reference, actor=actor, source=Source.STAFF)
    return None
