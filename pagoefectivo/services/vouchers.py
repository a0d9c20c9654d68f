"""What people may do about a code that is out: move its deadline, or give it up where nobody can find it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Reason, RuleRefused, StateConflict
from pagoefectivo.domain.limits import expiry_objections
from pagoefectivo.domain.messages import Verb
from pagoefectivo.domain.states import LIVE_VOUCHER, AnomalyKind, Source, VoucherState
from pagoefectivo.models import Anomaly, Order, Voucher
from pagoefectivo.services import orders, seams, submission
from pagoefectivo.services.accounts import account_named
from pagoefectivo.services.actors import Actor, Permission
from pagoefectivo.services.claiming import Claim, claim_row
from pagoefectivo.services.commands import command
from pagoefectivo.services.subjects import lock_order


def extend(reference: str, *, expires_in: timedelta, actor: Actor, source: Source) -> Order:
    """Move the deadline of an order's unpaid code to `expires_in` from now, in whole seconds.

    The provider is asked first whether the code was paid. Returns the order with its new deadline, or with
    `extend_wanted_until` set on its code where the provider did not answer: the deadline is then read back, and asked
    for again where it did not move. Raises RuleRefused before any call where the provider cannot, outside the account's
    limits, when the deadline would not be later, or when the code has ended; StateConflict when the order is paid or
    withdrawn or the code's fate or another new deadline is open; and the ProviderError when the provider cannot be
    asked, or refuses.
    """
    actor.require(Permission.WRITE_ORDERS)
    orders.ask(_extendable(reference, expires_in, actor), source)
    voucher = _extendable(reference, expires_in, actor)
    claim = claim_row(Voucher, voucher.pk)
    if claim is None:
        raise StateConflict
    seams.transact(lambda: _want_extended(voucher.order_id, claim, expires_in, actor, source))
    submission.extend_at_provider(claim, source=source)
    return orders.order_named(reference, actor=actor)


def give_up(reference: str, *, actor: Actor, source: Source) -> Order:
    """Stop waiting for an order's codes of which nobody can tell any more whether they exist: they count as failed.

    The order can then get a new code, or ends where it was withdrawn. Money that comes for such a code later is taken
    all the same; it opens an anomaly, unless a new code stands in its place, whose order it then pays. Raises StateConflict where no code is beyond finding.
    """
    actor.require(Permission.WRITE_ORDERS)
    order = orders.order_named(reference, actor=actor)
    seams.transact(lambda: _give_up(order.pk, actor, source))
    return orders.order_named(reference, actor=actor)


def _extendable(reference: str, expires_in: timedelta, actor: Actor) -> Voucher:
    order = orders.order_named(reference, actor=actor)
    voucher = order.current_voucher
    if voucher is None:
        raise StateConflict
    _refuse_extension(order, voucher, expires_in)
    return voucher


def _refuse_extension(order: Order, voucher: Voucher, expires_in: timedelta) -> None:
    refuse_any_extension(order, voucher)
    account, now = account_named(order.account), seams.now()
    objections = expiry_objections(expires_in, account.voucher_limits)
    if not objections and voucher.expires_at and voucher.expires_at >= _deadline(expires_in, now):
        objections = (Reason(ErrorCode.EXTEND_NOT_LATER, field="expires_in"),)
    if objections:
        raise RuleRefused(*objections)


def refuse_any_extension(order: Order, voucher: Voucher) -> None:
    """Raise StateConflict or RuleRefused where the deadline of a code cannot be moved now, to whenever."""
    orders.refuse_paid(order)
    orders.refuse_withdrawn(order)
    if not account_named(order.account).capabilities.extend_voucher:
        raise RuleRefused(Reason(ErrorCode.EXTEND_UNSUPPORTED))
    if voucher.state not in LIVE_VOUCHER:
        raise RuleRefused(Reason(ErrorCode.EXTEND_ENDED))
    orders.refuse_undecided(voucher)
    if voucher.state != VoucherState.ISSUED or voucher.is_being_extended(seams.now()):
        raise StateConflict


def lost_among(vouchers: Iterable[Voucher]) -> list[Voucher]:
    """Return the codes of which nobody can tell any more if they exist; raises StateConflict(NOTHING_LOST) without any."""
    lost = [voucher for voucher in vouchers if submission.is_beyond_finding(voucher)]
    if not lost:
        raise StateConflict(ErrorCode.NOTHING_LOST)
    return lost


def _want_extended(order_id: int, claim: Claim, expires_in: timedelta, actor: Actor, source: Source) -> None:
    locked = lock_order(order_id)
    if locked.voucher.pk != claim.row_id:
        raise StateConflict  # the provider was asked about another one
    _refuse_extension(locked.order, locked.voucher, expires_in)
    until = _deadline(expires_in, seams.now())
    why = f"until {until:%Y-%m-%dT%H:%M:%SZ}"
    command(locked, locked.voucher, Verb.EXTEND, actor=actor, source=source, why=why, until=until)


def _deadline(expires_in: timedelta, now: datetime) -> datetime:
    return (now + expires_in).replace(microsecond=0)


def _give_up(order_id: int, actor: Actor, source: Source) -> None:
    locked = lock_order(order_id)
    now = seams.now()
    for voucher in lost_among(locked.vouchers):
        voucher.cancel_wanted_at = voucher.cancel_wanted_at or now
        worries = Anomaly.objects.filter(voucher=voucher, kind=AnomalyKind.OUTCOME_UNKNOWN, closed_at=None)
        worries.update(closed_at=now, closed_by=actor.name, resolution="given up")
        command(
            locked,
            voucher,
            Verb.GIVE_UP,
            actor=actor,
            source=source,
            why="given_up",
            error_code=ErrorCode.CREATE_LOST,
        )
