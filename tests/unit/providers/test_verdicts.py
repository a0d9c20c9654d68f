"""What an answer that is no success means, where only its HTTP class speaks."""

from __future__ import annotations

import pytest

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Ambiguous, Held, NotSent, ProviderError
from pagoefectivo.providers.base import READS, Answer, ErrorClass, ErrorRule, Operation
from pagoefectivo.providers.verdicts import refusal, retry_after, unreadable
from pagoefectivo.testing.conformance.evidence import NOW

MOVES = [operation for operation in Operation if operation not in READS]
MOVE, READ = Operation.REQUEST_REFUND, Operation.FETCH_REFUND
TABLE = {(MOVE, "5012"): ErrorRule(ErrorCode.REFUND_INSUFFICIENT_FUNDS, ErrorClass.RETRIABLE)}


def judged(operation: Operation, status: int, raw_code: str = "", message: str = "", **headers: str) -> ProviderError:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = Answer(status, named, b"", 0.1, "req-7")
    return refusal(operation, answer, TABLE, NOW, raw_code=raw_code, raw_message=message)


@pytest.mark.parametrize("operation", Operation)
def test_429_was_not_executed_and_says_when_to_come_back(operation: Operation) -> None:
    error = judged(operation, 429, Retry_After="30")
    assert type(error) is NotSent
    assert (error.code, error.fault.retry_after) == (ErrorCode.PSP_RATE_LIMITED, 30.0)


@pytest.mark.parametrize("operation", Operation)
def test_503_with_retry_after_was_not_executed(operation: Operation) -> None:
    error = judged(operation, 503, Retry_After="120")
    assert type(error) is NotSent
    assert (error.code, error.fault.retry_after) == (ErrorCode.PSP_UNAVAILABLE, 120.0)


@pytest.mark.parametrize("status", [500, 501, 502, 503, 504, 520, 599])
@pytest.mark.parametrize("operation", MOVES)
def test_a_server_fault_may_hide_a_done_deed(operation: Operation, status: int) -> None:
    assert type(judged(operation, status)) is Ambiguous


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("operation", sorted(READS))
def test_a_question_that_met_a_server_fault_is_asked_again(operation: Operation, status: int) -> None:
    error = judged(operation, status)
    assert type(error) is NotSent
    assert error.code is ErrorCode.PSP_UNAVAILABLE


def test_what_is_in_the_air_has_its_own_code() -> None:
    assert judged(Operation.ISSUE_VOUCHER, 500).code is ErrorCode.CREATE_OUTCOME_UNKNOWN
    assert judged(Operation.REQUEST_REFUND, 500).code is ErrorCode.REFUND_OUTCOME_UNKNOWN
    assert judged(Operation.CANCEL_VOUCHER, 500).code is ErrorCode.PSP_UNAVAILABLE


@pytest.mark.parametrize(
    ("status", "code"), [(401, ErrorCode.AUTH_INVALID_CREDENTIALS), (403, ErrorCode.AUTH_IP_NOT_ALLOWED)]
)
def test_a_closed_door_executes_nothing(status: int, code: ErrorCode) -> None:
    error = judged(MOVE, status)
    assert type(error) is NotSent
    assert error.code is code


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 405, 409, 413, 422])
@pytest.mark.parametrize("operation", Operation)
def test_any_other_status_without_a_code_is_never_final(operation: Operation, status: int) -> None:
    error = judged(operation, status)
    assert type(error) is (NotSent if operation in READS else Ambiguous)
    assert error.code is ErrorCode.PSP_BAD_RESPONSE


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 500, 503])
@pytest.mark.parametrize("operation", MOVES)
def test_a_code_that_no_table_explains_is_held(operation: Operation, status: int) -> None:
    error = judged(operation, status, "9999")
    assert type(error) is Held
    assert (error.code, error.fault.raw_code) == (ErrorCode.PSP_UNMAPPED, "9999")


def test_the_table_speaks_before_the_status_does() -> None:
    error = judged(MOVE, 500, "5012")
    assert type(error) is NotSent
    assert error.code is ErrorCode.REFUND_INSUFFICIENT_FUNDS


def test_a_row_of_another_operation_does_not_count() -> None:
    assert type(judged(Operation.ISSUE_VOUCHER, 400, "5012")) is Held


def test_an_unreadable_success_of_a_move_is_ambiguous_and_of_a_read_is_not() -> None:
    answer = Answer(200, {}, b"<html>", 0.1, "req-7")
    move, read = unreadable(MOVE, answer, "not JSON"), unreadable(READ, answer, "not JSON")
    assert (type(move), type(read)) == (Ambiguous, NotSent)
    assert move.code is read.code is ErrorCode.PSP_BAD_RESPONSE
    assert move.request_id == "req-7"


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("30", 30.0),
        ("0", 0.0),
        ("Sun, 22 Nov 2026 14:06:06 GMT", 59.877),
        ("Sun, 22 Nov 2026 14:00:00 GMT", 0.0),
        ("Sun, 22 Nov 2026 14:06:06 -0000", 59.877),
        ("99999999999999999999", 86400.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86400.0),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(written: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": written}, NOW) == (None if seconds is None else pytest.approx(seconds))


def test_without_retry_after_nothing_is_asked() -> None:
    assert retry_after({}, NOW) is None


def test_the_providers_words_are_redacted_and_cut() -> None:
    error = judged(MOVE, 400, "5001", "maria@example.com 12345678 " + "long " * 100)
    assert "maria" not in error.fault.raw_message
    assert "12345678" not in error.fault.raw_message
    assert len(error.fault.raw_message) == 200


def test_a_code_that_is_no_code_is_not_repeated() -> None:
    error = judged(MOVE, 400, "maria@example.com")
    assert error.fault.raw_code == "unreadable"
    assert "maria" not in str(error)


@pytest.mark.parametrize(
    "absurd",
    [
        "Mon, 99999999999999999999 Nov 2026 12:00:00 GMT",
        "23 Nov 2026 12:00:00 +99999999999999",
        "Mon, 23 Nov 20260 12:00:00 GMT",
    ],
)
@pytest.mark.parametrize("operation", Operation)
def test_a_date_beyond_all_measure_says_nothing_of_when_and_hides_nothing_of_what(
    operation: Operation, absurd: str
) -> None:
    error = judged(operation, 429, Retry_After=absurd)
    assert type(error) is NotSent
    assert error.fault.retry_after is None
    assert type(judged(operation, 503, Retry_After=absurd)) is (NotSent if operation in READS else Ambiguous)
