"""What dLocal's refusals and unreadable answers are called."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Ambiguous, Held, NotSent, ProviderError, Refused
from pagoefectivo.providers.base import Gateway
from tests.unit.providers.line import Line
from tests.unit.providers.stage import REFUND, VOUCHER


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"<html>It works</html>", id="html"),
        pytest.param(b'{"id": "D-', id="truncated"),
        pytest.param(b"", id="empty"),
        pytest.param(b"{}", id="no-payment"),
        pytest.param(b'{"id": "D-4", "status": "PAID", "amount": "100.50"}', id="amount-as-text"),
        pytest.param(b'{"id": "D-4", "status": "PAID", "amount": 1e400}', id="1e400"),
        pytest.param(b'{"id": "D-4", "id": "D-5", "status": "PAID"}', id="duplicate-key"),
        pytest.param(b'{"id": "D-4", "status": ["PAID"]}', id="status-list"),
        pytest.param(b'{"id": "D-4", "status": "PENDING", "ticket": "2301711"}', id="ticket-text"),
        pytest.param(b'{"id": "D-4", "status": "PENDING", "refunds": {}}', id="refunds-object"),
    ],
)
def test_a_success_that_cannot_be_read_is_ambiguous(line: Line, body: bytes) -> None:
    line.will_answer("POST", "/payments", body)
    with pytest.raises(Ambiguous) as caught:
        line.gateway.issue_voucher(VOUCHER)
    assert type(caught.value) is Ambiguous
    assert (caught.value.code, caught.value.request_id) == (ErrorCode.PSP_BAD_RESPONSE, "req-1")
    assert line.evidence.told == ["sending", "answered"]


def test_B05_an_error_inside_a_200_is_an_error_and_no_payment(line: Line) -> None:
    line.will_answer("POST", "/payments", b'{"code": 5001, "message": "Invalid parameter"}')
    with pytest.raises(Ambiguous) as caught:
        line.gateway.issue_voucher(VOUCHER)
    assert caught.value.code is ErrorCode.PSP_BAD_RESPONSE


ISSUE: Callable[[Gateway], object] = lambda gateway: gateway.issue_voucher(VOUCHER)  # noqa: E731
REFUNDING: Callable[[Gateway], object] = lambda gateway: gateway.request_refund(REFUND)  # noqa: E731


@pytest.mark.parametrize(
    ("ask", "path", "raw", "error", "code"),
    [
        pytest.param(ISSUE, "/payments", 5009, Ambiguous, ErrorCode.CREATE_DUPLICATE_REFERENCE, id="duplicate"),
        pytest.param(ISSUE, "/payments", 5001, Refused, ErrorCode.CREATE_FIELD_INVALID, id="invalid"),
        pytest.param(ISSUE, "/payments", 3001, NotSent, ErrorCode.AUTH_INVALID_CREDENTIALS, id="credentials"),
        pytest.param(ISSUE, "/payments", 5000, NotSent, ErrorCode.AUTH_SIGNATURE_REFUSED, id="signature"),
        pytest.param(ISSUE, "/payments", 5011, Refused, ErrorCode.CREATE_INVALID_REQUEST, id="5011-of-a-payment"),
        pytest.param(REFUNDING, "/refunds", 5011, Ambiguous, ErrorCode.REFUND_DUPLICATE, id="5011-of-a-refund"),
        pytest.param(REFUNDING, "/refunds", 5012, NotSent, ErrorCode.REFUND_INSUFFICIENT_FUNDS, id="balance"),
        pytest.param(REFUNDING, "/refunds", 5020, Refused, ErrorCode.REFUND_WINDOW_CLOSED, id="window"),
        pytest.param(REFUNDING, "/refunds", 5002, Refused, ErrorCode.REFUND_NOT_ALLOWED, id="not-refundable"),
        pytest.param(REFUNDING, "/refunds", 5007, Refused, ErrorCode.REFUND_AMOUNT_EXCEEDED, id="exceeded"),
        pytest.param(REFUNDING, "/refunds", 5010, Ambiguous, ErrorCode.REFUND_OUTCOME_UNKNOWN, id="timeout-there"),
        pytest.param(REFUNDING, "/refunds", 9999, Held, ErrorCode.PSP_UNMAPPED, id="unlisted"),
    ],
)
def test_a_code_means_what_its_operation_makes_of_it(
    line: Line,
    ask: Callable[[Gateway], object],
    path: str,
    raw: int,
    error: type[ProviderError],
    code: ErrorCode,
) -> None:
    line.will_answer("POST", path, json.dumps({"code": raw, "message": "said", "param": "amount"}).encode(), status=400)
    with pytest.raises(ProviderError) as caught:
        ask(line.gateway)
    assert type(caught.value) is error
    fault = caught.value.fault
    assert (fault.code, fault.raw_code, fault.raw_message) == (code, str(raw), "said amount")
    assert (fault.http_status, caught.value.request_id) == (400, "req-1")
