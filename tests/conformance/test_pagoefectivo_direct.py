"""PagoEfectivo's own API keeps every promise of a provider."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta

from pagoefectivo.providers.base import Account, Operation, Wire
from pagoefectivo.providers.pagoefectivo_direct import PagoEfectivoDirect
from pagoefectivo.providers.pagoefectivo_direct.tokens import Tokens, written
from pagoefectivo.testing.conformance import ProviderConformance
from pagoefectivo.testing.conformance.scripted_server import Arrived

UNSET = "1900-01-01T00:00:00-05:00"


class TestPagoEfectivoDirect(ProviderConformance):
    provider = PagoEfectivoDirect
    credentials = {
        "id_service": "canary-service",
        "access_key": "canary-access-key",
        "secret_key": ("canary-secret-key", "canary-old-secret"),
    }
    payment_reference = "12345678"
    unsupported = frozenset(
        {Operation.FIND_PAYMENT, Operation.REQUEST_REFUND, Operation.FETCH_REFUND, Operation.FIND_REFUND}
    )
    questions_by_post = frozenset({Operation.FETCH_PAYMENT})
    renews_tokens = True

    def warm_up(self, wire: Wire, account: Account) -> None:
        end = written(wire.now() + timedelta(hours=2))
        Tokens(account, wire).take({"token": "canary.of.token", "tokenExpires": end})

    def payment_body(self, raw_status: str) -> bytes:
        is_paid = raw_status == self.paid_word
        return self.answer(
            [
                {
                    "cip": int(self.payment_reference),
                    "transactionCode": self.voucher.reference,
                    "amount": 100.5,
                    "currency": "PEN",
                    "status": int(raw_status) if raw_status.isdigit() else raw_status,
                    "dateCreation": "2026-11-22T09:05:06-05:00",
                    "dateExpiry": "2026-11-24T09:05:06-05:00",
                    "datePayment": "2026-11-23T10:00:00-05:00" if is_paid else UNSET,
                    "dateRemoval": UNSET,
                }
            ]
        )

    def issued_body(self) -> bytes:
        return self.answer(
            {
                "cip": int(self.payment_reference),
                "currency": "PEN",
                "amount": 100.5,
                "transactionCode": self.voucher.reference,
                "dateExpiry": "2026-11-24T09:05:06-05:00",
                "cipUrl": "https://pre1a.payment.pagoefectivo.pe/00000000-0000-4000-8000-000000000001.html",
            }
        )

    def notification(self, raw_status: str) -> bytes:
        event = "cip.paid" if raw_status == self.paid_word else "cip.other"
        data = {"cip": self.payment_reference, "currency": "PEN", "amount": 100.5}
        return json.dumps({"eventType": event, "operationNumber": "9001", "data": data}).encode()

    def error_body(self, raw_code: str) -> bytes:
        return json.dumps({"code": int(raw_code), "message": "Something about it"}).encode()

    def accepts(self, request: Arrived) -> bool:
        return request.headers["authorization"] == "Bearer canary.of.token"

    def signed_headers(self, body: bytes) -> dict[str, str]:
        return {"PE-Signature": hmac.new(b"canary-secret-key", body, hashlib.sha256).hexdigest()}

    def answer(self, data: object) -> bytes:
        return json.dumps({"code": 100, "message": "Solicitud exitosa.", "data": data}).encode()
