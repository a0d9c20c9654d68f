"""What the stories about EBANX share: keys made for this run, stored answers, and a line whose other end is scripted."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import responses
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID

from pagoefectivo.domain.messages import Payer, RefundRequest, VoucherRequest
from pagoefectivo.providers.base import Account
from pagoefectivo.providers.ebanx import Ebanx
from pagoefectivo.testing.conformance.evidence import NOW, KeptEvidence, open_wire
from tests.unit.providers.line import Line

SAMPLES = Path(__file__).parents[2] / "samples" / "ebanx"
HOST = "https://sandbox.ebanx.com"
HASH = "5f00aa11bb22cc33dd44ee55ff6677889900aabbccddeeff"
OTHER_HASH = "6a11aa11bb22cc33dd44ee55ff6677889900aabbccddeeff"
KID = "made-up-kid-0001"
NOTIFICATION = f"operation=payment_status_change&notification_type=refund&hash_codes={HASH}".encode()
VOUCHER = VoucherRequest(
    reference="ORD-0001",
    amount=Decimal("100.50"),
    currency="PEN",
    payer=Payer(email="maria@example.com", name="María Quispe", document_type="DNI", document_number="12345678"),
    expires_at=datetime(2026, 11, 24, 14, 5, 6, tzinfo=UTC),
    idempotency_key="key-1",
    notification_url="https://shop.example.com/hooks/ebanx",
)
REFUND = RefundRequest(
    reference="R-0123456789ABCDEF0123",
    payment_reference=HASH,
    amount=Decimal("25.50"),
    currency="PEN",
    reason="buyer_request",
    idempotency_key="key-2",
    notification_url="https://shop.example.com/hooks/ebanx?refund=R-0123456789ABCDEF0123",
)


def sample(name: str) -> bytes:
    """Return one stored message, byte for byte."""
    return (SAMPLES / name).read_bytes()


def with_payment(name: str, **changes: Any) -> bytes:
    """Return a stored answer whose payment has some keys changed; None takes the key out."""
    document = json.loads(sample(name))
    payment = document["payment"] | changes
    document["payment"] = {key: value for key, value in payment.items() if value is not None}
    return json.dumps(document).encode()


@lru_cache
def key_pair(name: str) -> rsa.RSAPrivateKey:
    """Return the key of that name, made anew in each run."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_pem(key: rsa.RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@lru_cache
def certificate(name: str) -> x509.Certificate:
    """Return a certificate over the key of that name, signed by itself."""
    key = key_pair(name)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), 1, NOW, NOW + timedelta(days=365))
    return builder.sign(key, SHA256())


def fingerprint(name: str) -> str:
    return certificate(name).fingerprint(SHA1()).hex().upper()  # noqa: S303 - what EBANX names its key by


def certificate_pem(name: str) -> str:
    return certificate(name).public_bytes(Encoding.PEM).decode()


def signed_headers(body: bytes, name: str = "ebanx") -> dict[str, str]:
    """Return the headers of a notification that the key of that name signs."""
    signature = key_pair(name).sign(body, padding.PKCS1v15(), SHA1())  # noqa: S303 - EBANX offers no other
    return {
        "X-SignatureType": "rsa,sha1",
        "X-SignatureFingerprint": fingerprint(name),
        "X-SignatureContent": base64.b64encode(signature).decode(),
    }


def account(**credentials: Any) -> Account:
    """Return an account with these credentials, else with a key pair of its own and EBANX's certificate."""
    ours = credentials or {"jws_private_key": private_pem(key_pair("shop")), "jws_kid": KID}
    theirs = {"notification_certificates": (certificate_pem("ebanx"),)}
    return Account("default", HOST, {**theirs, **ours}, dict(Ebanx.options))


@contextmanager
def open_line() -> Iterator[Line]:
    """Open a gateway with a key pair of the shop's, and what answers it."""
    evidence = KeptEvidence()
    with responses.RequestsMock() as psp, open_wire() as wire:
        yield Line(Ebanx.gateway(account(), evidence, wire), psp, evidence, HOST)


def will_answer(line: Line, path: str, body: bytes, status: int = 200) -> None:
    line.psp.add("POST", HOST + path, body=body, status=status)
