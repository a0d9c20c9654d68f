"""One POST, one answer: the same key and request get the answer that was given before."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import IntegrityError
from django.db.models import QuerySet

from pagoefectivo import conf
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Reason, RuleRefused, StateConflict
from pagoefectivo.models import IdempotentRequest
from pagoefectivo.services import seams

HEADER = "Idempotency-Key"
PATIENCE_SECONDS = 5
KEY = "^[!-~]{1,255}$"
_SERVER_ERROR = 500
_TOO_MANY_REQUESTS = 429


def digest_of(path: str, body: Iterable[bytes]) -> str:
    """Return the SHA-256 over a path and the pieces of a body: what "the same request" means."""
    digest = hashlib.sha256(path.encode() + b"\0")
    for piece in body:
        digest.update(piece)
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """A POST under its Idempotency-Key; `digest` as `digest_of` makes it."""

    api_key_id: int
    key: str
    digest: str

    @property
    def nonce(self) -> str:
        """Name this request for services that keep a nonce of their own: 64 hexadecimal digits."""
        return hashlib.sha256(f"{self.api_key_id}\0{self.key}\0{self.digest}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Answer:
    """A status with the bytes that were sent. `headers` are for this once and are not kept."""

    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    replayed: bool = False


class InProgress(StateConflict):
    """The first request under this key has not been answered yet; `retry_after` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__(ErrorCode.IDEMPOTENCY_IN_PROGRESS)


def once(request: KeyedRequest, perform: Callable[[], Answer]) -> Answer:
    """Return the kept answer of this key, or perform the request and keep its answer.

    The key is taken in a transaction of its own that is over before `perform` runs. Answers from 500 up and 429 are not
    kept: the same key may try again. A request that died is taken over once twice the lease has passed. Raises
    RuleRefused (no key, or a key used with another request) and InProgress.
    """
    if not re.fullmatch(KEY, request.key):
        raise RuleRefused(Reason(ErrorCode.IDEMPOTENCY_KEY_MISSING, field=HEADER))
    taken = _take(request)
    if isinstance(taken, Answer):
        return taken
    try:
        answer = perform()
    except Exception:
        _held(taken).delete()
        raise
    if answer.status >= _SERVER_ERROR or answer.status == _TOO_MANY_REQUESTS:
        _held(taken).delete()
    else:
        _keep(taken, answer)
    return answer


@dataclass(frozen=True, slots=True)
class _Hold:
    row_id: int
    locked_until: datetime


def _take(request: KeyedRequest) -> _Hold | Answer:
    now = seams.now()
    until = now + 2 * conf.current().timing.lease
    try:
        with seams.unit_of_work():
            row = IdempotentRequest.objects.create(
                api_key_id=request.api_key_id,
                key=request.key,
                request_digest=request.digest,
                locked_until=until,
                created_at=now,
            )
    except IntegrityError:
        return _take_over(request, now, until)
    return _Hold(row.pk, until)


def _take_over(request: KeyedRequest, now: datetime, until: datetime) -> _Hold | Answer:
    row = IdempotentRequest.objects.filter(api_key_id=request.api_key_id, key=request.key).first()
    if row is None:  # it was let go a moment ago
        raise InProgress(1)
    if row.request_digest != request.digest:
        raise RuleRefused(Reason(ErrorCode.IDEMPOTENCY_KEY_REUSED, field=HEADER))
    if row.status is not None:
        return Answer(row.status, bytes(row.body or b""), replayed=True)
    if row.locked_until > now or not _held(_Hold(row.pk, row.locked_until)).update(locked_until=until):
        left = math.ceil((row.locked_until - now).total_seconds())
        raise InProgress(min(max(left, 1), PATIENCE_SECONDS))
    return _Hold(row.pk, until)


def _keep(hold: _Hold, answer: Answer) -> None:
    _held(hold).update(status=answer.status, body=answer.body)


def _held(hold: _Hold) -> QuerySet[IdempotentRequest]:
    """The row, as long as nobody has taken it over."""
    return IdempotentRequest.objects.filter(pk=hold.row_id, locked_until=hold.locked_until, status=None)
