"""PagoEfectivo's table of errors, row by row: each listed code has a meaning, and none says more than is known."""

from __future__ import annotations

import pytest

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.providers.base import ErrorClass, Operation
from pagoefectivo.providers.pagoefectivo_direct.tables import ERRORS

R, A, T, H = ErrorClass.RETRIABLE, ErrorClass.AMBIGUOUS, ErrorClass.TERMINAL, ErrorClass.HOLD
KEYS = (ErrorCode.AUTH_INVALID_CREDENTIALS, R)
SERVICE = (ErrorCode.AUTH_SERVICE_MISMATCH, R)
EXPECTED = {
    Operation.AUTHORIZE: {
        "111": KEYS,
        "112": KEYS,
        "113": KEYS,
        "166": (ErrorCode.PSP_UNAVAILABLE, R),
        "508": SERVICE,
    },
    Operation.ISSUE_VOUCHER: {
        "111": (ErrorCode.CREATE_INVALID_REQUEST, T),
        "112": (ErrorCode.CREATE_FIELD_REQUIRED, T),
        "113": (ErrorCode.CREATE_FIELD_INVALID, T),
        "166": (ErrorCode.CREATE_OUTCOME_UNKNOWN, A),
        "508": SERVICE,
        "511": (ErrorCode.CREATE_AMOUNT_TOO_HIGH, T),
    },
    Operation.FETCH_PAYMENT: {
        "111": (ErrorCode.REQUEST_INVALID, H),
        "112": (ErrorCode.REQUEST_INVALID, H),
        "113": (ErrorCode.REQUEST_INVALID, H),
        "166": (ErrorCode.PSP_UNAVAILABLE, R),
        "508": SERVICE,
    },
    Operation.CANCEL_VOUCHER: {
        "111": (ErrorCode.CANCEL_NOT_SUPPORTED, T),
        "112": (ErrorCode.CANCEL_NOT_SUPPORTED, T),
        "113": (ErrorCode.CANCEL_NOT_SUPPORTED, T),
        "166": (ErrorCode.PSP_UNAVAILABLE, A),
        "508": SERVICE,
    },
    Operation.EXTEND_VOUCHER: {
        "111": (ErrorCode.CREATE_EXPIRY_INVALID, T),
        "112": (ErrorCode.CREATE_EXPIRY_INVALID, T),
        "113": (ErrorCode.CREATE_EXPIRY_INVALID, T),
        "166": (ErrorCode.PSP_UNAVAILABLE, A),
        "508": SERVICE,
    },
}


@pytest.mark.parametrize("operation", Operation)
def test_every_row_of_an_operation_is_this_and_no_other(operation: Operation) -> None:
    rows = {raw: (rule.code, rule.error_class) for (asked, raw), rule in ERRORS.items() if asked is operation}
    assert rows == EXPECTED.get(operation, {})


def test_every_listed_failure_has_a_meaning_somewhere_and_no_other_code_has_one() -> None:
    assert {raw for _, raw in ERRORS} == {"111", "112", "113", "166", "508", "511"}
