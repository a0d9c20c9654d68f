"""Circuit breakers: what fails again and again is not called for a while, then tried once, then used again.

The state is in the database, so all processes share it. While nothing is in trouble a process looks there once a
second at most and writes nothing. What is barred is put back without costing the row a try.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from pagoefectivo import conf
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import NotSent, ProviderError, ProviderFault
from pagoefectivo.domain.pacing import FAILURES_TO_OPEN, PAUSES, pause
from pagoefectivo.models import CircuitBreaker
from pagoefectivo.providers.base import READS, Operation
from pagoefectivo.services import seams

EVERYTHING = ""  # in place of an operation: every call of the account
MOVES = "moves"  # in place of an operation: every call that is no question
LOOK_AGAIN = timedelta(minutes=5)  # at a breaker that only a person or the end of a recovery closes
MEMO = timedelta(seconds=1)
_WELL = "no breaker in trouble"
REFUSED_KEYS = frozenset(
    {
        ErrorCode.AUTH_INVALID_CREDENTIALS,
        ErrorCode.AUTH_IP_NOT_ALLOWED,
        ErrorCode.AUTH_SERVICE_MISMATCH,
        ErrorCode.AUTH_SIGNATURE_REFUSED,
    }
)
_SILENT = frozenset({ErrorCode.PSP_UNAVAILABLE, ErrorCode.PSP_TIMEOUT, ErrorCode.PSP_BAD_RESPONSE})
_SERVER_FAULT = 500

logger = logging.getLogger("pagoefectivo.breaker")


class Barred(NotSent):
    """The call was not made: a breaker is open. `until` is when it may be tried again."""

    def __init__(self, operation: str, bar: Bar) -> None:
        self.until = bar.until
        wait = max((bar.until - seams.now()).total_seconds(), 0.0)
        super().__init__(ProviderFault(ErrorCode.PSP_UNAVAILABLE, operation=operation, retry_after=wait))


@dataclass(frozen=True, slots=True)
class Bar:
    """Until when a call may not be made, and why."""

    until: datetime
    why: str


def forget() -> None:
    """Look into the database at the next call."""
    seams.memory().pop(_WELL, None)


def bar(account: str, operation: Operation) -> Bar | None:
    """Return what keeps a call from being made now; a breaker that waits for one try bars nothing yet."""
    bars = [_bar(row) for row in _in_trouble(account, operation)]
    return max((each for each in bars if each), key=lambda each: each.until, default=None)


def admit(account: str, operation: Operation, wanted: int) -> tuple[int, Bar | None]:
    """Return how many of `wanted` calls may be made now, and what bars the others.

    All of them while closed, none while open; when a pause is over exactly one caller, over all processes, gets the
    one try, and holds it for a lease.
    """
    rows = _in_trouble(account, operation)
    barred = bar(account, operation) if rows else None
    if barred or not rows:
        return (0 if barred else wanted), barred
    now = seams.now()
    until = now + conf.current().timing.lease
    tries = [row for row in rows if row.opened_at]
    for row in tries:
        seen = CircuitBreaker.objects.filter(pk=row.pk, until_at=row.until_at, opened_at=row.opened_at)
        if not seen.update(until_at=until, probe_at=now):
            return 0, Bar(until, row.why)
    return (1, Bar(until, tries[0].why)) if tries else (wanted, None)


@contextmanager
def guarded(account: str, operation: Operation) -> Iterator[None]:
    """Around one call: raises Barred instead of making it while a breaker is open, and hears how it ended."""
    admitted, barred = admit(account, operation, 1)
    if not admitted and barred:
        raise Barred(operation, barred)
    try:
        yield
    except ProviderError as error:
        hear(account, operation, [error])
        raise
    hear(account, operation, [None])


def hear(account: str, operation: Operation, ends: Sequence[ProviderError | None]) -> None:
    """Note how calls ended, in their order; None is an answer. Committed on return; writes nothing while all is well."""
    calls = [end for end in ends if end is None or not isinstance(end, Barred)]
    refused = next((end for end in calls if end is not None and end.fault.code in REFUSED_KEYS), None)
    if refused is not None:
        _fail(account, EVERYTHING, refused, FAILURES_TO_OPEN)
        return
    trailing = 0
    for end in reversed(calls):
        if end is None or not is_failure(end):
            break
        trailing += 1
    if trailing < len(calls):
        _relieve(account, operation)
    if trailing and (last := calls[-1]) is not None:
        _fail(account, operation, last, trailing)


def is_failure(error: ProviderError) -> bool:
    """Whether a call was made and its provider could not be spoken with: silence, a server fault, or gibberish."""
    status = error.fault.http_status
    if not error.request_id:
        return False
    return status is None or status >= _SERVER_FAULT or error.fault.code in _SILENT


def open_by_hand(account: str, group: str, *, by: str, why: str) -> None:
    """Open a breaker that no success closes. Must run inside a unit of work."""
    CircuitBreaker.objects.update_or_create(
        account=account,
        operation=group,
        defaults={"opened_at": seams.now(), "until_at": None, "probe_at": None, "why": why, "opened_by": by},
    )
    forget()


def close(account: str, group: str) -> None:
    """Close a breaker, whoever opened it."""
    CircuitBreaker.objects.filter(account=account, operation=group).update(**_CLOSED)
    forget()


_CLOSED = {"failures": 0, "openings": 0, "opened_at": None, "until_at": None, "probe_at": None}


def _in_trouble(account: str, operation: Operation) -> list[CircuitBreaker]:
    now, well_at = seams.now(), seams.memory().get(_WELL)
    if well_at is not None and timedelta(0) <= now - well_at < MEMO:
        return []
    rows = list(CircuitBreaker.objects.filter(Q(failures__gt=0) | Q(opened_at__isnull=False)))
    if rows:  # what is in trouble is never remembered, so that its end is seen at once
        forget()
    else:
        seams.memory()[_WELL] = now
    places = {EVERYTHING, operation} | (set() if operation in READS else {MOVES})
    return [row for row in rows if row.account == account and row.operation in places]


def _bar(row: CircuitBreaker) -> Bar | None:
    now = seams.now()
    if row.opened_at is None or (row.until_at is not None and row.until_at <= now):
        return None
    return Bar(row.until_at or now + LOOK_AGAIN, row.why)


def _relieve(account: str, operation: Operation) -> None:
    held = [row.pk for row in _in_trouble(account, operation) if row.opened_at is None or row.until_at is not None]
    if held and CircuitBreaker.objects.filter(pk__in=held, opened_at__isnull=False).update(**_CLOSED):
        logger.warning("Calls of account %s are made again: the provider answers.", account)
    if held:
        CircuitBreaker.objects.filter(pk__in=held, failures__gt=0).update(failures=0)


def _fail(account: str, operation: str, error: ProviderError, times: int) -> None:
    forget()
    opened = seams.transact(lambda: _count_failure(account, operation, error, times))
    if opened is not None:
        seconds = (opened - seams.now()).total_seconds()
        named = operation or "any operation"
        logger.error("Calls of account %s (%s) stop for %.0f s: %s.", account, named, seconds, error.fault.code)


def _count_failure(account: str, operation: str, error: ProviderError, times: int) -> datetime | None:
    """Count under the row's lock; return until when it stays open, None where nothing changed about that."""
    row, _ = CircuitBreaker.objects.select_for_update().get_or_create(account=account, operation=operation)
    now, fault = seams.now(), error.fault
    row.failures += times
    is_tried = row.opened_at is not None and row.probe_at is not None
    opens = row.opened_at is None and row.failures >= FAILURES_TO_OPEN
    if opens or is_tried:
        row.openings += 1
        row.opened_at = row.opened_at or now
        row.opened_by, row.why, row.request_id = "system", fault.code, error.request_id
        asked_for = timedelta(seconds=fault.retry_after or 0)
        row.until_at = now + max(pause(row.openings), min(asked_for, PAUSES[-1]))
        row.probe_at = None
    row.save()
    return row.until_at if opens or is_tried else None
