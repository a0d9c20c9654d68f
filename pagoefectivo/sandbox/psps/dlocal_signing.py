"""dLocal's signature, written from its documents and deliberately not shared with the other side."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256

SCHEME = "V2-HMAC-SHA256, Signature: "


def authorization(login: str, secret_key: str, x_date: str, body: bytes) -> str:
    """Return the Authorization header: lower-case hex HMAC-SHA256 over login, X-Date as sent and the raw body."""
    mac = hmac.new(secret_key.encode(), digestmod=sha256)
    for part in (login.encode(), x_date.encode(), body):
        mac.update(part)
    return SCHEME + mac.hexdigest()


def signature_matches(headers: Mapping[str, str], login: str, secret_key: str, body: bytes) -> bool:
    """Return whether the request's Authorization header is the one its sender should have made."""
    expected = authorization(login, secret_key, headers.get("x-date", ""), body)
    return hmac.compare_digest(expected.encode(), headers.get("authorization", "").encode())


def x_date(instant: datetime) -> str:
    """Return an instant as X-Date carries it, with milliseconds and Z."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
