"""What the facts below an order mean for it."""

from __future__ import annotations

from pagoefectivo.domain.decisions.facts import (
    Decision,
    LatePayment,
    OrderFacts,
    Policy,
    VoucherFacts,
)
from pagoefectivo.domain.decisions.refunds import refunded_total
from pagoefectivo.domain.money import ZERO
from pagoefectivo.domain.states import (
    LIVE_VOUCHER,
    AnomalyKind,
    OrderState,
    VoucherState,
)

HOLDING = frozenset(
    {
        AnomalyKind.UNDERPAID,
        AnomalyKind.OVERPAID,
        AnomalyKind.PAID_AFTER_CANCEL,
        AnomalyKind.CURRENCY_MISMATCH,
        AnomalyKind.CREATE_MISMATCH,
        AnomalyKind.CODE_REUSED,
    }
)


def holds_order(kind: AnomalyKind, policy: Policy) -> bool:
    """Whether an oddity keeps the order in review until a person has looked at it."""
    if kind is AnomalyKind.PAID_LATE:
        return policy.late_payment is not LatePayment.ACCEPT
    return kind in HOLDING


def proposed_refund(voucher: VoucherFacts, decision: Decision, policy: Policy) -> str:
    """Return the reason for which a refund of a whole payment is drafted for approval, or nothing."""
    if AnomalyKind.CURRENCY_MISMATCH in decision.anomalies or voucher.paid_amount <= ZERO:
        return ""
    if AnomalyKind.PAID_TWICE in decision.anomalies:
        return "duplicate_payment"
    is_late = AnomalyKind.PAID_LATE in decision.anomalies and policy.late_payment is LatePayment.REFUND
    return "late_payment" if is_late or AnomalyKind.PAID_AFTER_CANCEL in decision.anomalies else ""


def project_order(order: OrderFacts) -> OrderState:
    """Return what the facts below an order mean for it."""
    paid = sum((voucher.paid_amount for voucher in order.vouchers), ZERO)
    if paid == ZERO:
        return _project_unpaid(order)
    refunded = refunded_total(order.refunds)
    if refunded >= paid:
        return OrderState.REFUNDED
    if order.under_review and order.state not in {OrderState.PAID, OrderState.PARTIALLY_REFUNDED, OrderState.REFUNDED}:
        return OrderState.IN_REVIEW
    return OrderState.PARTIALLY_REFUNDED if refunded > ZERO else OrderState.PAID


def _project_unpaid(order: OrderFacts) -> OrderState:
    states = {voucher.state for voucher in order.vouchers if not voucher.replaced}
    if order.cancel_wanted and not states & LIVE_VOUCHER:
        return OrderState.CANCELED
    if order.under_review:
        return OrderState.IN_REVIEW
    if states & LIVE_VOUCHER or VoucherState.FAILED in states or not states:
        return OrderState.AWAITING_PAYMENT
    return OrderState.EXPIRED if VoucherState.EXPIRED in states else OrderState.CANCELED
