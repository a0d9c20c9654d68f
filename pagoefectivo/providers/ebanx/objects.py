"""How EBANX writes a payment and a refund, in the answer to whatever was asked."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import UnreadableMessage
from pagoefectivo.domain.messages import PaymentUpdate, RefundUpdate
from pagoefectivo.domain.states import PaymentStatus, Proof, RefundStatus
from pagoefectivo.providers.documents import Document, amount, part, parts, text
from pagoefectivo.providers.ebanx.dates import Calendar
from pagoefectivo.providers.ebanx.references import refund_reference
from pagoefectivo.providers.ebanx.tables import PAYMENT_STATUSES, REFUND_STATUSES, WITHDRAWN

LONGEST_WORD = 64
CURRENCY = 3

_WRITTEN_AMOUNT = re.compile(r"\d{1,10}(\.\d{1,10})?", re.ASCII)


def payment_update(payment: Document, proof: Proof, calendar: Calendar, now: datetime) -> PaymentUpdate:
    """Read a payment; raises UnreadableMessage when it names neither hash nor status, or a fact is ill-formed.

    Money is the shop's own price, `amount_ext` in `currency_ext`; `amount_br` is what it is worth in soles.
    """
    raw_status = text(payment, "status", longest=LONGEST_WORD)
    provider_reference = text(payment, "hash")
    if not (raw_status or provider_reference):
        raise UnreadableMessage("neither hash nor status")
    deadline = calendar.deadline(text(payment, "due_date"))
    raw_code = text(part(payment, "transaction_status"), "description_code", longest=LONGEST_WORD)
    status = PAYMENT_STATUSES.get(raw_status, PaymentStatus.UNRECOGNISED)
    if status is PaymentStatus.CANCELED and deadline and deadline < now and raw_code not in WITHDRAWN:
        status = PaymentStatus.EXPIRED
    paid_at = calendar.moment(text(payment, "confirm_date")) if status is PaymentStatus.PAID else None
    return PaymentUpdate(
        status=status,
        raw_status=raw_status,
        proof=proof,
        reference=text(payment, "merchant_payment_code"),
        provider_reference=provider_reference,
        amount=written_amount(payment, "amount_ext"),
        currency=text(payment, "currency_ext", longest=CURRENCY),
        code=text(payment, "cip_code", longest=LONGEST_WORD),
        expires_at=deadline,
        paid_at=paid_at,
        payment_identity=provider_reference,
        raw_code=raw_code,
        occurred_at=paid_at,
        refunds=tuple(refund_update(each, payment, proof) for each in parts(payment, "refunds")),
    )


def refund_update(refund: Document, payment: Document, proof: Proof) -> RefundUpdate:
    """Read a refund of `payment`, in whose currency its amount is; raises UnreadableMessage as for a payment."""
    raw_status = text(refund, "status", longest=LONGEST_WORD)
    provider_reference = text(refund, "id")
    if not (raw_status or provider_reference):
        raise UnreadableMessage("neither id nor status")
    status = REFUND_STATUSES.get(raw_status, RefundStatus.UNRECOGNISED)
    return RefundUpdate(
        status=status,
        raw_status=raw_status,
        proof=proof,
        reference=refund_reference(text(refund, "merchant_refund_code")),
        provider_reference=provider_reference,
        payment_reference=text(payment, "hash"),
        amount=written_amount(refund, "amount_ext"),
        currency=text(payment, "currency_ext", longest=CURRENCY),
        error_code=ErrorCode.REFUND_CANCELLED if status is RefundStatus.CANCELED else None,
    )


def written_amount(document: Document, key: str) -> Decimal | None:
    """Return an amount written as a decimal text or a number; raises UnreadableMessage for anything else."""
    value = document.get(key)
    if isinstance(value, str) and _WRITTEN_AMOUNT.fullmatch(value):
        return amount({key: Decimal(value)}, key)
    return amount(document, key)
