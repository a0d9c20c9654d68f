"""A shop's own looks: its logo and colours are there, and the policy still lets in nothing but ours."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

import pytest
from django.test import Client

from tests.integration.pages.stage import SCENES, address, place_order, place_voucher

pytestmark = pytest.mark.django_db

BRAND = {
    "LOGO": "/static/shop/logo.svg",
    "COLOR": "#7a1fa2",
    "DARK_COLOR": "#e1b3f5",
    "RETURN_URL": "https://tienda.example/",
}


def test_logo_and_colours_show_and_the_policy_names_exactly_this_style(client: Client, settings: Any) -> None:
    order = place_voucher(place_order()).order
    plain = client.get(address(order)).content.decode()
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "BRAND": BRAND}
    answer = client.get(address(order))
    text = answer.content.decode()
    assert '<img class="logo" src="/static/shop/logo.svg" alt="Mi Tienda" height="32">' in text
    assert "--link: #7a1fa2" in text
    assert "--link: #e1b3f5" in text
    assert "#7a1fa2" not in plain
    [style] = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in answer["Content-Security-Policy"]


def test_the_way_back_to_the_shop_shows_once_there_is_nothing_to_pay(client: Client, settings: Any) -> None:
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "BRAND": BRAND}
    for scene, (place, face, _, _) in SCENES.items():
        text = client.get(address(place())).content.decode()
        is_there = 'href="https://tienda.example/" rel="noreferrer"' in text
        assert is_there is (face not in {"issued", "confirming"}), scene


def test_a_corrected_channel_shows_on_the_page(client: Client, settings: Any) -> None:
    order = place_voucher(place_order()).order
    before = client.get(address(order) + "?lang=en").content.decode()
    settings.PAGOEFECTIVO = {
        **settings.PAGOEFECTIVO,
        "PAYMENT_CHANNELS": {"kasnet": {"CEILING": "50.00", "VERIFIED_ON": "2026-11-20"}, "tambo": None},
    }
    text = client.get(address(order) + "?lang=en").content.decode()
    assert "Tambo+" in before
    assert "Tambo+" not in text
    assert "KasNet takes up to S/\xa050.00 per operation. Choose another place." in text
    assert "Reviewed on Nov 20, 2026." in text
