"""EBANX keeps every promise of a provider, with calls signed by a key of the shop's own."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from pagoefectivo.providers.base import READS
from pagoefectivo.providers.ebanx import Ebanx
from pagoefectivo.testing.conformance import ProviderConformance
from tests.unit.providers.ebanx_stage import HASH, certificate_pem, key_pair, private_pem, signed_headers


class TestEbanx(ProviderConformance):
    provider = Ebanx
    credentials = {
        "jws_private_key": private_pem(key_pair("shop")),
        "jws_kid": "canary-kid",
        "notification_certificates": (certificate_pem("ebanx"), certificate_pem("ebanx-of-last-year")),
    }
    payment_reference = HASH
    refund_reference = "9283"
    refund = dataclasses.replace(ProviderConformance.refund, payment_reference=HASH)
    unlisted_code = "BP-XX-99"
    refusal_status = 200
    questions_by_post = READS

    def payment_body(self, raw_status: str) -> bytes:
        return self._envelope(self._payment(raw_status))

    def refund_body(self, raw_status: str) -> bytes:
        refund = {
            "id": self.refund_reference,
            "merchant_refund_code": self.refund.reference,
            "status": raw_status,
            "amount_ext": "40.00",
        }
        return self._envelope(self._payment("CO") | {"refunds": [refund]}, refund=refund, operation="refund")

    def notification(self, raw_status: str) -> bytes:
        return f"operation=payment_status_change&notification_type=update&hash_codes={HASH}".encode()

    def error_body(self, raw_code: str) -> bytes:
        said = {"status": "ERROR", "status_code": raw_code, "status_message": "Something about it"}
        return json.dumps(said).encode()

    def signed_headers(self, body: bytes) -> dict[str, str]:
        return signed_headers(body)

    def _payment(self, raw_status: str) -> dict[str, Any]:
        return {
            "hash": self.payment_reference,
            "merchant_payment_code": self.voucher.reference,
            "status": raw_status,
            "amount_br": "100.50",
            "amount_ext": "100.50",
            "currency_ext": "PEN",
            "due_date": "2026-11-24",
            "payment_type_code": "pagoefectivo",
            "cip_code": "2301711",
        }

    @staticmethod
    def _envelope(payment: dict[str, Any], **more: Any) -> bytes:
        return json.dumps({"payment": payment, **more, "status": "SUCCESS"}).encode()
