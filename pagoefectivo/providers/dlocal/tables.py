"""dLocal's words and codes in ours. They leave this folder only as raw text beside our own.

Sources: dLocal's payins documentation v2.1 (statuses, HTTP errors, refunds pages; payments and refunds give the same
number different meanings, so every row names its operation).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.states import PaymentStatus, RefundStatus
from pagoefectivo.providers.base import READS, ErrorClass, ErrorRule, Operation

PAYMENT_STATUSES: Mapping[str, PaymentStatus] = {
    "PENDING": PaymentStatus.PENDING,
    "PAID": PaymentStatus.PAID,
    "EXPIRED": PaymentStatus.EXPIRED,
    "CANCELLED": PaymentStatus.CANCELED,
    "REJECTED": PaymentStatus.REJECTED,
    "AUTHORIZED": PaymentStatus.UNRECOGNISED,  # card words: on a cash ticket nobody knows what they mean
    "VERIFIED": PaymentStatus.UNRECOGNISED,
}

REFUND_STATUSES: Mapping[str, RefundStatus] = {
    "PENDING": RefundStatus.PENDING,
    "SUCCESS": RefundStatus.SUCCEEDED,
    "REJECTED": RefundStatus.FAILED,
    "CANCELLED": RefundStatus.CANCELED,
}

# status_code of a REJECTED payment: blacklisted, bad score, high risk
RISK_CODES = frozenset({"303", "304", "317"})

_O, _C, _K = Operation, ErrorCode, ErrorClass
_KNOWN = frozenset(_O) - {_O.AUTHORIZE, _O.EXTEND_VOUCHER}  # dLocal has no tokens, and no deadline that moves


def _rules(
    operations: Iterable[Operation], error_class: ErrorClass, codes: Mapping[str, ErrorCode]
) -> dict[tuple[Operation, str], ErrorRule]:
    return {(operation, raw): ErrorRule(code, error_class) for operation in operations for raw, code in codes.items()}


# The account or the moment is wrong, not this call: nothing was executed, whatever was asked.
_ANYWHERE = _rules(
    _KNOWN,
    _K.RETRIABLE,
    {
        "3001": _C.AUTH_INVALID_CREDENTIALS,  # also a key of the other environment
        "3002": _C.AUTH_IP_NOT_ALLOWED,
        "3003": _C.AUTH_NOT_PERMITTED,
        "5000": _C.AUTH_SIGNATURE_REFUSED,  # "Signature not match", always with HTTP 400
        "5017": _C.AUTH_SIGNATURE_REFUSED,  # API version
        "6000": _C.PSP_RATE_LIMITED,
    },
)

_ISSUE = {
    **_rules(
        [_O.ISSUE_VOUCHER],
        _K.TERMINAL,
        {
            "5001": _C.CREATE_FIELD_INVALID,
            "5003": _C.CREATE_METHOD_DISABLED,  # country
            "5004": _C.CREATE_CURRENCY_UNSUPPORTED,
            "5005": _C.CREATE_RISK_REJECTED,  # the cadastral standing of the document
            "5006": _C.CREATE_RISK_REJECTED,  # the buyer's own limit
            "5007": _C.CREATE_AMOUNT_TOO_HIGH,
            "5008": _C.CREATE_INVALID_REQUEST,  # card token
            "5010": _C.CREATE_METHOD_DISABLED,
            "5011": _C.CREATE_INVALID_REQUEST,  # here: enrollment
            "5012": _C.CREATE_RISK_REJECTED,  # here: the buyer's funds
            "5013": _C.CREATE_METHOD_DISABLED,
            "5014": _C.CREATE_RISK_REJECTED,  # blacklisted
            "5016": _C.CREATE_AMOUNT_TOO_LOW,
        },
    ),
    **_rules(
        [_O.ISSUE_VOUCHER],
        _K.AMBIGUOUS,
        {
            "5009": _C.CREATE_DUPLICATE_REFERENCE,  # an earlier try of ours arrived: look it up
            "5021": _C.CREATE_OUTCOME_UNKNOWN,  # the acquirer could not, and nobody says how far it came
            "7000": _C.CREATE_OUTCOME_UNKNOWN,
        },
    ),
}

_REFUND = {
    **_rules(
        [_O.REQUEST_REFUND],
        _K.TERMINAL,
        {
            "5001": _C.REFUND_NOT_ALLOWED,
            "5002": _C.REFUND_NOT_ALLOWED,  # the payment is not in a refundable state
            "5003": _C.REFUND_NOT_ALLOWED,
            "5004": _C.CREATE_CURRENCY_UNSUPPORTED,
            "5007": _C.REFUND_AMOUNT_EXCEEDED,
            "5013": _C.REFUND_UNSUPPORTED,
            "5016": _C.REFUND_NOT_ALLOWED,  # too small
            "5018": _C.REFUND_FROZEN,  # a chargeback is open
            "5020": _C.REFUND_WINDOW_CLOSED,
        },
    ),
    **_rules(
        [_O.REQUEST_REFUND],
        _K.AMBIGUOUS,
        {
            "5010": _C.REFUND_OUTCOME_UNKNOWN,  # here: it timed out inside dLocal
            "5011": _C.REFUND_DUPLICATE,  # here: our order_refund_id is known, so an earlier try arrived
            "5021": _C.REFUND_OUTCOME_UNKNOWN,
            "7000": _C.REFUND_OUTCOME_UNKNOWN,
        },
    ),
    **_rules([_O.REQUEST_REFUND], _K.RETRIABLE, {"5012": _C.REFUND_INSUFFICIENT_FUNDS}),  # here: our own balance
    **_rules([_O.REQUEST_REFUND], _K.HOLD, {"4000": _C.POLL_NOT_FOUND, "4001": _C.POLL_NOT_FOUND}),
}

_CANCEL = {
    **_rules(
        [_O.CANCEL_VOUCHER],
        _K.TERMINAL,
        {
            "3003": _C.CANCEL_NOT_SUPPORTED,
            "5002": _C.CANCEL_NOT_SUPPORTED,  # no longer pending, perhaps paid: the next read tells
            "5013": _C.CANCEL_NOT_SUPPORTED,
        },
    ),
    **_rules([_O.CANCEL_VOUCHER], _K.AMBIGUOUS, {"4000": _C.POLL_NOT_FOUND, "7000": _C.PSP_UNAVAILABLE}),
}

_READ = {
    # What is not found may only be missing from a lagging copy: it is asked again before anybody is alarmed.
    **_rules(READS & _KNOWN, _K.AMBIGUOUS, {"4000": _C.POLL_NOT_FOUND, "4001": _C.POLL_NOT_FOUND}),
    **_rules(READS & _KNOWN, _K.RETRIABLE, {"7000": _C.PSP_UNAVAILABLE}),
}

ERRORS: Mapping[tuple[Operation, str], ErrorRule] = {**_ANYWHERE, **_ISSUE, **_REFUND, **_CANCEL, **_READ}
