"""Rows read as the frozen facts that the rules speak of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db.models import Q, QuerySet

from pagoefectivo.domain.decisions import OrderFacts, RefundFacts, VoucherFacts
from pagoefectivo.domain.messages import PaymentUpdate, RefundUpdate
from pagoefectivo.domain.refunds import PaidVoucher
from pagoefectivo.domain.states import (
    UNANSWERED_VOUCHER,
    AnomalyKind,
    OrderState,
    PaymentStatus,
    Proof,
    RefundState,
    VoucherState,
)
from pagoefectivo.models import Anomaly, PaymentEvent, Refund, StateChange, Voucher
from pagoefectivo.services.subjects import Locked

CODE_IS_FRESH = timedelta(days=180)
FREEZING = (
    AnomalyKind.CURRENCY_MISMATCH,
    AnomalyKind.PAYMENT_REVERSED,
    AnomalyKind.CODE_REUSED,
    AnomalyKind.REFUND_AMOUNT_MISMATCH,
    AnomalyKind.STATUS_CONFLICT,
)


def of_voucher(
    voucher: Voucher,
    *,
    heard: PaymentUpdate | None = None,
    said_before: bool = False,
    siblings: Sequence[Voucher] = (),
) -> VoucherFacts:
    """Return a voucher's facts; what only matters while its code is unknown is looked up only then."""
    unanswered = heard is not None and voucher.state in UNANSWERED_VOUCHER
    return VoucherFacts(
        state=VoucherState(voucher.state),
        amount=voucher.amount,
        currency=voucher.currency,
        code=voucher.code,
        paid_amount=voucher.paid_amount,
        paid_currency=voucher.paid_currency,
        expires_at=voucher.expires_at,
        changed_at=voucher.changed_at,
        cancel_wanted=voucher.cancel_wanted_at is not None,
        replaced=voucher.replaced_at is not None,
        hinted_paid=unanswered and _was_hinted_paid(voucher),
        code_taken=unanswered and heard is not None and holders_of_code(voucher, heard).exists(),
        was_expired=heard is not None and voucher.state == VoucherState.CONFIRMING and _was_expired(voucher),
        said_before=said_before,
        others_paid=any(other.paid_amount > 0 for other in siblings if other.pk != voucher.pk),
    )


def of_refund(refund: Refund) -> RefundFacts:
    """Return a refund's facts."""
    return RefundFacts(
        state=RefundState(refund.state),
        amount=refund.amount,
        currency=refund.currency,
        provider_reference=refund.provider_reference,
        changed_at=refund.changed_at,
        is_approved=refund.is_approved,
        has_destination=refund.destination_id is not None,
        in_payout=refund.payout_id is not None,
    )


def of_order(locked: Locked) -> OrderFacts:
    """Return an order's facts with everything below it."""
    return OrderFacts(
        state=OrderState(locked.order.state),
        vouchers=tuple(of_voucher(voucher) for voucher in locked.vouchers),
        refunds=tuple(of_refund(refund) for refund in locked.refunds),
        under_review=Anomaly.objects.filter(order=locked.order, closed_at=None, holds_order=True).exists(),
        cancel_wanted=locked.order.cancel_wanted_at is not None,
    )


def of_paid_voucher(voucher: Voucher) -> PaidVoucher:
    """Return what the refund rules ask of a voucher; exact only under its lock."""
    return PaidVoucher(
        state=VoucherState(voucher.state),
        currency=voucher.paid_currency or voucher.currency,
        paid_amount=voucher.paid_amount,
        reserved_amount=voucher.reserved_amount + voucher.outside_amount,
        paid_at=voucher.paid_at,
        settled_at=voucher.settled_at,
        frozen=Anomaly.objects.filter(voucher=voucher, closed_at=None, kind__in=FREEZING).exists(),
    )


def _was_hinted_paid(voucher: Voucher) -> bool:
    fresh = PaymentEvent.objects.filter(voucher=voucher, is_believed=False, proof=Proof.SIGNED_BODY)
    return fresh.filter(status=PaymentStatus.PAID).exists()


def _was_expired(voucher: Voucher) -> bool:
    return StateChange.objects.filter(voucher=voucher, refund=None, to_state=VoucherState.EXPIRED).exists()


def holders_of_reference(voucher: Voucher, heard: PaymentUpdate) -> QuerySet[Voucher]:
    """Return the account's other voucher that is the payment which `heard` states, where `voucher` has none yet."""
    if voucher.provider_reference or not heard.provider_reference:
        return Voucher.objects.none()
    holders = Voucher.objects.filter(account=voucher.account, provider_reference=heard.provider_reference)
    return holders.exclude(pk=voucher.pk)


def is_known_refund(account: str, heard: RefundUpdate) -> bool:
    """Whether the provider's reference that `heard` states already names a refund of the account."""
    named = Q(account=account, provider_reference=heard.provider_reference)
    return bool(heard.provider_reference) and Refund.objects.filter(named).exists()


def holders_of_code(voucher: Voucher, heard: PaymentUpdate) -> QuerySet[Voucher]:
    """Return the account's other vouchers that already have the code or the reference that `heard` states."""
    if not (heard.code and heard.provider_reference):
        return Voucher.objects.none()
    same_code = Q(code=heard.code, created_at__gte=voucher.created_at - CODE_IS_FRESH)
    others = Voucher.objects.filter(account=voucher.account).exclude(pk=voucher.pk)
    return others.filter(same_code | Q(provider_reference=heard.provider_reference))
