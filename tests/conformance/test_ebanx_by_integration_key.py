"""EBANX keeps the same promises towards a shop that still has its integration key."""

from __future__ import annotations

from tests.conformance.test_ebanx import TestEbanx as SignedPromises
from tests.unit.providers.ebanx_stage import certificate_pem


class TestEbanxByIntegrationKey(SignedPromises):
    credentials = {
        "integration_key": "canary-integration-key",
        "notification_certificates": certificate_pem("ebanx"),
    }
