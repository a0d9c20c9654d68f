"""The refund desk in a real browser, against a real provider: the clicks that each thing takes are counted."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from pagoefectivo.models import Refund
from tests.browser.conftest import Visitor
from tests.integration.conftest import account, open_order, paid_order, provider, psp, sandbox, sweep, world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
__all__ = ["account", "open_order", "paid_order", "provider", "psp", "sandbox", "sweep", "world"]  # fixtures

SERIOUS = {"serious", "critical"}
PICTURES = os.environ.get("PAGOEFECTIVO_PICTURES")  # a folder: each page is drawn there
SEES = ("view_order", "view_refund", "view_voucher", "view_anomaly")
SUPPORT = (*SEES, "request_refund")
FINANCE = (*SEES, "approve_refund", "own_outside_refund")


class Desk:
    """Somebody of the shop at a desk of 1280 pixels."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor, self.page, self.clicks = visitor, visitor.page, 0

    def opens(self, name: str, row: Any) -> Page:
        """Open the page of a row; that is no click."""
        return self._visitor.open(reverse(f"admin:pagoefectivo_{name}_change", args=[row.pk]))

    def clicks_on(self, word: str) -> None:
        """Click the one link or button that says this, and look whether the page it leads to is sound."""
        self.clicks += 1
        link = self.page.get_by_role("link", name=word, exact=True)
        (link if link.count() else self.page.get_by_role("button", name=word, exact=True)).click()
        _is_sound(self.page)


def _is_sound(page: Page) -> None:
    found = Axe().run(page).response["violations"]
    ours = [each for each in found if each["impact"] in SERIOUS]
    assert [f"{each['id']}: {each['nodes'][0]['html']}" for each in ours] == [], page.url
    for wide in (1280, 360):
        page.set_viewport_size({"width": wide, "height": 900})
        assert page.evaluate("document.querySelector('#content-main').scrollWidth <= innerWidth"), (page.url, wide)
        if PICTURES:
            name = page.url.split("/admin/")[1].strip("/").replace("/", "-")
            page.screenshot(path=Path(PICTURES) / f"{name}-{wide}.png", full_page=True)
    page.set_viewport_size({"width": 1280, "height": 900})


@pytest.fixture
def desk(browser: Any, live_server: Any, psp: Any, settings: Any) -> Iterator[Callable[..., Desk]]:
    """Seat somebody with these permissions."""
    visitors = []

    def seated(name: str, permissions: tuple[str, ...]) -> Desk:
        user, _ = User.objects.get_or_create(username=name, defaults={"is_staff": True})
        held = Permission.objects.filter(content_type__app_label="pagoefectivo", codename__in=permissions)
        user.user_permissions.set(held)
        client = Client()
        client.force_login(user)
        visitor = Visitor(browser, live_server)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        visitor.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
        visitors.append(visitor)
        return Desk(visitor)

    yield seated
    for visitor in visitors:
        visitor.context.close()
        assert visitor.strangers == []


def _asks_for(desk: Desk, amount: str) -> Refund:
    """Ask for a part of an order whose page is open."""
    desk.clicks_on("Devolver …")
    desk.page.get_by_label("¿Cuánto?").fill(amount)
    desk.page.get_by_label("¿Por qué?").select_option("damaged")
    desk.clicks_on("Ver en qué resulta")
    desk.clicks_on(f"Solicitar la devolución de S/\xa0{amount}")
    return Refund.objects.latest("pk")


