"""EBANX's signatures, written from its documents and deliberately not shared with the other side."""

from __future__ import annotations

import base64
import binascii
import json
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

SCHEME = "rsa,sha1"


def key_id(token: str) -> str | None:
    """Return the `kid` of a detached token whose header says exactly what EBANX asks for, None for any other."""
    head, _, rest = token.partition(".")
    payload, _, signature = rest.partition(".")
    header = _header(head)
    if payload or not signature or header is None:
        return None
    kid = header.pop("kid", None)
    asked_for = {"alg": "RS256", "b64": False, "crit": ["b64"]}
    return kid if header == asked_for and isinstance(kid, str) else None


def token_matches(token: str, body: bytes, merchant_key: str) -> bool:
    """Return whether the token was made over exactly these bytes by the key."""
    head, _, signature = token.partition("..")
    raw = _decoded(signature)
    if raw is None:
        return False
    try:
        _private_key(merchant_key).public_key().verify(
            raw, head.encode() + b"." + body, padding.PKCS1v15(), hashes.SHA256()
        )
    except InvalidSignature:
        return False
    return True


def notification_signature(key: str, body: bytes) -> str:
    """Return base64 of RSA-SHA1 over the raw body, as the notifications page describes it."""
    signed = _private_key(key).sign(body, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303 - EBANX's algorithm
    return base64.b64encode(signed).decode()


def fingerprint(certificate: str) -> str:
    """Return the SHA-1 of a certificate in capital hex, the shape of the printed X-SignatureFingerprint."""
    parsed = x509.load_pem_x509_certificate(certificate.encode())
    return parsed.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303 - a name, no proof


@lru_cache(maxsize=16)
def _private_key(pem: str) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        message = "the key is not RSA"
        raise TypeError(message)
    return key


def _header(encoded: str) -> dict[str, Any] | None:
    try:
        header = json.loads(_decoded(encoded) or b"")
    except ValueError:
        return None
    return header if isinstance(header, dict) else None


def _decoded(encoded: str) -> bytes | None:
    try:
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
