"""The refund page in a real browser, on the phone it was drawn for."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from pagoefectivo.models import Refund
from tests.integration.pages.refund_stage import CCI, DIGITS, MISTYPED_CCI, NAME, SCENES, path_of, place

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SERIOUS = {"serious", "critical"}
PICTURES = os.environ.get("PAGOEFECTIVO_PICTURES")  # a folder: each state is drawn there


def _is_good(page: Page, name: str) -> None:
    found = Axe().run(page).response["violations"]
    assert [f"{each['id']}: {each['nodes'][0]['html']}" for each in found if each["impact"] in SERIOUS] == [], name
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name.replace(' ', '-').replace(',', '')}.png", full_page=True)


def _shows_who(page: Page) -> None:
    page.get_by_label("Los últimos 3 dígitos del celular").fill(DIGITS)
    page.get_by_role("button", name="Continuar", exact=True).click()


def _types(page: Page, cci: str = CCI, last: str = CCI[-4:]) -> None:
    page.get_by_label("Titular de la cuenta").fill(NAME)
    page.get_by_label("Documento del titular").select_option("DNI")
    page.get_by_label("Número de documento").fill("45678912")
    page.get_by_label("CCI de la cuenta").fill(cci)
    page.get_by_label("Sus últimos 4 dígitos otra vez").fill(last)
    page.get_by_role("button", name="Revisar antes de enviar").click()


@pytest.mark.parametrize(("language", "night"), [("es", False), ("en", True), ("zh", False)])
def test_every_state_is_readable_by_everybody(visitor: Any, language: str, night: bool) -> None:
    if night:
        visitor.page.emulate_media(color_scheme="dark")
    for scene, (put, face, asks_who, words) in SCENES.items():
        page = visitor.open(f"{path_of(put())}?lang={language}")
        expect(page.locator("main")).to_have_attribute("data-face", face)
        expect(page.locator("[role=status]").first).to_be_visible()
        expect(page.locator("#digits")).to_have_count(int(asks_who))
        if language == "en":
            expect(page.locator("main")).to_contain_text(words)
        _is_good(page, f"{language} {scene}")


def test_a_buyer_gives_the_account_on_a_phone(visitor: Any) -> None:
    _give(visitor, "js")


def test_a_buyer_gives_the_account_without_javascript(plain_visitor: Any) -> None:
    _give(plain_visitor, "plain")


def _give(visitor: Any, name: str) -> None:
    refund = place(SCENES["account missing"][0]().state)
    page = visitor.open(path_of(refund))
    page.get_by_label("Los últimos 3 dígitos del celular").fill("000")
    page.get_by_role("button", name="Continuar", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("No coincide")
    _picture(page, name, "wrong digits")
    _shows_who(page)
    expect(page.locator("main")).to_contain_text("M•••• Q••••")
    _picture(page, name, "form")
    _types(page, CCI[:-1], "9014")
    expect(page.locator("#account_number_error")).to_have_text("El CCI tiene 20 dígitos; escribiste 19.")
    expect(page.locator("#account_number")).to_have_attribute("aria-invalid", "true")
    _picture(page, name, "complaints")
    _types(page, MISTYPED_CCI, MISTYPED_CCI[-4:])
    expect(page.locator("main")).to_contain_text("probablemente")
    _picture(page, name, "review odd")
    page.get_by_role("button", name="Corregir").click()
    expect(page.get_by_label("Titular de la cuenta")).to_have_value(NAME)
    expect(page.get_by_label("CCI de la cuenta")).to_have_value("")
    _types(page)
    expect(page.locator("main")).to_contain_text("BCP •••• •••• •••• 9013")
    assert CCI not in page.content()
    _picture(page, name, "review")
    page.get_by_role("button", name="Confirmar y pedir devolución").click()
    expect(page.locator("h1")).to_have_text("Una persona está revisando tu devolución")
    expect(page.locator("[aria-current=step]")).to_contain_text("Datos recibidos")
    _picture(page, name, "given")
    kept = Refund.objects.select_related("destination").get(pk=refund.pk).destination
    assert kept is not None
    assert (kept.account_number, kept.entered_by) == (CCI, "buyer")
    page.context.clear_cookies()
    page.reload()
    expect(page.locator("main")).not_to_contain_text("9013")
    visitor.complaints.clear()  # chromium itself reports the 422


def _picture(page: Page, name: str, what: str) -> None:
    if name == "js":
        _is_good(page, f"es {what}")


def test_everything_is_reached_by_keyboard_and_touched_by_a_thumb(visitor: Any) -> None:
    page = visitor.open(path_of(SCENES["account missing"][0]()))
    _shows_who(page)
    wanted = page.locator("a:visible, button:visible, select:visible, input:visible")
    for index in range(wanted.count()):
        box = wanted.nth(index).bounding_box()
        assert box is not None
        assert min(box["height"], box["width"]) >= 44, wanted.nth(index).get_attribute("id")
    reached = set()
    for _ in range(wanted.count() + 2):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.outerHTML.slice(0, 80)"))
    assert len(reached) >= wanted.count()


def test_a_rejected_account_is_corrected_on_the_page_of_the_next_try(visitor: Any) -> None:
    page = visitor.open(path_of(SCENES["account rejected"][0]()))
    _shows_who(page)
    _is_good(page, "es account rejected, opened")
    page.get_by_role("button", name="Dar otra cuenta e intentar de nuevo").click()
    expect(page.locator("h1")).to_have_text("Dinos a dónde va tu dinero")
    _types(page)
    page.get_by_role("button", name="Confirmar y pedir devolución").click()
    expect(page.locator("h1")).to_have_text("Una persona está revisando tu devolución")
