"""What EBANX tells us unasked: whose word it is, and which payments it names."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st

from pagoefectivo.domain.exceptions import ConfigurationError, InvalidSignature, SignatureFault, UnreadableMessage
from pagoefectivo.domain.messages import Pointer, PointerKind, Verification
from pagoefectivo.providers.base import WebhookReader
from pagoefectivo.providers.ebanx import Ebanx
from pagoefectivo.providers.ebanx.keys import NotificationKey
from pagoefectivo.providers.ebanx.webhook import EbanxWebhookReader
from tests.unit.providers.ebanx_stage import (
    HASH,
    NOTIFICATION,
    OTHER_HASH,
    account,
    certificate_pem,
    key_pair,
    private_pem,
    public_pem,
    signed_headers,
)

SIGNED = signed_headers(NOTIFICATION)
FINGERPRINT = SIGNED["X-SignatureFingerprint"]


def reader(*pems: str) -> WebhookReader:
    """Return a listener that was given these keys of EBANX's."""
    return Ebanx.webhook_reader(account(integration_key="ik", notification_certificates=pems))


READER = reader(certificate_pem("ebanx"))


def fault_of(headers: dict[str, str], body: bytes = NOTIFICATION, listener: WebhookReader = READER) -> SignatureFault:
    with pytest.raises(InvalidSignature) as caught:
        listener.verify(body, headers)
    return caught.value.reason


def renamed(**names: str) -> dict[str, str]:
    return {names.get(name.replace("-", "_"), name): value for name, value in SIGNED.items()}


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(SIGNED, id="as-the-older-page-prints"),
        pytest.param(renamed(X_SignatureContent="X-Signature-Content"), id="as-the-newer-page-prints"),
        pytest.param({name.replace("Signature", "Signature-"): value for name, value in SIGNED.items()}, id="hyphens"),
        pytest.param({name.lower(): value for name, value in SIGNED.items()}, id="lower-case"),
        pytest.param({name: f" {value} " for name, value in SIGNED.items()}, id="spaces-around"),
        pytest.param(SIGNED | {"X-SignatureType": "RSA, SHA1"}, id="type-in-capitals"),
        pytest.param(SIGNED | {"X-SignatureFingerprint": FINGERPRINT.lower()}, id="fingerprint-in-small-letters"),
        pytest.param(
            SIGNED | {"X-SignatureFingerprint": ":".join(FINGERPRINT[i : i + 2] for i in range(0, 40, 2))},
            id="fingerprint-with-colons",
        ),
    ],
)
def test_a_true_signature_is_known_in_each_of_its_clothes(headers: dict[str, str]) -> None:
    assert READER.verify(NOTIFICATION, headers) == Verification(0, covers_body=True, signed_at=None)


@pytest.mark.parametrize(("name", "index"), [("ebanx", 0), ("ebanx-of-last-year", 1)])
def test_while_a_certificate_rotates_both_verify_and_which_one_is_told(name: str, index: int) -> None:
    both = reader(certificate_pem("ebanx"), certificate_pem("ebanx-of-last-year"))
    assert both.verify(NOTIFICATION, signed_headers(NOTIFICATION, name)).secret_index == index


def test_a_bare_public_key_has_no_fingerprint_and_is_tried_whatever_the_message_says() -> None:
    bare = reader(certificate_pem("ebanx-of-last-year"), public_pem(key_pair("ebanx")))
    assert bare.verify(NOTIFICATION, SIGNED | {"X-SignatureFingerprint": "A" * 40}).secret_index == 1
    assert fault_of(signed_headers(NOTIFICATION, "stranger"), listener=bare) is SignatureFault.MISMATCH


def test_an_unknown_fingerprint_is_refused_though_the_signature_be_good() -> None:
    assert fault_of(SIGNED | {"X-SignatureFingerprint": "A" * 40}) is SignatureFault.MISMATCH
    assert fault_of(signed_headers(NOTIFICATION, "stranger")) is SignatureFault.MISMATCH


