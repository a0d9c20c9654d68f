"""Our own decisions about one refund, under its order's locks. Callers hold a unit of work."""

from __future__ import annotations

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.messages import Command, Verb
from pagoefectivo.domain.states import Source
from pagoefectivo.models import Refund
from pagoefectivo.services import lifecycle, seams
from pagoefectivo.services.actors import Actor
from pagoefectivo.services.subjects import Locked, lock_order


def lock_refund(found: Refund) -> tuple[Locked, Refund]:
    """Lock the order of a refund and return both, the refund as it is now."""
    locked = lock_order(found.order_id)
    refund = next(each for each in locked.refunds if each.pk == found.pk)
    choose(locked, refund)
    return locked, refund


def choose(locked: Locked, refund: Refund) -> None:
    """Make one of a locked order's refunds the one that is spoken of."""
    locked.refund = refund
    locked.voucher = next(voucher for voucher in locked.vouchers if voucher.pk == refund.voucher_id)


def command(
    locked: Locked,
    refund: Refund,
    verb: Verb,
    *,
    actor: Actor,
    source: Source,
    why: str,
    error_code: ErrorCode | None = None,
) -> None:
    """Carry one decision out; what no longer fits the refund's state changes nothing."""
    choose(locked, refund)
    lifecycle.write(
        locked,
        Command(verb, refund_id=refund.pk, why=why, error_code=error_code),
        source=source,
        evidence=lifecycle.Evidence(refund.account),
        actor=actor.name,
        now=seams.now(),
    )
