"""What follows from what is known: pure answers that the single writer carries out."""

from __future__ import annotations

from pagoefectivo.domain.decisions.facts import (
    NOTHING,
    Decision,
    LatePayment,
    OrderFacts,
    Policy,
    RefundFacts,
    VoucherFacts,
    is_believed,
)
from pagoefectivo.domain.decisions.orders import HOLDING, holds_order, project_order, proposed_refund
from pagoefectivo.domain.decisions.payments import (
    DEAD,
    DOUBT_AFTER,
    decide_payment,
    decide_voucher_command,
    differs_from_order,
)
from pagoefectivo.domain.decisions.refunds import decide_refund, decide_refund_command, refunded_total, reserved_total
from pagoefectivo.domain.decisions.silence import TRIES_BEFORE_WORRY, UNKNOWN_TOO_LONG, AfterSilence, after_absence

__all__ = [
    "DEAD",
    "DOUBT_AFTER",
    "HOLDING",
    "NOTHING",
    "TRIES_BEFORE_WORRY",
    "UNKNOWN_TOO_LONG",
    "AfterSilence",
    "Decision",
    "LatePayment",
    "OrderFacts",
    "Policy",
    "RefundFacts",
    "VoucherFacts",
    "after_absence",
    "decide_payment",
    "decide_refund",
    "decide_refund_command",
    "decide_voucher_command",
    "differs_from_order",
    "holds_order",
    "is_believed",
    "project_order",
    "proposed_refund",
    "refunded_total",
    "reserved_total",
]
