"""A provider of somebody else's package keeps every promise, and takes nothing of ours but what strangers may take."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pagoefectivo.providers.base import Operation
from pagoefectivo.testing.conformance import ProviderConformance
from pagoefectivo.testing.conformance.scripted_server import Arrived
from tests.architecture.reading import ROOT, Source, below
from tests.thirdparty.ventanilla import Ventanilla

PACKAGE = Path(__file__).parent / "ventanilla"
FOR_STRANGERS = {
    *(f"pagoefectivo.providers.{name}" for name in ("base", "credentials", "documents", "signing", "transport")),
    *("pagoefectivo.providers.verdicts", "pagoefectivo.domain", "pagoefectivo.testing", "tests.thirdparty.ventanilla"),
}


class TestVentanilla(ProviderConformance):
    provider = Ventanilla
    credentials = {"api_key": "canary-api-key", "signing_key": ("canary-signing-key", "canary-old-key")}
    unlisted_code = "V-NEW"
    unsupported = frozenset({Operation.CANCEL_VOUCHER})
    signed_at = datetime(2026, 11, 22, 14, 5, 6, tzinfo=UTC)

    def payment_body(self, raw_status: str) -> bytes:
        said = {
            "id": self.payment_reference,
            "reference": self.voucher.reference,
            "state": raw_status,
            "amount": 100.50,
            "currency": "PEN",
            "code": "4411223",
            "expires": "2026-11-24T14:05:06Z",
        }
        return json.dumps(said).encode()

    def refund_body(self, raw_status: str) -> bytes:
        said = {
            "id": self.refund_reference,
            "code_id": self.payment_reference,
            "reference": self.refund.reference,
            "state": raw_status,
            "amount": 40.00,
            "currency": "PEN",
        }
        return json.dumps(said).encode()

    def error_body(self, raw_code: str) -> bytes:
        return json.dumps({"error": raw_code, "message": "Something about it"}).encode()

    def signed_headers(self, body: bytes) -> dict[str, str]:
        signed = hmac.new(b"canary-signing-key", b"1795356306." + body, hashlib.sha256).hexdigest()
        return {"V-Signature": f"t=1795356306,v={signed}"}

    def accepts(self, request: Arrived) -> bool:
        return request.headers["authorization"] == "Bearer canary-api-key"


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*.py")), ids=lambda path: path.name)
def test_it_imports_only_what_a_stranger_may(path: Path) -> None:
    ours = {name for name in Source(ROOT, path).imports if name.startswith(("pagoefectivo", "project", "tests"))}
    assert {name for name in ours if not any(below(name, open_one) for open_one in FOR_STRANGERS)} == set()
