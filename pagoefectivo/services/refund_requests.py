"""Asking for money to be given back: what is wanted, what it would come to, and the row that reserves it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.db import IntegrityError, transaction

from pagoefectivo import conf
from pagoefectivo.domain.bank_accounts import destination_objections, tidy
from pagoefectivo.domain.clues import Kind
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import NotFound, Reason, RuleRefused
from pagoefectivo.domain.messages import Destination, Verb
from pagoefectivo.domain.refund_marks import ASKED, written
from pagoefectivo.domain.refund_reasons import REFUND_REASONS
from pagoefectivo.domain.refunds import eligibility
from pagoefectivo.domain.states import RefundState, Source
from pagoefectivo.models import Order, Refund, RefundDestination, Voucher
from pagoefectivo.models.digests import digest
from pagoefectivo.models.refunds import ACCOUNT, DOCUMENT, payee_digest
from pagoefectivo.services import (
    buyer_messages,
    facts,
    lifecycle,
    previews,
    refund_limits,
    reservations,
    seams,
    submission,
)
from pagoefectivo.services.accounts import EffectiveAccount, account_named, is_by_hand
from pagoefectivo.services.actors import Actor, Permission
from pagoefectivo.services.claiming import Claim, claim_row
from pagoefectivo.services.commands import command
from pagoefectivo.services.orders import order_named
from pagoefectivo.services.subjects import Locked, lock_order


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants given back. It goes to an account that an earlier refund of the order `kept`, by its id."""

    reference: str
    amount: Decimal
    reason: str
    note: str = ""
    kept: int | None = None
    nonce: str | None = None
    emergency: str = ""


Rehearsed = previews.Preview | Refund | RuleRefused | NotFound


def carry_out(wish: Wish, *, seen: str | None = None, at_once: bool = True, actor: Actor, source: Source) -> Refund:
    """`request` for a wish; with `seen` (of its `Preview`) only if it still comes to what the actor looked at.

    Without `at_once` it is left *requested* for the sweep to send. A limit of the actor's is passed by an `emergency` in
    words, and then somebody has to approve it, whatever the amount. Raises RuleRefused(REFUND_PREVIEW_STALE) besides.
    """
    return once(replace(asked_of(wish, actor, source), seen=seen, at_once=at_once))


def preview(wish: Wish, *, actor: Actor, source: Source) -> previews.Preview | Refund:
    """Return what a wish would come to now, or the refund that its nonce already made; raises what `request` raises."""
    (found,) = rehearse([wish], actor=actor, source=source)
    if isinstance(found, RuleRefused | NotFound):
        raise found
    return found


def rehearse(wishes: Sequence[Wish], *, actor: Actor, source: Source) -> list[Rehearsed]:
    """Return what each wish would come to if they were made in this order; one that is refused leaves the others be.

    All of it is done and taken back in one transaction: nothing is kept, nothing is sent, nobody is told. Locks the
    orders by ascending id.
    """
    actor.require(Permission.WRITE_REFUNDS)

    def act_and_take_back() -> list[Rehearsed]:
        references = {wish.reference for wish in wishes}
        for order_id in Order.objects.filter(reference__in=references).order_by("pk").values_list("pk", flat=True):
            lock_order(order_id)
        rehearsed = [_rehearsed(wish, actor, source) for wish in wishes]
        transaction.set_rollback(True)
        return rehearsed

    return seams.transact(act_and_take_back)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for a refund as it was made: it `gives` an account, or `keeps` that of the try before."""

    order: Order
    amount: Decimal
    reason: str
    actor: Actor
    source: Source
    note: str
    nonce: str | None
    requested_by: str
    requester_id: int | None
    gives: Destination | None = None
    keeps: RefundDestination | None = None
    emergency: str = ""
    seen: str | None = None
    at_once: bool = True


@dataclass(frozen=True, slots=True)
class _Placed:
    """A refund that was reserved; without a preview where it had been there before."""

    refund: Refund
    claim: Claim | None = None
    preview: previews.Preview | None = None


def asked_of(wish: Wish, actor: Actor, source: Source, destination: Destination | None = None) -> Asked:
    """Return a wish as a request of `actor`'s; raises PermissionRefused, NotFound and RuleRefused."""
    actor.require(Permission.WRITE_REFUNDS)
    order = order_named(wish.reference, actor=actor)
    reason = REFUND_REASONS.get(wish.reason)
    if reason is None:
        raise RuleRefused(Reason(ErrorCode.CREATE_FIELD_INVALID, field="reason"))
    in_person = source is Source.STAFF and actor.user_id is not None
    if in_person and reason.needs_note and not wish.note.strip():
        raise RuleRefused(Reason(ErrorCode.REFUND_NOTE_MISSING, field="note"))
    gives = fitting_for(destination, account_named(order.account)) if destination else None
    keeps = _kept_for(order, wish.kept) if wish.kept is not None else None
    return Asked(
        order, wish.amount, wish.reason, actor, source, wish.note, wish.nonce, actor.name, actor.person_id,
        gives=gives, keeps=keeps, emergency=wish.emergency,
    )  # fmt: skip


