"""What an answer that is no success means for what may be done next. Nothing unlisted is ever final."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Ambiguous, Held, NotSent, ProviderError, ProviderFault, Refused
from pagoefectivo.domain.redaction import redact_text
from pagoefectivo.providers.base import READS, Answer, ErrorClass, ErrorRule, Operation

RAISES: Mapping[ErrorClass, type[ProviderError]] = {
    ErrorClass.RETRIABLE: NotSent,
    ErrorClass.AMBIGUOUS: Ambiguous,
    ErrorClass.TERMINAL: Refused,
    ErrorClass.HOLD: Held,
}
LONGEST_WAIT = 86400.0
LONGEST_MESSAGE = 200

ErrorTable = Mapping[tuple[Operation, str], ErrorRule]

_OUTCOME_UNKNOWN = {
    Operation.ISSUE_VOUCHER: ErrorCode.CREATE_OUTCOME_UNKNOWN,
    Operation.REQUEST_REFUND: ErrorCode.REFUND_OUTCOME_UNKNOWN,
}
_NOT_ALLOWED_IN = {
    HTTPStatus.UNAUTHORIZED: ErrorCode.AUTH_INVALID_CREDENTIALS,
    HTTPStatus.FORBIDDEN: ErrorCode.AUTH_IP_NOT_ALLOWED,
}
_SANE_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,32}", re.ASCII)
_UNSHOWABLE_CODE = "unreadable"


def is_success(answer: Answer) -> bool:
    """Whether the status is 2xx; a redirect is none, for redirects are never followed."""
    return HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES


def refusal(
    operation: Operation, answer: Answer, errors: ErrorTable, now: datetime, *, raw_code: str, raw_message: str
) -> ProviderError:
    """Return the exception for an answer that is no success.

    The provider's own code decides where the table lists it; else the HTTP class does: 429, 503 with Retry-After, 401
    and 403 mean that nothing was executed; another 5xx may hide a done deed; a code that no table explains is Held.
    `raw_message` is redacted here and cut at 200 characters.
    """
    wait = retry_after(answer.headers, now)
    rule = errors.get((operation, raw_code)) or _rule_by_status(operation, answer.status, raw_code, wait)
    fault = ProviderFault(
        code=rule.code,
        raw_code=_showable(raw_code),
        raw_message=redact_text(raw_message)[:LONGEST_MESSAGE],
        http_status=answer.status,
        operation=operation,
        retry_after=wait,
    )
    return RAISES[rule.error_class](fault, request_id=answer.request_id)


def unreadable(operation: Operation, answer: Answer, why: str) -> ProviderError:
    """Return the exception for an answer that cannot be read: after a move anything may have happened."""
    fault = ProviderFault(
        code=ErrorCode.PSP_BAD_RESPONSE, raw_message=why, http_status=answer.status, operation=operation
    )
    return when_unclear(operation)(fault, request_id=answer.request_id)


def when_unclear(operation: Operation) -> type[NotSent | Ambiguous]:
    """A question may simply be asked again; after anything else that was sent, the outcome has to be looked up."""
    return NotSent if operation in READS else Ambiguous


def unclear_code(operation: Operation, otherwise: ErrorCode) -> ErrorCode:
    """Return the code that tells a person what is in the air; `otherwise` where no money is."""
    return _OUTCOME_UNKNOWN.get(operation, otherwise)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds (0 to one day) that the provider asks to wait, None where it says nothing readable."""
    written = next((value for name, value in headers.items() if name.lower() == "retry-after"), "").strip()
    if written.isascii() and written.isdigit():
        return min(float(written[:9]), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(written)
    except (ValueError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), LONGEST_WAIT)


def _rule_by_status(operation: Operation, status: int, raw_code: str, wait: float | None) -> ErrorRule:
    unclear = ErrorClass.RETRIABLE if operation in READS else ErrorClass.AMBIGUOUS
    is_server_fault = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return ErrorRule(ErrorCode.PSP_RATE_LIMITED, ErrorClass.RETRIABLE)
    if status == HTTPStatus.SERVICE_UNAVAILABLE and wait is not None:
        return ErrorRule(ErrorCode.PSP_UNAVAILABLE, ErrorClass.RETRIABLE)
    if raw_code and not (is_server_fault and operation in READS):
        return ErrorRule(ErrorCode.PSP_UNMAPPED, ErrorClass.HOLD)
    if is_server_fault:
        return ErrorRule(unclear_code(operation, ErrorCode.PSP_UNAVAILABLE), unclear)
    for refused, code in _NOT_ALLOWED_IN.items():
        if status == refused:
            return ErrorRule(code, ErrorClass.RETRIABLE)
    return ErrorRule(ErrorCode.PSP_BAD_RESPONSE, unclear)


def _showable(raw_code: str) -> str:
    return raw_code if not raw_code or _SANE_CODE.fullmatch(raw_code) else _UNSHOWABLE_CODE
