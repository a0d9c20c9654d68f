"""Mercado Pago keeps every promise of a provider."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime

from pagoefectivo.providers.mercadopago import MercadoPago
from pagoefectivo.testing.conformance import ProviderConformance
from pagoefectivo.testing.conformance.scripted_server import Arrived


class TestMercadoPago(ProviderConformance):
    provider = MercadoPago
    credentials = {
        "access_token": "TEST-canary-access-token",
        "webhook_secret": ("canary-webhook-secret", "canary-old-secret"),
    }
    notification_query = "source_news=webhooks&data.id=PAY-1&type=payment"
    signed_at = datetime(2026, 11, 22, 14, 5, 6, 123000, tzinfo=UTC)

    def payment_body(self, raw_status: str) -> bytes:
        return json.dumps(
            {
                "id": self.payment_reference,
                "status": raw_status,
                "status_detail": "pending_waiting_payment",
                "transaction_amount": 100.5,
                "transaction_amount_refunded": 0,
                "currency_id": "PEN",
                "external_reference": self.voucher.reference,
                "date_of_expiration": "2026-11-24T09:05:06.000-05:00",
                "transaction_details": {"verification_code": "24308767", "payment_method_reference_id": "9950"},
                "refunds": [],
            }
        ).encode()

    def refund_body(self, raw_status: str) -> bytes:
        return json.dumps(
            {
                "id": self.refund_reference,
                "payment_id": self.payment_reference,
                "status": raw_status,
                "amount": 100.5,
            }
        ).encode()

    def error_body(self, raw_code: str) -> bytes:
        causes = [{"code": int(raw_code), "description": "Something about it"}] if raw_code.isdigit() else []
        error = "bad_request" if causes else raw_code
        return json.dumps({"message": "Something", "error": error, "status": 400, "cause": causes}).encode()

    def notification(self, raw_status: str) -> bytes:
        return b'{"id":1,"live_mode":false,"type":"payment","action":"payment.updated","data":{"id":"PAY-1"}}'

    def accepts(self, request: Arrived) -> bool:
        return request.headers["authorization"] == "Bearer TEST-canary-access-token"

    def signed_headers(self, body: bytes) -> dict[str, str]:
        signed = hmac.new(b"canary-webhook-secret", b"id:PAY-1;request-id:req-77;ts:1795356306123;", hashlib.sha256)
        return {"x-signature": f"ts=1795356306123,v1={signed.hexdigest()}", "x-request-id": "req-77"}
