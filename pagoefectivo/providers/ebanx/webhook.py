"""What EBANX tells us unasked: which payments changed, signed by RSA-SHA1 over the raw body, and nothing of how.

SHA-1 is broken and no time is signed, so the signature only keeps strangers out: the query decides.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Mapping
from urllib.parse import parse_qs

from pagoefectivo.domain.exceptions import InvalidSignature, SignatureFault, UnreadableMessage
from pagoefectivo.domain.messages import PaymentUpdate, Pointer, PointerKind, RefundUpdate, Verification
from pagoefectivo.providers.base import Account, WebhookReader
from pagoefectivo.providers.ebanx.keys import notification_keys

MOST_HASHES = 100  # in one message; each costs a look-up
MOST_FIELDS = 20
LONGEST_SIGNATURE = 2048  # a key of 12,000 bits, in base64
SCHEME = "rsa,sha1"

_HASH = re.compile(r"[0-9A-Za-z_-]{1,64}", re.ASCII)
_FINGERPRINT = re.compile(r"[0-9A-F]{40}", re.ASCII)
# EBANX's pages disagree about the hyphen, so names are compared without any.
_CONTENT, _TYPE, _KEY = "xsignaturecontent", "xsignaturetype", "xsignaturefingerprint"


class EbanxWebhookReader(WebhookReader):
    """Listens for one account with every key it was given."""

    def __init__(self, account: Account) -> None:
        self._keys = notification_keys(account)

    def verify(self, body: bytes, headers: Mapping[str, str], query: str = "") -> Verification:  # noqa: ARG002 - EBANX signs no address
        """Check the signature over the raw bytes by the key of that fingerprint; a bare key has none and is tried.

        Raises ConfigurationError where this machine refuses SHA-1: such a message is not called forged.
        """
        if not self._keys:
            raise InvalidSignature(SignatureFault.NO_SECRET)
        given = {name.lower().replace("-", ""): value.strip() for name, value in headers.items()}
        content, scheme, fingerprint = (given.get(name, "") for name in (_CONTENT, _TYPE, _KEY))
        if not (content and scheme and fingerprint):
            raise InvalidSignature(SignatureFault.MISSING)
        signature = _decoded(content)
        fingerprint = fingerprint.upper().replace(":", "")
        if scheme.lower().replace(" ", "") != SCHEME or not signature or not _FINGERPRINT.fullmatch(fingerprint):
            raise InvalidSignature(SignatureFault.MALFORMED)
        for index, key in enumerate(self._keys):
            if key.fingerprint in {"", fingerprint} and key.signed(body, signature):
                return Verification(secret_index=index, covers_body=True)
        raise InvalidSignature(SignatureFault.MISMATCH)

    def parse(
        self,
        body: bytes,
        query: str = "",  # noqa: ARG002 - EBANX adds none
        *,
        believed: bool,  # noqa: ARG002 - it states nothing that could be believed
    ) -> tuple[PaymentUpdate | RefundUpdate | Pointer, ...]:
        """Read the payments that it names, each once; a refund is read out of its payment too."""
        hashes = tuple(dict.fromkeys(each.strip() for each in _hash_codes(body).split(",")))
        if len(hashes) > MOST_HASHES:
            raise UnreadableMessage("it names too many payments")
        if not all(_HASH.fullmatch(each) for each in hashes):
            raise UnreadableMessage("it names no payment, or one by no hash")
        return tuple(Pointer(PointerKind.PAYMENT, provider_reference=each) for each in hashes)


def _hash_codes(body: bytes) -> str:
    fault = "not form-encoded text"
    try:
        fields = parse_qs(body.decode("ascii"), strict_parsing=True, errors="strict", max_num_fields=MOST_FIELDS)
        values = fields.get("hash_codes", [])
        fault = "" if len(values) == 1 else "it names no payment"
    except ValueError:
        values = []
    if fault:  # raised here, not where it was caught: a decoding error carries the whole body
        raise UnreadableMessage(fault)
    return values[0]


def _decoded(content: str) -> bytes:
    if len(content) > LONGEST_SIGNATURE or not content.isascii():
        return b""
    try:
        return b64decode(content, validate=True)
    except binascii.Error:
        return b""
