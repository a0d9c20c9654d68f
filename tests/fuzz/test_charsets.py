"""A charset in which nothing can be read, at every door: Django alone would answer each of these with 500."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from itertools import cycle, product
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.core.handlers.wsgi import WSGIRequest
from django.test import Client
from django.urls import reverse

from pagoefectivo.models import WebhookDelivery
from pagoefectivo.services import api_keys
from tests.fuzz.genuine import UNREADABLE
from tests.fuzz.letters import signed
from tests.fuzz.stage import SHOP
from tests.integration.api.conftest import EVERY_SCOPE, order_like
from tests.integration.ledger import everything
from tests.integration.pages.stage import address, place_order, place_voucher

pytestmark = pytest.mark.django_db

PARAMETERS = (*(f"charset={name}" for name in UNREADABLE), "charset*=bogus''x", "charset*=utf-8''%00", "x*=bogus''x")
QUERIES = ("", "q=%ff%2BAA-&lang=es", "q=%5Cud800+2AA-", "a&" * 1100)


@pytest.fixture(autouse=True)
def _shop(settings: Any) -> None:
    settings.PAGOEFECTIVO = SHOP


def drop(body: bytes, content_type: str, query: str = "") -> int:
    """Drop a signed letter; the status of the answer."""
    address = f"/pagoefectivo/webhooks/default/?{query}"
    headers = signed(body, datetime.now(UTC)).headers
    return Client().generic("POST", address, body, content_type, headers=headers).status_code


@pytest.mark.parametrize(("parameter", "query"), list(zip([*PARAMETERS, "charset=utf-8"], cycle(QUERIES))))
def test_A10_a_signed_letter_is_kept_whatever_charset_it_names(parameter: str, query: str) -> None:
    body = b'{"id": "D-1", "status": "PAID"}'
    assert drop(body, f"application/json; {parameter}", query) == 200
    kept = WebhookDelivery.objects.get()
    assert kept.event_identity == hashlib.sha256(b"default\0" + body).hexdigest()
    assert bytes(kept.body) == body


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_the_api_takes_no_body_in_a_charset_that_is_none(parameter: str) -> None:
    _, plain = api_keys.create_key("shop", EVERY_SCOPE, ())
    before = everything(besides=frozenset({"ApiKey"}))
    for query in QUERIES:
        response = Client().generic(
            "POST", f"/pagoefectivo/api/v1/orders/?{query}", json.dumps(order_like()), f"application/json; {parameter}",
            headers={"Authorization": f"Api-Key {plain}", "Idempotency-Key": "k-1"},
        )  # fmt: skip
        assert (response.status_code, response["Content-Type"]) == (415, "application/problem+json")
    assert everything(besides=frozenset({"ApiKey"})) == before


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_pages_and_forms_answer_whatever_charset_they_are_asked_in(parameter: str) -> None:
    order = place_order()
    place_voucher(order)
    User.objects.create_superuser("boss", "boss@example.pe", "x")
    client = Client(raise_request_exception=True)
    client.force_login(User.objects.get())
    fields = {"amount": "1+2AA-\\ud800", "reason": "\\ud800+2AA-"}
    parts = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{text}\r\n' for key, text in fields.items()
    )
    bodies = {
        "application/x-www-form-urlencoded": urlencode(fields),
        "multipart/form-data; boundary=x": f"{parts}--x--\r\n",
    }
    doors = (
        address(order), reverse("admin:pagoefectivo_order_changelist"),
        reverse("admin:pagoefectivo_order_change", args=[order.pk]), reverse("admin:login"),
    )  # fmt: skip
    for page, query in zip(doors, QUERIES, strict=True):
        for method, (media_type, body) in product(("GET", "POST"), bodies.items()):
            response = client.generic(method, f"{page}?{query}", body.encode(), f"{media_type}; {parameter}")
            assert response.status_code < 500, (method, page, query)


@pytest.mark.parametrize("content_type", ["text/plain", "a/b; charset=utf-8", "a/b; charset=latin-1", "a/b; charset=x"])
def test_a_request_that_django_can_read_stays_as_it_is(content_type: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    build = WSGIRequest.__init__

    def noted(self: WSGIRequest, environ: dict[str, Any]) -> None:
        build(self, environ)
        seen.append(environ["CONTENT_TYPE"])

    monkeypatch.setattr(WSGIRequest, "__init__", noted)
    assert drop(b"{}", content_type) == 200
    assert set(seen) == {content_type}
