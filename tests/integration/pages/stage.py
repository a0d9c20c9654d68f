"""Orders placed straight into any state, so that each face of the page can be looked at."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.utils import timezone

from pagoefectivo.domain.barcodes import code128_svg
from pagoefectivo.domain.states import LIVE_REFUND, LIVE_VOUCHER, OrderState, RefundState, VoucherState
from pagoefectivo.links import new_page_key, page_token
from pagoefectivo.models import Order, Refund, Voucher

CODE = "12345678"
OLD_CODE = "99887766"
AMOUNT = Decimal("89.90")
_numbers = count(1)


def place_order(state: OrderState = OrderState.AWAITING_PAYMENT, **columns: Any) -> Order:
    """Put an order into the database as it would stand in `state`."""
    now = timezone.now()
    defaults = {
        "reference": f"A-{1000 + next(_numbers)}",
        "account": "default",
        "amount": AMOUNT,
        "currency": "PEN",
        "payer_email": "maria.quispe@example.pe",
        "payer_document_number": "45678912",
        "expires_in": timedelta(hours=48),
        "page_key": new_page_key(),
        "created_at": now,
        "updated_at": now,
    }
    return Order.objects.create(state=state, **{**defaults, **columns})


def place_voucher(
    order: Order, state: VoucherState = VoucherState.ISSUED, *, attempt: int = 1, **columns: Any
) -> Voucher:
    """Put a voucher of `order` into the database; a paid one holds the order's amount."""
    now = timezone.now()
    is_paid = state == VoucherState.PAID
    has_code = state not in {VoucherState.REQUESTED, VoucherState.SUBMITTING, VoucherState.UNKNOWN, VoucherState.FAILED}
    number = next(_numbers)
    defaults = {
        "public_id": f"vch_{number}",
        "attempt": attempt,
        "account": order.account,
        "reference": f"{order.reference}-{attempt}",
        "idempotency_key": f"key-{number}",
        "amount": order.amount,
        "currency": order.currency,
        "wanted_expiry_at": now + timedelta(hours=47, minutes=30),
        "expires_at": now + timedelta(hours=47, minutes=30),
        "code": CODE if has_code else "",
        "barcode_svg": code128_svg(CODE) if has_code else "",
        "paid_amount": order.amount if is_paid else 0,
        "paid_currency": order.currency if is_paid else "",
        "paid_at": now if is_paid else None,
        "created_at": now,
        "changed_at": now,
        "next_action_at": now + timedelta(hours=1) if state in LIVE_VOUCHER else None,
    }
    return Voucher.objects.create(order=order, state=state, **{**defaults, **columns})


def place_refund(voucher: Voucher, state: RefundState, amount: str = "30.00", **columns: Any) -> Refund:
    """Put a refund of a paid voucher into the database."""
    now, number = timezone.now(), next(_numbers)
    defaults = {
        "public_id": f"rfd_{number}",
        "account": voucher.account,
        "reference": f"{voucher.reference}-R{number}",
        "idempotency_key": f"key-{number}",
        "amount": Decimal(amount),
        "currency": voucher.currency,
        "reason": "buyer_request",
        "requested_by": "luz",
        "created_at": now,
        "changed_at": now,
        "next_action_at": now + timedelta(hours=1) if state in LIVE_REFUND else None,
    }
    return Refund.objects.create(order=voucher.order, voucher=voucher, state=state, **{**defaults, **columns})


def _issued() -> Order:
    return place_voucher(place_order()).order


def _replaced() -> Order:
    order = place_order()
    place_voucher(order, VoucherState.CANCELED, code=OLD_CODE, replaced_at=timezone.now())
    return place_voucher(order, attempt=2).order


def _in(state: VoucherState, order_state: OrderState = OrderState.AWAITING_PAYMENT, **columns: Any) -> Order:
    return place_voucher(place_order(order_state), state, **columns).order


def _paid(order_state: OrderState = OrderState.PAID, **columns: Any) -> Order:
    return (
        _in(VoucherState.PAID, order_state, **columns)
        if order_state == OrderState.IN_REVIEW
        else place_voucher(place_order(order_state, paid_amount=AMOUNT), VoucherState.PAID, **columns).order
    )


def _paid_late(order_state: OrderState) -> Order:
    return _paid(order_state, expires_at=timezone.now() - timedelta(hours=2))


def _paid_by_the_old_code() -> Order:
    order = place_order(OrderState.PAID, paid_amount=AMOUNT)
    place_voucher(order, VoucherState.PAID, code=OLD_CODE)
    return place_voucher(order, attempt=2).order


def _paid_twice() -> Order:
    order = place_order(OrderState.PAID, paid_amount=2 * AMOUNT)
    place_voucher(order, VoucherState.PAID, code=OLD_CODE)
    return place_voucher(order, VoucherState.PAID, attempt=2).order


def _refunded(order_state: OrderState, refunded: str, *refunds: RefundState) -> Order:
    order = place_order(order_state, paid_amount=AMOUNT, refunded_amount=Decimal(refunded))
    voucher = place_voucher(order, VoucherState.PAID)
    for state in refunds:
        place_refund(voucher, state, refunded if state is RefundState.SUCCEEDED else "30.00")
    return order


