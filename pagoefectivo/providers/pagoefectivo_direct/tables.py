"""PagoEfectivo's codes in ours. They leave this folder only as raw text beside our own.

Sources: PagoEfectivo's integration guide v1.1 (2018) for the errors, a list that is visibly partial, and for the code
of a waiting CIP; an independent integration's queries for those of expired and paid. What the guide leaves out is an
option of the account.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.states import PaymentStatus, RefundStatus
from pagoefectivo.providers.base import READS, ErrorClass, ErrorRule, Operation

# The guide calls a paid CIP *Cancelado*: settled, not withdrawn. What a withdrawn one is called nobody published.
STATUS_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "PENDING_STATUSES": ("22",),
    "PAID_STATUSES": ("23",),
    "EXPIRED_STATUSES": ("21",),
    "REMOVED_STATUSES": (),
}
_MEANS = {
    "PENDING_STATUSES": PaymentStatus.PENDING,
    "PAID_STATUSES": PaymentStatus.PAID,
    "EXPIRED_STATUSES": PaymentStatus.EXPIRED,
    "REMOVED_STATUSES": PaymentStatus.CANCELED,
}


def payment_statuses(options: Mapping[str, Any]) -> Mapping[str, PaymentStatus]:
    """Return what each status code means by these options; one that two of them claim means nothing."""
    claims = [(raw, _MEANS[name]) for name in STATUS_OPTIONS for raw in options[name]]
    disputed = {raw for raw, meaning in claims if any(raw == other and meaning != said for other, said in claims)}
    return {raw: PaymentStatus.UNRECOGNISED if raw in disputed else meaning for raw, meaning in claims}


PAYMENT_STATUSES = payment_statuses(STATUS_OPTIONS)
REFUND_STATUSES: Mapping[str, RefundStatus] = {}

SUCCESS = "100"
INVALID_DATA = "111"  # with a list of what is wrong, each with a code of its own
_REQUIRED, _INVALID, _WRONG_SERVICE, _TOO_MUCH, _INTERNAL = "112", "113", "508", "511", "166"

_O, _C, _K = Operation, ErrorCode, ErrorClass
_CALLED = frozenset(
    {_O.AUTHORIZE, _O.ISSUE_VOUCHER, _O.FETCH_PAYMENT, _O.CANCEL_VOUCHER, _O.EXTEND_VOUCHER}
)  # there is no search by our reference, and there are no refunds


def _rules(
    operations: Iterable[Operation], error_class: ErrorClass, codes: Mapping[str, ErrorCode]
) -> dict[tuple[Operation, str], ErrorRule]:
    return {(operation, raw): ErrorRule(code, error_class) for operation in operations for raw, code in codes.items()}


def _refused_data(code: ErrorCode) -> dict[str, ErrorCode]:
    return dict.fromkeys((INVALID_DATA, _REQUIRED, _INVALID), code)


ERRORS: Mapping[tuple[Operation, str], ErrorRule] = {
    # The token is of another service: the keys are wrong, and nothing was executed, whatever was asked.
    **_rules(_CALLED, _K.RETRIABLE, {_WRONG_SERVICE: _C.AUTH_SERVICE_MISMATCH}),
    # All that an authorization says is keys, their hash and the time.
    **_rules([_O.AUTHORIZE], _K.RETRIABLE, _refused_data(_C.AUTH_INVALID_CREDENTIALS)),
    **_rules(
        [_O.ISSUE_VOUCHER],
        _K.TERMINAL,
        {
            INVALID_DATA: _C.CREATE_INVALID_REQUEST,
            _REQUIRED: _C.CREATE_FIELD_REQUIRED,
            _INVALID: _C.CREATE_FIELD_INVALID,
            _TOO_MUCH: _C.CREATE_AMOUNT_TOO_HIGH,
        },
    ),
    **_rules([_O.FETCH_PAYMENT], _K.HOLD, _refused_data(_C.REQUEST_INVALID)),
    # No longer waiting, perhaps paid: the next read tells.
    **_rules([_O.CANCEL_VOUCHER], _K.TERMINAL, _refused_data(_C.CANCEL_NOT_SUPPORTED)),
    **_rules([_O.EXTEND_VOUCHER], _K.TERMINAL, _refused_data(_C.CREATE_EXPIRY_INVALID)),
    **_rules(READS & _CALLED, _K.RETRIABLE, {_INTERNAL: _C.PSP_UNAVAILABLE}),
    **_rules([_O.CANCEL_VOUCHER, _O.EXTEND_VOUCHER], _K.AMBIGUOUS, {_INTERNAL: _C.PSP_UNAVAILABLE}),
    **_rules([_O.ISSUE_VOUCHER], _K.AMBIGUOUS, {_INTERNAL: _C.CREATE_OUTCOME_UNKNOWN}),
}
