"""A provider with a pen: it signs as dLocal does and drops its letters at our door."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from pagoefectivo.sandbox.psps.dlocal_signing import authorization, x_date
from pagoefectivo.services import seams
from pagoefectivo.views import webhooks

DOOR = "/pagoefectivo/webhooks/default/"
LOGIN = "sandbox_login"
SECRET = "sandbox_secret_key"
PAID = {"id": "D-4-1", "order_id": "A-1042-1", "status": "PAID", "amount": 89.9, "currency": "PEN"}


def signed(body: bytes, *, secret: str = SECRET, login: str = LOGIN) -> dict[str, str]:
    """The headers with which dLocal would send `body` now."""
    date = x_date(seams.now())
    return {"X-Date": date, "X-Login": login, "Authorization": authorization(login, secret, date, body)}


@pytest.fixture
def body() -> bytes:
    return json.dumps(PAID).encode()


@pytest.fixture
def deliver(client: Client) -> Callable[..., Any]:
    """Drop a letter; signed unless `headers` say otherwise."""

    def delivered(body: bytes, *, headers: dict[str, str] | None = None, door: str = DOOR, **meta: Any) -> Any:
        sent = signed(body) if headers is None else headers
        return client.post(door, body, content_type="application/json", headers=sent, **meta)

    return delivered


@pytest.fixture(autouse=True)
def _nobody_is_banned() -> Iterator[None]:
    yield
    webhooks.banned.forget()
