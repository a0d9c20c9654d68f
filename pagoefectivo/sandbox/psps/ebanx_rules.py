"""What EBANX accepts: fields, lengths, amounts, days. Anything else is a Refusal with its code."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from pagoefectivo.sandbox.counter import LIMA
from pagoefectivo.sandbox.psps.ebanx_shapes import UNPUBLISHED, Refusal
from pagoefectivo.sandbox.switches import Switches
from pagoefectivo.sandbox.wire import decode

CENT = Decimal("0.01")
LARGEST_AMOUNT = Decimal("99999999.99")
LONGEST_PAYMENT_CODE = 40
LONGEST_REFUND_CODE = 20
LONGEST_DESCRIPTION = 1500

Fields = Mapping[str, Any]


def read_body(body: bytes) -> dict[str, Any]:
    """Return the JSON object of the request, empty where there is none."""
    try:
        document = decode(body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def text(fields: Fields, name: str, refusal: Refusal) -> str:
    """Return a required text."""
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise refusal
    return value


def at_most(value: str, length: int, refusal: Refusal) -> str:
    if len(value) > length:
        raise refusal
    return value


def amount(fields: Fields, name: str, missing: Refusal) -> Decimal:
    """Return a positive number or decimal text with at most two decimals."""
    value = fields.get(name)
    if value is None or isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
        raise missing
    try:
        number = Decimal(value)
        exact = number.quantize(CENT)
        fits = 0 < number <= LARGEST_AMOUNT and exact == number
    except InvalidOperation:
        raise missing from None
    if not fits:
        raise Refusal(UNPUBLISHED, f"Invalid {name}")
    return exact


def payment_code(payment: Fields) -> str:
    code = text(payment, "merchant_payment_code", Refusal("BP-DR-9", "Field payment.merchant_payment_code is required"))
    too_long = Refusal("BP-DR-10", "Parameter merchant_payment_code can have 40 characters maximum")
    return at_most(code, LONGEST_PAYMENT_CODE, too_long)


def method(payment: Fields) -> None:
    """Refuse anything but a PagoEfectivo code in Peru."""
    kind = payment.get("payment_type_code")
    if kind != "pagoefectivo":
        raise Refusal("BP-DR-35", f"Invalid payment_type_code: {kind}")
    if payment.get("country") != "pe":
        raise Refusal(UNPUBLISHED, "Invalid country")


def currency(payment: Fields, accepted: list[str]) -> str:
    value = text(payment, "currency_code", Refusal("BP-DR-3", "Field payment.currency_code is required"))
    if value not in accepted:
        raise Refusal(UNPUBLISHED, "Invalid currency_code")
    return value


def payer(payment: Fields, switches: Switches) -> dict[str, str]:
    """Return name, e-mail and, where it was given, the document of the payer."""
    details = {
        "name": text(payment, "name", Refusal("BP-DR-13", "Field payment.name is required")),
        "email": text(payment, "email", Refusal("BP-DR-15", "Field payment.email is required")),
    }
    local, _, host = details["email"].rpartition("@")
    if not local or not host or " " in details["email"]:
        raise Refusal("BP-DR-17", "Field payment.email must be a valid email")
    document = payment.get("document")
    if document is None:
        return details
    is_number = isinstance(document, str) and document.isascii() and document.isdigit()
    if not is_number or len(document) not in switches.document_lengths:
        raise Refusal(UNPUBLISHED, "Invalid document")
    return details | {"document": document}


def within_limits(value: Decimal, unit: str, switches: Switches) -> None:
    """Refuse an amount outside the account's limits for this currency, if it has any."""
    if unit not in switches.limits:
        return
    least, most = (Decimal(limit) for limit in switches.limits[unit])
    if value < least:
        raise Refusal("BP-DR-6", "Amount reported is less than the minimum amount")
    if value > most:
        raise Refusal("BP-DR-7", f"Amount must be less than {most}")


def last_second(payment: Fields, now: datetime) -> datetime | None:
    """Return the end in Lima of a due date written dd/mm/yyyy, None where it is left to EBANX."""
    written = payment.get("due_date")
    if written is None:
        return None
    try:
        day = datetime.strptime(str(written), "%d/%m/%Y").replace(tzinfo=UTC)
    except ValueError:
        raise Refusal(UNPUBLISHED, "Invalid due_date") from None
    end = day + timedelta(days=1, seconds=-1) - LIMA
    if end <= now:
        raise Refusal(UNPUBLISHED, "due_date is in the past")
    return end


def url(payment: Fields, fallback: str | None) -> str | None:
    """Return a web address from the request, or the one set in the panel."""
    value = payment.get("notification_url") or None
    if value is not None and not str(value).startswith(("https://", "http://")):
        raise Refusal(UNPUBLISHED, "Invalid notification_url")
    return value or fallback


def refund_code(fields: Fields) -> str | None:
    """Return the merchant's code of a refund. It need not be unique, and is not mandatory."""
    code = fields.get("merchant_refund_code")
    if code is None:
        return None
    refusal = Refusal(UNPUBLISHED, "merchant_refund_code has 1 to 20 characters")
    return at_most(text(fields, "merchant_refund_code", refusal), LONGEST_REFUND_CODE, refusal)


def description(fields: Fields) -> str:
    refusal = Refusal(UNPUBLISHED, "description has 1 to 1500 characters")
    return at_most(text(fields, "description", refusal), LONGEST_DESCRIPTION, refusal)
