"""PagoEfectivo's documents: how its codes, dates, errors and notifications look."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from pagoefectivo.sandbox.ledger import Payment
from pagoefectivo.sandbox.switches import Switches
from pagoefectivo.sandbox.wire import Answer, json_answer

Document = dict[str, Any]

LIMA = timezone(timedelta(hours=-5))
NEVER = "1900-01-01T00:00:00-05:00"
STATUSES = {
    "pending": (22, "Generado."),
    "paid": (23, "Cancelado."),
    "expired": (21, "Expirado."),
    "canceled": (24, "Eliminado."),
    "rejected": (24, "Eliminado."),
}
REQUIRED, INVALID = 112, 113
WORDS = {REQUIRED: "El campo es requerido.", INVALID: "El valor del campo no es válido."}


class Refusal(Exception):
    """A request PagoEfectivo turns down, as HTTP status and code, with the fields at fault."""

    def __init__(
        self, http: int, code: int | None, message: str = "", faults: list[tuple[int, str]] | None = None
    ) -> None:
        super().__init__(message)
        self.http, self.code, self.message, self.faults = http, code, message, faults or []

    def answer(self) -> Answer:
        if self.code is None:
            return Answer(self.http, b"")
        listed = [{"code": code, "message": WORDS[code], "field": field} for code, field in self.faults]
        return said(self.http, self.code, self.message, listed if self.faults else {})


def at_fault(code: int, field: str) -> Refusal:
    """Return the refusal of one field's value or absence."""
    return Refusal(400, 111, "Los datos enviados no son válidos.", [(code, field)])


def said(http: int, code: int | str, message: str, data: object) -> Answer:
    """Return an answer in the envelope that all of them share."""
    return json_answer(http, {"code": code, "message": message, "data": data})


def success(data: object, http: int = 200) -> Answer:
    """Return the answer to what was done."""
    return said(http, 100, "Solicitud exitosa.", data)


def date(instant: datetime | None) -> str:
    """Return an instant as 25 characters in Lima's time, or the date that stands for none."""
    return instant.astimezone(LIMA).isoformat(timespec="seconds") if instant else NEVER


def read_date(written: str) -> datetime | None:
    """Return the instant that 25 characters with Lima's offset name, None for anything else."""
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return None
    return moment.astimezone(UTC) if len(written) == len(NEVER) and written.endswith("-05:00") else None


def created_document(payment: Payment) -> Document:
    """Return the answer to a new code."""
    return {
        "cip": int(payment.code),
        "currency": payment.currency,
        "amount": payment.amount,
        "transactionCode": payment.order_id,
        "dateExpiry": date(payment.expires_at),
        "cipUrl": f"https://pre1a.payment.pagoefectivo.pe/{payment.id}.html",
    }


def found_document(payment: Payment, removed_at: datetime | None) -> Document:
    """Return one code as a search lists it; amount and currency are what came in, where anything did."""
    is_paid = payment.state == "paid"
    code, name = STATUSES[payment.state]
    return {
        "cip": int(payment.code),
        "transactionCode": payment.order_id,
        "amount": payment.received if is_paid else payment.amount,
        "currency": payment.received_currency if is_paid else payment.currency,
        "status": code,
        "statusName": name,
        "dateCreation": date(payment.created_at),
        "dateExpiry": date(payment.expires_at),
        "datePayment": date(payment.approved_at if is_paid else None),
        "dateRemoval": date(removed_at),
        "token": payment.id,
    }


def notification_document(payment: Payment, switches: Switches) -> Document:
    """Return the notification that a code was paid, in one of its three shapes."""
    receipt = payment.receipts[-1]
    data: Document = {"cip": payment.code, "currency": payment.received_currency, "amount": payment.received}
    document: Document = {"eventType": "cip.paid", "operationNumber": receipt.operation_number, "data": data}
    if not switches.first_guide_notification:
        in_lima = receipt.received_at.astimezone(LIMA)
        data["paymentDate"] = f"{in_lima:%Y-%m-%dT%H:%M:%S.%f}0-05:00"
        data["transactionCode"] = payment.order_id
    if switches.pascal_case_notification:
        document["operationNumber"], data["cip"] = int(receipt.operation_number), int(payment.code)
        document = _pascal_case(document | {"data": _pascal_case(data)})
    return document


def _pascal_case(document: Document) -> Document:
    return {key[:1].upper() + key[1:]: value for key, value in document.items()}
