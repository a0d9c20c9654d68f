"""dLocal keeps every promise of a provider."""

from __future__ import annotations

import hashlib
import hmac
import json

from pagoefectivo.providers.dlocal import DLocal
from pagoefectivo.testing.conformance import ProviderConformance


class TestDLocal(ProviderConformance):
    provider = DLocal
    credentials = {
        "login": "canary-login",
        "trans_key": "canary-trans-key",
        "secret_key": ("canary-secret-key", "canary-old-secret"),
    }

    def payment_body(self, raw_status: str) -> bytes:
        return json.dumps(
            {
                "id": self.payment_reference,
                "status": raw_status,
                "status_code": "100",
                "amount": 100.5,
                "currency": "PEN",
                "order_id": self.voucher.reference,
                "ticket": {"number": "2301711", "expiration_date": "2026-11-27T04:59:00.000+0000"},
            }
        ).encode()

    def refund_body(self, raw_status: str) -> bytes:
        return json.dumps(
            {
                "id": self.refund_reference,
                "payment_id": self.payment_reference,
                "status": raw_status,
                "status_code": 200,
                "amount": 40.0,
                "currency": "PEN",
                "order_refund_id": self.refund.reference,
            }
        ).encode()

    def error_body(self, raw_code: str) -> bytes:
        return json.dumps({"code": int(raw_code), "message": "Something about it"}).encode()

    def signed_headers(self, body: bytes) -> dict[str, str]:
        date = "2026-11-22T14:20:00.000Z"
        signed = hmac.new(b"canary-secret-key", b"canary-login" + date.encode() + body, hashlib.sha256).hexdigest()
        return {"X-Date": date, "X-Login": "canary-login", "Authorization": f"V2-HMAC-SHA256, Signature: {signed}"}
