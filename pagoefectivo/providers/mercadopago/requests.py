"""How our requests are written for Mercado Pago."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from pagoefectivo.domain.messages import Payer, VoucherRequest

PAGOEFECTIVO = "pagoefectivo_atm"
LONGEST_DESCRIPTION = 200
DOCUMENT_TYPES = frozenset({"DNI", "CE", "RUC"})  # of Peru; another one is left out, for it is not required
SURNAMES = 2
WEBHOOKS_ONLY = "source_news=webhooks"  # else each notification comes a second time, in an older form without signature


def payment_request(request: VoucherRequest) -> dict[str, Any]:
    """Return the body of a new payment. It names no currency: that is the account's, and the field is refused."""
    return {
        "transaction_amount": request.amount,
        "description": (request.description or request.reference)[:LONGEST_DESCRIPTION],
        "payment_method_id": PAGOEFECTIVO,
        "external_reference": request.reference,
        "date_of_expiration": written(request.expires_at),
        "notification_url": webhook_address(request.notification_url),
        "payer": _payer(request.payer),
    }


def written(instant: datetime) -> str:
    """Return an instant with milliseconds and the offset of UTC, as the field demands: `2026-11-24T14:05:06.000+00:00`."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds")


def webhook_address(url: str) -> str:
    """Return our address with what keeps the older, unsigned notifications away; a query of ours stays."""
    parts = urlsplit(url)
    query = f"{parts.query}&{WEBHOOKS_ONLY}" if parts.query else WEBHOOKS_ONLY
    return urlunsplit(parts._replace(query=query))


def names(full_name: str) -> tuple[str, str]:
    """Return given names and surnames of a name as Peru writes it: the last two words are surnames, never the first."""
    words = full_name.split()
    given = max(1, len(words) - SURNAMES)
    return " ".join(words[:given]), " ".join(words[given:])


def _payer(payer: Payer) -> dict[str, Any]:
    first_name, last_name = names(payer.name)
    said: dict[str, Any] = {"email": payer.email, "first_name": first_name, "last_name": last_name}
    if payer.document_type in DOCUMENT_TYPES and payer.document_number:
        said["identification"] = {"type": payer.document_type, "number": payer.document_number}
    return {name: value for name, value in said.items() if value}
