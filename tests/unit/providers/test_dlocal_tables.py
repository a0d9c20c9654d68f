"""dLocal's tables, row by row: every code of the documentation has a meaning, and none says more than is known."""

from __future__ import annotations

import pytest

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.providers.base import READS, ErrorClass, Operation
from pagoefectivo.providers.dlocal.tables import ERRORS

R, A, T, H = ErrorClass.RETRIABLE, ErrorClass.AMBIGUOUS, ErrorClass.TERMINAL, ErrorClass.HOLD

DOCUMENTED = {
    *("3001", "3002", "3003", "4000", "4001", "5000", "5001", "5002", "5003", "5004", "5005", "5006", "5007", "5008"),
    *("5009", "5010", "5011", "5012", "5013", "5014", "5016", "5017", "5018", "5020", "5021", "6000", "7000"),
}

EVERYWHERE = {
    "3001": (ErrorCode.AUTH_INVALID_CREDENTIALS, R),
    "3002": (ErrorCode.AUTH_IP_NOT_ALLOWED, R),
    "3003": (ErrorCode.AUTH_NOT_PERMITTED, R),
    "5000": (ErrorCode.AUTH_SIGNATURE_REFUSED, R),
    "5017": (ErrorCode.AUTH_SIGNATURE_REFUSED, R),
    "6000": (ErrorCode.PSP_RATE_LIMITED, R),
}
READING = EVERYWHERE | {
    "4000": (ErrorCode.POLL_NOT_FOUND, A),
    "4001": (ErrorCode.POLL_NOT_FOUND, A),
    "7000": (ErrorCode.PSP_UNAVAILABLE, R),
}
EXPECTED = dict.fromkeys(READS - {Operation.AUTHORIZE}, READING) | {
    Operation.ISSUE_VOUCHER: EVERYWHERE
    | {
        "5001": (ErrorCode.CREATE_FIELD_INVALID, T),
        "5003": (ErrorCode.CREATE_METHOD_DISABLED, T),
        "5004": (ErrorCode.CREATE_CURRENCY_UNSUPPORTED, T),
        "5005": (ErrorCode.CREATE_RISK_REJECTED, T),
        "5006": (ErrorCode.CREATE_RISK_REJECTED, T),
        "5007": (ErrorCode.CREATE_AMOUNT_TOO_HIGH, T),
        "5008": (ErrorCode.CREATE_INVALID_REQUEST, T),
        "5009": (ErrorCode.CREATE_DUPLICATE_REFERENCE, A),
        "5010": (ErrorCode.CREATE_METHOD_DISABLED, T),
        "5011": (ErrorCode.CREATE_INVALID_REQUEST, T),
        "5012": (ErrorCode.CREATE_RISK_REJECTED, T),
        "5013": (ErrorCode.CREATE_METHOD_DISABLED, T),
        "5014": (ErrorCode.CREATE_RISK_REJECTED, T),
        "5016": (ErrorCode.CREATE_AMOUNT_TOO_LOW, T),
        "5021": (ErrorCode.CREATE_OUTCOME_UNKNOWN, A),
        "7000": (ErrorCode.CREATE_OUTCOME_UNKNOWN, A),
    },
    Operation.REQUEST_REFUND: EVERYWHERE
    | {
        "4000": (ErrorCode.POLL_NOT_FOUND, H),
        "4001": (ErrorCode.POLL_NOT_FOUND, H),
        "5001": (ErrorCode.REFUND_NOT_ALLOWED, T),
        "5002": (ErrorCode.REFUND_NOT_ALLOWED, T),
        "5003": (ErrorCode.REFUND_NOT_ALLOWED, T),
        "5004": (ErrorCode.CREATE_CURRENCY_UNSUPPORTED, T),
        "5007": (ErrorCode.REFUND_AMOUNT_EXCEEDED, T),
        "5010": (ErrorCode.REFUND_OUTCOME_UNKNOWN, A),
        "5011": (ErrorCode.REFUND_DUPLICATE, A),
        "5012": (ErrorCode.REFUND_INSUFFICIENT_FUNDS, R),
        "5013": (ErrorCode.REFUND_UNSUPPORTED, T),
        "5016": (ErrorCode.REFUND_NOT_ALLOWED, T),
        "5018": (ErrorCode.REFUND_FROZEN, T),
        "5020": (ErrorCode.REFUND_WINDOW_CLOSED, T),
        "5021": (ErrorCode.REFUND_OUTCOME_UNKNOWN, A),
        "7000": (ErrorCode.REFUND_OUTCOME_UNKNOWN, A),
    },
    Operation.CANCEL_VOUCHER: EVERYWHERE
    | {
        "3003": (ErrorCode.CANCEL_NOT_SUPPORTED, T),
        "4000": (ErrorCode.POLL_NOT_FOUND, A),
        "5002": (ErrorCode.CANCEL_NOT_SUPPORTED, T),
        "5013": (ErrorCode.CANCEL_NOT_SUPPORTED, T),
        "7000": (ErrorCode.PSP_UNAVAILABLE, A),
    },
}


@pytest.mark.parametrize("operation", Operation)
def test_every_row_of_an_operation_is_this_and_no_other(operation: Operation) -> None:
    rows = {raw: (rule.code, rule.error_class) for (asked, raw), rule in ERRORS.items() if asked is operation}
    assert rows == EXPECTED.get(operation, {})


def test_every_documented_code_has_a_meaning_somewhere_and_no_other_code_has_one() -> None:
    assert {raw for _, raw in ERRORS} == DOCUMENTED
    assert len(DOCUMENTED) == 27


def test_the_same_number_means_two_things_in_two_places() -> None:
    issue, refund = ERRORS[Operation.ISSUE_VOUCHER, "5011"], ERRORS[Operation.REQUEST_REFUND, "5011"]
    assert (issue.error_class, refund.error_class) == (T, A)
