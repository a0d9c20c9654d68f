"""Asking for money to be given back, and the decisions on the way until the provider has it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import NotFound, Reason, RuleRefused, StateConflict
from pagoefectivo.domain.messages import Destination, Verb
from pagoefectivo.domain.money import ZERO
from pagoefectivo.domain.refund_marks import ACCOUNT_CHANGED, ACCOUNT_GIVEN, APPROVED, written
from pagoefectivo.domain.refunds import closed_reasons
from pagoefectivo.domain.states import FREED_REFUND, UNSENT_REFUND, RefundState, Source
from pagoefectivo.models import Order, Refund
from pagoefectivo.services import approvals, buyer_messages, doubts, facts, four_eyes, lifecycle, refund_limits, seams
from pagoefectivo.services.accounts import account_named
from pagoefectivo.services.actors import Actor, Permission
from pagoefectivo.services.commands import command, lock_refund
from pagoefectivo.services.refund_requests import (
    Asked,
    Wish,
    approval_reason,
    asked_of,
    claim_to_send,
    fitting_for,
    keep,
    mark_of,
    once,
    send,
    write_down,
)
from pagoefectivo.services.subjects import Locked

WRONG_ACCOUNT = frozenset(
    {
        ErrorCode.REFUND_ACCOUNT_INVALID,
        ErrorCode.REFUND_ACCOUNT_CLOSED,
        ErrorCode.REFUND_HOLDER_MISMATCH,
        ErrorCode.REFUND_BANK_MISMATCH,
    }
)


@dataclass(frozen=True, slots=True)
class Refundable:
    """What is left to give back on an order, and every reason why nothing may be given back now.

    With `whole_only` the provider takes this amount and no smaller one.
    """

    amount: Decimal
    currency: str
    reasons: tuple[Reason, ...]
    whole_only: bool = False


def refundable(order: Order) -> Refundable:
    """Return what may still be refunded on an order, by the same rules that a request is held against; locks nothing."""
    vouchers = [voucher for voucher in order.vouchers.all() if voucher.paid_amount > 0] or list(order.vouchers.all())
    rules, now = account_named(order.account).refund_rules, seams.now()
    paid = [facts.of_paid_voucher(voucher) for voucher in vouchers]
    open_ones = [each for each in paid if not closed_reasons(each, rules, now)]
    reasons = () if open_ones or not paid else closed_reasons(paid[-1], rules, now)
    most = max((each.remaining for each in open_ones), default=Decimal("0.00"))
    return Refundable(most, order.currency, reasons, whole_only=not rules.partial)


def request(
    reference: str,
    *,
    amount: Decimal,
    reason: str,
    actor: Actor,
    source: Source,
    note: str = "",
    destination: Destination | None = None,
    nonce: str | None = None,
) -> Refund:
    """Ask for `amount` of an order to be given back and send it, unless it lacks a bank account or an approval.

    The row reserves its amount and is committed before the provider is called; on return it is *pending*, *unknown*,
    *submitting*, *failed*, *awaiting_destination* or *awaiting_approval*. The same `nonce` returns the same refund. Raises RuleRefused with
    every reason (nothing written), PermissionRefused, NotFound, and RuntimeError inside a transaction.
    """
    wish = Wish(reference=reference, amount=amount, reason=reason, note=note, nonce=nonce)
    return once(asked_of(wish, actor, source, destination))


def refund_named(public_id: str, *, actor: Actor) -> Refund:
    """Return one refund; raises NotFound also where the actor may not know of it."""
    refund = Refund.objects.select_related("order", "voucher", "destination").filter(public_id=public_id).first()
    if refund is None or not actor.sees(refund.account):
        raise NotFound
    return refund


def approve(public_id: str, *, seen: str, actor: Actor, source: Source, emergency: str = "") -> Refund:
    """Approve a refund that somebody else asked for, and send it. `seen` is `doubts.seen_of` what the approver was shown.

    One that people pay out by bank transfer is then ready for a payout file; where its bank account is missing, it is
    asked for, and the approval is to be given again for that account. A limit of the actor's is passed by an `emergency`
    in words; that there are two of them is not. Raises StateConflict, with APPROVAL_STALE where amount, payee, payment or
    a doubt is another now, and RuleRefused (`four_eyes`, REFUND_OVER_LIMIT); nothing is changed then. Single-use by the
    machine itself.
    """
    actor.require(Permission.APPROVE_REFUNDS)
    found = refund_named(public_id, actor=actor)
    refund = seams.transact(lambda: _approve(found, actor, source, seen, emergency))
    return send(refund, claim_to_send(refund), source)


def decline(public_id: str, *, actor: Actor, source: Source, why: str = "declined") -> Refund:
    """Refuse a refund that waits for approval; its amount is free again."""
    actor.require(Permission.APPROVE_REFUNDS)
    return _withdraw(public_id, actor, source, why)


def cancel(public_id: str, *, actor: Actor, source: Source) -> Refund:
    """Withdraw a refund that the provider has not seen; raises StateConflict(REFUND_ALREADY_SENT) otherwise."""
    actor.require(Permission.WRITE_REFUNDS)
    return _withdraw(public_id, actor, source, "withdrawn")


def retry(public_id: str, *, actor: Actor, source: Source, elsewhere: bool = False) -> Refund:
    """Ask again for what failed: a new refund with a new key, under the rules as they are now.

    It goes to the same bank account, unless that is what was wrong or it shall go `elsewhere`: then it needs another.
    One that the buyer begins again stays asked for by whoever asked first, who approves and settles none of its tries.
    """
    actor.require(Permission.WRITE_REFUNDS)
    old = refund_named(public_id, actor=actor)
    if old.state not in FREED_REFUND:
        raise StateConflict
    nonce = retry_nonce(old)
    destination = old.destination
    if destination and (elsewhere or old.error_code in WRONG_ACCOUNT or not destination.account_number):
        destination = None  # wrong, or erased since
    by, person_id = actor.name, actor.person_id
    if source is Source.BUYER:
        by, person_id = old.requested_by, old.requester_id
    asked = Asked(old.order, old.amount, old.reason, actor, source, old.note, nonce, by, person_id, keeps=destination)
    return once(asked)


def retry_nonce(failed: Refund) -> str:
    """Name the one refund that is asked for in the place of a failed one."""
    return f"retry:{failed.public_id}"


def set_destination(
    public_id: str,
    destination: Destination,
    *,
    actor: Actor,
    source: Source,
    seen: str | None = None,
    is_doubtful: bool = False,
) -> Refund:
    """Say where an unsent refund goes. An approval given before is void: it was given for another account.

    `seen` is the `binding` of what the actor saw; one that `is_doubtful` waits for somebody's approval. Raises
    RuleRefused with every reason why that account cannot be, StateConflict where another account was entered since it
    was seen, and StateConflict(REFUND_ALREADY_SENT).
    """
    actor.require(Permission.WRITE_REFUNDS)
    found = refund_named(public_id, actor=actor)
    fitting = fitting_for(destination, account_named(found.account))
    asked = _Redirection(fitting, actor, source, seen, is_doubtful)
    refund = seams.transact(lambda: _redirect(found, asked))
    return send(refund, claim_to_send(refund), source)


@dataclass(frozen=True, slots=True)
class _Redirection:
    """A bank account as somebody gave it."""

    destination: Destination
    actor: Actor
    source: Source
    seen: str | None
    is_doubtful: bool


def _approve(found: Refund, actor: Actor, source: Source, seen: str, emergency: str) -> Refund:
    locked, refund = lock_refund(found)
    if refund.state != RefundState.AWAITING_APPROVAL or refund.is_approved:
        raise StateConflict
    if approvals.is_over(refund, seams.now()):
        raise StateConflict(ErrorCode.APPROVAL_EXPIRED)
    if objection := four_eyes.objection(refund, actor):
        raise RuleRefused(Reason(objection))
    if seen != doubts.seen_of(refund):
        raise StateConflict(ErrorCode.APPROVAL_STALE)
    account = account_named(refund.account)
    if account.destination_fields and refund.destination is None:
        command(locked, refund, Verb.REQUIRE_DESTINATION, actor=actor, source=source, why="account_missing")
        return refund
    overruns = refund_limits.hold_approval(refund, actor, emergency=emergency)
    refund.approved_by, refund.approver_id = actor.name, actor.person_id
    refund.approval_digest = refund.binding
    refund.approved_at = refund.next_action_at = seams.now()
    refund.save()
    if account.refunds_by_hand:
        command(locked, refund, Verb.RELEASE, actor=actor, source=source, why=mark_of(refund, APPROVED))
    else:
        write_down(locked, refund, "approve", APPROVED, actor=actor, source=source)
    refund_limits.keep_passes(overruns, refund, actor, emergency)
    return refund


def _redirect(found: Refund, asked: _Redirection) -> Refund:
    locked, refund = lock_refund(found)
    if refund.state not in UNSENT_REFUND:
        raise StateConflict(ErrorCode.REFUND_ALREADY_SENT)
    if asked.seen is not None and asked.seen != refund.binding:
        raise StateConflict
    old = refund.destination
    refund.destination = given = keep(asked.destination, asked.actor, replaces=old)
    refund.approved_by, refund.approval_digest, refund.approver, refund.approved_at = "", "", None, None
    refund.save()
    mark = written(
        ACCOUNT_CHANGED if old else ACCOUNT_GIVEN,
        account=given.account_number,
        before=old.account_number if old else "",
    )
    lifecycle.note(
        locked, refund, "redirect", source=asked.source, actor=asked.actor.name, why=mark, now=given.created_at
    )
    buyer_messages.tell_of_account(refund, given)
    if asked.is_doubtful or _still_needs_approval(locked, refund):
        why = "account_doubtful" if asked.is_doubtful else "destination_changed"
        command(locked, refund, Verb.REQUIRE_APPROVAL, actor=asked.actor, source=asked.source, why=why)
    return refund


def _still_needs_approval(locked: Locked, refund: Refund) -> bool:
    """An order of another day, or a limit that was passed, does not let a changed account go without a second person."""
    account = account_named(refund.account)
    return bool(approval_reason(locked, ZERO, account)) or refund.limit_passes.exists()


def _withdraw(public_id: str, actor: Actor, source: Source, why: str) -> Refund:
    found = refund_named(public_id, actor=actor)

    def withdraw() -> Refund:
        locked, refund = lock_refund(found)
        if refund.state not in UNSENT_REFUND:
            raise StateConflict(ErrorCode.REFUND_ALREADY_SENT)
        command(locked, refund, Verb.CANCEL, actor=actor, source=source, why=why)
        return refund

    return seams.transact(withdraw)
