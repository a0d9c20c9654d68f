"""Asking for money to be given back, and the decisions on the way until the provider has it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from django.db import IntegrityError

from pagoefectivo import conf
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import NotFound, Reason, RuleRefused, StateConflict
from pagoefectivo.domain.messages import Command, Destination, Verb
from pagoefectivo.domain.refunds import closed_reasons, eligibility
from pagoefectivo.domain.states import FREED_REFUND, UNSENT_REFUND, RefundState, Source
from pagoefectivo.models import Order, Refund, RefundDestination, Voucher
from pagoefectivo.models.refunds import REASONS
from pagoefectivo.services import facts, lifecycle, reservations, seams, submission
from pagoefectivo.services.accounts import EffectiveAccount, account_named
from pagoefectivo.services.actors import Actor, Permission
from pagoefectivo.services.claiming import Claim, claim_row
from pagoefectivo.services.orders import order_named
from pagoefectivo.services.subjects import Locked, lock_order


@dataclass(frozen=True, slots=True)
class Refundable:
    """What is left to give back on an order, and every reason why nothing may be given back now."""

    amount: Decimal
    currency: str
    reasons: tuple[Reason, ...]


def refundable(order: Order) -> Refundable:
    """Return what may still be refunded on an order, by the same rules that a request is held against; locks nothing."""
    vouchers = [voucher for voucher in order.vouchers.all() if voucher.paid_amount > 0] or list(order.vouchers.all())
    rules, now = account_named(order.account).refund_rules, seams.now()
    paid = [facts.of_paid_voucher(voucher) for voucher in vouchers]
    open_ones = [each for each in paid if not closed_reasons(each, rules, now)]
    reasons = () if open_ones or not paid else closed_reasons(paid[-1], rules, now)
    return Refundable(max((each.remaining for each in open_ones), default=Decimal("0.00")), order.currency, reasons)


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
    """Ask for `amount` of an order to be given back and send it, unless somebody has to approve it first.

    The row reserves its amount and is committed before the provider is called; on return it is *pending*, *unknown*,
    *submitting*, *failed* or *awaiting_approval*. The same `nonce` returns the same refund. Raises RuleRefused with
    every reason (nothing written), PermissionRefused, NotFound, and RuntimeError inside a transaction.
    """
    actor.require(Permission.WRITE_REFUNDS)
    order = order_named(reference, actor=actor)
    if reason not in dict(REASONS):
        raise RuleRefused(Reason(ErrorCode.CREATE_FIELD_INVALID, field="reason"))
    asked = _Asked(order, amount, reason, actor, source, note, nonce)
    return _once(asked, lambda: _keep(destination) if destination else None)


def refund_named(public_id: str, *, actor: Actor) -> Refund:
    """Return one refund; raises NotFound also where the actor may not know of it."""
    refund = Refund.objects.select_related("order", "voucher", "destination").filter(public_id=public_id).first()
    if refund is None or not actor.sees(refund.account):
        raise NotFound
    return refund


def approve(public_id: str, *, actor: Actor, source: Source, seen: str | None = None) -> Refund:
    """Approve a refund that somebody else asked for, and send it. `seen` is the `binding` of what the approver saw.

    Raises RuleRefused(APPROVAL_SELF, APPROVAL_STALE) and StateConflict; single-use by the machine itself.
    """
    actor.require(Permission.APPROVE_REFUNDS)
    found = refund_named(public_id, actor=actor)
    seams.transact(lambda: _approve(found, actor, seen))
    return _send(found, claim_row(Refund, found.pk), source)


def decline(public_id: str, *, actor: Actor, source: Source, why: str = "declined") -> Refund:
    """Refuse a refund that waits for approval; its amount is free again."""
    actor.require(Permission.APPROVE_REFUNDS)
    return _withdraw(public_id, actor, source, why)


def cancel(public_id: str, *, actor: Actor, source: Source) -> Refund:
    """Withdraw a refund that the provider has not seen; raises StateConflict(REFUND_ALREADY_SENT) otherwise."""
    actor.require(Permission.WRITE_REFUNDS)
    return _withdraw(public_id, actor, source, "withdrawn")


def retry(public_id: str, *, actor: Actor, source: Source) -> Refund:
    """Ask again for what failed: a new refund with a new key, under the rules as they are now."""
    actor.require(Permission.WRITE_REFUNDS)
    old = refund_named(public_id, actor=actor)
    if old.state not in FREED_REFUND:
        raise StateConflict
    nonce = f"retry:{old.public_id}"
    return _once(_Asked(old.order, old.amount, old.reason, actor, source, old.note, nonce), lambda: old.destination)


def set_destination(public_id: str, destination: Destination, *, actor: Actor, source: Source) -> Refund:
    """Say where an unsent refund goes. An approval given before is void: it was given for another account."""
    actor.require(Permission.WRITE_REFUNDS)
    found = refund_named(public_id, actor=actor)
    refund = seams.transact(lambda: _redirect(found, destination, actor, source))
    claim = claim_row(Refund, refund.pk) if refund.state == RefundState.REQUESTED else None
    return _send(refund, claim, source)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request for a refund as it was made."""

    order: Order
    amount: Decimal
    reason: str
    actor: Actor
    source: Source
    note: str
    nonce: str | None


