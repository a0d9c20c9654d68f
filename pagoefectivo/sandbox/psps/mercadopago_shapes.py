"""Mercado Pago's documents: how its objects, statuses, dates and errors look."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from http import HTTPStatus
from typing import Any

from pagoefectivo.sandbox.ledger import Payment, Refund
from pagoefectivo.sandbox.wire import Answer, decode, json_answer

Document = dict[str, Any]

METHOD_ID, METHOD_TYPE = "pagoefectivo_atm", "atm"
LEAST, MOST = Decimal("5.00"), Decimal("10000.00")
THEIR_ZONE = timezone(timedelta(hours=-4))  # dates come in the time of their own servers, not of Lima
ERROR_WORDS = {400: "bad_request", 401: "unauthorized", 403: "forbidden", 404: "not_found", 429: "too_many_requests"}
REFUND_WORDS = {"pending": "in_process", "succeeded": "approved", "rejected": "rejected", "canceled": "cancelled"}
METHOD = {
    "id": METHOD_ID,
    "name": "BCP, BBVA Continental u otros",
    "payment_type_id": METHOD_TYPE,
    "status": "active",
    "deferred_capture": "does_not_apply",
    "min_allowed_amount": 5,
    "max_allowed_amount": 10000,
    "accreditation_time": 2880,
    "processing_modes": ["aggregator"],
}


class Refusal(Exception):
    """A request Mercado Pago turns down, as HTTP status and code of the cause; without a code the cause is empty."""

    def __init__(self, http: int, code: int | None, message: str) -> None:
        super().__init__(message)
        self.http, self.code, self.message = http, code, message

    def answer(self) -> Answer:
        return error_answer(self.http, self.message, self.code)


def error_answer(http: int, message: str, code: int | None = None) -> Answer:
    """Return Mercado Pago's error JSON."""
    word = ERROR_WORDS.get(http, "internal_error" if http >= HTTPStatus.INTERNAL_SERVER_ERROR else "bad_request")
    cause = [] if code is None else [{"code": code, "description": message, "data": None}]
    return json_answer(http, {"message": message, "error": word, "status": http, "cause": cause})


def date(moment: datetime | None) -> str | None:
    """Return an instant with milliseconds and offset."""
    return moment.astimezone(THEIR_ZONE).isoformat(timespec="milliseconds") if moment else None


def number(identity: str) -> int | str:
    """Return an id as their documents have it: a number."""
    return int(identity) if identity.isdecimal() else identity


def status_of(payment: Payment, refunded: Decimal) -> tuple[str, str]:
    """Return status and its detail."""
    if payment.state == "paid":
        if refunded >= payment.received:
            return "refunded", "refunded"
        return "approved", "partially_refunded" if refunded else "accredited"
    if payment.reversed_at:
        return "charged_back", "settled"
    return {
        "pending": ("pending", "pending_waiting_payment"),
        "expired": ("cancelled", "expired"),
        "canceled": ("cancelled", "by_collector"),
        "rejected": ("rejected", "rejected_by_bank"),
    }[payment.state]


def payment_document(payment: Payment, refunds: list[Refund]) -> Document:
    """Return the payment object with its refunds."""
    refunded = sum((each.amount for each in refunds if each.state == "succeeded"), Decimal(0))
    status, detail = status_of(payment, refunded)
    is_paid = payment.state == "paid"
    amount = payment.received if is_paid else payment.amount
    return {
        "id": number(payment.id),
        "date_created": date(payment.created_at),
        "date_approved": date(payment.approved_at),
        "date_of_expiration": date(payment.expires_at),
        "operation_type": "regular_payment",
        "payment_method_id": METHOD_ID,
        "payment_type_id": METHOD_TYPE,
        "status": status,
        "status_detail": detail,
        "currency_id": payment.received_currency if is_paid else payment.currency,
        "description": payment.description,
        "live_mode": False,
        "collector_id": number(payment.login),
        "payer": {"email": payment.payer["email"], "first_name": None, "last_name": None},
        "metadata": {},
        "external_reference": payment.order_id,
        "transaction_amount": amount,
        "transaction_amount_refunded": refunded,
        "transaction_details": _details(payment, amount if is_paid else Decimal(0)),
        "notification_url": payment.notification_url,
        "refunds": [refund_document(each) for each in refunds],
    }


def _details(payment: Payment, paid: Decimal) -> Document:
    ticket = f"https://www.mercadopago.com.pe/payments/{payment.id}/ticket"
    return {
        "external_resource_url": f"{ticket}?payment_method_reference_id={payment.code}",
        "payment_method_reference_id": payment.id,
        "verification_code": payment.code,
        "financial_institution": "PagoEfectivo",
        "total_paid_amount": paid,
        "net_received_amount": paid,
        "overpaid_amount": 0,
    }


def refund_document(refund: Refund) -> Document:
    """Return the refund object."""
    return {
        "id": number(refund.id),
        "payment_id": number(refund.payment_id),
        "amount": refund.amount,
        "metadata": {},
        "source": {"id": refund.login, "name": "Sandbox shop", "type": "collector"},
        "date_created": date(refund.created_at),
        "unique_sequence_number": None,
        "refund_mode": "standard",
        "adjustment_amount": 0,
        "status": REFUND_WORDS[refund.state],
        "reason": refund.reason,
        "labels": [],
        "partition_details": [],
    }


def search_document(payments: list[Document]) -> Document:
    """Return the page that a search answers."""
    return {"paging": {"total": len(payments), "limit": 30, "offset": 0}, "results": payments}


def notification_document(subject: Payment | Refund, serial: int, moment: datetime) -> Document:
    """Return the notification: that something about a payment changed, and not what."""
    is_new = isinstance(subject, Payment) and subject.state == "pending"
    return {
        "id": serial,
        "live_mode": False,
        "type": "payment",
        "date_created": date(moment),
        "user_id": number(subject.login),
        "api_version": "v1",
        "action": "payment.created" if is_new else "payment.updated",
        "data": {"id": subject.id if isinstance(subject, Payment) else subject.payment_id},
    }


def data_id(body: bytes) -> str:
    """Return the id that a notification is about, "" where its body names none."""
    try:
        document = decode(body)
    except ValueError:
        return ""
    data = document.get("data") if isinstance(document, dict) else None
    identity = data.get("id") if isinstance(data, dict) else None
    return identity if isinstance(identity, str) else ""
