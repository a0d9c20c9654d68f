"""Finding orders: one by its reference, many by filters, page after page, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db.models import QuerySet

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import NotFound, Reason, RuleRefused
from pagoefectivo.domain.money import ZERO
from pagoefectivo.domain.refunds import PaidVoucher, RefundRules, closed_reasons
from pagoefectivo.domain.states import VoucherState
from pagoefectivo.models import Anomaly, Order, Voucher
from pagoefectivo.services import seams
from pagoefectivo.services.accounts import account_named
from pagoefectivo.services.actors import Actor, Permission
from pagoefectivo.services.facts import FREEZING

LARGEST_PAGE = 100


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """What to look for; None means any. `created_after` is inclusive, `created_before` is not."""

    reference: str | None = None
    state: str | None = None
    code: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    account: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some orders, newest first. `next_before` is where the following page starts, None on the last one."""

    orders: Sequence[Order]
    next_before: int | None


def order_for(reference: str, *, actor: Actor) -> Order:
    """Return one order with its vouchers and refunds, in three queries.

    Raises PermissionRefused, and NotFound also where the actor may not know of the order.
    """
    require_reading(actor)
    order = _whole(_visible(actor)).filter(reference=reference).first()
    if order is None:
        raise NotFound
    return order


def is_taken(reference: str) -> bool:
    """Whether an order has this reference, whoever may see it."""
    return Order.objects.filter(reference=reference).exists()


def page_of_orders(wanted: OrderFilter, *, actor: Actor, limit: int, before: int | None = None) -> Page:
    """Return up to `limit` orders (at most 100), newest first, with vouchers and refunds, in three queries.

    `before` is the `next_before` of the page ahead. Raises PermissionRefused.
    """
    require_reading(actor)
    limit = min(max(limit, 1), LARGEST_PAGE)
    found = filtered(_visible(actor), wanted)
    if before is not None:
        found = found.filter(pk__lt=before)
    rows = list(_whole(found).order_by("-pk")[: limit + 1])
    return Page(rows[:limit], rows[limit - 1].pk if len(rows) > limit else None)


def filtered(orders: QuerySet[Order], wanted: OrderFilter) -> QuerySet[Order]:
    """Narrow a queryset by a filter; every condition stands on an index."""
    conditions = {
        "reference": wanted.reference,
        "state": wanted.state,
        "payer_email": wanted.email,
        "account": wanted.account,
        "created_at__gte": wanted.created_after,
        "created_at__lt": wanted.created_before,
    }
    orders = orders.filter(**{name: value for name, value in conditions.items() if value is not None})
    if wanted.code is not None:
        orders = orders.filter(pk__in=Voucher.objects.filter(code=wanted.code).values("order"))
    return orders


def refundable_amounts(orders: Sequence[Order]) -> dict[int, Decimal]:
    """Return by primary key what may still be given back on each order, in one query for all of them.

    The rules are those of `services.refunds.refundable`; orders of an account that is gone have nothing refundable.
    """
    paid = {order.pk: [each for each in order.vouchers.all() if each.paid_amount > 0] for order in orders}
    voucher_ids = [voucher.pk for vouchers in paid.values() for voucher in vouchers]
    if not voucher_ids:
        return dict.fromkeys(paid, ZERO)
    frozen = set(
        Anomaly.objects.filter(voucher__in=voucher_ids, closed_at=None, kind__in=FREEZING).values_list(
            "voucher", flat=True
        )
    )
    now = seams.now()
    return {order.pk: _refundable(order, paid[order.pk], frozen, now) for order in orders}


def refund_objections(order: Order, vouchers: Sequence[Voucher], frozen: Collection[int]) -> tuple[Reason, ...]:
    """Return every reason why nothing of an order may be given back now; none where something may. Asks nothing.

    `frozen` are the ids of payments under an open question. The rules are those of `services.refunds.refundable`.
    """
    rules, now = account_named(order.account).refund_rules, seams.now()
    facts = [_facts(voucher, frozen=voucher.pk in frozen) for voucher in vouchers]
    paid = [each for each in facts if each.paid_amount > 0] or facts
    closed = [closed_reasons(each, rules, now) for each in paid]
    return () if not all(closed) else next(reversed(closed), (Reason(ErrorCode.REFUND_NOT_PAID),))


def require_reading(actor: Actor) -> None:
    """Raise PermissionRefused unless the actor may read or write orders."""
    if Permission.WRITE_ORDERS not in actor.permissions:
        actor.require(Permission.READ_ORDERS)


def _visible(actor: Actor) -> QuerySet[Order]:
    orders = Order.objects.all()
    return orders if actor.accounts is None else orders.filter(account__in=sorted(actor.accounts))


def _whole(orders: QuerySet[Order]) -> QuerySet[Order]:
    return orders.prefetch_related("vouchers", "refunds")


def _refundable(order: Order, vouchers: Sequence[Voucher], frozen: set[int], now: datetime) -> Decimal:
    rules = _rules(order)
    if rules is None:
        return ZERO
    facts = [_facts(voucher, frozen=voucher.pk in frozen) for voucher in vouchers]
    return max((each.remaining for each in facts if not closed_reasons(each, rules, now)), default=ZERO)


def _rules(order: Order) -> RefundRules | None:
    try:
        return account_named(order.account).refund_rules
    except RuleRefused:
        return None


def _facts(voucher: Voucher, *, frozen: bool) -> PaidVoucher:
    return PaidVoucher(
        state=VoucherState(voucher.state),
        currency=voucher.currency,
        paid_amount=voucher.paid_amount,
        reserved_amount=voucher.reserved_amount + voucher.outside_amount,
        paid_at=voucher.paid_at,
        settled_at=voucher.settled_at,
        frozen=frozen,
    )
