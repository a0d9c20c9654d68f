"""What a buyer sets in motion from the page: a question to the provider now, and a new code in place of a dead one."""

from __future__ import annotations

from datetime import timedelta

from pagoefectivo import storefront
from pagoefectivo.domain.exceptions import NotFound, StateConflict
from pagoefectivo.domain.renewals import Renewal, renewal
from pagoefectivo.domain.states import PAYABLE_VOUCHER, OrderState, Source, VoucherState
from pagoefectivo.models import Order, Voucher
from pagoefectivo.services import orders, polling, seams
from pagoefectivo.services.actors import BUYER
from pagoefectivo.services.claiming import is_over
from pagoefectivo.services.subjects import lock_order

BETWEEN_QUESTIONS = timedelta(seconds=30)
MAY_HOLD_MONEY = PAYABLE_VOUCHER | {VoucherState.EXPIRED, VoucherState.CANCELED}


class NotRenewed(StateConflict):
    """The page gives no new code; nothing was written."""

    def __init__(self, why: Renewal) -> None:
        self.why = why
        super().__init__()


def say_paid(page_key: str) -> None:
    """Keep that the buyer says to have paid, and make the next question due now. Proves nothing and moves no state.

    Every code of the order on which money may have arrived is asked about, each at most once in BETWEEN_QUESTIONS and
    ahead of the budget, as a person waits. Commits. Raises NotFound.
    """
    order_id = _order_behind(page_key).pk
    seams.transact(lambda: _say_paid(order_id))


def note_seen(voucher_id: int) -> None:
    """Keep when a browser first stayed on the page of a code. Locks nothing and moves nothing."""
    Voucher.objects.filter(pk=voucher_id, seen_at=None).update(seen_at=seams.now())


def renew_code(page_key: str) -> None:
    """Issue a new code where the newest is dead, as `orders.reissue_voucher` does, and once for each dead code.

    A code that turns out to be alive, because it was made a moment ago or its deadline has moved, is not replaced.

    Raises NotFound, NotRenewed with the reason, StateConflict where money arrived or somebody was first, and the
    ProviderError where the provider does not answer about the old code.
    """
    order = _order_behind(page_key)
    newest = order.current_voucher
    if newest is None:
        raise NotFound
    answer = _renewal(order, newest)
    if answer is not Renewal.OFFERED:
        raise NotRenewed(answer)
    orders.reissue_voucher(order.reference, actor=BUYER, source=Source.BUYER, objection=_refuse_alive)


def _renewal(order: Order, newest: Voucher) -> Renewal:
    return renewal(
        OrderState(order.state),
        VoucherState(newest.state),
        is_withdrawn=order.cancel_wanted_at is not None,
        expires_at=newest.expires_at,
        codes=newest.attempt,
        now=seams.now(),
        policy=storefront.current().new_code_by_buyer,
    )


def _refuse_alive(newest: Voucher) -> None:
    """What the order has become by asking about its code was not so when the buyer chose."""
    answer = _renewal(newest.order, newest)
    if answer in {Renewal.ALIVE, Renewal.TOO_MANY}:
        raise NotRenewed(answer)


def _order_behind(page_key: str) -> Order:
    order = Order.objects.filter(page_key=page_key).first()
    if order is None:
        raise NotFound
    return order


def _say_paid(order_id: int) -> None:
    locked, now = lock_order(order_id), seams.now()
    if locked.order.paid_amount > 0:
        return
    if locked.voucher.said_paid_at is None and locked.voucher.state in MAY_HOLD_MONEY:
        locked.voucher.said_paid_at = now
        locked.voucher.save(update_fields=["said_paid_at"])
    polling.ask_soon(voucher for voucher in locked.vouchers if _may_be_asked(voucher))


def _may_be_asked(voucher: Voucher) -> bool:
    is_held = voucher.lease_until is not None and not is_over(voucher.lease_until, None)
    asked_recently = voucher.asked_at is not None and seams.now() - voucher.asked_at < BETWEEN_QUESTIONS
    return voucher.state in MAY_HOLD_MONEY and not is_held and not asked_recently
