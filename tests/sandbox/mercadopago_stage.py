"""A merchant of the Mercado Pago face, who speaks by the published recipe."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import requests


@dataclass
class Collector:
    """A merchant of the face."""

    base_url: str
    notification_url: str
    session: requests.Session
    token: str = "TEST-sandbox-access-token"

    def call(self, method: str, path: str, document: object = None, **headers: str) -> requests.Response:
        sent = {
            "Authorization": f"Bearer {self.token}",
            "X-Render-In-Process-Refunds": "true",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        body = b"" if document is None else document if isinstance(document, bytes) else json.dumps(document).encode()
        return self.session.request(method, f"{self.base_url}/v1/{path}", data=body, headers=sent, timeout=5)

    def create(self, key: str = "key-1", **changes: Any) -> requests.Response:
        document = {
            "transaction_amount": 100.50,
            "description": "Two books",
            "payment_method_id": "pagoefectivo_atm",
            "payer": {"email": "maria@example.com"},
            "external_reference": "ORD-0001",
            "notification_url": self.notification_url,
            **changes,
        }
        given = {name: value for name, value in document.items() if value is not None}
        return self.call("POST", "payments", given, X_Idempotency_Key=key)

    def issue(self, key: str = "key-1", **changes: Any) -> dict[str, Any]:
        answer = self.create(key, **changes)
        assert answer.status_code == 201, answer.text
        return answer.json()  # type: ignore[no-any-return]

    def refund(self, payment: dict[str, Any], amount: object = None, key: str = "r-1", **headers: str) -> Any:
        document = None if amount is None else {"amount": amount}
        return self.call("POST", f"payments/{payment['id']}/refunds", document, X_Idempotency_Key=key, **headers)

    def read(self, payment: dict[str, Any]) -> dict[str, Any]:
        return self.call("GET", f"payments/{payment['id']}").json()  # type: ignore[no-any-return]


def told(answer: requests.Response) -> tuple[int, Any]:
    """Return HTTP status and the code of the cause."""
    causes = answer.json()["cause"]
    return answer.status_code, causes[0]["code"] if causes else None
