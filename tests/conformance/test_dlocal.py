"""dLocal keeps every promise of a provider."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime

from pagoefectivo.providers.dlocal import DLocal
from pagoefectivo.testing.conformance import ProviderConformance
from pagoefectivo.testing.conformance.scripted_server import Arrived


class TestDLocal(ProviderConformance):
    provider = DLocal
    credentials = {
        "login": "canary-login",
        "trans_key": "canary-trans-key",
        "secret_key": ("canary-secret-key", "canary-old-secret"),
    }
    signed_at = datetime(2026, 11, 22, 14, 20, tzinfo=UTC)

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
        return {"X-Date": date, "X-Login": "canary-login", "Authorization": _authorization(date, body)}

    def accepts(self, request: Arrived) -> bool:
        said = request.headers
        signed = _authorization(said["x-date"], request.body)
        return (said["x-login"], said["x-trans-key"], said["authorization"]) == (
            "canary-login",
            "canary-trans-key",
            signed,
        )


def _authorization(date: str, body: bytes) -> str:
    signed = hmac.new(b"canary-secret-key", b"canary-login" + date.encode() + body, hashlib.sha256).hexdigest()
    return f"V2-HMAC-SHA256, Signature: {signed}"
