"""Our own decisions about one code or refund, under its order's locks. Callers hold a unit of work."""

from __future__ import annotations

from datetime import datetime

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.messages import Command, Verb
from pagoefectivo.domain.states import Source
from pagoefectivo.models import Refund, Voucher
from pagoefectivo.services import lifecycle, seams
from pagoefectivo.services.actors import Actor
from pagoefectivo.services.subjects import Locked, lock_order


def lock_refund(found: Refund) -> tuple[Locked, Refund]:
    """Lock the order of a refund and return both, the refund as it is now."""
    locked = lock_order(found.order_id)
    refund = next(each for each in locked.refunds if each.pk == found.pk)
    choose(locked, refund)
    return locked, refund


def choose(locked: Locked, row: Voucher | Refund) -> None:
    """Make one of a locked order's codes or refunds the one that is spoken of."""
    locked.refund = row if isinstance(row, Refund) else None
    wanted = row.voucher_id if isinstance(row, Refund) else row.pk
    locked.voucher = next(voucher for voucher in locked.vouchers if voucher.pk == wanted)


def command(
    locked: Locked,
    row: Voucher | Refund,
    verb: Verb,
    *,
    actor: Actor,
    source: Source,
    why: str,
    error_code: ErrorCode | None = None,
    until: datetime | None = None,
) -> None:
    """Carry one decision out; what no longer fits the row's state changes nothing."""
    choose(locked, row)
    is_refund = isinstance(row, Refund)
    asked = Command(
        verb,
        voucher_id=None if is_refund else row.pk,
        refund_id=row.pk if is_refund else None,
        why=why,
        error_code=error_code,
        until=until,
    )
    lifecycle.write(
        locked,
        asked,
        source=source,
        evidence=lifecycle.Evidence(row.account),
        actor=actor.name,
        now=seams.now(),
    )
