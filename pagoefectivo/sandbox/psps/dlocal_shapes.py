"""dLocal's documents: how its objects, statuses, dates and errors look."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pagoefectivo.sandbox.ledger import Payment, Refund
from pagoefectivo.sandbox.switches import Switches
from pagoefectivo.sandbox.wire import Answer, json_answer

Document = dict[str, Any]

PAYMENT_CODES = {"PENDING": "100", "PAID": "200", "REJECTED": "300", "CANCELLED": "400", "EXPIRED": "500"}
PAYMENT_DETAILS = {
    "PENDING": "The payment is pending.",
    "PAID": "The payment was paid.",
    "REJECTED": "The payment was rejected.",
    "CANCELLED": "The payment was cancelled.",
    "EXPIRED": "The payment was expired.",
}
PAYMENT_WORDS = {"pending": "PENDING", "paid": "PAID", "rejected": "REJECTED", "canceled": "CANCELLED"}
REFUND_WORDS = {"pending": "PENDING", "succeeded": "SUCCESS", "rejected": "REJECTED", "canceled": "CANCELLED"}
REFUND_CODES = {"PENDING": 100, "SUCCESS": 200, "REJECTED": 300, "CANCELLED": 400}
REFUND_DETAILS = {
    "PENDING": "The refund is pending.",
    "SUCCESS": "The refund was paid.",
    "REJECTED": "The refund was rejected.",
    "CANCELLED": "The refund was cancelled.",
}
LOGO = "https://pay.dlocal.com/views/2.0/images/payments/EF.png"
METHOD = {"id": "EF", "type": "TICKET", "name": "PagoEfectivo", "logo": LOGO, "allowed_flows": ["DIRECT", "REDIRECT"]}


class Refusal(Exception):
    """A request dLocal turns down, as HTTP status and error code."""

    def __init__(self, http: int, code: int, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.http, self.code, self.message, self.param = http, code, message, param

    def answer(self) -> Answer:
        return error_answer(self.http, self.code, self.message, self.param)


def error_answer(http: int, code: int, message: str, param: str | None = None) -> Answer:
    """Return dLocal's error JSON."""
    document: Document = {"code": code, "message": message}
    if param is not None:
        document["param"] = param
    return json_answer(http, document)


def date(instant: datetime) -> str:
    """Return an instant in dLocal's spelling, whose offset has no colon."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond // 1000:03d}+0000"


def payment_status(payment: Payment, switches: Switches) -> Document:
    """Return status, code and detail; how an expired code is called is a switch, for the documents disagree."""
    word = PAYMENT_WORDS.get(payment.state, switches.expired_status)
    return {"status": word, "status_detail": PAYMENT_DETAILS[word], "status_code": PAYMENT_CODES[word]}


def amount_fields(payment: Payment) -> Document:
    """Return amount and currency: what was asked, or what really came in."""
    if payment.state == "paid":
        return {"amount": payment.received, "currency": payment.received_currency}
    return {"amount": payment.amount, "currency": payment.currency}


def payment_document(payment: Payment, switches: Switches) -> Document:
    """Return the payment object with its ticket."""
    document: Document = {
        "id": payment.id,
        **amount_fields(payment),
        "payment_method_id": METHOD["id"],
        "payment_method_type": METHOD["type"],
        "payment_method_flow": "DIRECT",
        "country": "PE",
        "created_date": date(payment.created_at),
    }
    if payment.approved_at:
        document["approved_date"] = date(payment.approved_at)
    document |= payment_status(payment, switches)
    document["order_id"] = payment.order_id
    if payment.description is not None:
        document["description"] = payment.description
    if payment.notification_url is not None:
        document["notification_url"] = payment.notification_url
    document["ticket"] = ticket(payment)
    return document


def ticket(payment: Payment) -> Document:
    """Return the ticket object: the number is the CIP."""
    return {
        "type": "NUMERIC",
        "number": payment.code,
        "expiration_date": date(payment.expires_at),
        "id": f"EF-{payment.code}",
        "company_name": "DEMERGE PERU SAC",
        "provider_name": "PagoEfectivo",
        "provider_logo": LOGO,
        "image_url": f"https://pay.dlocal.com/gmf/payments/M-{payment.id.removeprefix('D-4-')}",
        "amount": payment.amount,
        "currency": payment.currency,
    }


def order_document(payment: Payment, switches: Switches) -> Document:
    """Return the order object, the answer to a question by the merchant's own id."""
    document: Document = {
        "order_id": payment.order_id,
        "payment_id": payment.id,
        **amount_fields(payment),
        "created_date": date(payment.created_at),
    }
    if payment.approved_at:
        document["approved_date"] = date(payment.approved_at)
    return document | payment_status(payment, switches)


def refund_status(refund: Refund) -> Document:
    """Return status, detail and the code as a number, as the samples of POST and GET print it."""
    word = REFUND_WORDS[refund.state]
    detail = refund.reason or REFUND_DETAILS[word]
    return {"status": word, "status_code": REFUND_CODES[word], "status_detail": detail}


def refund_document(refund: Refund, order_id: str, switches: Switches) -> Document:
    """Return the refund object."""
    document: Document = {
        "id": refund.id,
        "payment_id": refund.payment_id,
        "amount": refund.amount,
        "currency": refund.currency,
        **refund_status(refund),
        "created_date": date(refund.created_at),
        "amount_refunded": refund.paid_out,
        "order_id": order_id,
    }
    if refund.notification_url is not None:
        document["notification_url"] = refund.notification_url
    if refund.description is not None:
        document["description"] = refund.description
    if switches.echo_order_refund_id and refund.reference:
        document["order_refund_id"] = refund.reference
    return document


def code_as_text(document: Document) -> Document:
    """Return the document with its status code as a string, as status answers and notifications print it."""
    return document | {"status_code": str(document["status_code"])}
