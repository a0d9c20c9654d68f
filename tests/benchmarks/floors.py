"""The least that could do the job: what ours is measured against. The goals of performance are ratios to these."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from functools import lru_cache
from hmac import compare_digest
from typing import Any

from django.db import connection, models
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from pagoefectivo import storefront
from pagoefectivo.domain.languages import HTML_LANGUAGES, LANGUAGES
from pagoefectivo.links import page_key_of
from pagoefectivo.models import Voucher
from pagoefectivo.providers.dlocal.webhook import signature
from pagoefectivo.views.voucher_texts import page_of

LOGIN, SECRET = "sandbox_login", "sandbox_secret_key"
INBOX = """
CREATE TABLE IF NOT EXISTS bench_inbox
    (id bigserial PRIMARY KEY, account text, identity text UNIQUE, body bytea, headers jsonb, received_at timestamptz)
"""
EXCHANGE = """
CREATE TABLE IF NOT EXISTS bench_exchange
    (id bigserial PRIMARY KEY, request_id text UNIQUE, url text, request bytea, status int, answer bytea,
     sent_at timestamptz)
"""
_STORE = "INSERT INTO bench_inbox (account, identity, body, headers, received_at) VALUES (%s, %s, %s, %s, %s)"


class Inbox(models.Model):
    """What the floor stores of a notification."""

    account = models.TextField()
    identity = models.TextField(unique=True)
    body = models.BinaryField()
    headers = models.JSONField()
    received_at = models.DateTimeField()

    class Meta:
        app_label = "pagoefectivo"
        managed = False
        db_table = "bench_inbox"

    def __str__(self) -> str:
        return self.identity


@csrf_exempt
def webhook(request: HttpRequest, account: str) -> HttpResponse:
    """Verify the signature, one INSERT as anybody would write it, 200."""
    if not _is_signed(request):
        return HttpResponse(status=401)
    Inbox._default_manager.create(
        account=account,
        identity=hashlib.sha256(request.body).hexdigest(),
        body=request.body,
        headers=dict(request.headers),
        received_at=timezone.now(),
    )
    return HttpResponse()


@csrf_exempt
def webhook_by_hand(request: HttpRequest, account: str) -> HttpResponse:
    """The same with its INSERT written by hand."""
    if not _is_signed(request):
        return HttpResponse(status=401)
    identity, headers = hashlib.sha256(request.body).hexdigest(), json.dumps(dict(request.headers))
    with connection.cursor() as cursor:
        cursor.execute(_STORE, (account, identity, request.body, headers, timezone.now()))
    return HttpResponse()


def _is_signed(request: HttpRequest) -> bool:
    expected = signature(LOGIN, request.headers["X-Date"], request.body, SECRET)
    return compare_digest(request.headers["Authorization"].rpartition(" ")[2], expected)


def page(request: HttpRequest, token: str) -> HttpResponse:
    """One SELECT of the voucher, as anybody would write it, and the template of the buyer's page without a barcode."""
    Voucher.objects.select_related("order").get(order__page_key=page_key_of(token))
    return HttpResponse(render_to_string("pagoefectivo/voucher.html", _facts()))


def template_alone(request: HttpRequest, token: str) -> HttpResponse:
    """The same template beside a `SELECT 1`, which reads nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    return HttpResponse(render_to_string("pagoefectivo/voucher.html", _facts()))


@lru_cache(maxsize=1)
def _facts() -> dict[str, Any]:
    voucher = Voucher.objects.select_related("order").order_by("pk")[0]
    shown = replace(page_of(voucher.order, [voucher], [], language="es", now=timezone.now()), barcode=None)
    style = render_to_string("pagoefectivo/page.css", {"brand": storefront.current().brand})
    languages = [(code, name, HTML_LANGUAGES[code], code == "es") for code, name in LANGUAGES.items()]
    return {
        "page": shown, "here": "/here/?lang=es", "status_address": "/status/?lang=es", "language": "es-PE",
        "languages": languages, "lang": "es", "nonce": "x" * 22, "shop_name": "Mi Tienda", "contact": "",
        "contact_link": "", "style": style, "brand": storefront.current().brand,
        **dict.fromkeys(("paid_address", "sheet_address", "share_address", "reminder_address"), "/here/"),
    }  # fmt: skip
