"""Sums recomputed from accepted statements, never incremented. Callers hold the order's locks."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from pagoefectivo.domain.barcodes import code128_svg
from pagoefectivo.domain.messages import PaymentUpdate, RefundUpdate
from pagoefectivo.domain.money import ZERO
from pagoefectivo.domain.states import FREED_REFUND, PaymentStatus, RefundState, Source
from pagoefectivo.models import Order, PaymentEvent, Refund, Voucher
from pagoefectivo.services.subjects import Locked


def record(
    update: PaymentUpdate | RefundUpdate,
    locked: Locked,
    *,
    source: Source,
    believed: bool,
    delivery_id: int | None,
    request_id: str,
    now: datetime,
) -> tuple[PaymentEvent, bool]:
    """Keep a statement once per account and identity; return its row and whether it is new."""
    known = PaymentEvent.objects.filter(account=locked.voucher.account, event_identity=update.identity).first()
    if known is not None:
        return known, False
    receipt = update.payment_identity or update.provider_reference if isinstance(update, PaymentUpdate) else ""
    event = PaymentEvent.objects.create(
        account=locked.voucher.account,
        event_identity=update.identity,
        digest=update.digest,
        voucher=locked.voucher,
        refund=locked.refund if isinstance(update, RefundUpdate) else None,
        source=source,
        proof=update.proof,
        is_believed=believed,
        status=update.status,
        raw_status=update.raw_status[:64],
        payment_identity=receipt,
        amount=update.amount,
        currency=update.currency,
        occurred_at=update.occurred_at,
        recorded_at=now,
        delivery_id=delivery_id,
        request_id=request_id,
    )
    return event, True


def count_payments(voucher: Voucher, update: PaymentUpdate) -> None:
    """Recompute what was paid on a voucher: the newest believed word on each receipt of money, summed."""
    if update.status is not PaymentStatus.PAID:
        return
    receipts: dict[str, PaymentEvent] = {}
    paid = PaymentEvent.objects.filter(
        voucher=voucher, refund=None, is_believed=True, status=PaymentStatus.PAID, amount__isnull=False
    )
    for event in paid.order_by("pk"):
        receipts[event.payment_identity] = event
    voucher.paid_amount = sum((event.amount or ZERO for event in receipts.values()), ZERO)
    voucher.paid_currency = next(iter(receipts.values())).currency if receipts else ""
    voucher.paid_at = voucher.paid_at or update.paid_at or update.occurred_at
    voucher.settled_at = voucher.settled_at or update.settled_at


def take_details(voucher: Voucher, update: PaymentUpdate) -> None:
    """Fill in what the provider told us of its code; what is known already stays."""
    voucher.provider_reference = voucher.provider_reference or update.provider_reference
    voucher.code = voucher.code or update.code
    voucher.barcode = voucher.barcode or update.barcode
    voucher.barcode_svg = voucher.barcode_svg or code128_svg(voucher.barcode or voucher.code)
    voucher.expires_at = update.expires_at or voucher.expires_at
    wanted = voucher.extend_wanted_until
    if wanted and update.expires_at and update.expires_at >= wanted:
        voucher.extend_wanted_at = voucher.extend_wanted_until = None


def sum_refunds(voucher: Voucher, refunds: list[Refund]) -> None:
    """Recompute what of a voucher is reserved and what is given back; refunds from outside are summed apart."""
    mine = [refund for refund in refunds if refund.voucher_id == voucher.pk and refund.state not in FREED_REFUND]
    voucher.reserved_amount = _sum(refund for refund in mine if not refund.is_outside)
    voucher.outside_amount = _sum(refund for refund in mine if refund.is_outside)
    voucher.refunded_amount = _sum(
        refund for refund in mine if refund.state == RefundState.SUCCEEDED and not refund.is_outside
    )


def sum_order(order: Order, vouchers: list[Voucher], refunds: list[Refund]) -> None:
    """Recompute an order's paid and refunded money, in its own currency."""
    order.paid_amount = sum(
        (voucher.paid_amount for voucher in vouchers if voucher.paid_currency == order.currency), ZERO
    )
    order.refunded_amount = _sum(refund for refund in refunds if refund.state == RefundState.SUCCEEDED)


def _sum(refunds: object) -> Decimal:
    return sum((refund.amount for refund in refunds), ZERO)  # type: ignore[attr-defined]
