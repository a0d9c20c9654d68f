"""The signature of what we send: a detached JWS over the exact bytes of the body (RFC 7515 appendix F, RFC 7797)."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256


def protected_header(kid: str) -> str:
    """Return the encoded header: exactly these four members, in EBANX's order."""
    header = {"alg": "RS256", "kid": kid, "b64": False, "crit": ["b64"]}
    return _base64url(json.dumps(header, separators=(",", ":")).encode())


def signing_input(header: str, body: bytes) -> bytes:
    """Return what is signed: the encoded header, a dot, and the body as it is sent."""
    return header.encode() + b"." + body


def detached_jws(key: RSAPrivateKey, kid: str, body: bytes) -> str:
    """Return the value of `X-JWS-Signature` for these bytes."""
    header = protected_header(kid)
    return f"{header}..{_base64url(key.sign(signing_input(header, body), PKCS1v15(), SHA256()))}"


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
