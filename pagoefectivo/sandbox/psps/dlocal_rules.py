"""What dLocal accepts: fields, lengths, amounts, documents. Anything else is a Refusal with its code and param."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pagoefectivo.sandbox.psps.dlocal_shapes import Refusal
from pagoefectivo.sandbox.switches import Switches
from pagoefectivo.sandbox.wire import Request, decode

LARGEST_AMOUNT = Decimal("99999999.99")
PAYER_NAME_LENGTH = 100
KEY_LENGTH = 42

PAYMENT_LENGTHS = {
    "original_order_id": 125,
    "description": 200,
    "notification_url": 200,
    "callback_url": 200,
}
REFUND_LENGTHS = {
    "notification_url": 500,
    "description": 200,
    "order_refund_id": 125,
    "custom_merchant_name": 100,
    "beneficiary_name": 50,
    "beneficiary_lastname": 50,
    "bank": 40,
    "bank_code": 45,
    "bank_account": 45,
    "bank_account_type": 40,
    "bank_branch": 45,
    "bank_branch_name": 40,
}
BANK_FIELDS = tuple(name for name in REFUND_LENGTHS if name.startswith(("bank", "beneficiary")))

Fields = Mapping[str, Any]


def read_body(request: Request) -> dict[str, Any]:
    """Return the JSON object of the request."""
    try:
        document = decode(request.body)
    except ValueError:
        raise Refusal(400, 5000, "Invalid request") from None
    if not isinstance(document, dict):
        raise Refusal(400, 5000, "Invalid request")
    return document


def missing(param: str) -> Refusal:
    return Refusal(400, 5001, f"Missing parameter: {param}", param)


def invalid(param: str) -> Refusal:
    return Refusal(400, 5001, f"Invalid parameter: {param}", param)


def text(fields: Fields, name: str, length: int, *, prefix: str = "") -> str:
    """Return a required text of at most `length` characters."""
    param = prefix + name
    value = fields.get(name)
    if value is None or value == "":
        raise missing(param)
    if not isinstance(value, str) or len(value) > length or not _is_unicode(value):
        raise invalid(param)
    return value


def _is_unicode(value: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in value)


def optional_texts(fields: Fields, lengths: Mapping[str, int]) -> dict[str, str]:
    """Return the optional texts that are there."""
    return {name: text(fields, name, length) for name, length in lengths.items() if fields.get(name) not in (None, "")}


def amount(fields: Fields) -> Decimal:
    """Return a positive JSON number with at most two decimals."""
    value = fields.get("amount")
    if value is None:
        raise missing("amount")
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise invalid("amount")
    number = Decimal(value)
    if not Decimal(0) < number <= LARGEST_AMOUNT or number != number.quantize(Decimal("0.01")):
        raise invalid("amount")
    return number.quantize(Decimal("0.01"))


def currency(fields: Fields, accepted: list[str]) -> str:
    value = text(fields, "currency", 3)
    if value not in accepted:
        raise Refusal(400, 5004, "Currency not supported", "currency")
    return value


def country(fields: Fields) -> None:
    if text(fields, "country", 2) != "PE":
        raise Refusal(400, 5003, "Country not supported", "country")


def payer(fields: Fields, switches: Switches) -> dict[str, str]:
    """Return name, e-mail and document of the payer; Peru demands all three."""
    given = fields.get("payer")
    if given is None:
        raise missing("payer")
    if not isinstance(given, dict):
        raise invalid("payer")
    details = {name: text(given, name, PAYER_NAME_LENGTH, prefix="payer.") for name in ("name", "email", "document")}
    local, _, host = details["email"].rpartition("@")
    if not local or not host or " " in details["email"]:
        raise invalid("payer.email")
    document = details["document"]
    if not (document.isascii() and document.isdigit()) or len(document) not in switches.document_lengths:
        raise invalid("payer.document")
    return details


def method_and_flow(fields: Fields) -> None:
    flow = text(fields, "payment_method_flow", 8)
    if flow not in ("DIRECT", "REDIRECT"):
        raise invalid("payment_method_flow")
    if text(fields, "payment_method_id", 4) != "EF":
        raise Refusal(400, 5010, "Payment method not available", "payment_method_id")
    if flow == "REDIRECT":
        raise Refusal(400, 5013, "Unsupported operation", "payment_method_flow")


def within_limits(value: Decimal, unit: str, switches: Switches) -> None:
    """Refuse an amount outside the account's limits for this currency, if it has any."""
    if unit not in switches.limits:
        return
    least, most = (Decimal(limit) for limit in switches.limits[unit])
    if value < least:
        raise Refusal(400, 5016, "Amount too low", "amount")
    if value > most:
        raise Refusal(400, 5007, "Amount exceeded", "amount")


def url(texts: dict[str, str], name: str, fallback: str | None) -> str | None:
    """Return a web address from the request, or the one set in the panel."""
    value = texts.get(name)
    if value is not None and not value.startswith(("https://", "http://")):
        raise invalid(name)
    return value or fallback


def bank_details(texts: dict[str, str]) -> dict[str, str]:
    """Return where the money goes, empty unless a name and an account are both there."""
    if texts.get("bank_account_type", "S") not in ("C", "S", "I"):
        raise invalid("bank_account_type")
    details = {name: texts[name] for name in BANK_FIELDS if name in texts}
    return details if {"beneficiary_name", "bank_account"} <= details.keys() else {}


def idempotency_key(request: Request) -> str | None:
    key = request.headers.get("x-idempotency-key")
    if key is not None and not 0 < len(key) <= KEY_LENGTH:
        raise invalid("X-Idempotency-Key")
    return key
