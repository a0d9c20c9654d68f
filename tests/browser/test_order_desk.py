"""Support at the page of an order: by keyboard, without JavaScript, at a desk and on a phone."""

from __future__ import annotations

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from pagoefectivo.models import BuyerView, OrderNote, Voucher
from tests.integration.pages.eventful import lived_through, paid_late
from tests.integration.pages.stage import CODE, SCENES

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SERIOUS = {"serious", "critical"}
DESK = (
    "view_order",
    "refresh_order",
    "view_personal_data",
    "add_note",
    "renew_order_link",
    "view_raw_payload",
    "accept_payment",
)


@pytest.fixture
def seated(live_server: Any, settings: Any) -> Any:
    """Log a support person with these permissions into a visitor's browser."""

    def log_in(visitor: Any) -> Any:
        luz, _ = User.objects.get_or_create(username="luz", defaults={"is_staff": True})
        luz.user_permissions.set(Permission.objects.filter(content_type__app_label="pagoefectivo", codename__in=DESK))
        client = Client()
        client.force_login(luz)
        session = {"name": settings.SESSION_COOKIE_NAME, "value": client.cookies[settings.SESSION_COOKIE_NAME].value}
        visitor.context.add_cookies([{**session, "url": live_server.url}])
        visitor.page.set_viewport_size({"width": 1280, "height": 900})
        return visitor

    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "PUBLIC_BASE_URL": live_server.url}
    return log_in


def page_of(order: Any) -> str:
    return reverse("admin:pagoefectivo_order_change", args=[order.pk])


def tab_to(page: Any, text: str) -> None:
    """Press Tab until what has the focus says this."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText").strip() == text:
            return
    pytest.fail(f"the keyboard never reaches {text!r}")


def test_support_reads_filters_notes_and_looks_by_keyboard_alone(seated: Any, plain_visitor: Any) -> None:
    order = lived_through()
    page = seated(plain_visitor).open(page_of(order))
    expect(page.locator(".pe-truth")).to_contain_text("1\xa0hora antes de vencer.")
    tab_to(page, "solo cambios")
    page.keyboard.press("Enter")
    expect(page.locator("[aria-current=true]")).to_have_text("solo cambios")
    assert page.locator(".pe-timeline > li").count() == page.locator(".pe-timeline__state_change").count() == 4
    page.get_by_role("link", name="todo", exact=True).click()
    expect(page.locator(".pe-timeline__gap").first).to_contain_text("sin actividad")
    fold = page.locator(".pe-timeline__exchange summary").first
    fold.focus()
    page.keyboard.press("Enter")
    page.locator(".pe-timeline__exchange").first.get_by_role("link", name="Palabra por palabra").click()
    words = page.locator(".pe-timeline__exchange .pe-words").first
    expect(words).to_be_visible()
    expect(words).not_to_contain_text("maria@example.pe")
    tab_to(page, "Escribir una nota …")
    page.keyboard.press("Enter")
    page.get_by_label("Nota").fill("Pide factura")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".pe-timeline__note").first).to_contain_text("luz")
    expect(page.locator(".pe-timeline__note").first).to_contain_text("Pide factura")
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="Ver como el cliente").click()
    assert re.search(r"/v/[\w-]+/$", opened.value.url)
    assert [note.text for note in OrderNote.objects.order_by("pk")][1:] == ["Pide factura"]
    assert [view.actor for view in BuyerView.objects.all()] == ["staff:luz"]


def test_the_page_is_sound_for_all_at_a_desk_and_on_a_phone(seated: Any, visitor: Any) -> None:
    for place in (lived_through, paid_late, SCENES["requested"][0], SCENES["issued"][0]):
        page = seated(visitor).open(page_of(place()))
        page.locator(".pe-standing > summary").click()
        found = Axe().run(page).response["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in SERIOUS] == []
        assert page.locator("svg.pe-machine").count() == 2
        for wide in (1280, 360):
            page.set_viewport_size({"width": wide, "height": 900})
            assert page.evaluate("document.querySelector('#content-main').scrollWidth <= innerWidth"), wide


def test_what_differs_is_flagged_and_what_was_asked_just_now_says_how_long_to_wait(
    seated: Any, plain_visitor: Any
) -> None:
    page = seated(plain_visitor).open(page_of(paid_late()))
    expect(page.locator(".pe-next h2")).to_contain_text("pagado fuera de plazo")
    expect(page.locator(".pe-next")).to_contain_text("PAID_LATE")
    expect(page.locator(".pe-next .pe-button--main")).to_have_text("Aceptar el pago …")
    expect(page.locator(".pe-says__disputed")).to_have_count(1)
    expect(page.locator(".pe-says__disputed")).to_contain_text("no coinciden")
    order = SCENES["issued, said to be paid long ago"][0]()
    page = plain_visitor.open(page_of(order))
    expect(page.locator("p.pe-wait")).to_contain_text("ASKED_JUST_NOW")
    assert page.locator("p.pe-wait").evaluate("p => parseFloat(getComputedStyle(p).animationDuration)") <= 15
    asked_at = timezone.now()
    Voucher.objects.filter(order=order).update(asked_at=asked_at)
    page.get_by_role("button", name="Consultar ahora al proveedor").first.click()
    expect(page.locator(".messagelist .error")).to_contain_text(re.compile(r"en \d+ segundos"))
    assert Voucher.objects.get(order=order).asked_at == asked_at
    expect(page.locator("body")).to_contain_text(CODE)
