"""What dLocal tells us unasked: signed over our login, its date header and the raw body."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hmac import compare_digest

from pagoefectivo.domain.exceptions import InvalidSignature, SignatureFault, UnreadableMessage
from pagoefectivo.domain.messages import PaymentUpdate, Pointer, PointerKind, RefundUpdate, Verification
from pagoefectivo.domain.states import Proof
from pagoefectivo.providers.base import Account, WebhookReader
from pagoefectivo.providers.credentials import credentials
from pagoefectivo.providers.dlocal.objects import our_refund_reference, payment_update, refund_update, refunded_payment
from pagoefectivo.providers.documents import Document, decode_object, parse_instant, text
from pagoefectivo.providers.signing import hmac_sha256, index_of_match

LONGEST_DATE = 64
REFUND_PREFIX = "REF"

_AUTHORIZATION = re.compile(r"V2-HMAC-SHA256, ?Signature: ?([0-9a-fA-F]{64})", re.ASCII)


def signature(login: str, date: str, body: bytes, secret_key: str) -> str:
    """Return dLocal's signature: HMAC-SHA256 over login, date and body, without separators. Both sides use it."""
    return hmac_sha256(secret_key, f"{login}{date}".encode() + body)


class DLocalWebhookReader(WebhookReader):
    """Listens for one account; every secret of a rotation is tried."""

    def __init__(self, account: Account) -> None:
        self._logins = credentials(account, "login")
        self._secrets = credentials(account, "secret_key")

    def verify(self, body: bytes, headers: Mapping[str, str], query: str = "") -> Verification:  # noqa: ARG002 - dLocal signs no address
        """Check the signature over the raw bytes; dLocal names no window, so the date is handed on, not judged."""
        if not (self._logins and self._secrets):
            raise InvalidSignature(SignatureFault.NO_SECRET)
        given = {name.lower(): value.strip() for name, value in headers.items()}
        date, authorization = given.get("x-date", ""), given.get("authorization", "")
        if not (date and authorization):
            raise InvalidSignature(SignatureFault.MISSING)
        received = _AUTHORIZATION.fullmatch(authorization)
        if not received or len(date) > LONGEST_DATE or not date.isascii():
            raise InvalidSignature(SignatureFault.MALFORMED)
        login = self._logins[0]
        if not compare_digest(given.get("x-login", login).encode(errors="replace"), login.encode()):
            raise InvalidSignature(SignatureFault.WRONG_ACCOUNT)
        expected = [signature(login, date, body, secret) for secret in self._secrets]
        matched = index_of_match(expected, received[1].lower())
        if matched is None:
            raise InvalidSignature(SignatureFault.MISMATCH)
        return Verification(secret_index=matched, covers_body=True, signed_at=parse_instant(date))

    def parse(
        self,
        body: bytes,
        query: str = "",  # noqa: ARG002 - dLocal adds none
        *,
        believed: bool,
    ) -> tuple[PaymentUpdate | RefundUpdate | Pointer, ...]:
        """Read one payment or refund object; anything else that names a payment becomes "ask about this one"."""
        document = decode_object(body)
        proof = Proof.SIGNED_BODY if believed else Proof.HINT
        payment = refunded_payment(document)
        if payment and _is_refund(document):
            return (refund_update(document, proof),)
        if payment:  # a chargeback, or something dLocal has not told us of
            return (Pointer(PointerKind.PAYMENT, provider_reference=payment),)
        if text(document, "id") and text(document, "status"):
            return (payment_update(document, proof),)
        if text(document, "id") or text(document, "order_id"):
            return (
                Pointer(
                    PointerKind.PAYMENT, reference=text(document, "order_id"), provider_reference=text(document, "id")
                ),
            )
        raise UnreadableMessage("it names no payment")


def _is_refund(document: Document) -> bool:
    return text(document, "id").upper().startswith(REFUND_PREFIX) or bool(our_refund_reference(document))
