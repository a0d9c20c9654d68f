"""EBANX's words and codes in ours. They leave this folder only as raw text beside our own.

Sources: docs.ebanx.com (API error codes, refund and cancel pages), EBANX's PHP SDK and WooCommerce plugin, and the
recordings of ActiveMerchant. Most BP-REF numbers are on no page that was seen: what is not listed here is held.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.states import PaymentStatus, RefundStatus
from pagoefectivo.providers.base import READS, ErrorClass, ErrorRule, Operation

PAYMENT_STATUSES: Mapping[str, PaymentStatus] = {
    "OP": PaymentStatus.PENDING,
    "PE": PaymentStatus.PENDING,
    "CO": PaymentStatus.PAID,
    "CA": PaymentStatus.CANCELED,  # one word for withdrawn and expired: the due date tells them apart
}

REFUND_STATUSES: Mapping[str, RefundStatus] = {
    "RE": RefundStatus.PENDING,
    "PE": RefundStatus.AWAITING_PAYER,  # the buyer has been mailed a form for his bank account
    "CO": RefundStatus.SUCCEEDED,
    "CA": RefundStatus.CANCELED,
}

WITHDRAWN = frozenset({"CANCELED_BY_MERCHANT", "CANCELED_BY_PAYER"})  # transaction_status.description_code

_O, _C, _K = Operation, ErrorCode, ErrorClass
_KNOWN = frozenset(_O) - {_O.AUTHORIZE, _O.EXTEND_VOUCHER}  # EBANX has no tokens, and no deadline that moves
_READS = READS & _KNOWN

ErrorTable = dict[tuple[Operation, str], ErrorRule]


def _rules(operations: Iterable[Operation], error_class: ErrorClass, codes: Mapping[str, ErrorCode]) -> ErrorTable:
    return {(operation, raw): ErrorRule(code, error_class) for operation in operations for raw, code in codes.items()}


_ANYWHERE = _rules(
    _KNOWN,
    _K.RETRIABLE,
    {
        "BP-SA-1": _C.AUTH_INVALID_CREDENTIALS,  # no integration_key
        "BP-SA-2": _C.AUTH_INVALID_CREDENTIALS,
        "DA-1": _C.AUTH_INVALID_CREDENTIALS,
    },
)

_ISSUE = {
    **_rules(
        [_O.ISSUE_VOUCHER],
        _K.TERMINAL,
        {
            "BP-CH-1": _C.CREATE_METHOD_DISABLED,
            "BP-DR-2": _C.CREATE_FIELD_REQUIRED,
            "BP-DR-3": _C.CREATE_FIELD_REQUIRED,
            "BP-DR-5": _C.CREATE_FIELD_REQUIRED,
            "BP-DR-6": _C.CREATE_AMOUNT_TOO_LOW,
            "BP-DR-7": _C.CREATE_AMOUNT_TOO_HIGH,
            "BP-DR-9": _C.CREATE_FIELD_REQUIRED,
            "BP-DR-10": _C.CREATE_FIELD_INVALID,  # too long, as the next two
            "BP-DR-11": _C.CREATE_FIELD_INVALID,
            "BP-DR-12": _C.CREATE_FIELD_INVALID,
            "BP-DR-13": _C.CREATE_FIELD_INVALID,  # name or e-mail, as the next two
            "BP-DR-15": _C.CREATE_FIELD_INVALID,
            "BP-DR-17": _C.CREATE_FIELD_INVALID,
            "BP-DR-35": _C.CREATE_METHOD_DISABLED,
            "BP-DR-36": _C.CREATE_METHOD_DISABLED,
        },
    ),
    **_rules([_O.ISSUE_VOUCHER], _K.AMBIGUOUS, {"BP-DR-0": _C.CREATE_DUPLICATE_REFERENCE}),  # an earlier try arrived
}

_REFUND = {
    **_rules(
        [_O.REQUEST_REFUND],
        _K.TERMINAL,
        {
            "BP-REF-1": _C.REFUND_NOT_ALLOWED,  # neither hash nor merchant_payment_code came with it
            "BP-REF-7": _C.REFUND_NOT_PAID,
        },
    ),
    **_rules([_O.REQUEST_REFUND], _K.HOLD, {"BP-REF-CAN-2": _C.POLL_NOT_FOUND}),
}

_CANCEL = {
    **_rules([_O.CANCEL_VOUCHER], _K.TERMINAL, {"BP-CAN-1": _C.CANCEL_NOT_SUPPORTED}),  # no hash came with it
    **_rules([_O.CANCEL_VOUCHER], _K.AMBIGUOUS, {"BP-REF-CAN-2": _C.POLL_NOT_FOUND}),
}

_READ = _rules(_READS, _K.AMBIGUOUS, {"BP-REF-CAN-2": _C.POLL_NOT_FOUND})

ERRORS: Mapping[tuple[Operation, str], ErrorRule] = {**_ANYWHERE, **_ISSUE, **_REFUND, **_CANCEL, **_READ}


def errors_of(not_found: Iterable[str], final_refund: Iterable[str]) -> Mapping[tuple[Operation, str], ErrorRule]:
    """Return the table with the codes that EBANX told one shop: for nothing found, and for refunds refused for good."""
    told = {
        **_rules(_READS, _K.AMBIGUOUS, dict.fromkeys(not_found, _C.POLL_NOT_FOUND)),
        **_rules([_O.REQUEST_REFUND], _K.TERMINAL, dict.fromkeys(final_refund, _C.REFUND_NOT_ALLOWED)),
    }
    return {**told, **ERRORS}
