"""Which acts on an order are open now, and why each other one is not: asked of the very rules that the services keep to."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Reason, RuleRefused, StateConflict
from pagoefectivo.selectors.orders import refund_objections
from pagoefectivo.selectors.whole_orders import WholeOrder
from pagoefectivo.services import order_desk, orders, seams, vouchers


class Act(StrEnum):
    """What people may do about an order, named as its page in the back office is."""

    REFRESH = "refresh"
    ACCEPT = "accept"
    REFUND = "refund"
    EXTEND = "extend"
    GIVE_UP = "give_up"
    REISSUE = "reissue"
    CANCEL = "cancel"


Closed = dict[Act, tuple[Reason, ...]]


def closed_acts(whole: WholeOrder) -> Closed:
    """Return every act with the reasons against it now; none means that it is open. Locks and asks nothing.

    The services decide again under their locks, and after asking the provider where they do.
    """
    return {act: _objections(rule, whole) for act, rule in _RULES.items()}


def _objections(rule: Callable[[WholeOrder], None], whole: WholeOrder) -> tuple[Reason, ...]:
    try:
        rule(whole)
    except RuleRefused as refusal:
        return refusal.reasons
    except StateConflict as conflict:
        return (Reason(conflict.code, values=conflict.values),)
    return ()


def _refresh(whole: WholeOrder) -> None:
    order_desk.refuse_question(whole.vouchers, seams.now())


def _accept(whole: WholeOrder) -> None:
    orders.refuse_acceptance(whole.order)


def _refund(whole: WholeOrder) -> None:
    reasons = refund_objections(whole.order, whole.vouchers, whole.frozen)
    if reasons:
        raise RuleRefused(*reasons)


def _extend(whole: WholeOrder) -> None:
    if whole.newest is None:
        raise StateConflict(ErrorCode.NOTHING_TO_ASK)
    vouchers.refuse_any_extension(whole.order, whole.newest)


def _give_up(whole: WholeOrder) -> None:
    vouchers.lost_among(whole.vouchers)


def _reissue(whole: WholeOrder) -> None:
    orders.refuse_reissue(whole.order, whole.newest)


def _cancel(whole: WholeOrder) -> None:
    orders.refuse_paid(whole.order)
    orders.refuse_withdrawn(whole.order)  # a second time would change nothing


_RULES: dict[Act, Callable[[WholeOrder], None]] = {
    Act.REFRESH: _refresh,
    Act.ACCEPT: _accept,
    Act.REFUND: _refund,
    Act.EXTEND: _extend,
    Act.GIVE_UP: _give_up,
    Act.REISSUE: _reissue,
    Act.CANCEL: _cancel,
}
