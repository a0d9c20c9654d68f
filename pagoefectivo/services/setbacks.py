"""When a call did not end well: the error is kept, and the row is due again when that makes sense."""

from __future__ import annotations

from django.db.models import F

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import ProviderError
from pagoefectivo.domain.messages import Command, Verb
from pagoefectivo.domain.states import Source
from pagoefectivo.domain.timing import spread
from pagoefectivo.models import ErrorOccurrence, Refund, Voucher
from pagoefectivo.services import lifecycle, occurrences, pace, seams
from pagoefectivo.services.breaker import Barred
from pagoefectivo.services.claiming import Claim


def note(row: Voucher | Refund, error: ProviderError, *, verb: Verb, source: Source, claim: Claim | None) -> None:
    """Keep a failed call and carry out what follows (`verb`) in one unit of work."""
    if isinstance(error, Barred):
        _wait(row, error, source, claim)
        return
    seams.transact(lambda: _keep(row, error, verb, source, claim))
    if error.fault.code == ErrorCode.PSP_RATE_LIMITED and error.fault.retry_after:
        pace.slow_down(row.account, error.fault.retry_after)


def _wait(row: Voucher | Refund, barred: Barred, source: Source, claim: Claim | None) -> None:
    """Nothing was asked, so nothing failed: the row is due when the breaker may let it through, at no cost of a try."""
    if claim is None:
        return
    now, model = seams.now(), type(row)
    seconds = spread(barred.until - now, seams.jitter()).total_seconds()

    def put_back() -> None:
        command = _command(row, Verb.RETRY, why="barred", retry_after=seconds, claim=claim)
        evidence = lifecycle.Evidence(row.account, claim=claim)
        lifecycle.apply(command, source=source, evidence=evidence, actor="system", now=now)
        mine = model._default_manager.filter(pk=row.pk, lease_token=claim.token, attempts__gt=0)
        mine.update(attempts=F("attempts") - 1)

    seams.transact(put_back)


def _keep(row: Voucher | Refund, error: ProviderError, verb: Verb, source: Source, claim: Claim | None) -> None:
    fault, now = error.fault, seams.now()
    command = _command(
        row,
        verb,
        why=fault.code,
        error_code=fault.code,
        raw_code=fault.raw_code[:64],
        retry_after=fault.retry_after,
        claim=claim,
    )
    lifecycle.apply(
        command,
        source=source,
        evidence=lifecycle.Evidence(row.account, request_id=error.request_id, claim=claim),
        actor="provider",
        now=now,
    )
    if _is_old_silence(error, command):
        return
    occurrences.keep(
        ErrorOccurrence(
            code=fault.code,
            raw_code=fault.raw_code[:64],
            raw_message=fault.raw_message[:200],
            http_status=fault.http_status,
            operation=fault.operation,
            account=row.account,
            voucher_id=command.voucher_id,
            refund_id=command.refund_id,
            request_id=error.request_id,
            occurred_at=now,
        )
    )


def _is_old_silence(error: ProviderError, command: Command) -> bool:
    """Whether nobody was called, and the same was said of this row before: waiting is noted once, not at every look."""
    said = ErrorOccurrence.objects.filter(code=error.fault.code, operation=error.fault.operation, request_id="")
    return not error.request_id and said.filter(voucher=command.voucher_id, refund=command.refund_id).exists()


def _command(
    row: Voucher | Refund,
    verb: Verb,
    *,
    why: str,
    claim: Claim | None,
    retry_after: float | None,
    error_code: ErrorCode | None = None,
    raw_code: str = "",
) -> Command:
    voucher_id, refund_id = (row.voucher_id, row.pk) if isinstance(row, Refund) else (row.pk, None)
    return Command(
        verb,
        voucher_id=voucher_id,
        refund_id=refund_id,
        why=why,
        error_code=error_code,
        raw_code=raw_code,
        retry_after=retry_after,
        attempts=claim.attempts if claim else 0,
    )
