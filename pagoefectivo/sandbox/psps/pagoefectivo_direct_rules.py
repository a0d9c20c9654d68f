"""What PagoEfectivo accepts: fields, lengths, amounts, dates. Anything else is a Refusal that names the field."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from pagoefectivo.sandbox.psps.pagoefectivo_direct_shapes import INVALID, REQUIRED, Refusal, at_fault, read_date
from pagoefectivo.sandbox.switches import Switches
from pagoefectivo.sandbox.wire import Request, decode

LARGEST_AMOUNT = Decimal("9999999999999999.99")
SOONEST = timedelta(minutes=10)
LATEST = timedelta(days=180)
DOCUMENT_TYPES = ("DNI", "PAR", "PAS", "LMI", "NAN")
ORIGINS = ("web", "android", "ios")
OPTIONAL_LENGTHS = {
    "paymentConcept": 50,
    "additionalData": 200,
    "adminEmail": 100,
    "userId": 50,
    "userName": 30,
    "userLastName": 30,
    "userUbigeo": 6,
    "userCountry": 20,
    "userDocumentType": 3,
    "userDocumentNumber": 14,
    "userPhone": 15,
    "userCodeCountry": 5,
}

Fields = Mapping[str, Any]


def read_body(request: Request) -> dict[str, Any]:
    """Return the JSON object of the request."""
    try:
        document = decode(request.body)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise at_fault(INVALID, "body")
    return document


def text(fields: Fields, name: str, length: int) -> str:
    """Return a required text of at most `length` characters."""
    value = fields.get(name)
    if value is None or value == "":
        raise at_fault(REQUIRED, name)
    if not isinstance(value, str) or len(value) > length:
        raise at_fault(INVALID, name)
    return value


def optional_texts(fields: Fields, switches: Switches) -> dict[str, str]:
    """Return the optional texts that are there."""
    required = {"userPhone", "userCodeCountry"} if switches.phone_required else set()
    wanted = {name: length for name, length in OPTIONAL_LENGTHS.items() if name in required or fields.get(name)}
    texts = {name: text(fields, name, length) for name, length in wanted.items()}
    if texts.get("userDocumentType", "DNI") not in DOCUMENT_TYPES:
        raise at_fault(INVALID, "userDocumentType")
    return texts


def email(fields: Fields) -> str:
    value = text(fields, "userEmail", 100)
    local, _, host = value.rpartition("@")
    if not local or not host or " " in value:
        raise at_fault(INVALID, "userEmail")
    return value


def origin(request: Request) -> None:
    value = request.headers.get("origin")
    if value is None:
        raise at_fault(REQUIRED, "Origin")
    if value not in ORIGINS:
        raise at_fault(INVALID, "Origin")


def money(fields: Fields, switches: Switches) -> tuple[Decimal, str]:
    """Return a positive JSON number with at most two decimals within the merchant's limits, and its currency."""
    value, currency = fields.get("amount"), text(fields, "currency", 3)
    if value is None:
        raise at_fault(REQUIRED, "amount")
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise at_fault(INVALID, "amount")
    amount = Decimal(value)
    if not Decimal(0) < amount <= LARGEST_AMOUNT or amount != amount.quantize(Decimal("0.01")):
        raise at_fault(INVALID, "amount")
    if currency not in switches.currencies:
        raise at_fault(INVALID, "currency")
    least, most = (Decimal(limit) for limit in switches.limits.get(currency, [amount, amount]))
    if amount > most:
        raise Refusal(400, 511, "El monto excede el máximo permitido.")
    if amount < least:
        raise at_fault(INVALID, "amount")
    return amount.quantize(Decimal("0.01")), currency


def expiry(fields: Fields, now: datetime) -> datetime:
    """Return the deadline asked for, ten minutes to half a year ahead."""
    moment = read_date(text(fields, "dateExpiry", 25))
    if moment is None or not now + SOONEST <= moment <= now + LATEST:
        raise at_fault(INVALID, "dateExpiry")
    return moment


def wanted_codes(fields: Fields) -> list[str]:
    """Return the codes that a search names."""
    listed = fields.get("data")
    if not isinstance(listed, list) or not listed:
        raise at_fault(REQUIRED, "data")
    codes = [each.get("cip") if isinstance(each, dict) else None for each in listed]
    if not all(isinstance(code, (int, str)) and str(code).isdecimal() for code in codes):
        raise at_fault(INVALID, "cip")
    return [str(code) for code in codes]
