"""Opening, refreshing, cancelling and re-issuing orders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError

from pagoefectivo import conf
from pagoefectivo.domain import limits
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import NotFound, ProviderError, Reason, RuleRefused, StateConflict
from pagoefectivo.domain.languages import DEFAULT as DEFAULT_LANGUAGE
from pagoefectivo.domain.languages import known_language
from pagoefectivo.domain.messages import Payer, Verb
from pagoefectivo.domain.states import (
    LIVE_VOUCHER,
    PAYABLE_VOUCHER,
    UNANSWERED_VOUCHER,
    OrderState,
    Source,
    VoucherState,
)
from pagoefectivo.links import new_page_key
from pagoefectivo.models import Anomaly, Order, Voucher
from pagoefectivo.models.digests import payer_digests
from pagoefectivo.services import lifecycle, polling, seams, submission
from pagoefectivo.services.accounts import EffectiveAccount, account_named
from pagoefectivo.services.actors import Actor, Permission
from pagoefectivo.services.claiming import Claim, claim_row
from pagoefectivo.services.commands import command
from pagoefectivo.services.subjects import Locked, lock_order

UNSENT_OR_UNANSWERED = UNANSWERED_VOUCHER | {VoucherState.REQUESTED}


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """What a shop asks for: `amount` with two decimals, `expires_in` from now, `language` that of the messages."""

    reference: str
    amount: Decimal
    currency: str
    payer: Payer = field(repr=False)
    account: str | None = None
    expires_in: timedelta | None = None
    description: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    language: str = DEFAULT_LANGUAGE


def open_order(request: OrderRequest, *, actor: Actor, source: Source) -> Order:
    """Open an order and issue its voucher; a repetition returns the order that exists.

    Commits the order and its voucher before the provider is called and waits for one answer: on return the voucher is
    *issued*, or *submitting*/*unknown* and goes on by itself, or *failed*. A repetition whose last voucher failed
    tries anew with the payer's new data. Raises RuleRefused (nothing written), StateConflict(REFERENCE_CONFLICT) when
    the reference exists with other money, PermissionRefused, and RuntimeError inside a transaction.
    """
    actor.require(Permission.WRITE_ORDERS)
    account = _checked(request, actor)
    existing = Order.objects.filter(reference=request.reference).first()
    if existing is not None:
        return _resume(existing, request, account, actor=actor, source=source)
    try:
        claim = seams.transact(lambda: _create(request, account))
    except IntegrityError:
        order = Order.objects.filter(reference=request.reference).first()
        if order is None:
            raise
        return _resume(order, request, account, actor=actor, source=source)
    submission.submit(Voucher, claim, source=source)
    return order_named(request.reference, actor=actor)


def order_named(reference: str, *, actor: Actor) -> Order:
    """Return one order with its vouchers and refunds; raises NotFound also where the actor may not know of it."""
    order = Order.objects.prefetch_related("vouchers", "refunds").filter(reference=reference).first()
    if order is None or not actor.sees(order.account):
        raise NotFound
    return order


def refresh_order(reference: str, *, actor: Actor, source: Source) -> Order:
    """Ask the provider now about the newest voucher and apply the answer. Raises the ProviderError if there is none."""
    actor.require(Permission.READ_ORDERS)
    order = order_named(reference, actor=actor)
    for voucher in order.vouchers.all():
        if voucher.state != VoucherState.FAILED:
            ask(voucher, source)
    return order_named(reference, actor=actor)


def cancel_order(reference: str, *, actor: Actor, source: Source) -> Order:
    """Withdraw an unpaid order. The provider is asked one last time before stock may be released.

    Returns the order *canceled*, or still *awaiting_payment* with `cancel_wanted_at` set when the provider did not
    answer: then it ends by itself. Raises StateConflict(ORDER_ALREADY_PAID).
    """
    actor.require(Permission.WRITE_ORDERS)
    order = order_named(reference, actor=actor)
    seams.transact(lambda: _want_order_canceled(order.pk, actor, source))
    return _ask_before_release(order, actor=actor, source=source)


def reissue_voucher(
    reference: str, *, actor: Actor, source: Source, objection: Callable[[Voucher], None] | None = None
) -> Order:
    """Issue a new code for an unpaid order; the old one is withdrawn where the provider can and watched where not.

    An old code of which nobody can tell any more whether it exists is watched for, and never shown. `objection` looks
    at the old code under the lock, after the provider was asked, and raises what speaks against a new one. Raises
    StateConflict when the order is paid or withdrawn, when the old code's fate may still be found out, or when somebody
    replaced it a moment ago, and the ProviderError when the provider cannot be asked about the old code.
    """
    actor.require(Permission.WRITE_ORDERS)
    order = order_named(reference, actor=actor)
    refuse_withdrawn(order)
    current = order.current_voucher
    if current is not None and current.state in LIVE_VOUCHER:
        ask(current, source)
    claim = seams.transact(lambda: _replace_voucher(order.pk, current, actor, source, objection))
    submission.submit(Voucher, claim, source=source)
    _withdraw_replaced(order.pk, source)
    return order_named(reference, actor=actor)


def accept_payment(reference: str, *, note: str, actor: Actor, source: Source) -> Order:
    """Let an order count as paid although its payment was late, short, over or unwanted. Needs `payments:accept`."""
    actor.require(Permission.ACCEPT_PAYMENTS)
    order = order_named(reference, actor=actor)
    seams.transact(lambda: _accept(order.pk, note, actor, source))
    return order_named(reference, actor=actor)


def _want_order_canceled(order_id: int, actor: Actor, source: Source) -> None:
    locked = lock_order(order_id)
    refuse_paid(locked.order)
    locked.order.cancel_wanted_at = locked.order.cancel_wanted_at or seams.now()
    locked.order.save()
    for voucher in locked.vouchers:
        _want_cancel(locked, voucher, actor=actor, source=source)


def _replace_voucher(
    order_id: int,
    current: Voucher | None,
    actor: Actor,
    source: Source,
    objection: Callable[[Voucher], None] | None,
) -> Claim:
    locked = lock_order(order_id)
    refuse_reissue(locked.order, locked.voucher)
    if locked.voucher != current:
        raise StateConflict  # the provider was asked about another one
    if objection is not None:
        objection(locked.voucher)
    return _replace(locked, actor, source)


def _try_anew(order_id: int, payer: Payer, actor: Actor, source: Source) -> Claim | None:
    """Replace a voucher that failed; None where that was done a moment ago, or nobody wants it any more."""
    locked = lock_order(order_id)
    order = locked.order
    if order.paid_amount > 0 or order.cancel_wanted_at is not None or locked.voucher.state != VoucherState.FAILED:
        return None
    order.payer_email, order.payer_name, order.payer_phone = payer.email, payer.name, payer.phone
    order.payer_document_type, order.payer_document_number = payer.document_type, payer.document_number
    order.phone_digest, order.document_digest = payer_digests(payer.phone, payer.document_number)
    order.save()
    return _replace(locked, actor, source)


def _replace(locked: Locked, actor: Actor, source: Source) -> Claim:
    for voucher in locked.vouchers:
        voucher.replaced_at = voucher.replaced_at or seams.now()
        _want_cancel(locked, voucher, actor=actor, source=source)
    claim = _add_voucher(locked.order, account_named(locked.order.account), len(locked.vouchers) + 1)
    lifecycle.reproject(lock_order(locked.order.pk), source=source, actor=actor.name, now=seams.now())
    return claim


def _accept(order_id: int, note: str, actor: Actor, source: Source) -> None:
    locked = lock_order(order_id)
    refuse_acceptance(locked.order)
    now = seams.now()
    Anomaly.objects.filter(order=order_id, closed_at=None, holds_order=True).update(
        closed_at=now, closed_by=actor.name, resolution=note[:500]
    )
    locked.order.cancel_wanted_at = None
    locked.order.save()
    lifecycle.reproject(locked, source=source, actor=actor.name, now=now)


def _checked(request: OrderRequest, actor: Actor) -> EffectiveAccount:
    account = account_named(request.account if request.account is not None else _first_seen_by(actor))
    if not actor.sees(account.config.name):
        raise RuleRefused(Reason(ErrorCode.ACCOUNT_UNKNOWN, field="account"))
    objections = (
        *limits.reference_objections(request.reference),
        *limits.voucher_objections(
            request.amount,
            request.currency,
            _expires_in(request),
            request.payer,
            request.description,
            account.voucher_limits,
        ),
    )
    if known_language(request.language) is None:
        objections = (*objections, Reason(ErrorCode.CREATE_FIELD_INVALID, field="language"))
    if objections:
        raise RuleRefused(*objections)
    return account


def _expires_in(request: OrderRequest) -> timedelta:
    return conf.current().default_expiry if request.expires_in is None else request.expires_in


def _first_seen_by(actor: Actor) -> str | None:
    return next((name for name in conf.current().accounts if actor.sees(name)), None)


def _create(request: OrderRequest, account: EffectiveAccount) -> Claim:
    now = seams.now()
    phone_digest, document_digest = payer_digests(request.payer.phone, request.payer.document_number)
    order = Order.objects.create(
        reference=request.reference,
        account=account.config.name,
        amount=request.amount,
        currency=request.currency,
        payer_email=request.payer.email,
        payer_name=request.payer.name,
        payer_phone=request.payer.phone,
        payer_document_type=request.payer.document_type,
        payer_document_number=request.payer.document_number,
        phone_digest=phone_digest,
        document_digest=document_digest,
        description=request.description,
        metadata=request.metadata,
        language=known_language(request.language) or DEFAULT_LANGUAGE,
        expires_in=_expires_in(request),
        page_key=new_page_key(),
        created_at=now,
        updated_at=now,
    )
    return _add_voucher(order, account, attempt=1)


def _add_voucher(order: Order, account: EffectiveAccount, attempt: int) -> Claim:
    """Insert a voucher that is already claimed by its maker: the sweep takes over only if the maker dies."""
    now = seams.now()
    until = now + conf.current().timing.lease
    public_id = f"vch_{seams.new_id().replace('-', '')}"
    voucher = Voucher.objects.create(
        public_id=public_id,
        order=order,
        attempt=attempt,
        account=account.config.name,
        reference=f"{order.reference}-{attempt}-{public_id[4:16].upper()}",
        idempotency_key=seams.new_id(),
        amount=order.amount,
        currency=order.currency,
        wanted_expiry_at=now + order.expires_in,
        created_at=now,
        changed_at=now,
        next_action_at=until,
        lease_until=until,
        lease_token=1,
        attempts=1,
    )
    return Claim(voucher.pk, token=1, attempts=1, kind="voucher")


def _resume(order: Order, request: OrderRequest, account: EffectiveAccount, *, actor: Actor, source: Source) -> Order:
    if not actor.sees(order.account):
        raise StateConflict(ErrorCode.REFERENCE_CONFLICT)
    same = (order.amount, order.currency, order.account) == (request.amount, request.currency, account.config.name)
    if not same:
        raise StateConflict(ErrorCode.REFERENCE_CONFLICT)
    current = order.current_voucher
    if current is not None and current.state == VoucherState.FAILED:
        claim = seams.transact(lambda: _try_anew(order.pk, request.payer, actor, source))
        if claim is not None:
            submission.submit(Voucher, claim, source=source)
            _withdraw_replaced(order.pk, source)
    return order_named(order.reference, actor=actor)


def _want_cancel(locked: Locked, voucher: Voucher, *, actor: Actor, source: Source) -> None:
    voucher.cancel_wanted_at = voucher.cancel_wanted_at or seams.now()
    voucher.save()
    command(locked, voucher, Verb.CANCEL, actor=actor, source=source, why="cancel_wanted")


def _ask_before_release(order: Order, *, actor: Actor, source: Source) -> Order:
    for voucher in Voucher.objects.filter(order=order, state__in=PAYABLE_VOUCHER):
        try:
            ask(voucher, source)
        except ProviderError:
            continue
    _withdraw_replaced(order.pk, source)
    fresh = order_named(order.reference, actor=actor)
    refuse_paid(fresh)
    return fresh


def _withdraw_replaced(order_id: int, source: Source) -> None:
    for voucher in Voucher.objects.filter(order=order_id, state=VoucherState.CANCELED).exclude(provider_reference=""):
        submission.cancel_at_provider(voucher, source=source)


def ask(voucher: Voucher, source: Source) -> None:
    """Ask the provider about one code now, unless somebody is asking; raises the ProviderError about an issued one."""
    claim = claim_row(Voucher, voucher.pk)
    if claim is None:
        return
    if voucher.state in UNSENT_OR_UNANSWERED:
        submission.submit(Voucher, claim, source=source)
    else:
        polling.ask_voucher(voucher, claim, source=source)


def refuse_paid(order: Order) -> None:
    """Raise StateConflict(ORDER_ALREADY_PAID) once any money came."""
    if order.paid_amount > 0:
        raise StateConflict(ErrorCode.ORDER_ALREADY_PAID)


def refuse_withdrawn(order: Order) -> None:
    """Raise StateConflict(ORDER_CLOSED) once somebody wanted the order withdrawn."""
    if order.cancel_wanted_at is not None:
        raise StateConflict(ErrorCode.ORDER_CLOSED)


def refuse_reissue(order: Order, newest: Voucher | None) -> None:
    """Raise StateConflict with what speaks against a new code in the place of `newest`."""
    refuse_paid(order)
    refuse_withdrawn(order)
    if newest is not None:
        refuse_undecided(newest)


def refuse_undecided(voucher: Voucher) -> None:
    """Raise StateConflict while it may still be found out whether a code exists, or whether it was paid."""
    if voucher.state in UNSENT_OR_UNANSWERED and not submission.is_beyond_finding(voucher):
        raise StateConflict(ErrorCode.CREATE_OUTCOME_UNKNOWN)
    if voucher.state == VoucherState.CONFIRMING:
        raise StateConflict(ErrorCode.PAYMENT_CONFIRMING)


def refuse_acceptance(order: Order) -> None:
    """Raise StateConflict(NOTHING_TO_ACCEPT) unless the order waits for somebody's decision."""
    if order.state != OrderState.IN_REVIEW:
        raise StateConflict(ErrorCode.NOTHING_TO_ACCEPT)