# name of a scene -> how to place it, the face it shows, whether the code shows, words that must be read (in English)
SCENES: dict[str, tuple[Any, str, bool, str]] = {
    "requested": (lambda: _in(VoucherState.REQUESTED), "preparing", False, "We are creating your payment code"),
    "submitting": (lambda: _in(VoucherState.SUBMITTING), "preparing", False, "Do not close this page or buy again"),
    "submitting for long": (
        lambda: _in(VoucherState.SUBMITTING, created_at=timezone.now() - timedelta(minutes=2)),
        "delayed", False, "We cannot give you your code yet",
    ),
    "unknown": (lambda: _in(VoucherState.UNKNOWN), "delayed", False, "The payment service is slow"),
    "failed": (lambda: _in(VoucherState.FAILED), "failed", False, "Nothing was charged"),
    "issued": (_issued, "issued", True, "Your payment code is ready"),
    "issued, replacing": (_replaced, "issued", True, "This code replaces the one that ends in ••••766"),
    "issued, ending soon": (
        lambda: _in(VoucherState.ISSUED, expires_at=timezone.now() + timedelta(minutes=40)),
        "issued", True, "make sure it is still open",
    ),
    "issued, past its deadline": (
        lambda: _in(VoucherState.ISSUED, expires_at=timezone.now() - timedelta(minutes=1)),
        "overdue", True, "do not pay it any more",
    ),
    "issued, said to be paid": (
        lambda: _in(VoucherState.ISSUED, said_paid_at=timezone.now()), "issued", True, "less than 15 minutes",
    ),
    "issued, said to be paid long ago": (
        lambda: _in(VoucherState.ISSUED, said_paid_at=timezone.now() - timedelta(hours=2), asked_at=timezone.now()),
        "issued", True, "taking longer than usual",
    ),
    "issued, said to be paid, provider silent": (
        lambda: _in(
            VoucherState.ISSUED,
            said_paid_at=timezone.now() - timedelta(minutes=5), asked_at=timezone.now() - timedelta(hours=1),
        ),
        "issued", True, "We cannot look up your payment right now",
    ),
    "confirming": (lambda: _in(VoucherState.CONFIRMING), "confirming", True, "If you have paid, do not pay again"),
    "paid": (_paid, "paid", False, "Payment received!"),
    "paid by the old code": (_paid_by_the_old_code, "paid", False, "Payment received!"),
    "paid late, accepted": (lambda: _paid_late(OrderState.PAID), "paid_late", False, "goes ahead all the same"),
    "paid twice": (_paid_twice, "paid_twice", False, "Together they are S/\xa0179.80"),
    "paid late, in review": (lambda: _paid_late(OrderState.IN_REVIEW), "late_reviewed", False, "after the deadline"),
    "paid short, in review": (
        lambda: _paid(OrderState.IN_REVIEW, paid_amount=Decimal("50.00")),
        "payment_reviewed", False, "We received S/\xa050.00. Something does not match",
    ),
    "code in review": (
        lambda: _in(VoucherState.UNKNOWN, OrderState.IN_REVIEW), "code_reviewed", False, "Do not pay yet",
    ),
    "issued, in review": (
        lambda: _in(VoucherState.ISSUED, OrderState.IN_REVIEW), "code_reviewed", False, "Do not pay yet",
    ),
    "expired": (
        lambda: _in(VoucherState.EXPIRED, OrderState.EXPIRED, expires_at=timezone.now() - timedelta(hours=3)),
        "expired", False, "This code has expired",
    ),
    "expired, said to be paid": (
        lambda: _in(
            VoucherState.EXPIRED, OrderState.EXPIRED,
            expires_at=timezone.now() - timedelta(hours=3), said_paid_at=timezone.now(),
        ),
        "looked_into", False, "You say that you paid this code",
    ),
    "withdrawn": (lambda: _in(VoucherState.CANCELED, OrderState.CANCELED), "withdrawn", False, "Do not use it"),
    "being withdrawn": (
        lambda: _in(VoucherState.ISSUED, cancel_wanted_at=timezone.now()), "withdrawing", False, "Do not pay the code",
    ),
    "refund on its way": (
        lambda: _refunded(OrderState.PAID, "0.00", RefundState.PENDING), "paid", False, "It has not reached you yet",
    ),
    "partly refunded": (
        lambda: _refunded(OrderState.PARTIALLY_REFUNDED, "30.00", RefundState.SUCCEEDED, RefundState.FAILED),
        "partly_refunded", False, "Of the S/\xa089.90 that you paid, S/\xa030.00 was given back",
    ),
    "refunded": (
        lambda: _refunded(OrderState.REFUNDED, "89.90", RefundState.SUCCEEDED), "refunded", False, "was given back to you",
    ),
}  # fmt: skip


def address(order: Order, what: str = "") -> str:
    """The path of an order's page."""
    return f"/pagoefectivo/v/{page_token(order.page_key)}/{what}"
