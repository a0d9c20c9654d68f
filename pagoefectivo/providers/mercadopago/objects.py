"""How Mercado Pago writes a payment and a refund, in answers and in lists."""

from __future__ import annotations

from collections.abc import Sequence

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import UnreadableMessage
from pagoefectivo.domain.messages import PaymentUpdate, RefundUpdate
from pagoefectivo.domain.states import PaymentStatus, Proof, RefundStatus
from pagoefectivo.providers.documents import Document, amount, instant, part, parts, text
from pagoefectivo.providers.mercadopago.tables import (
    PAYMENT_DETAILS,
    PAYMENT_STATUSES,
    REFUND_STATUSES,
    STATUS_UNSAID,
)

LONGEST_WORD = 64

_REFUND_ERRORS = {
    RefundStatus.FAILED: ErrorCode.REFUND_REJECTED,
    RefundStatus.CANCELED: ErrorCode.REFUND_CANCELLED,
}


def payment_update(document: Document, proof: Proof, code_fields: Sequence[str]) -> PaymentUpdate:
    """Read a payment object; raises UnreadableMessage when it names neither id nor status, or a fact is ill-formed.

    `raw_code` is the detail of the status. The code is the first of `code_fields` that `transaction_details` has.
    """
    raw_status = text(document, "status", longest=LONGEST_WORD)
    detail = text(document, "status_detail", longest=LONGEST_WORD)
    provider_reference = text(document, "id")
    if not (raw_status or provider_reference):
        raise UnreadableMessage("neither id nor status")
    by_word = PAYMENT_STATUSES.get(raw_status, PaymentStatus.UNRECOGNISED)
    status = PAYMENT_DETAILS.get((raw_status, detail), by_word)
    paid_at = instant(document, "date_approved") if status is PaymentStatus.PAID else None
    details = part(document, "transaction_details")
    codes = (text(details, field, longest=LONGEST_WORD) for field in code_fields)
    return PaymentUpdate(
        status=status,
        raw_status=raw_status,
        proof=proof,
        reference=text(document, "external_reference"),
        provider_reference=provider_reference,
        amount=amount(document, "transaction_amount"),
        currency=text(document, "currency_id", longest=3),
        code=next((code for code in codes if code), ""),
        expires_at=instant(document, "date_of_expiration"),
        paid_at=paid_at,
        payment_identity=provider_reference,
        raw_code="" if detail == raw_status else detail,
        occurred_at=paid_at,
        refunds=tuple(
            refund_update(each, proof, payment_reference=provider_reference) for each in parts(document, "refunds")
        ),
    )


def refund_update(document: Document, proof: Proof, *, payment_reference: str = "") -> RefundUpdate:
    """Read a refund object; raises UnreadableMessage when it names neither id nor status, or a fact is ill-formed.

    It carries no reference of ours and no currency.
    """
    raw_status = text(document, "status", longest=LONGEST_WORD)
    provider_reference = text(document, "id")
    if not (raw_status or provider_reference):
        raise UnreadableMessage("neither id nor status")
    status = REFUND_STATUSES.get(raw_status, RefundStatus.UNRECOGNISED) if raw_status else STATUS_UNSAID
    return RefundUpdate(
        status=status,
        raw_status=raw_status,
        proof=proof,
        provider_reference=provider_reference,
        payment_reference=text(document, "payment_id") or payment_reference,
        amount=amount(document, "amount"),
        error_code=_REFUND_ERRORS.get(status),
    )
