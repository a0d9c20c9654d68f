"""A buyer whose link opens nothing asks for it on a phone, with and without JavaScript."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from pagoefectivo.models import BuyerMessage
from tests.integration.pages.stage import place_order, place_voucher

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SERIOUS = {"serious", "critical"}
NOWHERE = f"/pagoefectivo/v/{'A' * 44}/"
PICTURES = os.environ.get("PAGOEFECTIVO_PICTURES")  # a folder: each state is drawn there
WORDS = {
    "es": ("Tu correo", "Pedir enlace", "Revisa tu correo"),
    "en": ("Your e-mail", "Send me the link", "Look into your mail"),
    "zh": ("您的邮箱", "发送链接", "请查看您的邮箱"),
}


def _is_good(page: Page, name: str) -> None:
    found = Axe().run(page).response["violations"]
    assert [f"{each['id']}: {each['nodes'][0]['html']}" for each in found if each["impact"] in SERIOUS] == [], name
    assert page.evaluate("document.documentElement.scrollWidth") == 360, name
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("language", WORDS)
def test_the_link_is_asked_for_on_the_page_that_opens_nothing(visitor: Any, language: str) -> None:
    place_voucher(place_order())
    if language == "en":
        visitor.page.emulate_media(color_scheme="dark")
    label, button, told = WORDS[language]
    page = visitor.open(f"{NOWHERE}?lang={language}")
    _is_good(page, f"lost-link-{language}")
    for each in (page.get_by_label(label), page.get_by_role("button", name=button)):
        box = each.bounding_box()
        assert box is not None
        assert box["height"] >= 44
    page.get_by_label(label).fill("maria.quispe@example.pe")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(told)
    _is_good(page, f"lost-link-asked-for-{language}")
    assert BuyerMessage.objects.get().kind == "link_wanted"
    assert "maria" not in page.url
    page.get_by_role("navigation").get_by_text("English").click()
    expect(page.get_by_label(WORDS["en"][0])).to_have_value("")
    visitor.complaints.clear()  # chromium itself reports the 404


def test_a_wrong_email_is_said_beside_the_field_without_javascript(plain_visitor: Any) -> None:
    page = plain_visitor.open(f"{NOWHERE}?lang=es")
    page.get_by_label("Tu correo").fill("maria@nada")  # a browser takes it for one
    page.get_by_role("button", name="Pedir enlace").click()
    expect(page.locator("#email_error")).to_have_text("Escríbelo así: nombre@ejemplo.com.")
    expect(page.get_by_label("Tu correo")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Tu correo").fill("nadie@example.pe")
    page.get_by_role("button", name="Pedir enlace").click()
    expect(page.locator("h1")).to_have_text("Revisa tu correo")
    assert not BuyerMessage.objects.exists()
