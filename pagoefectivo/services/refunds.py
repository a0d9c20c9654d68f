"""Asking for money to be given back, and the decisions on the way until the provider has it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db import IntegrityError

from pagoefectivo import conf
from pagoefectivo.domain.bank_accounts import destination_objections, tidy
from pagoefectivo.domain.clues import Kind
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import NotFound, Reason, RuleRefused, StateConflict
from pagoefectivo.domain.messages import Destination, Verb
from pagoefectivo.domain.refunds import closed_reasons, eligibility
from pagoefectivo.domain.states import FREED_REFUND, UNSENT_REFUND, RefundState, Source
from pagoefectivo.models import BuyerView, Order, Refund, RefundDestination, Voucher
from pagoefectivo.models.digests import digest
from pagoefectivo.models.refunds import ACCOUNT, DOCUMENT, REASONS, payee_digest
from pagoefectivo.services import buyer_messages, doubts, facts, reservations, seams, submission
from pagoefectivo.services.accounts import EffectiveAccount, account_named, is_by_hand
from pagoefectivo.services.actors import Actor, Permission
from pagoefectivo.services.claiming import Claim, claim_row
from pagoefectivo.services.commands import command, lock_refund
from pagoefectivo.services.orders import order_named
from pagoefectivo.services.subjects import Locked, lock_order

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
    """Ask for `amount` of an order to be given back and send it, unless it lacks a bank account or an approval.

    The row reserves its amount and is committed before the provider is called; on return it is *pending*, *unknown*,
    *submitting*, *failed*, *awaiting_destination* or *awaiting_approval*. The same `nonce` returns the same refund. Raises RuleRefused with
    every reason (nothing written), PermissionRefused, NotFound, and RuntimeError inside a transaction.
    """
    actor.require(Permission.WRITE_REFUNDS)
    order = order_named(reference, actor=actor)
    if reason not in dict(REASONS):
        raise RuleRefused(Reason(ErrorCode.CREATE_FIELD_INVALID, field="reason"))
    gives = _fitting(destination, account_named(order.account)) if destination else None
    return _once(_Asked(order, amount, reason, actor, source, note, nonce, requested_by=actor.name, gives=gives))


def refund_named(public_id: str, *, actor: Actor) -> Refund:
    """Return one refund; raises NotFound also where the actor may not know of it."""
    refund = Refund.objects.select_related("order", "voucher", "destination").filter(public_id=public_id).first()
    if refund is None or not actor.sees(refund.account):
        raise NotFound
    return refund


def approve(public_id: str, *, seen: str, actor: Actor, source: Source) -> Refund:
    """Approve a refund that somebody else asked for, and send it. `seen` is `doubts.seen_of` what the approver was shown.

    One that people pay out by bank transfer is then ready for a payout file; where its bank account is missing, it is
    asked for, and the approval is to be given again for that account. Raises StateConflict, with APPROVAL_STALE where
    amount, payee, payment or a doubt is another now, and RuleRefused (APPROVAL_SELF, APPROVAL_OWN_ACCOUNT,
    APPROVAL_AS_BUYER); nothing is changed then. Single-use by the machine itself.
    """
    actor.require(Permission.APPROVE_REFUNDS)
    found = refund_named(public_id, actor=actor)
    refund = seams.transact(lambda: _approve(found, actor, source, seen))
    return _send(refund, _claim_to_send(refund), source)


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
    requested_by = old.requested_by if source is Source.BUYER else actor.name
    asked = _Asked(old.order, old.amount, old.reason, actor, source, old.note, nonce, requested_by, keeps=destination)
    return _once(asked)


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
    fitting = _fitting(destination, account_named(found.account))
    asked = _Redirection(fitting, actor, source, seen, is_doubtful)
    refund = seams.transact(lambda: _redirect(found, asked))
    return _send(refund, _claim_to_send(refund), source)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request for a refund as it was made: it `gives` an account, or `keeps` that of the try before."""

    order: Order
    amount: Decimal
    reason: str
    actor: Actor
    source: Source
    note: str
    nonce: str | None
    requested_by: str
    gives: Destination | None = None
    keeps: RefundDestination | None = None


@dataclass(frozen=True, slots=True)
class _Redirection:
    """A bank account as somebody gave it."""

    destination: Destination
    actor: Actor
    source: Source
    seen: str | None
    is_doubtful: bool


def _once(asked: _Asked) -> Refund:
    """Reserve and send what was asked, once per nonce; a repetition finds the refund that is there."""
    known = Refund.objects.filter(request_nonce=asked.nonce, order=asked.order) if asked.nonce else None
    if known is not None and (refund := known.first()) is not None:
        return refund
    try:
        refund, claim = seams.transact(lambda: _reserve(asked))
    except IntegrityError:
        if known is None or (refund := known.first()) is None:
            raise
        return refund
    return _send(refund, claim, asked.source)


def _reserve(asked: _Asked) -> tuple[Refund, Claim | None]:
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
    destination = _keep(asked.gives, asked.actor) if asked.gives else asked.keeps
    needs_destination = bool(account.destination_fields) and destination is None
    needs_approval = _needs_approval(locked.voucher.reserved_amount + amount, account)
    refund = reservations.reserve(
        locked,
        amount=amount,
        reason=asked.reason,
        requested_by=asked.requested_by,
        note=asked.note[:500],
        destination=destination,
        nonce=asked.nonce,
        now=now,
    )
    if asked.gives and destination:
        buyer_messages.tell_of_account(refund, destination)
    if needs_destination:
        why = "account_missing"
        command(locked, refund, Verb.REQUIRE_DESTINATION, actor=asked.actor, source=asked.source, why=why)
        return refund, None
    if needs_approval:
        why = "paid_out_by_hand" if account.refunds_by_hand else "over_threshold"
        command(locked, refund, Verb.REQUIRE_APPROVAL, actor=asked.actor, source=asked.source, why=why)
        return refund, None
    refund.lease_until = refund.next_action_at = now + conf.current().timing.lease
    refund.lease_token = refund.attempts = 1
    refund.save()
    return refund, Claim(refund.pk, token=1, attempts=1, kind="refund")


