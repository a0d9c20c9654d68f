"""What we sign for EBANX is, byte for byte, what its pages ask to be signed."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from pagoefectivo.providers.ebanx.jws import detached_jws, protected_header, signing_input
from tests.unit.providers.ebanx_stage import KID, NOTIFICATION, key_pair, sample

BODY = sample("vector_refund.json")
HEADER = "eyJhbGciOiJSUzI1NiIsImtpZCI6Im1hZGUtdXAta2lkLTAwMDEiLCJiNjQiOmZhbHNlLCJjcml0IjpbImI2NCJdfQ"


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def holds(header: str, body: bytes, signature: bytes) -> bool:
    try:
        key_pair("shop").public_key().verify(signature, header.encode() + b"." + body, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def test_the_header_of_the_vector_is_encoded_as_printed() -> None:
    assert protected_header(KID) == HEADER
    assert decoded(HEADER) == b'{"alg":"RS256","kid":"made-up-kid-0001","b64":false,"crit":["b64"]}'


def test_the_signed_bytes_of_the_vector_have_the_printed_digest() -> None:
    digest = hashlib.sha256(signing_input(HEADER, BODY)).hexdigest()
    assert digest == "20f744b495f824f4af9b707df2fee3a7a9f7a4b7660ab70300bf5e338c44c736"


def test_a_token_is_detached_and_verifies_by_the_public_key() -> None:
    header, payload, signature = detached_jws(key_pair("shop"), KID, BODY).split(".")
    assert (header, payload) == (HEADER, "")
    assert "=" not in signature
    assert holds(header, BODY, decoded(signature))


def test_no_other_bytes_bear_the_same_signature() -> None:
    header, _, signature = detached_jws(key_pair("shop"), KID, BODY).split(".")
    spaced = json.dumps(json.loads(BODY)).encode()
    encoded = base64.urlsafe_b64encode(BODY).rstrip(b"=")
    swapped = base64.urlsafe_b64encode(decoded(header).replace(b"false", b"true")).rstrip(b"=").decode()
    for other in (BODY.replace(b"25.50", b"25.51"), spaced, encoded, b""):
        assert not holds(header, other, decoded(signature))
    assert not holds(swapped, BODY, decoded(signature))
    assert not holds(protected_header("another-kid"), BODY, decoded(signature))


@pytest.mark.parametrize("kid", ['with"quote', "ñ", "back\\slash"])
def test_a_key_id_of_any_kind_stays_one_member_of_the_header(kid: str) -> None:
    assert json.loads(decoded(protected_header(kid))) == {"alg": "RS256", "kid": kid, "b64": False, "crit": ["b64"]}


def test_the_body_of_the_notification_vector_has_the_printed_digest() -> None:
    body = sample("vector_notification.txt")
    assert body == NOTIFICATION
    assert hashlib.sha1(body, usedforsecurity=False).hexdigest() == "26610145ba164f34a04130210522a023e1a50a31"
