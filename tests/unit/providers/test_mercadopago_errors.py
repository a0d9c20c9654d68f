"""Mercado Pago's refusals, row by row: every published code has a meaning, and none says more than is known."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Ambiguous, Held, NotSent, ProviderError, Refused
from pagoefectivo.providers.base import READS, ErrorClass, Operation
from pagoefectivo.providers.mercadopago.tables import ERRORS
from tests.unit.providers.mercadopago_stage import PAYMENT, REFUND, VOUCHER, Line

R, A, T, H = ErrorClass.RETRIABLE, ErrorClass.AMBIGUOUS, ErrorClass.TERMINAL, ErrorClass.HOLD

EVERYWHERE = {
    "5": (ErrorCode.AUTH_INVALID_CREDENTIALS, R),
    "unauthorized": (ErrorCode.AUTH_INVALID_CREDENTIALS, R),
    "forbidden": (ErrorCode.AUTH_NOT_PERMITTED, R),
    "2020": (ErrorCode.AUTH_NOT_PERMITTED, R),
    "2021": (ErrorCode.AUTH_NOT_PERMITTED, R),
    "145": (ErrorCode.AUTH_WRONG_ENVIRONMENT, R),
    "2034": (ErrorCode.AUTH_WRONG_ENVIRONMENT, R),
}
READING = EVERYWHERE | {
    "2000": (ErrorCode.POLL_NOT_FOUND, A),
    "2032": (ErrorCode.POLL_NOT_FOUND, A),
    "not_found": (ErrorCode.POLL_NOT_FOUND, A),
    "internal_error": (ErrorCode.PSP_UNAVAILABLE, R),
    "internal_server_error": (ErrorCode.PSP_UNAVAILABLE, R),
}
EXPECTED = dict.fromkeys(READS - {Operation.AUTHORIZE}, READING) | {
    Operation.ISSUE_VOUCHER: EVERYWHERE
    | {
        "2001": (ErrorCode.CREATE_DUPLICATE_REFERENCE, A),
        "2002": (ErrorCode.CREATE_FIELD_INVALID, T),
        "2006": (ErrorCode.CREATE_FIELD_INVALID, T),
        "4390": (ErrorCode.CREATE_FIELD_INVALID, T),
        "4037": (ErrorCode.CREATE_INVALID_REQUEST, T),
        "4292": (ErrorCode.CREATE_INVALID_REQUEST, T),
        "internal_error": (ErrorCode.CREATE_OUTCOME_UNKNOWN, A),
        "internal_server_error": (ErrorCode.CREATE_OUTCOME_UNKNOWN, A),
    },
    Operation.REQUEST_REFUND: EVERYWHERE
    | {
        "2000": (ErrorCode.POLL_NOT_FOUND, H),
        "not_found": (ErrorCode.POLL_NOT_FOUND, H),
        "2001": (ErrorCode.REFUND_DUPLICATE, A),
        "2017": (ErrorCode.REFUND_AMOUNT_EXCEEDED, H),
        "2018": (ErrorCode.REFUND_NOT_ALLOWED, H),
        "2022": (ErrorCode.REFUND_NOT_ALLOWED, H),
        "2024": (ErrorCode.REFUND_WINDOW_CLOSED, T),
        "2025": (ErrorCode.REFUND_UNSUPPORTED, T),
        "2027": (ErrorCode.REFUND_UNSUPPORTED, T),
        "2030": (ErrorCode.REFUND_INSUFFICIENT_FUNDS, R),
        "2031": (ErrorCode.REFUND_INSUFFICIENT_FUNDS, R),
        "2063": (ErrorCode.REFUND_NOT_ALLOWED, H),
        "2085": (ErrorCode.REFUND_NOT_ALLOWED, T),
        "3024": (ErrorCode.REFUND_PARTIAL_UNSUPPORTED, T),
        "4040": (ErrorCode.REFUND_NOT_ALLOWED, T),
        "4041": (ErrorCode.REFUND_NOT_ALLOWED, T),
        "4292": (ErrorCode.REFUND_NOT_ALLOWED, T),
        "4295": (ErrorCode.REFUND_PARTIAL_UNSUPPORTED, T),
        "4296": (ErrorCode.REFUND_DUPLICATE, A),
        "internal_error": (ErrorCode.REFUND_OUTCOME_UNKNOWN, A),
        "internal_server_error": (ErrorCode.REFUND_OUTCOME_UNKNOWN, A),
    },
    Operation.CANCEL_VOUCHER: EVERYWHERE
    | {
        "2000": (ErrorCode.POLL_NOT_FOUND, A),
        "not_found": (ErrorCode.POLL_NOT_FOUND, A),
        "2018": (ErrorCode.CANCEL_NOT_SUPPORTED, T),
        "2063": (ErrorCode.CANCEL_NOT_SUPPORTED, T),
        "internal_error": (ErrorCode.PSP_UNAVAILABLE, A),
        "internal_server_error": (ErrorCode.PSP_UNAVAILABLE, A),
    },
}


def test_the_table_is_exactly_this_one() -> None:
    rows = {
        operation: {raw: (rule.code, rule.error_class) for (known, raw), rule in ERRORS.items() if known is operation}
        for operation in Operation
    }
    assert {operation: row for operation, row in rows.items() if row} == EXPECTED


def refusal(*codes: object, error: object = "bad_request", status: int = 400) -> bytes:
    causes = [{"code": code, "description": f"about {code}", "data": None} for code in codes]
    return json.dumps({"message": "No", "error": error, "status": status, "cause": causes}).encode()


def refused_refund(line: Line, body: bytes, status: int = 400) -> ProviderError:
    line.will_answer("POST", f"/v1/payments/{PAYMENT}/refunds", body, status=status)
    with pytest.raises(ProviderError) as caught:
        line.gateway.request_refund(REFUND)
    return caught.value


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422])
@pytest.mark.parametrize(
    ("code", "raises", "called"),
    [
        (2024, Refused, ErrorCode.REFUND_WINDOW_CLOSED),
        ("2024", Refused, ErrorCode.REFUND_WINDOW_CLOSED),
        (3024, Refused, ErrorCode.REFUND_PARTIAL_UNSUPPORTED),
        (4040, Refused, ErrorCode.REFUND_NOT_ALLOWED),
        (2031, NotSent, ErrorCode.REFUND_INSUFFICIENT_FUNDS),
        (4296, Ambiguous, ErrorCode.REFUND_DUPLICATE),
    ],
)
def test_the_code_decides_under_whatever_http_status_it_comes(
    mercado: Line, status: int, code: object, raises: type[ProviderError], called: ErrorCode
) -> None:
    error = refused_refund(mercado, refusal(code), status)
    assert (type(error), error.code, error.fault.raw_code) == (raises, called, str(code))
    assert error.fault.raw_message == f"No about {code}"


@pytest.mark.parametrize(
    ("codes", "raises", "raw"),
    [
        ((2024, 4296), Ambiguous, "4296"),
        ((4296, 2024), Ambiguous, "4296"),
        ((2024, 987654), Held, "987654"),
        ((2024, 2031), NotSent, "2031"),
        ((3024, 2024), Refused, "3024"),
    ],
)
def test_of_several_causes_the_least_final_decides(
    mercado: Line, codes: tuple[int, ...], raises: type[ProviderError], raw: str
) -> None:
    error = refused_refund(mercado, refusal(*codes))
    assert (type(error), error.fault.raw_code) == (raises, raw)


@pytest.mark.parametrize(
    ("status", "word", "raises", "called"),
    [
        (401, "unauthorized", NotSent, ErrorCode.AUTH_INVALID_CREDENTIALS),
        (404, "not_found", Held, ErrorCode.POLL_NOT_FOUND),
        (500, "internal_error", Ambiguous, ErrorCode.REFUND_OUTCOME_UNKNOWN),
        (429, "too_many_requests", NotSent, ErrorCode.PSP_RATE_LIMITED),
        (400, "bad_request", Held, ErrorCode.PSP_UNMAPPED),
    ],
)
def test_without_a_cause_the_error_word_decides(
    mercado: Line, status: int, word: str, raises: type[ProviderError], called: ErrorCode
) -> None:
    error = refused_refund(mercado, refusal(error=word, status=status), status)
    assert (type(error), error.code, error.fault.raw_code) == (raises, called, word)


@pytest.mark.parametrize(
    "changes",
    [{"cause": None}, {"cause": "4296"}, {"cause": {"code": 4296}}, {"cause": [1, None, []]}, {"cause": [{}]}],
)
@pytest.mark.parametrize("code", [True, None, 1.5, []])
def test_an_oddly_shaped_refusal_is_no_final_no(mercado: Line, changes: dict[str, Any], code: object) -> None:
    body = {"message": 1, "error": None, "status": "x", "cause": [{"code": code, "description": 2}]} | changes
    error = refused_refund(mercado, json.dumps(body).encode())
    assert (type(error), error.fault.raw_code) == (Ambiguous, "")


@pytest.mark.parametrize("code", [2002, 2006, 4390, 145, 2034])
def test_the_troubles_of_test_users_are_called_by_a_name(mercado: Line, code: int) -> None:
    mercado.will_answer("POST", "/v1/payments", refusal(code), status=400)
    with pytest.raises((Refused, NotSent)) as caught:
        mercado.gateway.issue_voucher(VOUCHER)
    assert caught.value.code is EXPECTED[Operation.ISSUE_VOUCHER][str(code)][0]
