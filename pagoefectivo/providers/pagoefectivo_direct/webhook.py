"""What PagoEfectivo tells us unasked: signed over the raw body, with neither a time nor a number of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pagoefectivo.domain.exceptions import InvalidSignature, SignatureFault, UnreadableMessage
from pagoefectivo.domain.messages import PaymentUpdate, Pointer, PointerKind, RefundUpdate, Verification
from pagoefectivo.domain.states import Proof
from pagoefectivo.providers.base import Account, WebhookReader
from pagoefectivo.providers.credentials import credentials
from pagoefectivo.providers.documents import Document, decode_object, part, text
from pagoefectivo.providers.pagoefectivo_direct.objects import LONGEST_WORD, announced, named_in
from pagoefectivo.providers.signing import hmac_sha256, index_of_match

PAID = "cip.paid"

_SIGNATURE = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)


class PagoEfectivoDirectWebhookReader(WebhookReader):
    """Listens for one account; every secret of a rotation is tried."""

    def __init__(self, account: Account) -> None:
        self._secrets = credentials(account, "secret_key")

    def verify(self, body: bytes, headers: Mapping[str, str], query: str = "") -> Verification:  # noqa: ARG002 - no address is signed
        """Check HMAC-SHA256 over the raw bytes. Nothing in them is dated, so a replay cannot be told from the first."""
        if not self._secrets:
            raise InvalidSignature(SignatureFault.NO_SECRET)
        received = next((value for name, value in headers.items() if name.lower() == "pe-signature"), "").strip()
        if not received:
            raise InvalidSignature(SignatureFault.MISSING)
        if not _SIGNATURE.fullmatch(received):
            raise InvalidSignature(SignatureFault.MALFORMED)
        matched = index_of_match([hmac_sha256(secret, body) for secret in self._secrets], received.lower())
        if matched is None:
            raise InvalidSignature(SignatureFault.MISMATCH)
        return Verification(secret_index=matched, covers_body=True)

    def parse(
        self,
        body: bytes,
        query: str = "",  # noqa: ARG002 - PagoEfectivo adds none
        *,
        believed: bool,
    ) -> tuple[PaymentUpdate | RefundUpdate | Pointer, ...]:
        """Read `cip.paid`, the one documented event; any other becomes "ask about this one"."""
        message = _in_lower_case(decode_object(body))
        data = _in_lower_case(part(message, "data"))
        event = text(message, "eventtype", longest=LONGEST_WORD)
        reference, cip = named_in(data)
        if not (cip or reference):
            raise UnreadableMessage("it names no payment")
        if event.lower() != PAID:
            return (Pointer(PointerKind.PAYMENT, reference=reference, provider_reference=cip),)
        proof = Proof.SIGNED_BODY if believed else Proof.HINT
        return (announced(event, text(message, "operationnumber"), data, proof),)


def _in_lower_case(document: Document) -> Document:
    """Keys come in camelCase by the guide and in PascalCase from its own test messages."""
    lowered = {key.lower(): value for key, value in document.items()}
    if len(lowered) != len(document):
        raise UnreadableMessage("a key occurs twice")
    return lowered
