"""Ventanilla's words and codes in ours."""

from __future__ import annotations

from collections.abc import Mapping

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.states import PaymentStatus, RefundStatus
from pagoefectivo.providers.base import READS, ErrorClass, ErrorRule, Operation

PAYMENT_STATUSES: Mapping[str, PaymentStatus] = {
    "open": PaymentStatus.PENDING,
    "collected": PaymentStatus.PAID,
    "lapsed": PaymentStatus.EXPIRED,
}
REFUND_STATUSES: Mapping[str, RefundStatus] = {
    "handed_back": RefundStatus.SUCCEEDED,
    "turned_down": RefundStatus.FAILED,
}

_CALLED = frozenset(Operation) - {Operation.AUTHORIZE, Operation.CANCEL_VOUCHER, Operation.EXTEND_VOUCHER}
_BAD_KEY = ErrorRule(ErrorCode.AUTH_INVALID_CREDENTIALS, ErrorClass.RETRIABLE)  # nothing was done: try again
_UNKNOWN = ErrorRule(ErrorCode.POLL_NOT_FOUND, ErrorClass.AMBIGUOUS)  # perhaps only late: ask again

ERRORS: Mapping[tuple[Operation, str], ErrorRule] = {
    **{(operation, "V-KEY"): _BAD_KEY for operation in _CALLED},
    **{(operation, "V-UNKNOWN"): _UNKNOWN for operation in READS & _CALLED},
    (Operation.ISSUE_VOUCHER, "V-SMALL"): ErrorRule(ErrorCode.CREATE_AMOUNT_TOO_LOW, ErrorClass.TERMINAL),
    (Operation.ISSUE_VOUCHER, "V-TWICE"): ErrorRule(ErrorCode.CREATE_DUPLICATE_REFERENCE, ErrorClass.AMBIGUOUS),
    (Operation.REQUEST_REFUND, "V-MUCH"): ErrorRule(ErrorCode.REFUND_AMOUNT_EXCEEDED, ErrorClass.TERMINAL),
    (Operation.REQUEST_REFUND, "V-POOR"): ErrorRule(ErrorCode.REFUND_INSUFFICIENT_FUNDS, ErrorClass.RETRIABLE),
}
