"""The evidence of every call to a provider: written before the first byte leaves, completed with what came back."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, connections

from pagoefectivo import conf
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import ConfigurationError, NotSent, ProviderFault
from pagoefectivo.domain.redaction import redact_headers
from pagoefectivo.models import ApiExchange, Refund, Voucher
from pagoefectivo.models.fields import cipher
from pagoefectivo.providers.base import READS, Answer, Call
from pagoefectivo.services import seams
from pagoefectivo.services.claiming import is_over

_SENDING = """
INSERT INTO pagoefectivo_apiexchange
    (request_id, account, operation, voucher_id, refund_id, method, url, request_headers, request_body,
     sent_at, outcome, loss)
SELECT %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'sending', ''
"""
_ANSWERED = """
UPDATE pagoefectivo_apiexchange
SET outcome = 'answered', http_status = %s, response_headers = %s, response_body = %s, duration_ms = %s
WHERE request_id = %s
"""
# An answer's row need not wait for the disk: PostgreSQL writes its log in order, so the commit of whatever follows
# from the answer makes the row durable too, and a crash before that leaves "sending", which is asked about.
# Nor need a question's: what is asked leaves nothing behind. An instruction's row always waits.
_UNHURRIED = "WITH unhurried AS (SELECT set_config('synchronous_commit', 'off', true))"
_SENDING_UNHURRIED = f"{_UNHURRIED} {_SENDING} FROM unhurried"
_ANSWERED_UNHURRIED = _UNHURRIED + _ANSWERED.replace("WHERE", "FROM unhurried WHERE")
_LOST = "UPDATE pagoefectivo_apiexchange SET outcome = 'no_response', loss = %s WHERE request_id = %s"


def refuse_inside_transaction() -> None:
    """Raise ConfigurationError when any transaction is open: a provider is never called inside one."""
    for each in connections.all(initialized_only=True):
        if each.in_atomic_block:
            raise ConfigurationError("A provider was about to be called inside a database transaction.")


@dataclass(slots=True)
class ExchangeRecorder:
    """Writes each call at once, in a commit of its own: if the row cannot be written, nothing is sent."""

    account: str
    voucher_id: int | None = None
    refund_id: int | None = None
    until: datetime | None = None  # the end of the lease that its instruction is sent under
    request_id: str = ""  # of the newest call: the evidence behind what the gateway returned

    def sending(self, call: Call) -> None:
        refuse_inside_transaction()
        self.request_id = call.request_id
        values = (
            call.request_id,
            self.account,
            str(call.operation),
            self.voucher_id,
            self.refund_id,
            call.method,
            call.url[:500],
            json.dumps(redact_headers(call.headers)),
            _sealed(call.body),
            seams.now(),
        )
        statement = _SENDING_UNHURRIED if call.operation in READS and _is_postgresql() else _SENDING
        until = None if call.operation in READS else self.until
        database_now = None
        with connection.cursor() as cursor:
            if until and _is_postgresql():  # this server's own clock may have been put back while it stood still
                cursor.execute(f"{statement} RETURNING clock_timestamp()", values)
                database_now = seams.database_now() or cursor.fetchone()[0]
            else:
                cursor.execute(statement, values)
        if until and is_over(until, database_now):
            self.lost(call, "the lease ended before it could leave")  # somebody else may hold the row already
            raise NotSent(
                ProviderFault(ErrorCode.PSP_UNAVAILABLE, operation=call.operation), request_id=call.request_id
            )

    def answered(self, call: Call, answer: Answer) -> None:
        headers = json.dumps(redact_headers(answer.headers))
        duration = int(answer.duration * 1000)
        statement = _ANSWERED_UNHURRIED if _is_postgresql() else _ANSWERED
        with connection.cursor() as cursor:
            cursor.execute(statement, (answer.status, headers, _sealed(answer.body), duration, call.request_id))

    def lost(self, call: Call, why: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_LOST, (why[:100], call.request_id))


@dataclass(slots=True)
class BatchRecorder:
    """Keeps the calls of many threads in memory; `announce` and `flush` each write one statement for all of them.

    Only for questions: what a question might leave behind is nothing, so a row that says "sending" may stand for it.
    A question about several vouchers is no one voucher's.
    """

    account: str
    voucher_id: int | None
    request_id: str  # of the newest call: the evidence behind what the gateway returned
    calls: list[tuple[Call, Answer | None, str]] = field(default_factory=list)

    def sending(self, call: Call) -> None:
        self.request_id = call.request_id

    def answered(self, call: Call, answer: Answer) -> None:
        self.calls.append((call, answer, ""))

    def lost(self, call: Call, why: str) -> None:
        self.calls.append((call, None, why))


def recorder_for(row: Voucher | Refund, *, until: datetime | None = None) -> ExchangeRecorder:
    """Return the recorder of calls about one voucher or refund; after `until` no instruction leaves, only questions."""
    if isinstance(row, Refund):
        return ExchangeRecorder(row.account, row.voucher_id, row.pk, until)
    return ExchangeRecorder(row.account, row.pk, until=until)


def announce(recorders: list[BatchRecorder], operation: str) -> None:
    """Write the "sending" rows of a batch of questions in one statement."""
    refuse_inside_transaction()
    now = seams.now()
    ApiExchange.objects.bulk_create(
        ApiExchange(
            request_id=recorder.request_id,
            account=recorder.account,
            operation=operation,
            voucher_id=recorder.voucher_id,
            method="",  # the gateway's to choose: `flush` fills it in
            sent_at=now,
            request_body=b"",
        )
        for recorder in recorders
    )


def flush(recorders: list[BatchRecorder]) -> None:
    """Complete the rows of a batch, and add those of second calls, in one statement."""
    rows = [_completed(recorder, *each) for recorder in recorders for each in recorder.calls]
    if rows:
        ApiExchange.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["request_id"],
            update_fields=[
                "operation", "method", "url", "request_headers", "outcome", "http_status", "response_headers",
                "response_body", "duration_ms", "loss",
            ],
        )  # fmt: skip


def close_abandoned() -> int:
    """Mark the calls whose process died before an answer came; return how many. What they did is asked elsewhere."""
    longest = conf.current().timing.lease
    abandoned = ApiExchange.objects.filter(outcome=ApiExchange.Outcome.SENDING, sent_at__lt=seams.now() - longest)
    return abandoned.update(outcome=ApiExchange.Outcome.NO_RESPONSE, loss="the process ended before an answer came")


def _completed(recorder: BatchRecorder, call: Call, answer: Answer | None, loss: str) -> ApiExchange:
    answered: dict[str, Any] = {}
    if answer is not None:
        answered = {
            "http_status": answer.status,
            "response_headers": redact_headers(answer.headers),
            "response_body": answer.body,
            "duration_ms": int(answer.duration * 1000),
        }
    return ApiExchange(
        request_id=call.request_id,
        account=recorder.account,
        operation=call.operation,
        voucher_id=recorder.voucher_id,
        method=call.method,
        url=call.url[:500],
        request_headers=redact_headers(call.headers),
        request_body=call.body,
        sent_at=seams.now(),
        outcome=ApiExchange.Outcome.NO_RESPONSE if answer is None else ApiExchange.Outcome.ANSWERED,
        loss=loss[:100],
        **answered,
    )


def _is_postgresql() -> bool:
    return connection.vendor == "postgresql"


def _sealed(body: bytes) -> bytes:
    return cipher().encrypt(body) if body else b""
