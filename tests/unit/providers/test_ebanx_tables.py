"""EBANX's tables, row by row: every code that was seen has a meaning, and none says more than is known."""

from __future__ import annotations

import pytest

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.states import PaymentStatus, RefundStatus
from pagoefectivo.providers.base import READS, ErrorClass, Operation
from pagoefectivo.providers.ebanx.tables import ERRORS, PAYMENT_STATUSES, REFUND_STATUSES, errors_of

R, A, T, H = ErrorClass.RETRIABLE, ErrorClass.AMBIGUOUS, ErrorClass.TERMINAL, ErrorClass.HOLD

EVERYWHERE = dict.fromkeys(("BP-SA-1", "BP-SA-2", "DA-1"), (ErrorCode.AUTH_INVALID_CREDENTIALS, R))
READING = EVERYWHERE | {"BP-REF-CAN-2": (ErrorCode.POLL_NOT_FOUND, A)}
EXPECTED = dict.fromkeys(READS - {Operation.AUTHORIZE}, READING) | {
    Operation.ISSUE_VOUCHER: EVERYWHERE
    | {
        "BP-CH-1": (ErrorCode.CREATE_METHOD_DISABLED, T),
        "BP-DR-0": (ErrorCode.CREATE_DUPLICATE_REFERENCE, A),
        "BP-DR-2": (ErrorCode.CREATE_FIELD_REQUIRED, T),
        "BP-DR-3": (ErrorCode.CREATE_FIELD_REQUIRED, T),
        "BP-DR-5": (ErrorCode.CREATE_FIELD_REQUIRED, T),
        "BP-DR-6": (ErrorCode.CREATE_AMOUNT_TOO_LOW, T),
        "BP-DR-7": (ErrorCode.CREATE_AMOUNT_TOO_HIGH, T),
        "BP-DR-9": (ErrorCode.CREATE_FIELD_REQUIRED, T),
        "BP-DR-10": (ErrorCode.CREATE_FIELD_INVALID, T),
        "BP-DR-11": (ErrorCode.CREATE_FIELD_INVALID, T),
        "BP-DR-12": (ErrorCode.CREATE_FIELD_INVALID, T),
        "BP-DR-13": (ErrorCode.CREATE_FIELD_INVALID, T),
        "BP-DR-15": (ErrorCode.CREATE_FIELD_INVALID, T),
        "BP-DR-17": (ErrorCode.CREATE_FIELD_INVALID, T),
        "BP-DR-35": (ErrorCode.CREATE_METHOD_DISABLED, T),
        "BP-DR-36": (ErrorCode.CREATE_METHOD_DISABLED, T),
    },
    Operation.REQUEST_REFUND: EVERYWHERE
    | {
        "BP-REF-1": (ErrorCode.REFUND_NOT_ALLOWED, T),
        "BP-REF-7": (ErrorCode.REFUND_NOT_PAID, T),
        "BP-REF-CAN-2": (ErrorCode.POLL_NOT_FOUND, H),
    },
    Operation.CANCEL_VOUCHER: EVERYWHERE
    | {"BP-CAN-1": (ErrorCode.CANCEL_NOT_SUPPORTED, T), "BP-REF-CAN-2": (ErrorCode.POLL_NOT_FOUND, A)},
}


@pytest.mark.parametrize("operation", Operation)
def test_every_row_of_an_operation_is_this_and_no_other(operation: Operation) -> None:
    rows = {raw: (rule.code, rule.error_class) for (asked, raw), rule in ERRORS.items() if asked is operation}
    assert rows == EXPECTED.get(operation, {})


def test_every_status_word_is_this_and_no_other() -> None:
    assert PAYMENT_STATUSES == {
        "OP": PaymentStatus.PENDING,
        "PE": PaymentStatus.PENDING,
        "CO": PaymentStatus.PAID,
        "CA": PaymentStatus.CANCELED,
    }
    assert REFUND_STATUSES == {
        "RE": RefundStatus.PENDING,
        "PE": RefundStatus.AWAITING_PAYER,
        "CO": RefundStatus.SUCCEEDED,
        "CA": RefundStatus.CANCELED,
    }


def test_what_ebanx_told_a_shop_adds_rows_and_changes_none() -> None:
    told = errors_of(("BP-Q-1", "BP-SA-1"), ("BP-REF-9", "BP-REF-CAN-2"))
    added = {row: (rule.code, rule.error_class) for row, rule in told.items() if row not in ERRORS}
    assert added == {
        **{(read, "BP-Q-1"): (ErrorCode.POLL_NOT_FOUND, A) for read in READS - {Operation.AUTHORIZE}},
        (Operation.REQUEST_REFUND, "BP-REF-9"): (ErrorCode.REFUND_NOT_ALLOWED, T),
    }
    assert {row: told[row] for row in ERRORS} == ERRORS
    assert errors_of((), ()) == ERRORS
