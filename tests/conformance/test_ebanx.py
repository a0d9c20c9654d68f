"""EBANX keeps every promise of a provider, with calls signed by a key of the shop's own."""

from __future__ import annotations

import dataclasses
import json
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256

from pagoefectivo.providers.base import READS
from pagoefectivo.providers.ebanx import Ebanx
from pagoefectivo.testing.conformance import ProviderConformance
from pagoefectivo.testing.conformance.scripted_server import Arrived
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

    def notification_of(self, provider_references: Sequence[str]) -> bytes:
        named = ",".join(provider_references)
        return f"operation=payment_status_change&notification_type=update&hash_codes={named}".encode()

    def accepts(self, request: Arrived) -> bool:
        header, _, signature = request.headers["x-jws-signature"].split(".")
        try:
            key_pair("shop").public_key().verify(
                _decoded(signature), header.encode() + b"." + request.body, padding.PKCS1v15(), SHA256()
            )
        except InvalidSignature:
            return False
        return dict(json.loads(_decoded(header))) == {
            "alg": "RS256",
            "kid": "canary-kid",
            "b64": False,
            "crit": ["b64"],
        }

    def second_credentials(self) -> dict[str, str | tuple[str, ...]]:
        return {
            "jws_private_key": private_pem(key_pair("another-shop")),
            "jws_kid": "second-kid",
            "notification_certificates": certificate_pem("ebanx-of-another-shop"),
        }

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


def _decoded(written: str) -> bytes:
    return urlsafe_b64decode(written + "=" * (-len(written) % 4))