def test_a_strangers_signature_under_a_known_fingerprint_is_refused() -> None:
    forged = signed_headers(NOTIFICATION, "stranger") | {"X-SignatureFingerprint": FINGERPRINT}
    assert fault_of(forged) is SignatureFault.MISMATCH


def test_no_single_changed_byte_goes_unnoticed() -> None:
    refused = 0
    for position in range(len(NOTIFICATION)):
        changed = NOTIFICATION[:position] + bytes([NOTIFICATION[position] ^ 1]) + NOTIFICATION[position + 1 :]
        assert fault_of(SIGNED, changed) is SignatureFault.MISMATCH
        refused += 1
    assert refused == 116
    assert fault_of(SIGNED, NOTIFICATION + b" ") is SignatureFault.MISMATCH
    assert fault_of(SIGNED, b"") is SignatureFault.MISMATCH


@pytest.mark.parametrize("name", list(SIGNED))
@pytest.mark.parametrize("how", ["absent", "empty", "blank"])
def test_an_unsigned_message_is_missing_its_signature(name: str, how: str) -> None:
    headers = {each: value for each, value in SIGNED.items() if each != name}
    if how != "absent":
        headers[name] = "" if how == "empty" else "  "
    assert fault_of(headers) is SignatureFault.MISSING


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"X-SignatureContent": "not base64!"}, id="no-base64"),
        pytest.param({"X-SignatureContent": SIGNED["X-SignatureContent"][:-1]}, id="cut"),
        pytest.param({"X-SignatureContent": "A" * 4096}, id="long"),
        pytest.param({"X-SignatureContent": "ñ"}, id="not-ascii"),
        pytest.param({"X-SignatureFingerprint": "A" * 39}, id="short-fingerprint"),
        pytest.param({"X-SignatureFingerprint": "G" * 40}, id="no-hex"),
        pytest.param({"X-SignatureType": "none"}, id="no-algorithm"),
        pytest.param({"X-SignatureType": "rsa,sha256"}, id="another-digest"),
        pytest.param({"X-SignatureType": "hmac,sha1"}, id="another-algorithm"),
    ],
)
def test_A15_a_signature_of_another_shape_or_algorithm_is_malformed(changes: dict[str, str]) -> None:
    assert fault_of(SIGNED | changes) is SignatureFault.MALFORMED


@pytest.mark.parametrize("content", ["AAAA", "A" * 344])
def test_a_well_formed_signature_of_nothing_does_not_match(content: str) -> None:
    assert fault_of(SIGNED | {"X-SignatureContent": content}) is SignatureFault.MISMATCH


def test_a_signature_by_the_right_key_with_another_digest_does_not_match() -> None:
    stronger = base64.b64encode(key_pair("ebanx").sign(NOTIFICATION, padding.PKCS1v15(), SHA256())).decode()
    assert fault_of(SIGNED | {"X-SignatureContent": stronger}) is SignatureFault.MISMATCH


@pytest.mark.parametrize("pems", [(), ("",)])
def test_without_a_key_nothing_is_believed(pems: tuple[str, ...]) -> None:
    assert fault_of(SIGNED, listener=reader(*pems)) is SignatureFault.NO_SECRET


@pytest.mark.parametrize("pem", ["nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"])
def test_what_is_no_key_is_a_fault_of_the_installation(pem: str) -> None:
    with pytest.raises(ConfigurationError, match="notification_certificates"):
        reader(certificate_pem("ebanx"), pem)


class KeyUnderPolicy:
    """Refuses SHA-1 as OpenSSL does where a machine's policy forbids it."""

    def verify(self, *_: Any) -> None:
        raise UnsupportedAlgorithm("sha1 is not supported by this backend for RSA signing.")


def test_where_the_machine_refuses_sha1_the_message_is_not_called_forged(monkeypatch: pytest.MonkeyPatch) -> None:
    listener = reader(certificate_pem("ebanx"))
    assert isinstance(listener, EbanxWebhookReader)
    under_policy = NotificationKey(KeyUnderPolicy(), FINGERPRINT)  # type: ignore[arg-type]
    monkeypatch.setattr(listener, "_keys", (under_policy,))
    with pytest.raises(ConfigurationError, match="refuses SHA-1"):
        listener.verify(NOTIFICATION, SIGNED)


