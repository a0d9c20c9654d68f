"""EBANX's documents: how its payments, refunds, dates and errors look."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from pagoefectivo.sandbox.counter import LIMA
from pagoefectivo.sandbox.ledger import Payment, Refund
from pagoefectivo.sandbox.switches import Switches
from pagoefectivo.sandbox.wire import Answer, json_answer

Document = dict[str, Any]

# The pages that were seen give no number for many refusals: none is made up, and a merchant has to hold such an answer.
UNPUBLISHED = "SANDBOX-UNPUBLISHED"
PAYMENT_WORDS = {"pending": "PE", "paid": "CO", "expired": "CA", "canceled": "CA", "rejected": "CA"}
REFUND_WORDS = {"succeeded": "CO", "rejected": "CA", "canceled": "CA"}


class Refusal(Exception):
    """A request EBANX turns down."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message

    def answer(self) -> Answer:
        return error_answer(self.code, self.message)


def error_answer(code: str, message: str, http: int = 200) -> Answer:
    """Return EBANX's error object, which mostly comes with HTTP 200."""
    return json_answer(http, {"status": "ERROR", "status_code": code, "status_message": message})


def success(payment: Document, **more: object) -> Answer:
    return json_answer(200, {"payment": payment, **more, "status": "SUCCESS"})


def moment(instant: datetime | None) -> str | None:
    """Return an instant as EBANX prints it, without an offset; the zone is said to vary, here it is Lima's."""
    return f"{instant + LIMA:%Y-%m-%d %H:%M:%S}" if instant else None


def money(amount: Decimal) -> str:
    return f"{amount:.2f}"


def payment_document(payment: Payment, refunds: list[Document]) -> Document:
    """Return the payment object; `refunds` is there only when there are any."""
    came_in = payment.state == "paid"
    amount = payment.received if came_in else payment.amount
    currency = payment.received_currency if came_in else payment.currency
    document: Document = {
        "hash": payment.id,
        "pin": payment.code[-6:],
        "country": "pe",
        "merchant_payment_code": payment.order_id,
        "order_number": None,
        "status": PAYMENT_WORDS[payment.state],
        "status_date": moment(payment.approved_at),
        "open_date": moment(payment.created_at),
        "confirm_date": moment(payment.approved_at) if came_in else None,
        "transfer_date": None,
        "amount_br": money(amount),
        "amount_ext": money(amount),
        "amount_iof": "0.00",
        "currency_rate": "1.0000",
        "currency_ext": currency,
        "due_date": f"{payment.expires_at + LIMA:%Y-%m-%d}",
        "instalments": "1",
        "payment_type_code": "pagoefectivo",
        "cip_url": f"https://sandbox.ebanx.com/cip/?hash={payment.id}",
        "cip_code": payment.code,
        "pre_approved": False,
        "capture_available": None,
        "note": None,
        "customer": {"birth_date": None, **payment.payer},
    }
    if payment.state in {"paid", "canceled"}:
        document["transaction_status"] = _transaction_status(payment)
    return document | {"refunds": refunds} if refunds else document


def _transaction_status(payment: Payment) -> Document:
    if payment.state == "paid":
        return {
            "acquirer": "EBANX",
            "code": "OK",
            "description": "Payment successfully paid",
            "description_code": "ACCEPTED",
        }
    return {
        "acquirer": "EBANX",
        "code": "NOK",
        "description": "Payment cancellation requested by the merchant",
        "description_code": "CANCELED_BY_MERCHANT",
    }


def pending_at(refund: Refund, switches: Switches) -> datetime:
    """Return when a refund leaves EBANX's queue and the payer is mailed his form."""
    return refund.created_at + timedelta(seconds=switches.refund_queue_seconds)


def refund_document(refund: Refund, switches: Switches, now: datetime) -> Document:
    """Return the refund object. Its word is RE while it waits in the queue and PE while the payer has his form."""
    since = pending_at(refund, switches)
    waiting = "RE" if now < since else "PE"
    return {
        "id": refund.id,
        "merchant_refund_code": refund.reference,
        "status": REFUND_WORDS.get(refund.state, waiting),
        "request_date": moment(refund.created_at),
        "pending_date": moment(since) if since <= now else None,
        "confirm_date": None,
        "cancel_date": None,
        "paid_date": None,
        "amount_ext": money(refund.amount),
        "description": refund.description,
    }
