"""What Ventanilla tells us unasked: the code as it is now, signed over a time and the raw body."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from pagoefectivo.domain.exceptions import InvalidSignature, SignatureFault
from pagoefectivo.domain.messages import PaymentUpdate, Pointer, RefundUpdate, Verification
from pagoefectivo.domain.states import Proof
from pagoefectivo.providers.base import Account, WebhookReader
from pagoefectivo.providers.credentials import credentials
from pagoefectivo.providers.documents import decode_object
from pagoefectivo.providers.signing import hmac_sha256, index_of_match
from tests.thirdparty.ventanilla.gateway import payment

_SIGNATURE = re.compile(r"t=([0-9]{1,10}),v=([0-9a-f]{64})", re.ASCII)


class VentanillaWebhookReader(WebhookReader):
    """Listens for one account; every key of a rotation is tried."""

    def __init__(self, account: Account) -> None:
        self._keys = credentials(account, "signing_key")

    def verify(self, body: bytes, headers: Mapping[str, str], query: str = "") -> Verification:
        if not self._keys:
            raise InvalidSignature(SignatureFault.NO_SECRET)
        received = next((value for name, value in headers.items() if name.lower() == "v-signature"), "")
        if not received:
            raise InvalidSignature(SignatureFault.MISSING)
        parted = _SIGNATURE.fullmatch(received)
        if not parted:
            raise InvalidSignature(SignatureFault.MALFORMED)
        signed = parted[1].encode() + b"." + body
        matched = index_of_match([hmac_sha256(key, signed) for key in self._keys], parted[2])
        if matched is None:
            raise InvalidSignature(SignatureFault.MISMATCH)
        return Verification(matched, covers_body=True, signed_at=datetime.fromtimestamp(int(parted[1]), UTC))

    def parse(
        self, body: bytes, query: str = "", *, believed: bool
    ) -> tuple[PaymentUpdate | RefundUpdate | Pointer, ...]:
        return (payment(decode_object(body), Proof.SIGNED_BODY if believed else Proof.HINT),)
