"""What a buyer does on the page beside reading: choose a way, say "I have paid", watch the time run out."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from pagoefectivo.models import Voucher
from tests.integration.pages.stage import CODE, SCENES, address, place_order, place_voucher

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_way_to_pay_is_chosen_without_javascript_and_what_is_too_small_is_explained(plain_visitor: Any) -> None:
    order = place_order(amount=Decimal("600.00"))
    page = plain_visitor.open(address(place_voucher(order).order))
    expect(page.locator(".way:visible")).to_contain_text("Abre la app de tu banco")
    page.get_by_text("Web del banco", exact=True).click()
    expect(page.locator(".way:visible")).to_contain_text("banca por internet")
    page.keyboard.press("ArrowRight")
    shown = page.locator(".way:visible")
    expect(shown).to_have_count(1)
    expect(shown.locator(".names")).to_contain_text("KasNet")
    expect(shown.locator(".names")).not_to_contain_text("Disashop")
    expect(shown).to_contain_text("Disashop recibe hasta S/\xa0250.00 por operación. Elige otra opción.")
    expect(shown).to_contain_text("podrían recibir menos por operación (sin confirmar; pregunta antes de ir)")
    expect(shown).to_contain_text("Tambo+ S/\xa0500.00")
    expect(shown).to_contain_text("Revisado el 22 nov. 2026")
    page.get_by_text("Celular", exact=True).click(position={"x": 6, "y": 6})
    expect(page.locator(".way:visible")).to_contain_text("Abre la app de tu banco")


def test_saying_paid_works_with_and_without_javascript_and_never_says_that_it_is_paid(
    visitor: Any, plain_visitor: Any
) -> None:
    for each in (visitor, plain_visitor):
        voucher = place_voucher(place_order())
        page = each.open(address(voucher.order) + "?lang=es")
        page.get_by_role("button", name="Ya pagué").click()
        expect(page.locator("#assurance")).to_contain_text("Aún no nos llega la confirmación de tu banco")
        expect(page.get_by_role("button", name="Ya pagué")).to_have_count(0)
        expect(page.locator("#state")).to_have_text("Pendiente de pago")
        expect(page.locator("#code")).to_have_value(CODE)
        assert page.url.endswith("/?lang=es")
        assert Voucher.objects.get(pk=voucher.pk).state == "issued"


def test_a_refused_new_code_says_why_and_leads_back(plain_visitor: Any) -> None:
    order = SCENES["issued, past its deadline"][0]()
    page = plain_visitor.open(address(order))
    Voucher.objects.filter(order=order).update(expires_at=timezone.now() + timedelta(hours=1))
    page.get_by_role("button", name="Generar un código nuevo").click()
    expect(page.locator("h1")).to_have_text("No hay código nuevo")
    page.get_by_role("link", name="Volver a la página de tu código").click()
    expect(page.locator("#code")).to_have_value(CODE)


def test_the_time_runs_before_the_eyes_and_is_told_to_the_ears_only_at_its_marks(visitor: Any) -> None:
    voucher = place_voucher(place_order(), expires_at=timezone.now() + timedelta(hours=1, seconds=50))
    visitor.page.clock.install()
    page = visitor.open(address(voucher.order) + "?lang=en")
    expect(page.locator("#ticks")).to_have_text(re.compile(r"1:00:\d\d"))
    before = page.locator("#ticks").inner_text()
    page.clock.run_for(2_000)
    assert page.locator("#ticks").inner_text() < before
    expect(page.locator("#announced")).to_have_text("")
    assert page.locator("[role=status] #left, [aria-live] #left, [role=status] #ticks").count() == 0
    Voucher.objects.filter(pk=voucher.pk).update(expires_at=timezone.now() + timedelta(minutes=59, seconds=59))
    page.clock.run_for(50_000)
    expect(page.locator("#announced")).to_have_text("59 minutes left")


def test_when_the_time_is_over_the_server_says_what_holds(visitor: Any) -> None:
    voucher = place_voucher(place_order(), expires_at=timezone.now() + timedelta(seconds=4))
    page = visitor.open(address(voucher.order) + "?lang=en")
    expect(page.locator("h1")).to_have_text("The deadline of this code has passed")
    expect(page.get_by_role("button", name="Get a new code")).to_be_visible()


def test_every_state_reads_well_in_every_language(plain_visitor: Any) -> None:
    for scene, (place, _, _, _) in SCENES.items():
        path = address(place())
        headings = set()
        for language, tag in (("es", "es-PE"), ("en", "en"), ("zh", "zh-Hans")):
            page = plain_visitor.open(f"{path}?lang={language}")
            assert page.locator("html").get_attribute("lang") == tag, scene
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (scene, language)
            headings.add(page.locator("h1").inner_text())
        assert len(headings) == 3, scene