@pytest.mark.parametrize(
    ("credentials", "problem"),
    [
        ({}, None),
        ({"jws_private_key": private_pem(key_pair("shop"))}, None),
        ({"jws_private_key": public_pem(key_pair("shop"))}, "jws_private_key is not"),
        ({"notification_certificates": (certificate_pem("ebanx"), "x")}, "notification_certificates has an entry"),
        ({"notification_certificates": private_pem(key_pair("shop"))}, "notification_certificates has an entry"),
    ],
)
def test_the_start_up_check_tells_which_keys_are_none_and_shows_none(
    credentials: dict[str, Any], problem: str | None
) -> None:
    found = Ebanx.credential_problems({"notification_certificates": certificate_pem("ebanx"), **credentials})
    assert len(found) == (0 if problem is None else 1)
    assert problem is None or found[0].startswith(problem)
    assert "BEGIN" not in "".join(found)


def named(*hashes: str) -> tuple[Pointer, ...]:
    return tuple(Pointer(PointerKind.PAYMENT, provider_reference=each) for each in hashes)


def letter(kind: str, *hashes: str) -> bytes:
    return f"operation=payment_status_change&notification_type={kind}&hash_codes={','.join(hashes)}".encode()


@pytest.mark.parametrize("believed", [True, False])
@pytest.mark.parametrize("kind", ["update", "refund", "chargeback", "chargeback_credit", "new"])
def test_a_message_of_any_kind_says_only_ask_about_this_payment(kind: str, believed: bool) -> None:
    assert READER.parse(letter(kind, HASH), believed=believed) == named(HASH)


@pytest.mark.parametrize(
    "body",
    [
        letter("update", HASH, OTHER_HASH),
        letter("update", HASH, OTHER_HASH, HASH),
        f"hash_codes={HASH}%2C{OTHER_HASH}&operation=payment_status_change".encode(),
        f"hash_codes={HASH}%2C+{OTHER_HASH}".encode(),
    ],
    ids=["two", "repeated", "encoded-comma", "comma-and-space"],
)
def test_each_payment_that_is_named_is_asked_about_once(body: bytes) -> None:
    assert READER.parse(body, believed=True) == named(HASH, OTHER_HASH)


def test_a_hundred_payments_are_read_and_one_more_is_a_persons_business() -> None:
    hashes = [f"{number:048x}" for number in range(101)]
    assert READER.parse(letter("update", *hashes[:100]), believed=True) == named(*hashes[:100])
    with pytest.raises(UnreadableMessage):
        READER.parse(letter("update", *hashes), believed=True)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"operation=payment_status_change",
        b"hash_codes=",
        b"hash_codes=,",
        letter("update", HASH, ""),
        letter("update", "../x"),
        letter("update", "5f%00"),
        letter("update", "x" * 65),
        letter("update", HASH) + b"&hash_codes=" + HASH.encode(),
        b"hash_codes=%FF",
        b"hash_codes=\xff",
        b"&".join(b"a=1" for _ in range(21)) + b"&hash_codes=" + HASH.encode(),
        b'{"hash_codes": "5f"}',
    ],
)
def test_a_signed_message_about_nothing_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableMessage):
        READER.parse(body, believed=True)


@given(st.binary(max_size=200) | st.text(max_size=80).map(lambda each: f"hash_codes={each}".encode()))
def test_arbitrary_bytes_are_read_or_unreadable_and_nothing_else(body: bytes) -> None:
    try:
        statements = READER.parse(body, believed=True)
    except UnreadableMessage:
        return
    assert 1 <= len(statements) <= 100


@given(st.binary(max_size=200), st.dictionaries(st.sampled_from(list(SIGNED)), st.text(max_size=400)))
def test_arbitrary_bytes_and_headers_are_refused_and_nothing_else(body: bytes, headers: dict[str, str]) -> None:
    with pytest.raises(InvalidSignature):
        READER.verify(body, headers)