def _once(asked: _Asked, destination: Callable[[], RefundDestination | None]) -> Refund:
    """Reserve and send what was asked, once per nonce; a repetition finds the refund that is there."""
    known = Refund.objects.filter(request_nonce=asked.nonce, order=asked.order) if asked.nonce else None
    if known is not None and (refund := known.first()) is not None:
        return refund
    try:
        refund, claim = seams.transact(lambda: _reserve(asked, destination()))
    except IntegrityError:
        if known is None or (refund := known.first()) is None:
            raise
        return refund
    return _send(refund, claim, asked.source)


def _reserve(asked: _Asked, destination: RefundDestination | None) -> tuple[Refund, Claim | None]:
    """Insert a refund that is already claimed by its maker, unless somebody has to approve it first."""
    order, amount = asked.order, asked.amount
    account, now = account_named(order.account), seams.now()
    locked = lock_order(order.pk)
    known = next((each for each in locked.refunds if asked.nonce and each.request_nonce == asked.nonce), None)
    if known is not None:
        return known, None  # the same request, a moment earlier
    locked.voucher = _chosen(locked, amount)
    objections = eligibility(facts.of_paid_voucher(locked.voucher), amount, order.currency, account.refund_rules, now)
    if objections:
        raise RuleRefused(*objections)
    needs_approval = _needs_approval(locked.voucher.reserved_amount + amount, account)
    refund = reservations.reserve(
        locked,
        amount=amount,
        reason=asked.reason,
        requested_by=asked.actor.name,
        note=asked.note[:500],
        destination=destination,
        nonce=asked.nonce,
        now=now,
    )
    if needs_approval:
        _command(locked, refund, Verb.REQUIRE_APPROVAL, asked.actor, asked.source, "over_threshold")
        return refund, None
    refund.lease_until = refund.next_action_at = now + conf.current().timing.lease
    refund.lease_token = refund.attempts = 1
    refund.save()
    return refund, Claim(refund.pk, token=1, attempts=1, kind="refund")


def _approve(found: Refund, actor: Actor, seen: str | None) -> None:
    refund = _locked(found)[1]
    if refund.state != RefundState.AWAITING_APPROVAL or refund.is_approved:
        raise StateConflict
    if refund.requested_by == actor.name:
        raise RuleRefused(Reason(ErrorCode.APPROVAL_SELF))
    if seen is not None and seen != refund.binding:
        raise RuleRefused(Reason(ErrorCode.APPROVAL_STALE))
    refund.approved_by, refund.approver_id = actor.name, actor.user_id
    refund.approval_digest = refund.binding
    refund.next_action_at = seams.now()
    refund.save()


def _redirect(found: Refund, destination: Destination, actor: Actor, source: Source) -> Refund:
    locked, refund = _locked(found)
    if refund.state not in UNSENT_REFUND:
        raise StateConflict(ErrorCode.REFUND_ALREADY_SENT)
    refund.destination = _keep(destination)
    refund.approved_by, refund.approval_digest, refund.approver = "", "", None
    refund.save()
    if _needs_approval(locked.voucher.reserved_amount, account_named(refund.account)):
        _command(locked, refund, Verb.REQUIRE_APPROVAL, actor, source, "destination_changed")
    return refund


def _chosen(locked: Locked, amount: Decimal) -> Voucher:
    """Prefer the newest payment from which the amount can be given back whole, else the one with most left."""
    remaining = {voucher.pk: facts.of_paid_voucher(voucher).remaining for voucher in locked.vouchers}
    fitting = [voucher for voucher in locked.vouchers if amount <= remaining[voucher.pk]]
    return fitting[-1] if fitting else max(locked.vouchers, key=lambda voucher: remaining[voucher.pk])


def _needs_approval(asked_in_all: Decimal, account: EffectiveAccount) -> bool:
    """The threshold counts all that was asked for on a payment, so that splitting does not pass below it."""
    threshold = account.config.refund_approval_over
    return threshold is not None and asked_in_all > threshold


def _keep(destination: Destination) -> RefundDestination:
    return RefundDestination.objects.create(
        holder_name=destination.holder_name,
        document_type=destination.document_type,
        document_number=destination.document_number,
        bank_code=destination.bank_code,
        account_number=destination.account_number,
        account_type=destination.account_type,
        created_at=seams.now(),
    )


def _locked(found: Refund) -> tuple[Locked, Refund]:
    locked = lock_order(found.order_id)
    refund = next(each for each in locked.refunds if each.pk == found.pk)
    locked.refund = refund
    locked.voucher = next(voucher for voucher in locked.vouchers if voucher.pk == refund.voucher_id)
    return locked, refund


def _withdraw(public_id: str, actor: Actor, source: Source, why: str) -> Refund:
    found = refund_named(public_id, actor=actor)

    def withdraw() -> Refund:
        locked, refund = _locked(found)
        if refund.state not in UNSENT_REFUND:
            raise StateConflict(ErrorCode.REFUND_ALREADY_SENT)
        _command(locked, refund, Verb.CANCEL, actor, source, why)
        return refund

    return seams.transact(withdraw)


def _command(locked: Locked, refund: Refund, verb: Verb, actor: Actor, source: Source, why: str) -> None:
    locked.refund = refund
    lifecycle.write(
        locked,
        Command(verb, refund_id=refund.pk, why=why),
        source=source,
        evidence=lifecycle.Evidence(refund.account),
        actor=actor.name,
        now=seams.now(),
    )


def _send(refund: Refund, claim: Claim | None, source: Source) -> Refund:
    if claim is not None:
        submission.submit(Refund, claim, source=source)
    return Refund.objects.select_related("order", "voucher").get(pk=refund.pk)
