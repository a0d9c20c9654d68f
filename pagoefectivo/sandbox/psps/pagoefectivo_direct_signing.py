"""PagoEfectivo's two hashes, written from its guide and deliberately not shared with the other side."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from hashlib import sha256


def hash_string(secrets: Mapping[str, str], date_request: str) -> str:
    """Return what an authorization is sealed with: plain SHA-256, the four texts held apart by dots."""
    sealed = sha256()
    for number, part in enumerate((secrets["id_service"], secrets["access_key"], secrets["secret_key"], date_request)):
        sealed.update(b"." if number else b"")
        sealed.update(part.encode())
    return sealed.hexdigest()


def is_sealed(given: str, secrets: Mapping[str, str], date_request: str) -> bool:
    """Return whether an authorization's hash is the one its sender should have made."""
    return hmac.compare_digest(given.encode(), hash_string(secrets, date_request).encode())


def pe_signature(secret_key: str, body: bytes) -> str:
    """Return the header of a notification: lower-case hex HMAC-SHA256 over its raw body."""
    return hmac.digest(secret_key.encode(), body, "sha256").hex()
