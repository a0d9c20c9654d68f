"""Rows written as the requests that providers understand."""

from __future__ import annotations

from pagoefectivo.domain.messages import Destination, Payer, RefundRequest, VoucherRequest
from pagoefectivo.links import notification_url
from pagoefectivo.models import Order, Refund, RefundDestination, Voucher


def voucher_request(voucher: Voucher) -> VoucherRequest:
    """Return the instruction to issue a voucher: the same words and key at every try."""
    return VoucherRequest(
        reference=voucher.reference,
        amount=voucher.amount,
        currency=voucher.currency,
        payer=payer_of(voucher.order),
        expires_at=voucher.wanted_expiry_at,
        idempotency_key=voucher.idempotency_key,
        notification_url=notification_url(voucher.account),
        description=voucher.order.description,
    )


def refund_request(refund: Refund) -> RefundRequest:
    """Return the instruction to give money back: the same words and key at every try."""
    return RefundRequest(
        reference=refund.reference,
        payment_reference=refund.voucher.provider_reference,
        amount=refund.amount,
        currency=refund.currency,
        reason=refund.reason,
        idempotency_key=refund.idempotency_key,
        notification_url=notification_url(refund.account, refund.reference),
        destination=destination_of(refund.destination),
        is_whole=refund.amount == refund.voucher.paid_amount,
    )


def payer_of(order: Order) -> Payer:
    """Return the buyer of an order."""
    return Payer(
        email=order.payer_email,
        name=order.payer_name,
        phone=order.payer_phone,
        document_type=order.payer_document_type,
        document_number=order.payer_document_number,
    )


def destination_of(row: RefundDestination | None) -> Destination | None:
    """Return where a refund goes."""
    if row is None:
        return None
    return Destination(
        holder_name=row.holder_name,
        document_type=row.document_type,
        document_number=row.document_number,
        bank_code=row.bank_code,
        account_number=row.account_number,
        account_type=row.account_type,
    )