def _kept_for(order: Order, destination_id: int) -> RefundDestination:
    earlier = Refund.objects.select_related("destination").filter(order=order, destination=destination_id).first()
    if earlier is None or earlier.destination is None or not earlier.destination.account_number:
        raise NotFound
    return earlier.destination


def _rehearsed(wish: Wish, actor: Actor, source: Source) -> Rehearsed:
    try:
        with transaction.atomic():
            placed = _reserve(asked_of(wish, actor, source))
    except (RuleRefused, NotFound) as refusal:
        return refusal
    return placed.preview or placed.refund


def once(asked: Asked) -> Refund:
    """Reserve and send what was asked, once per nonce; a repetition finds the refund that is there."""
    known = Refund.objects.filter(request_nonce=asked.nonce, order=asked.order) if asked.nonce else None
    if known is not None and (refund := known.first()) is not None:
        return refund
    try:
        placed = seams.transact(lambda: _reserve(asked))
    except IntegrityError:
        if known is None or (refund := known.first()) is None:
            raise
        return refund
    return send(placed.refund, placed.claim, asked.source)


def _reserve(asked: Asked) -> _Placed:
    """Insert a refund that is already claimed by its maker, unless somebody has to approve it first."""
    order, amount = asked.order, asked.amount
    account, now = account_named(order.account), seams.now()
    locked = lock_order(order.pk)
    known = next((each for each in locked.refunds if asked.nonce and each.request_nonce == asked.nonce), None)
    if known is not None:
        return _Placed(known)  # the same request, a moment earlier
    locked.voucher = _chosen(locked, amount)
    before = previews.standing_of(locked)
    objections = eligibility(facts.of_paid_voucher(locked.voucher), amount, order.currency, account.refund_rules, now)
    if objections:
        raise RuleRefused(*objections)
    overruns = refund_limits.hold_request(amount, order.currency, asked.actor, emergency=asked.emergency)
    destination = keep(asked.gives, asked.actor) if asked.gives else asked.keeps
    needs_destination = bool(account.destination_fields) and destination is None
    approval = "limit_passed" if overruns else approval_reason(locked, amount, account)
    refund = reservations.reserve(
        locked,
        amount=amount,
        reason=asked.reason,
        requested_by=asked.requested_by,
        requester_id=asked.requester_id,
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
    elif approval:
        command(locked, refund, Verb.REQUIRE_APPROVAL, actor=asked.actor, source=asked.source, why=approval)
    else:
        write_down(locked, refund, "ask", ASKED, actor=asked.actor, source=asked.source)
    refund_limits.keep_passes(overruns, refund, asked.actor, asked.emergency)
    preview = previews.preview_of(before, locked.voucher, refund, approval=approval, overruns=overruns)
    if asked.seen is not None and asked.seen != preview.seen:
        raise RuleRefused(Reason(ErrorCode.REFUND_PREVIEW_STALE))
    claim = None if needs_destination or approval else _first_claim(refund, at_once=asked.at_once)
    return _Placed(refund, claim, preview)


def _first_claim(refund: Refund, *, at_once: bool) -> Claim | None:
    """Let its maker hold what leaves at once; what does not is due for the sweep."""
    if not at_once:
        seams.ring()
        return None
    refund.lease_until = refund.next_action_at = seams.now() + conf.current().timing.lease
    refund.lease_token = refund.attempts = 1
    refund.save()
    return Claim(refund.pk, token=1, attempts=1, kind="refund")


def _chosen(locked: Locked, amount: Decimal) -> Voucher:
    """Prefer the newest payment from which the amount can be given back whole, else the one with most left."""
    remaining = {voucher.pk: facts.of_paid_voucher(voucher).remaining for voucher in locked.vouchers}
    fitting = [voucher for voucher in locked.vouchers if amount <= remaining[voucher.pk]]
    return fitting[-1] if fitting else max(locked.vouchers, key=lambda voucher: remaining[voucher.pk])


def approval_reason(locked: Locked, amount: Decimal, account: EffectiveAccount) -> str:
    """Why somebody has to approve `amount` more; empty where nobody has to.

    The threshold counts all that was asked for on the payment, and for its buyer today: splitting passes below neither.
    Whatever the threshold, a refund by hand has no provider's books behind it and always takes two people.
    """
    if account.refunds_by_hand:
        return "paid_out_by_hand"
    threshold, voucher = account.config.refund_approval_over, locked.voucher
    if threshold is None:
        return ""
    today = refund_limits.asked_today_for(locked.order.payer_email, voucher.account, voucher.currency)
    return "over_threshold" if max(voucher.reserved_amount, today) + amount > threshold else ""


def fitting_for(destination: Destination, account: EffectiveAccount) -> Destination:
    """Return the destination as it will be written to the bank; raises RuleRefused with every reason why it cannot."""
    fitting = tidy(destination) if account.refunds_by_hand else destination
    objections = destination_objections(fitting, account.destination_fields, needs_cci=account.refunds_by_hand)
    if account.destination_fields and objections:
        raise RuleRefused(*objections)
    return fitting


def keep(destination: Destination, actor: Actor, *, replaces: RefundDestination | None = None) -> RefundDestination:
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
        enterer_id=actor.person_id,
        created_at=seams.now(),
    )


def write_down(locked: Locked, refund: Refund, move: str, word: str, *, actor: Actor, source: Source) -> None:
    """Keep who did it in the refund's sealed history, with what the refund says now."""
    why, now = mark_of(refund, word), seams.now()
    lifecycle.note(locked, refund, move, source=source, actor=actor.name, why=why, now=now)


def mark_of(refund: Refund, word: str) -> str:
    """Return a word with the amount and the account that a refund has now."""
    to = refund.destination.account_number if refund.destination else ""
    return written(word, amount=refund.amount, currency=refund.currency, account=to)


def claim_to_send(refund: Refund) -> Claim | None:
    """Claim what may leave for the provider now; None where it waits for somebody, or leaves by hand."""
    waits = refund.state == RefundState.AWAITING_APPROVAL and not refund.is_approved
    waits = waits or (refund.state == RefundState.AWAITING_DESTINATION and refund.destination_id is None)
    return None if waits or is_by_hand(refund) else claim_row(Refund, refund.pk)


def send(refund: Refund, claim: Claim | None, source: Source) -> Refund:
    if claim is not None:
        submission.submit(Refund, claim, source=source)
    return Refund.objects.select_related("order", "voucher").get(pk=refund.pk)
