"""The EBANX face: Direct API for PagoEfectivo in Peru. FIDELITY.md says how sure each behaviour is."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from pagoefectivo.sandbox.clock import Clock
from pagoefectivo.sandbox.counter import Counter
from pagoefectivo.sandbox.ledger import Ledger, Merchant, Payment, Refund
from pagoefectivo.sandbox.psps import ebanx_keys as keys
from pagoefectivo.sandbox.psps import ebanx_rules as rules
from pagoefectivo.sandbox.psps import ebanx_shapes as shapes
from pagoefectivo.sandbox.psps import ebanx_signing as signing
from pagoefectivo.sandbox.psps.ebanx_desk import NAME, EbanxDesk
from pagoefectivo.sandbox.psps.ebanx_shapes import Refusal
from pagoefectivo.sandbox.switches import Switches
from pagoefectivo.sandbox.wire import ASKED_FOR, Answer, Request, decode, encode

LOGIN = "sandbox_ebanx"
OPERATIONS = {
    "/ws/direct": "create",
    "/ws/query": "get_payment",
    "/ws/cancel": "cancel",
    "/ws/refund": "refund",
}


class EbanxFace:
    """EBANX as seen from outside."""

    name = NAME
    title = "EBANX"
    root = ""
    most_retries = None
    abilities = frozenset(
        {
            *("late money", "double money", "other amounts", "other currencies", "reversals", "contract limits"),
            *("refunds", "slow refunds", "look-up"),
        }
    )

    def __init__(self, ledger: Ledger, clock: Clock, switches: Switches, counter: Counter) -> None:
        self._ledger = ledger
        self._switches = switches
        self._desk = desk = EbanxDesk(ledger, clock, switches, counter)
        self._work: dict[str, Callable[[Merchant, dict[str, Any]], Answer]] = {
            "create": desk.create,
            "get_payment": desk.get_payment,
            "cancel": desk.cancel,
            "refund": desk.refund,
        }

    def merchant(self) -> Merchant:
        secrets = {
            "integration_key": "sandbox_integration_key",
            "jws_private_key": keys.PLAY_MERCHANT_KEY,
            "jws_kid": "sandbox-kid",
            "notification_certificates": keys.PLAY_NOTIFICATION_CERTIFICATE,
        }
        return Merchant(NAME, LOGIN, secrets)

    def reset(self) -> None:
        """Nothing is remembered between requests."""

    def operation(self, method: str, path: str) -> str | None:
        return OPERATIONS.get(path) if method == "POST" else None

    def handle(self, operation: str, request: Request) -> Answer:
        fields = rules.read_body(request.body)
        try:
            with self._ledger.lock:
                return self._work[operation](self._admit(request, fields), fields)
        except Refusal as refusal:
            return refusal.answer()

    def _admit(self, request: Request, fields: dict[str, Any]) -> Merchant:
        token, key = request.headers.get("x-jws-signature", ""), fields.get("integration_key")
        if not token and not key:
            raise Refusal("BP-SA-1", "Parameter integration_key not found")
        if token:
            merchant = self._merchant_with("jws_kid", signing.key_id(token))
            signed = signing.token_matches(token, request.body, merchant.secrets["jws_private_key"])
            if not signed or key:  # a signed body has no integration_key
                raise _invalid_key()
            return merchant
        return self._merchant_with("integration_key", key)

    def _merchant_with(self, name: str, value: object) -> Merchant:
        ours = (each for each in self._ledger.merchants.values() if each.psp == NAME)
        found = next((each for each in ours if value and each.secrets.get(name) == value), None)
        if found is None:
            raise _invalid_key()
        return found

    def unrouted(self) -> Answer:
        return Answer(404, b"Not Found", "text/plain")

    def error(self, status: int) -> Answer:
        return Answer(status, b"Too Many Requests" if status == 429 else b"Service unavailable", "text/plain")  # noqa: PLR2004

    def refusal(self, code: str) -> Answer:
        return shapes.error_answer(code, ASKED_FOR)

    def not_found(self, operation: str) -> Answer:  # noqa: ARG002 - one word for all
        return shapes.error_answer(self._switches.query_not_found, "Payment not found")

    def distort(self, kind: str, answer: Answer, options: Mapping[str, Any]) -> Answer:
        document = decode(answer.body)
        if not isinstance(document, dict) or document.get("status") != "SUCCESS":
            return answer
        payment, refund = document["payment"], document.get("refund")
        told = payment if refund is None else refund
        if kind == "wrong_amount":
            told["amount_ext"] = shapes.money(Decimal(str(options["amount"] or Decimal(told["amount_ext"]) + 1)))
        elif kind == "unknown_status":
            told["status"] = options["status"]
        elif kind == "lag":
            payment |= {"status": "PE", "confirm_date": None, "refunds": []}
            payment.pop("transaction_status", None)
        return dataclasses.replace(answer, body=encode(document).encode())

    def subject(self, answer: Answer) -> Payment | Refund | None:
        document = decode(answer.body)
        if not isinstance(document, dict) or document.get("status") != "SUCCESS":
            return None
        if "refund" in document:
            return self._ledger.refund(document["refund"]["id"])
        return self._ledger.payment(document["payment"]["hash"])

    def notification(self, subject: Payment | Refund) -> bytes:
        kind, identity = ("refund", subject.payment_id) if isinstance(subject, Refund) else ("update", subject.id)
        mine = (each for each in self._ledger.payments() if (each.psp, each.login) == (NAME, subject.login))
        others = [each.id for each in mine if each.id != identity]
        together = [*others, identity][-max(1, int(self._switches.hashes_per_notification)) :]
        fields = {"operation": "payment_status_change", "notification_type": kind, "hash_codes": ",".join(together)}
        return urlencode(fields, safe=",").encode()

    def address(self, url: str, body: bytes) -> str:  # noqa: ARG002 - EBANX adds nothing to the address
        return url

    def signed_headers(
        self,
        merchant: Merchant,
        body: bytes,
        sent_at: datetime,
        date_text: str | None = None,  # noqa: ARG002 - EBANX signs no date
    ) -> dict[str, str]:
        """Sign with the key to the certificate that the merchant has; a forger has another one, and no key to ours."""
        given = merchant.secrets.get("notification_certificates", keys.PLAY_NOTIFICATION_CERTIFICATE)
        is_ours = given == keys.PLAY_NOTIFICATION_CERTIFICATE
        key = keys.PLAY_NOTIFICATION_KEY if is_ours else keys.PLAY_MERCHANT_KEY
        return self.unsigned_headers(merchant, sent_at) | {
            "X-SignatureType": signing.SCHEME,
            "X-SignatureFingerprint": signing.fingerprint(keys.PLAY_NOTIFICATION_CERTIFICATE),
            self._switches.signature_header: signing.notification_signature(key, body),
        }

    def unsigned_headers(self, merchant: Merchant, sent_at: datetime) -> dict[str, str]:  # noqa: ARG002 - they tell nothing
        return {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "ebanx-sandbox"}


def _invalid_key() -> Refusal:
    return Refusal("BP-SA-2", "Invalid integration key")


FACE = EbanxFace
