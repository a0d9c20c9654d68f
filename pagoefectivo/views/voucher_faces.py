"""What a buyer is told in each state: one face, one heading, one honest sentence. The code shows on three of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from pagoefectivo.domain.states import UNANSWERED_VOUCHER, UNSENT_VOUCHER, OrderState, VoucherState
from pagoefectivo.models import Order, Voucher

SLOW_AFTER = timedelta(seconds=30)


class Face(StrEnum):
    """What the page shows; its words stand in FACES."""

    PREPARING = "preparing"
    DELAYED = "delayed"
    FAILED = "failed"
    ISSUED = "issued"
    OVERDUE = "overdue"
    CONFIRMING = "confirming"
    PAID = "paid"
    PAID_LATE = "paid_late"
    PAID_TWICE = "paid_twice"
    PARTLY_REFUNDED = "partly_refunded"
    REFUNDED = "refunded"
    PAYMENT_REVIEWED = "payment_reviewed"
    LATE_REVIEWED = "late_reviewed"
    CODE_REVIEWED = "code_reviewed"
    EXPIRED = "expired"
    LOOKED_INTO = "looked_into"
    WITHDRAWING = "withdrawing"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Words:
    """`tone` picks colour and sign; `body` may name {amount}, {refunded}, {moment}, {deadline} and {reference}."""

    tone: str
    badge: str | Promise
    heading: str | Promise
    body: str | Promise


PAYABLE = frozenset({Face.ISSUED, Face.CONFIRMING})
WITH_CODE = PAYABLE | {Face.OVERDUE}
MAY_SAY_PAID = WITH_CODE | {Face.EXPIRED}
ENDED_UNPAID = frozenset({Face.FAILED, Face.EXPIRED, Face.LOOKED_INTO, Face.WITHDRAWN})
WITH_MONEY = frozenset({Face.PAID, Face.PAID_LATE, Face.PAID_TWICE, Face.PARTLY_REFUNDED, Face.REFUNDED})
PAID_UNSEEN = frozenset({Face.OVERDUE, Face.EXPIRED, Face.LOOKED_INTO, Face.WITHDRAWING, Face.WITHDRAWN})
MOVING = WITH_CODE | {
    Face.PREPARING,
    Face.DELAYED,
    Face.PAYMENT_REVIEWED,
    Face.LATE_REVIEWED,
    Face.CODE_REVIEWED,
    Face.LOOKED_INTO,
    Face.WITHDRAWING,
}

FACES: dict[Face, Words] = {
    Face.PREPARING: Words(
        "waiting",
        _("Creating code"),
        _("We are creating your payment code"),
        _("It takes a few seconds. Do not close this page or buy again."),
    ),
    Face.DELAYED: Words(
        "waiting",
        _("Creating code"),
        _("We cannot give you your code yet"),
        _("The payment service is slow. Your order is saved, and this page shows the code as soon as it is ready. Do not buy again."),
    ),
    Face.FAILED: Words(
        "stopped",
        _("No code"),
        _("Your code could not be created"),
        _("Nothing was charged. Go back to the shop to try again or to choose another way to pay."),
    ),
    Face.ISSUED: Words(
        "waiting",
        _("Waiting for payment"),
        _("Your payment code is ready"),
        _("Pay the exact amount. If the cashier or the app shows another amount, do not pay and write to us."),
    ),
    Face.OVERDUE: Words(
        "warning",
        _("Deadline passed"),
        _("The deadline of this code has passed"),
        _("If you have not paid it, do not pay it any more. If you paid in time, wait: we are asking the payment company."),
    ),
    Face.CONFIRMING: Words(
        "waiting",
        _("Confirming payment"),
        _("We are confirming your payment"),
        _("We were told of a payment and are checking it with the payment company. If you have paid, do not pay again."),
    ),
    Face.PAID: Words(
        "done",
        _("Paid"),
        _("Payment received!"),
        _("We received {amount} on {moment} (Lima time). Your order {reference} is confirmed. Do not pay again."),
    ),
    Face.PAID_LATE: Words(
        "done",
        _("Paid late"),
        _("We received your payment after the deadline"),
        _("We received {amount} on {moment} (Lima time). Your order {reference} goes ahead all the same."),
    ),
    Face.PAID_TWICE: Words(
        "done",
        _("Paid twice"),
        _("We received two payments"),
        _("Together they are {amount}. Your order {reference} is confirmed, and the shop looks at giving back what is too much. Do not pay anything else."),
    ),
    Face.PARTLY_REFUNDED: Words(
        "done",
        _("Partly refunded"),
        _("Part of your payment was given back"),
        _("Of the {amount} that you paid, {refunded} was given back."),
    ),
    Face.REFUNDED: Words(
        "done",
        _("Refunded"),
        _("Your money was given back"),
        _("It is confirmed that {refunded} was given back to you."),
    ),
    Face.PAYMENT_REVIEWED: Words(
        "warning",
        _("Under review"),
        _("We are reviewing your payment"),
        _("We received {amount}. Something does not match and a person is looking at it. Do not pay again."),
    ),
    Face.LATE_REVIEWED: Words(
        "warning",
        _("Under review"),
        _("We received your payment after the deadline"),
        _("We received {amount}, and what you ordered may be sold out by now. A person is looking at whether your order goes ahead or your money is given back. Do not pay again."),
    ),
    Face.CODE_REVIEWED: Words(
        "warning",
        _("Under review"),
        _("We are reviewing your payment code"),
        _("Something does not match and a person is looking at it. Do not pay yet. If you have paid already, write to us."),
    ),
    Face.EXPIRED: Words(
        "stopped",
        _("Expired"),
        _("This code has expired"),
        _("It expired on {deadline} (Lima time). Do not pay it: giving the money back could take long. If you have paid it already, write to us."),
    ),
    Face.LOOKED_INTO: Words(
        "warning",
        _("Looking into it"),
        _("Let us look into your payment"),
        _("You say that you paid this code, which expired on {deadline} (Lima time). We have asked the payment company again; if the money arrived, this page shows it. Keep your receipt and write to us where and when you paid."),
    ),
    Face.WITHDRAWING: Words(
        "warning",
        _("Being withdrawn"),
        _("This order is being withdrawn"),
        _("Do not pay the code. If you have paid it already, wait: we are asking the payment company."),
    ),
    Face.WITHDRAWN: Words(
        "stopped",
        _("Withdrawn"),
        _("This code was withdrawn"),
        _("You or the shop withdrew this code. Do not use it."),
    ),
}  # fmt: skip


def face_of(order: Order, vouchers: list[Voucher], now: datetime) -> Face:
    """Return what the page shows. `vouchers` are the order's, newest first and at least one; `now` decides words only."""
    newest = vouchers[0]
    if (settled := _settled(order, vouchers)) is not None:
        return settled
    if order.state == OrderState.CANCELED or newest.state == VoucherState.CANCELED:
        return Face.WITHDRAWN
    if order.state == OrderState.EXPIRED or newest.state == VoucherState.EXPIRED:
        return Face.LOOKED_INTO if newest.said_paid_at else Face.EXPIRED
    if newest.state == VoucherState.FAILED:
        return Face.FAILED
    if order.cancel_wanted_at or newest.cancel_wanted_at:
        return Face.WITHDRAWING
    if newest.state in UNSENT_VOUCHER | UNANSWERED_VOUCHER:
        is_slow = newest.state == VoucherState.UNKNOWN or now - newest.created_at > SLOW_AFTER
        return Face.DELAYED if is_slow else Face.PREPARING
    if newest.state == VoucherState.CONFIRMING:
        return Face.CONFIRMING
    return Face.OVERDUE if newest.expires_at and newest.expires_at <= now else Face.ISSUED


def paid_voucher(vouchers: list[Voucher]) -> Voucher | None:
    """Return the voucher on which the first money arrived."""
    return next((voucher for voucher in reversed(vouchers) if voucher.paid_amount > 0), None)


def _settled(order: Order, vouchers: list[Voucher]) -> Face | None:
    """What the money says, whatever became of the newest code."""
    paid = paid_voucher(vouchers)
    is_late = paid is not None and paid.paid_at and paid.expires_at and paid.paid_at > paid.expires_at
    if order.state == OrderState.REFUNDED:
        return Face.REFUNDED
    if order.state == OrderState.PARTIALLY_REFUNDED:
        return Face.PARTLY_REFUNDED
    if order.state == OrderState.PAID and sum(voucher.paid_amount > 0 for voucher in vouchers) > 1:
        return Face.PAID_TWICE
    if order.state == OrderState.PAID:
        return Face.PAID_LATE if is_late else Face.PAID
    if paid is not None:
        return Face.LATE_REVIEWED if is_late else Face.PAYMENT_REVIEWED
    return Face.CODE_REVIEWED if order.state == OrderState.IN_REVIEW else None
