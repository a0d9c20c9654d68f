"""Mercado Pago's words and codes in ours. They leave this folder only as raw text beside our own.

Sources: the reference of the Payments API (statuses, refunds and their codes), the official Python SDK, and for codes
below 2063 older published lists and one recorded sandbox run. The HTTP status says little: the reference prints the
same kind of refusal under 400, 401 and 404.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.states import PaymentStatus, RefundStatus
from pagoefectivo.providers.base import READS, ErrorClass, ErrorRule, Operation

PAYMENT_STATUSES: Mapping[str, PaymentStatus] = {
    "pending": PaymentStatus.PENDING,
    "in_process": PaymentStatus.PENDING,
    "authorized": PaymentStatus.PENDING,
    "approved": PaymentStatus.PAID,
    "refunded": PaymentStatus.PAID,  # the money came; that it went back is told by the refunds below it
    "cancelled": PaymentStatus.CANCELED,
    "rejected": PaymentStatus.REJECTED,
    "charged_back": PaymentStatus.REVERSED,
    "in_mediation": PaymentStatus.REVERSED,  # disputed: Mercado Pago holds the money until people have agreed
}

# where the detail changes what a status means
PAYMENT_DETAILS: Mapping[tuple[str, str], PaymentStatus] = {
    ("cancelled", "expired"): PaymentStatus.EXPIRED,
}

REFUND_STATUSES: Mapping[str, RefundStatus] = {
    "approved": RefundStatus.SUCCEEDED,
    "in_process": RefundStatus.PENDING,
    "authorized": RefundStatus.PENDING,
    "rejected": RefundStatus.FAILED,
    "cancelled": RefundStatus.CANCELED,
}
STATUS_UNSAID = RefundStatus.SUCCEEDED  # answers recorded before refunds had a status: what was listed was done

_O, _C, _K = Operation, ErrorCode, ErrorClass
_KNOWN = frozenset(_O) - {_O.AUTHORIZE, _O.EXTEND_VOUCHER}  # the token is permanent, and no deadline moves


def _rules(
    operations: Iterable[Operation], error_class: ErrorClass, codes: Mapping[str, ErrorCode]
) -> dict[tuple[Operation, str], ErrorRule]:
    return {(operation, raw): ErrorRule(code, error_class) for operation in operations for raw, code in codes.items()}


# The account or the moment is wrong, not this call: nothing was executed, whatever was asked.
_ANYWHERE = _rules(
    _KNOWN,
    _K.RETRIABLE,
    {
        "5": _C.AUTH_INVALID_CREDENTIALS,  # no token
        "unauthorized": _C.AUTH_INVALID_CREDENTIALS,
        "forbidden": _C.AUTH_NOT_PERMITTED,
        "2020": _C.AUTH_NOT_PERMITTED,
        "2021": _C.AUTH_NOT_PERMITTED,  # the collector may not operate
        "145": _C.AUTH_WRONG_ENVIRONMENT,  # "Invalid users involved": test and real users were mixed
        "2034": _C.AUTH_WRONG_ENVIRONMENT,
    },
)

_ISSUE = {
    **_rules(
        [_O.ISSUE_VOUCHER],
        _K.TERMINAL,
        {
            "2002": _C.CREATE_FIELD_INVALID,  # the payer, in these three
            "2006": _C.CREATE_FIELD_INVALID,
            "4390": _C.CREATE_FIELD_INVALID,
            "4037": _C.CREATE_INVALID_REQUEST,  # the amount; not said whether too low or too high
            "4292": _C.CREATE_INVALID_REQUEST,  # no idempotency key
        },
    ),
    **_rules(
        [_O.ISSUE_VOUCHER],
        _K.AMBIGUOUS,
        {
            "2001": _C.CREATE_DUPLICATE_REFERENCE,  # posted already within the last minute: look it up
            "internal_error": _C.CREATE_OUTCOME_UNKNOWN,
            "internal_server_error": _C.CREATE_OUTCOME_UNKNOWN,
        },
    ),
}

_REFUND = {
    **_rules(
        [_O.REQUEST_REFUND],
        _K.TERMINAL,
        {
            "2024": _C.REFUND_WINDOW_CLOSED,
            "2025": _C.REFUND_UNSUPPORTED,
            "2027": _C.REFUND_UNSUPPORTED,
            "2085": _C.REFUND_NOT_ALLOWED,
            "3024": _C.REFUND_PARTIAL_UNSUPPORTED,
            "4295": _C.REFUND_PARTIAL_UNSUPPORTED,
            "4040": _C.REFUND_NOT_ALLOWED,  # not positive
            "4041": _C.REFUND_NOT_ALLOWED,  # not a number
            "4292": _C.REFUND_NOT_ALLOWED,  # no idempotency key
        },
    ),
    # A first try of ours whose answer was lost would bring the same complaints, so none of them is a no.
    **_rules(
        [_O.REQUEST_REFUND],
        _K.HOLD,
        {
            "2000": _C.POLL_NOT_FOUND,
            "not_found": _C.POLL_NOT_FOUND,
            "2017": _C.REFUND_AMOUNT_EXCEEDED,  # perhaps; no code of its own is published for it
            "2018": _C.REFUND_NOT_ALLOWED,
            "2022": _C.REFUND_NOT_ALLOWED,
            "2063": _C.REFUND_NOT_ALLOWED,
        },
    ),
    **_rules(
        [_O.REQUEST_REFUND],
        _K.AMBIGUOUS,
        {
            "2001": _C.REFUND_DUPLICATE,
            "4296": _C.REFUND_DUPLICATE,  # already refunded, by us or by somebody else
            "internal_error": _C.REFUND_OUTCOME_UNKNOWN,
            "internal_server_error": _C.REFUND_OUTCOME_UNKNOWN,
        },
    ),
    **_rules(
        [_O.REQUEST_REFUND],
        _K.RETRIABLE,
        {"2030": _C.REFUND_INSUFFICIENT_FUNDS, "2031": _C.REFUND_INSUFFICIENT_FUNDS},
    ),
}

_CANCEL = {
    # no longer pending, perhaps paid: the next read tells
    **_rules([_O.CANCEL_VOUCHER], _K.TERMINAL, {"2018": _C.CANCEL_NOT_SUPPORTED, "2063": _C.CANCEL_NOT_SUPPORTED}),
    **_rules(
        [_O.CANCEL_VOUCHER],
        _K.AMBIGUOUS,
        {
            "2000": _C.POLL_NOT_FOUND,
            "not_found": _C.POLL_NOT_FOUND,
            "internal_error": _C.PSP_UNAVAILABLE,
            "internal_server_error": _C.PSP_UNAVAILABLE,
        },
    ),
}

_READ = {
    # What is not found may be missing from a lagging copy, or be another account's: it is asked again first.
    **_rules(
        READS & _KNOWN,
        _K.AMBIGUOUS,
        {"2000": _C.POLL_NOT_FOUND, "2032": _C.POLL_NOT_FOUND, "not_found": _C.POLL_NOT_FOUND},
    ),
    **_rules(
        READS & _KNOWN,
        _K.RETRIABLE,
        {"internal_error": _C.PSP_UNAVAILABLE, "internal_server_error": _C.PSP_UNAVAILABLE},
    ),
}

ERRORS: Mapping[tuple[Operation, str], ErrorRule] = {**_ANYWHERE, **_ISSUE, **_REFUND, **_CANCEL, **_READ}
