"""What Mercado Pago accepts: fields, amounts, dates, keys. Anything else is a Refusal with the code of its cause."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from pagoefectivo.sandbox.psps.mercadopago_shapes import LEAST, METHOD_ID, MOST, Refusal
from pagoefectivo.sandbox.wire import Request, decode

CENT = Decimal("0.01")
LONGEST_KEY = 64
LONGEST_REFERENCE = 256
LONGEST_URL = 500
LONGEST_WAIT = timedelta(days=30)
UNKNOWN_FIELDS = ("currency_id",)  # those that a recorded run saw refused
UNKNOWN_PAYER_FIELDS = ("name", "surname")
DATE_WITH_OFFSET = len("2026-11-24T14:05:06.000+00:00")

Fields = Mapping[str, Any]


def read_body(request: Request) -> dict[str, Any]:
    """Return the JSON object of the request; an empty body is an empty object."""
    if not request.body:
        return {}
    try:
        document = decode(request.body)
    except ValueError:
        raise Refusal(400, 1, "Params Error") from None
    if not isinstance(document, dict):
        raise Refusal(400, 1, "Params Error")
    return document


def idempotency_key(request: Request) -> str:
    key = request.headers.get("x-idempotency-key", "")
    if not key:
        raise Refusal(404, 4292, "Header X-Idempotency-Key can't be null")
    if len(key) > LONGEST_KEY:
        raise Refusal(400, 1, "Params Error")
    return key


def known_fields(fields: Fields) -> None:
    payer = fields.get("payer")
    strange = [name for name in UNKNOWN_FIELDS if name in fields]
    strange += [f"payer.{name}" for name in UNKNOWN_PAYER_FIELDS if isinstance(payer, dict) and name in payer]
    if strange:
        raise Refusal(400, 8, f"The name of the following parameters is wrong : [{', '.join(strange)}]")


def method(fields: Fields) -> None:
    if fields.get("payment_method_id") != METHOD_ID:
        raise Refusal(400, 2067, "Invalid payment_method_id")


def transaction_amount(fields: Fields) -> Decimal:
    """Return a JSON number with at most two decimals, within the limits of the method."""
    value = fields.get("transaction_amount")
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise Refusal(400, 4003, "transaction_amount attribute must be numeric")
    number = Decimal(value)
    if not LEAST <= number <= MOST or number != number.quantize(CENT):
        raise Refusal(400, 4037, "Invalid transaction_amount")
    return number.quantize(CENT)


def payer(fields: Fields) -> dict[str, str]:
    """Return the payer's e-mail; nothing else of him is asked for."""
    given = fields.get("payer")
    email = given.get("email") if isinstance(given, dict) else None
    if not isinstance(email, str):
        raise Refusal(400, 4050, "payer.email must be a valid email")
    local, _, host = email.rpartition("@")
    if not local or not host or " " in email:
        raise Refusal(400, 4050, "payer.email must be a valid email")
    return {"email": email}


def text(fields: Fields, name: str, length: int) -> str | None:
    value = fields.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > length:
        raise Refusal(400, 1, f"Params Error: {name}")
    return value


def notification_url(fields: Fields) -> str | None:
    url = text(fields, "notification_url", LONGEST_URL)
    if url is not None and not url.startswith(("https://", "http://")):
        raise Refusal(400, 4020, "notification_url attribute must be url valid")
    return url


def expiration(fields: Fields, now: datetime) -> datetime | None:
    """Return the date of expiration, which needs milliseconds, an offset and a place in the next 30 days."""
    written = text(fields, "date_of_expiration", 40)
    if written is None:
        return None
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        raise _bad_expiration() from None
    if moment.tzinfo is None or len(written) != DATE_WITH_OFFSET or not now < moment <= now + LONGEST_WAIT:
        raise _bad_expiration()
    return moment


def _bad_expiration() -> Refusal:
    return Refusal(400, 7523, "Invalid expiration date")


def refund_amount(fields: Fields) -> Decimal | None:
    """Return the part that is asked for, None for the whole."""
    value = fields.get("amount")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise Refusal(401, 4041, "Amount attribute must be numeric")
    number = Decimal(value)
    if number <= 0:
        raise Refusal(401, 4040, "Amount must be positive")
    if number != number.quantize(CENT):
        raise Refusal(400, 2017, "The transaction_amount is invalid")
    return number.quantize(CENT)
