"""EBANX keeps the same promises towards a shop that still has its integration key."""

from __future__ import annotations

import json

from pagoefectivo.testing.conformance.scripted_server import Arrived
from tests.conformance.test_ebanx import TestEbanx as SignedPromises
from tests.unit.providers.ebanx_stage import certificate_pem


class TestEbanxByIntegrationKey(SignedPromises):
    credentials = {
        "integration_key": "canary-integration-key",
        "notification_certificates": certificate_pem("ebanx"),
    }

    def accepts(self, request: Arrived) -> bool:
        said = json.loads(request.body)
        return "x-jws-signature" not in request.headers and said["integration_key"] == "canary-integration-key"

    def second_credentials(self) -> dict[str, str | tuple[str, ...]]:
        return {"integration_key": "second-key", "notification_certificates": certificate_pem("ebanx-of-another-shop")}
