"""A shop's system that speaks to our API over HTTP, one key each."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from pagoefectivo.sandbox.operations import Operations
from pagoefectivo.services import api_keys
from pagoefectivo.services.actors import Permission
from tests.integration.ledger import everything

ROOT = "/pagoefectivo/api/v1/"
JSON = "application/json"
EVERY_SCOPE = (
    *("orders:read", "orders:write", "refunds:read", "refunds:write", "refunds:approve"),
    *("settlements:read", "settlements:write"),
)
PAYER = {
    "email": "maria.quispe@example.pe",
    "name": "María Quispe",
    "phone": "+51987654321",
    "document": {"type": "DNI", "number": "45678912"},
}
ORDER = {"reference": "A-1042", "amount": "89.90", "currency": "PEN", "payer": PAYER}
_numbers = itertools.count(1)


class ApiClient:
    """Speaks JSON with one key; each POST has a fresh Idempotency-Key unless it names one."""

    def __init__(self, plain: str) -> None:
        self.client = Client(raise_request_exception=True)
        self.headers = {"Authorization": f"Api-Key {plain}"}

    def get(self, path: str, **query: Any) -> HttpResponse:
        return self.client.get(ROOT + path, query, headers=self.headers)  # type: ignore[return-value]

    def post(self, path: str, document: Any = None, *, key: str | None = None, **headers: str) -> HttpResponse:
        body = document if isinstance(document, bytes) else b"" if document is None else json.dumps(document).encode()
        return self.send(path, body, {"Idempotency-Key": key or f"k-{next(_numbers)}", **headers})

    def send(self, path: str, body: bytes, headers: dict[str, str], content_type: str = JSON) -> HttpResponse:
        sent = {**self.headers, **headers}
        return self.client.generic("POST", ROOT + path, body, content_type, headers=sent)  # type: ignore[return-value]


def order_like(**changes: Any) -> dict[str, Any]:
    """A request for an order; a change to None leaves the field out."""
    return {name: value for name, value in {**ORDER, **changes}.items() if value is not None}


def problem(response: HttpResponse) -> dict[str, Any]:
    """Read a problem, which has its own media type and all its members."""
    assert response["Content-Type"] == "application/problem+json"
    document: dict[str, Any] = json.loads(response.content)
    assert document["status"] == response.status_code
    assert all(document[name] for name in ("type", "title", "detail", "code", "who", "next_step"))
    return document


@pytest.fixture
def key(psp: Operations) -> Callable[..., ApiClient]:
    """Make a key and a client that uses it."""

    def made(*scopes: str, name: str = "erp", accounts: tuple[str, ...] = ()) -> ApiClient:
        return ApiClient(api_keys.create_key(name, scopes or EVERY_SCOPE, accounts)[1])

    return made


@pytest.fixture
def api(key: Callable[..., ApiClient]) -> ApiClient:
    """A key that may do everything."""
    assert set(EVERY_SCOPE) <= set(Permission)
    return key()


def written() -> dict[str, list[dict[str, Any]]]:
    """Every row of ours but the keys, which note when they were last used."""
    return everything(besides={"ApiKey"})


def decided() -> dict[str, list[dict[str, Any]]]:
    """Every row of ours but the keys and the answers kept for their repetition."""
    return everything(besides={"ApiKey", "IdempotentRequest"})
