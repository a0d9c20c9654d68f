"""When a call did not end well: the error is kept, and the row is due again when that makes sense."""

from __future__ import annotations

import logging

from django.core.cache import cache

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import NotSent, ProviderError, ProviderFault
from pagoefectivo.domain.messages import Command, Verb
from pagoefectivo.domain.states import Source
from pagoefectivo.models import ErrorOccurrence, Refund, Voucher
from pagoefectivo.services import lifecycle, seams
from pagoefectivo.services.claiming import Claim

PAUSE_SECONDS = 60
PAUSING = frozenset(
    {ErrorCode.AUTH_INVALID_CREDENTIALS, ErrorCode.AUTH_IP_NOT_ALLOWED, ErrorCode.AUTH_SIGNATURE_REFUSED}
)

logger = logging.getLogger("pagoefectivo.setbacks")


def note(row: Voucher | Refund, error: ProviderError, *, verb: Verb, source: Source, claim: Claim | None) -> None:
    """Keep a failed call and carry out what follows (`verb`) in one unit of work."""
    seams.transact(lambda: _keep(row, error, verb, source, claim))
    if error.fault.code in PAUSING:
        pause(row.account)


def _keep(row: Voucher | Refund, error: ProviderError, verb: Verb, source: Source, claim: Claim | None) -> None:
    fault, now = error.fault, seams.now()
    voucher_id, refund_id = (row.voucher_id, row.pk) if isinstance(row, Refund) else (row.pk, None)
    lifecycle.apply(
        Command(
            verb,
            voucher_id=voucher_id,
            refund_id=refund_id,
            why=fault.code,
            error_code=fault.code,
            raw_code=fault.raw_code[:64],
            retry_after=fault.retry_after,
            attempts=claim.attempts if claim else 0,
        ),
        source=source,
        evidence=lifecycle.Evidence(row.account, request_id=error.request_id, claim=claim),
        actor="provider",
        now=now,
    )
    ErrorOccurrence.objects.create(
        code=fault.code,
        raw_code=fault.raw_code[:64],
        raw_message=fault.raw_message[:200],
        http_status=fault.http_status,
        operation=fault.operation,
        account=row.account,
        voucher_id=voucher_id,
        refund_id=refund_id,
        request_id=error.request_id,
        occurred_at=now,
    )


def pause(account: str) -> None:
    """Stop calling an account's provider for a minute: wrong keys do not get better by repetition."""
    logger.error("Account %s is paused for %s s: its keys or address are refused.", account, PAUSE_SECONDS)
    try:
        cache.set(_pause_key(account), 1, PAUSE_SECONDS)
    except Exception:  # noqa: BLE001 - whatever the cache's client raises, a lost pause only costs calls
        logger.warning("The pause of account %s could not be shared.", account)


def is_paused(account: str) -> bool:
    """Whether calls of an account are paused. A cache that does not answer pauses nothing."""
    try:
        return cache.get(_pause_key(account)) is not None
    except Exception:  # noqa: BLE001 - the money path does not depend on the cache
        return False


def paused() -> NotSent:
    """Return the setback of a call that was not made because its account is paused."""
    return NotSent(ProviderFault(ErrorCode.PSP_UNAVAILABLE, operation="paused", retry_after=PAUSE_SECONDS))


def _pause_key(account: str) -> str:
    return f"pagoefectivo:paused:{account}"
