"""Errors as answers: application/problem+json (RFC 9457) with the catalogue's code, sentence and next step."""

from __future__ import annotations

import logging
import math
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from django.http import Http404
from django.urls import reverse
from rest_framework import exceptions as drf

from pagoefectivo import conf
from pagoefectivo.domain.error_codes import CATALOGUE, ErrorCode
from pagoefectivo.domain.exceptions import (
    ConfigurationError,
    NotFound,
    NotSent,
    ProviderError,
    Reason,
    RuleRefused,
    StateConflict,
    UnreadableFile,
)
from pagoefectivo.domain.redaction import places_of
from pagoefectivo.models import Voucher
from pagoefectivo.services import seams
from pagoefectivo.services.actors import PermissionRefused
from pagoefectivo.services.idempotency import InProgress

MEDIA_TYPE = "application/problem+json"
STATUS_OF_CODE = {
    ErrorCode.REQUEST_TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    ErrorCode.REQUEST_FILE_TYPE: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    ErrorCode.SETTLEMENT_TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    ErrorCode.IDEMPOTENCY_KEY_MISSING: HTTPStatus.BAD_REQUEST,
}
RETRY_SECONDS = 5

logger = logging.getLogger("pagoefectivo.api")


@dataclass(frozen=True, slots=True)
class Problem:
    """One error answer."""

    status: int
    document: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)


def problem_of(error: Exception) -> Problem:
    """Return the answer for anything that may be raised behind the door."""
    match error:
        case RuleRefused():
            return _refused([_written(reason) for reason in error.reasons])
        case drf.ValidationError():
            return _refused(list(_flat(error.detail)))
        case UnreadableFile():
            return _problem(422, ErrorCode.SETTLEMENT_UNREADABLE, line=error.line or None, reason=error.why)
        case StateConflict():
            headers = {"Retry-After": str(error.retry_after)} if isinstance(error, InProgress) else {}
            return _problem(409, error.code, error.values, headers=headers)
        case NotFound() | Http404():
            return _problem(404, ErrorCode.NOT_FOUND)
        case PermissionRefused():
            return _problem(403, error.code, {"scope": error.permission}, scope=error.permission)
        case ProviderError():
            return _provider(error)
        case drf.APIException():
            return _framework(error)
        case _ if isinstance(error, seams.DATABASE_TROUBLE):
            logger.error("The database did not answer: %s", type(error).__name__)
            return _problem(503, ErrorCode.SERVICE_UNAVAILABLE, headers={"Retry-After": str(RETRY_SECONDS)})
    return _fault(error)


def failed_voucher(voucher: Voucher, reference: str) -> Problem:
    """Return the answer for an order whose payment code the provider refused for good."""
    code = ErrorCode.__members__.get(voucher.error_code, ErrorCode.PSP_UNMAPPED)
    values = {"raw": voucher.raw_code} if voucher.raw_code else {}
    return _problem(422, code, values, raw_code=voucher.raw_code, reference=reference, voucher=voucher.public_id)


def explained(code: str, raw_code: str) -> dict[str, str] | None:
    """Return an error kept on a row with its sentence, who acts and what comes next; None when there is none."""
    if not code:
        return None
    values = {"raw": raw_code} if raw_code else {}
    entry = CATALOGUE[ErrorCode.__members__.get(code, ErrorCode.PSP_UNMAPPED)]
    return {
        "code": code,
        "raw_code": raw_code,
        "message": entry.sentence(**values),
        "who": entry.who.value,
        "next_step": entry.next_sentence(**values),
    }


def _problem(
    status: int,
    code: ErrorCode,
    values: Mapping[str, str] | None = None,
    *,
    headers: dict[str, str] | None = None,
    **extra: Any,
) -> Problem:
    entry, values = CATALOGUE[code], values or {}
    document = {
        "type": f"{conf.current().public_base_url}{reverse('pagoefectivo:api-docs')}#{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": entry.sentence(**values),
        "code": code.value,
        "who": entry.who.value,
        "next_step": entry.next_sentence(**values),
        **extra,
    }
    return Problem(status, document, headers or {})


def _refused(reasons: list[dict[str, str]]) -> Problem:
    """What cannot be read is 400, what is understood and refused is 422."""
    shape = next((reason for reason in reasons if reason["code"].startswith("REQUEST_")), None)
    said = shape or reasons[0]
    code = ErrorCode(said["code"])
    status = STATUS_OF_CODE.get(code, HTTPStatus.BAD_REQUEST if shape else HTTPStatus.UNPROCESSABLE_ENTITY)
    fields: dict[str, list[str]] = {}
    for reason in reasons:
        if reason["field"]:
            fields.setdefault(reason["field"], []).append(reason["message"])
    return _problem(
        status.value, code, detail=said["message"], next_step=said["next_step"], reasons=reasons, fields=fields
    )


def _written(reason: Reason) -> dict[str, str]:
    return {
        "code": reason.code.value,
        "field": reason.field,
        "message": reason.message,
        "next_step": reason.next_step,
    }


def _flat(detail: Any, path: str = "") -> Iterator[dict[str, str]]:
    """Read the framework's tree of errors as a list of reasons."""
    if isinstance(detail, Mapping):
        for name, below in detail.items():
            inner = path if name == "non_field_errors" else f"{path}.{name}" if path else str(name)
            yield from _flat(below, inner)
    elif isinstance(detail, Iterable) and not isinstance(detail, str):
        for below in detail:
            yield from _flat(below, path)
    else:
        known = ErrorCode.__members__.get(getattr(detail, "code", ""), ErrorCode.REQUEST_INVALID)
        next_step = Reason(known, field=path).next_step
        yield {"code": known.value, "field": path, "message": str(detail), "next_step": next_step}


def _provider(error: ProviderError) -> Problem:
    fault = error.fault
    headers = {} if fault.retry_after is None else {"Retry-After": str(max(1, math.ceil(fault.retry_after)))}
    values = {"raw": fault.raw_code} if fault.raw_code else {}
    extra = {"raw_code": fault.raw_code, "request_id": error.request_id}
    return _problem(503 if isinstance(error, NotSent) else 502, error.code, values, headers=headers, **extra)


def _framework(error: drf.APIException) -> Problem:
    match error:
        case drf.NotAuthenticated() | drf.AuthenticationFailed():
            headers = {"WWW-Authenticate": getattr(error, "auth_header", "Api-Key")}
            return _problem(401, ErrorCode.NOT_AUTHENTICATED, headers=headers)
        case drf.Throttled():
            return _problem(
                429, ErrorCode.RATE_LIMITED, headers={"Retry-After": str(math.ceil(getattr(error, "wait", None) or 1))}
            )
        case drf.MethodNotAllowed():
            return _problem(405, ErrorCode.METHOD_NOT_ALLOWED)
        case drf.NotAcceptable():
            return _problem(406, ErrorCode.NOT_ACCEPTABLE)
        case drf.UnsupportedMediaType():
            return _problem(415, ErrorCode.REQUEST_MALFORMED)
        case drf.ParseError():
            return _problem(400, ErrorCode.REQUEST_MALFORMED)
    return _fault(error)


def _fault(error: Exception) -> Problem:
    """Say nothing of what failed, and log where it failed but never what it said: that may be personal."""
    fault_id = uuid.uuid4()
    logger.error("Fault %s: %s at %s", fault_id, type(error).__name__, places_of(error))
    code = error.code if isinstance(error, ConfigurationError) else ErrorCode.INTERNAL_FAULT
    return _problem(500, code, instance=f"urn:uuid:{fault_id}")
