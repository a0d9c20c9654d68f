"""How dLocal writes a payment and a refund, wherever they appear: in answers, in lists, in notifications."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import UnreadableMessage
from pagoefectivo.domain.messages import PaymentUpdate, RefundUpdate
from pagoefectivo.domain.states import PaymentStatus, Proof, RefundStatus
from pagoefectivo.providers.dlocal.tables import PAYMENT_STATUSES, REFUND_STATUSES, RISK_CODES
from pagoefectivo.providers.documents import Document, amount, instant, part, parts, text

LONGEST_WORD = 64
LONGEST_BARCODE = 80
LONGEST_URL = 500
REFUND_QUERY = "refund"  # our services append `?refund=<reference>` to a refund's notification_url

_REFUND_ERRORS = {
    RefundStatus.FAILED: ErrorCode.REFUND_REJECTED,
    RefundStatus.CANCELED: ErrorCode.REFUND_CANCELLED,
}


def payment_update(document: Document, proof: Proof) -> PaymentUpdate:
    """Read a payment object; raises UnreadableMessage when it names neither id nor status, or a fact is ill-formed.

    `status` decides: samples disagree on `status_code`, and some leave it out. The deadline is the ticket's.
    """
    raw_status = text(document, "status", longest=LONGEST_WORD)
    provider_reference = text(document, "id")
    if not (raw_status or provider_reference):
        raise UnreadableMessage("neither id nor status")
    status = PAYMENT_STATUSES.get(raw_status, PaymentStatus.UNRECOGNISED)
    raw_code = text(document, "status_code", longest=LONGEST_WORD)
    paid_at = instant(document, "approved_date") if status is PaymentStatus.PAID else None
    is_risk = status is PaymentStatus.REJECTED and raw_code in RISK_CODES
    ticket = part(document, "ticket")
    return PaymentUpdate(
        status=status,
        raw_status=raw_status,
        proof=proof,
        reference=text(document, "order_id"),
        provider_reference=provider_reference,
        amount=amount(document, "amount"),
        currency=text(document, "currency", longest=3),
        code=text(ticket, "number", longest=LONGEST_WORD),
        barcode=text(ticket, "barcode", longest=LONGEST_BARCODE),
        expires_at=instant(ticket, "expiration_date"),
        paid_at=paid_at,
        payment_identity=provider_reference,
        error_code=ErrorCode.CREATE_RISK_REJECTED if is_risk else None,
        raw_code=raw_code,
        occurred_at=paid_at,
        refunds=tuple(
            refund_update(each, proof, payment_reference=provider_reference) for each in parts(document, "refunds")
        ),
    )


def refund_update(document: Document, proof: Proof, *, payment_reference: str = "") -> RefundUpdate:
    """Read a refund object; raises UnreadableMessage when it names neither id nor status, or a fact is ill-formed.

    A succeeded refund of which less reached the buyer carries REFUND_NET_DIFFERS.
    """
    raw_status = text(document, "status", longest=LONGEST_WORD)
    provider_reference = text(document, "id")
    if not (raw_status or provider_reference):
        raise UnreadableMessage("neither id nor status")
    status = REFUND_STATUSES.get(raw_status, RefundStatus.UNRECOGNISED)
    asked, arrived = amount(document, "amount"), amount(document, "amount_refunded")
    error_code = _REFUND_ERRORS.get(status)
    if status is RefundStatus.SUCCEEDED and None not in {asked, arrived} and asked != arrived:
        error_code = ErrorCode.REFUND_NET_DIFFERS
    return RefundUpdate(
        status=status,
        raw_status=raw_status,
        proof=proof,
        reference=our_refund_reference(document),
        provider_reference=provider_reference,
        payment_reference=refunded_payment(document) or payment_reference,
        amount=asked,
        currency=text(document, "currency", longest=3),
        error_code=error_code,
        raw_code=text(document, "status_code", longest=LONGEST_WORD),
    )


def refunded_payment(document: Document) -> str:
    """Return dLocal's id of the payment that an object is about; older notifications turn the words around."""
    return text(document, "payment_id") or text(document, "id_payment")


def our_refund_reference(document: Document) -> str:
    """Return our own reference of a refund: as the merchant's key, or as the query of the address we gave."""
    stated = text(document, "order_refund_id")
    if stated:
        return stated
    try:
        query = parse_qs(urlsplit(text(document, "notification_url", longest=LONGEST_URL)).query)
    except ValueError:
        return ""
    references = query.get(REFUND_QUERY, [])
    return references[0] if len(references) == 1 else ""
