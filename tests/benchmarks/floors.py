"""The least that could do the job: what ours is measured against. The goals of performance are ratios to these."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import lru_cache
from hmac import compare_digest
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from pagoefectivo.links import page_key_of
from pagoefectivo.models import Voucher
from pagoefectivo.providers.dlocal.webhook import signature
from pagoefectivo.views.protection import HTML_LANGUAGES, LANGUAGES
from pagoefectivo.views.voucher_texts import page_of

LOGIN, SECRET = "sandbox_login", "sandbox_secret_key"
INBOX = """
CREATE TABLE IF NOT EXISTS bench_inbox
    (id bigserial PRIMARY KEY, account text, identity text UNIQUE, body bytea, headers text, received_at timestamptz)
"""
EXCHANGE = """
CREATE TABLE IF NOT EXISTS bench_exchange
    (id bigserial PRIMARY KEY, request_id text UNIQUE, url text, request bytea, status int, answer bytea,
     sent_at timestamptz)
"""
_STORE = "INSERT INTO bench_inbox (account, identity, body, headers, received_at) VALUES (%s, %s, %s, %s, %s)"


@csrf_exempt
def webhook(request: HttpRequest) -> HttpResponse:
    """Verify the signature, one INSERT, 200."""
    body = request.body
    expected = signature(LOGIN, request.headers["X-Date"], body, SECRET)
    if not compare_digest(request.headers["Authorization"].rpartition(" ")[2], expected):
        return HttpResponse(status=401)
    identity = hashlib.sha256(body).hexdigest()
    with connection.cursor() as cursor:
        cursor.execute(_STORE, ("default", identity, body, str(dict(request.headers)), timezone.now()))
    return HttpResponse()


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
    languages = [(code, name, HTML_LANGUAGES[code], code == "es") for code, name in LANGUAGES.items()]
    return {
        "page": shown, "here": "/here/?lang=es", "status_address": "/status/?lang=es", "language": "es-PE",
        "languages": languages, "lang": "es", "nonce": "x" * 22, "shop_name": "Mi Tienda", "contact": "",
        "contact_link": "",
    }  # fmt: skip