def _approve(found: Refund, actor: Actor, source: Source, seen: str) -> Refund:
    locked, refund = lock_refund(found)
    if refund.state != RefundState.AWAITING_APPROVAL or refund.is_approved:
        raise StateConflict
    if refund.requested_by == actor.name:
        raise RuleRefused(Reason(ErrorCode.APPROVAL_SELF))
    if refund.destination and refund.destination.entered_by == actor.name:
        raise RuleRefused(Reason(ErrorCode.APPROVAL_OWN_ACCOUNT))
    account = account_named(refund.account)
    if account.destination_fields and BuyerView.objects.filter(order=refund.order_id, actor=actor.name).exists():
        raise RuleRefused(Reason(ErrorCode.APPROVAL_AS_BUYER))
    if seen != doubts.seen_of(refund):
        raise StateConflict(ErrorCode.APPROVAL_STALE)
    if account.destination_fields and refund.destination is None:
        command(locked, refund, Verb.REQUIRE_DESTINATION, actor=actor, source=source, why="account_missing")
        return refund
    refund.approved_by, refund.approver_id = actor.name, actor.user_id
    refund.approval_digest = refund.binding
    refund.next_action_at = seams.now()
    refund.save()
    if account.refunds_by_hand:
        command(locked, refund, Verb.RELEASE, actor=actor, source=source, why="approval_given")
    return refund


def _redirect(found: Refund, asked: _Redirection) -> Refund:
    locked, refund = lock_refund(found)
    if refund.state not in UNSENT_REFUND:
        raise StateConflict(ErrorCode.REFUND_ALREADY_SENT)
    if asked.seen is not None and asked.seen != refund.binding:
        raise StateConflict
    refund.destination = given = _keep(asked.destination, asked.actor, replaces=refund.destination)
    refund.approved_by, refund.approval_digest, refund.approver = "", "", None
    refund.save()
    buyer_messages.tell_of_account(refund, given)
    if asked.is_doubtful or _needs_approval(locked.voucher.reserved_amount, account_named(refund.account)):
        why = "account_doubtful" if asked.is_doubtful else "destination_changed"
        command(locked, refund, Verb.REQUIRE_APPROVAL, actor=asked.actor, source=asked.source, why=why)
    return refund


def _chosen(locked: Locked, amount: Decimal) -> Voucher:
    """Prefer the newest payment from which the amount can be given back whole, else the one with most left."""
    remaining = {voucher.pk: facts.of_paid_voucher(voucher).remaining for voucher in locked.vouchers}
    fitting = [voucher for voucher in locked.vouchers if amount <= remaining[voucher.pk]]
    return fitting[-1] if fitting else max(locked.vouchers, key=lambda voucher: remaining[voucher.pk])


def _needs_approval(asked_in_all: Decimal, account: EffectiveAccount) -> bool:
    """The threshold counts all that was asked for on a payment, so that splitting does not pass below it.

    Whatever the threshold, a refund by hand has no provider's books behind it and always takes two people.
    """
    if account.refunds_by_hand:
        return True
    threshold = account.config.refund_approval_over
    return threshold is not None and asked_in_all > threshold


def _fitting(destination: Destination, account: EffectiveAccount) -> Destination:
    """Return the destination as it will be written to the bank; raises RuleRefused with every reason why it cannot."""
    fitting = tidy(destination) if account.refunds_by_hand else destination
    objections = destination_objections(fitting, account.destination_fields, needs_cci=account.refunds_by_hand)
    if account.destination_fields and objections:
        raise RuleRefused(*objections)
    return fitting


def _keep(destination: Destination, actor: Actor, *, replaces: RefundDestination | None = None) -> RefundDestination:
    return RefundDestination.objects.create(
        replaces=replaces,
        holder_name=destination.holder_name,
        document_type=destination.document_type,
        document_number=destination.document_number,
        bank_code=destination.bank_code,
        account_number=destination.account_number,
        tail_digest=digest(Kind.ACCOUNT, destination.account_number),
        account_type=destination.account_type,
        account_digest=payee_digest(ACCOUNT, destination.account_number),
        document_digest=payee_digest(DOCUMENT, destination.document_number),
        entered_by=actor.name,
        created_at=seams.now(),
    )


def _withdraw(public_id: str, actor: Actor, source: Source, why: str) -> Refund:
    found = refund_named(public_id, actor=actor)

    def withdraw() -> Refund:
        locked, refund = lock_refund(found)
        if refund.state not in UNSENT_REFUND:
            raise StateConflict(ErrorCode.REFUND_ALREADY_SENT)
        command(locked, refund, Verb.CANCEL, actor=actor, source=source, why=why)
        return refund

    return seams.transact(withdraw)


def _claim_to_send(refund: Refund) -> Claim | None:
    """Claim what may leave for the provider now; None where it waits for somebody, or leaves by hand."""
    waits = refund.state == RefundState.AWAITING_APPROVAL and not refund.is_approved
    waits = waits or (refund.state == RefundState.AWAITING_DESTINATION and refund.destination_id is None)
    return None if waits or is_by_hand(refund) else claim_row(Refund, refund.pk)


def _send(refund: Refund, claim: Claim | None, source: Source) -> Refund:
    if claim is not None:
        submission.submit(Refund, claim, source=source)
    return Refund.objects.select_related("order", "voucher").get(pk=refund.pk)