def test_half_of_an_order_goes_back_by_two_people_in_five_clicks(
    desk: Any, account: Any, psp: Any, paid_order: Any, world: Any, sweep: Any
) -> None:
    order = paid_order()
    account(REFUND_APPROVAL_OVER="20.00")
    ana, luz = desk("ana", SUPPORT), desk("luz", FINANCE)
    ana.opens("order", order)
    refund = _asks_for(ana, "44.95")
    expect(ana.page.locator(".pe-rail__here")).to_contain_text("solicitada")
    expect(ana.page.locator("#content-main")).to_contain_text("debe aprobarla otra persona")
    luz.opens("refund", refund)
    luz.clicks_on("Revisar y aprobar …")
    expect(luz.page.locator("#content-main")).to_contain_text("S/\xa044.95")
    luz.clicks_on("Aprobar y enviar")
    expect(luz.page.locator(".pe-rail__here")).to_contain_text("en el proveedor")
    refund.refresh_from_db()
    psp.settle_refund(refund.provider_reference)
    world.advance(seconds=3)
    sweep()
    page = ana.opens("refund", refund)
    expect(page.locator(".pe-rail__here")).to_contain_text("devuelto")
    _is_sound(page)
    assert (ana.clicks, luz.clicks) == (3, 2)
    order.refresh_from_db()
    assert (order.state, order.refunded_amount) == ("partially_refunded", Decimal("44.95"))


def test_a_failed_refund_is_understood_from_its_code_and_mended(
    desk: Any, psp: Any, paid_order: Any, world: Any, sweep: Any
) -> None:
    order, ana = paid_order(), desk("ana", SUPPORT)
    ana.opens("order", order)
    failed = _asks_for(ana, "89.90")
    psp.settle_refund(failed.provider_reference, "reject", reason="Account closed")
    world.advance(seconds=3)
    sweep()
    page, before = ana.opens("refund", failed), ana.clicks
    told = page.locator(".pe-why-not")
    expect(told).to_contain_text("Qué salió mal")
    expect(told).to_contain_text("REFUND_")
    expect(told.locator(".pe-button--main")).to_have_count(1)
    expect(page.locator("main, #content-main").first).not_to_contain_text("Account closed")
    ana.clicks_on("Devolver de nuevo …")
    ana.clicks_on("Solicitarla de nuevo")
    assert ana.clicks - before == 2
    assert Refund.objects.latest("pk").state == "pending"


def test_an_unknown_refund_is_asked_about_and_nothing_is_sent_twice(desk: Any, psp: Any, paid_order: Any) -> None:
    order, ana = paid_order(), desk("ana", SUPPORT)
    psp.fault("refund", "drop_after")
    ana.opens("order", order)
    refund = _asks_for(ana, "89.90")
    assert refund.state == "unknown"
    buttons = ana.page.locator("#content-main .pe-buttons .pe-button--main")
    expect(buttons).to_have_count(1)
    ana.clicks_on("Escribir al proveedor …")
    assert refund.reference in ana.page.get_by_label("Mensaje").input_value()
    ana.clicks_on("Volver")
    before = ana.clicks
    ana.clicks_on("Consultar ahora al proveedor")
    expect(ana.page.locator(".pe-rail__here")).to_contain_text("en el proveedor")
    assert ana.clicks - before == 1
    assert (len(psp.refunds()), psp.call_counts()["refund"]) == (1, 1)


def test_a_refund_from_outside_is_owned_in_two_clicks(
    desk: Any, psp: Any, paid_order: Any, world: Any, sweep: Any
) -> None:
    order, luz = paid_order(), desk("luz", FINANCE)
    psp.settle_refund(psp.dashboard_refund(order.vouchers.get().code, amount="20.00")["id"])
    world.advance(days=2)
    sweep()
    page = luz.opens("refund", Refund.objects.get())
    expect(page.locator(".pe-why-not")).to_contain_text("¿La reconoces?")
    luz.clicks_on("Sí, es nuestra …")
    page.get_by_label("¿Por qué se devolvió?").select_option("damaged")
    page.get_by_label("¿Quién la inició y qué sabes?").fill("Lo hice yo en su panel.")
    luz.clicks_on("Sí, es nuestra")
    expect(page.locator("#content-main")).to_contain_text("Reconocida por")
    expect(page.locator(".pe-why-not")).to_have_count(0)
    assert luz.clicks == 2
