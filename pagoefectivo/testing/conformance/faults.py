"""What can come back from any PSP, and what each of them must be called."""

from __future__ import annotations

from dataclasses import dataclass, field

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Ambiguous, Held, NotSent, ProviderError
from pagoefectivo.testing.conformance.scripted_server import (
    Script,
    answers,
    breaks_off_body,
    hangs_up,
    keeps_silent,
    resets,
    says_nonsense,
)


@dataclass(frozen=True)
class Fault:
    """One way for a call to go wrong, and the error each kind of operation must raise for it."""

    name: str
    script: Script = field(repr=False)
    after_move: type[ProviderError] = Ambiguous
    after_read: type[ProviderError] = NotSent
    code: ErrorCode | None = None
    wait: float | None = None
    refuses_token: bool = False


HTML = b"<!doctype html><title>Bad gateway</title>"

FAULTS = (
    Fault("no answer in time", keeps_silent()),
    Fault("connection reset", resets()),
    Fault("connection closed", hangs_up()),
    Fault("not http", says_nonsense()),
    Fault("body cut off", breaks_off_body()),
    Fault("500", answers(500, b"")),
    Fault("502 html", answers(502, HTML, content_type="text/html")),
    Fault("503 without a wait", answers(503, HTML)),
    Fault("503 with a wait", answers(503, HTML, "Retry-After: 7"), NotSent, NotSent, ErrorCode.PSP_UNAVAILABLE, 7.0),
    Fault("504", answers(504, b"{}")),
    Fault("429", answers(429, HTML, "Retry-After: 7"), NotSent, NotSent, ErrorCode.PSP_RATE_LIMITED, 7.0),
    Fault("401 bare", answers(401, b""), NotSent, NotSent, refuses_token=True),
    Fault("403 html", answers(403, HTML), NotSent, NotSent),
    Fault("404 bare", answers(404, b"NOT_FOUND")),
    Fault("302", answers(302, b"", "Location: http://127.0.0.1:1/")),
    Fault("200 html", answers(200, HTML), code=ErrorCode.PSP_BAD_RESPONSE),
    Fault("200 empty", answers(200, b""), code=ErrorCode.PSP_BAD_RESPONSE),
    Fault("200 truncated json", answers(200, b'{"id": "4'), code=ErrorCode.PSP_BAD_RESPONSE),
    Fault("200 empty object", answers(200, b"{}"), code=ErrorCode.PSP_BAD_RESPONSE),
    Fault("200 list", answers(200, b"[]"), code=ErrorCode.PSP_BAD_RESPONSE),
    Fault("200 invalid utf-8", answers(200, b'{"id": "\xff"}'), code=ErrorCode.PSP_BAD_RESPONSE),
    Fault("200 very deep", answers(200, b"[" * 100_000), code=ErrorCode.PSP_BAD_RESPONSE),
)


def unlisted_code(body: bytes, status: int) -> Fault:
    """A refusal whose code is in no table."""
    return Fault("unlisted code", answers(status, body), Held, Held, ErrorCode.PSP_UNMAPPED)
