"""A dispute from the order's page to its end, with the bundle in hand, counted in clicks and without JavaScript."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from django.urls import reverse

from pagoefectivo.domain import bundles
from pagoefectivo.domain.states import OrderState, RefundState, VoucherState
from pagoefectivo.models import Case
from tests.integration.pages.stage import place_order, place_refund, place_voucher

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SERIOUS = {"serious", "critical"}
MOST_CLICKS = 9
OURS_OF_A_LIST = ("#result_list", ".pe-note")  # the search box and the filters around them are Django's own


def test_a_dispute_is_closed_with_its_bundle_in_nine_clicks(
    plain_visitor: Any, visitor: Any, live_server: Any, client: Any, settings: Any, tmp_path: Path
) -> None:
    voucher = place_voucher(place_order(OrderState.PAID, paid_amount=Decimal("89.90")), VoucherState.PAID)
    place_refund(voucher, RefundState.PENDING)
    client.force_login(User.objects.create_superuser("luz"))
    session = {"name": settings.SESSION_COOKIE_NAME, "value": client.cookies["sessionid"].value, "url": live_server.url}
    for each in (plain_visitor, visitor):
        each.context.add_cookies([session])
    page = plain_visitor.page
    page.set_viewport_size({"width": 1280, "height": 900})
    clicks = 0

    def click(role: str, name: str) -> None:
        nonlocal clicks
        clicks += 1
        page.get_by_role(role, name=name, exact=True).click()

    plain_visitor.open(reverse("admin:pagoefectivo_order_change", args=[voucher.order_id]))
    click("link", "Abrir un caso …")
    _no_barriers(visitor, page.url)
    page.get_by_label("¿De qué se trata?").fill("el comprador dice que no llegó nada")
    assert page.get_by_label("Monto").input_value() == "89.90"
    click("button", "Abrir el caso")
    assert page.get_by_text("quedan 5 días hábiles").first.is_visible()
    click("link", "Paquete de evidencia …")
    page.get_by_label("¿Para qué se crea?").fill("el banco lo pide")
    with page.expect_download() as download:
        click("button", "Crear y descargar")
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    click("link", "Volver sin cambiar nada")
    click("link", "Evidencia enviada …")
    page.get_by_label("¿A quién?").select_option(label="el banco")
    page.get_by_label("¿Cómo?").fill("ticket 4711")
    click("button", "Registrarlo")
    page.get_by_label("¿Dónde está?").last.fill("guía 4711")
    page.get_by_role("button", name="Está disponible").last.click()  # on the way; nobody has to
    _no_barriers(visitor, page.url)
    click("link", "Cómo terminó …")
    page.get_by_label("¿Cómo terminó?").select_option(label="ganado")
    page.get_by_label("¿Por qué?").fill("el banco nos dio la razón")
    click("button", "Terminar el caso")
    assert page.get_by_text("el banco nos dio la razón").first.is_visible()
    assert clicks == MOST_CLICKS
    case = Case.objects.get()
    assert case.standing == "won"
    with file.open("rb") as archive:
        assert [each.problem for each in bundles.verify(archive).misfits] == ["unsigned"], "no key is set here"
    assert file.name.startswith(case.public_id)
    page.set_viewport_size({"width": 360, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    every_case = plain_visitor.open(f"{reverse('admin:pagoefectivo_case_changelist')}?work=all").url
    _no_barriers(visitor, every_case, *OURS_OF_A_LIST)
    _no_barriers(visitor, plain_visitor.open(_letter(case)).url)
    assert page.get_by_label("La carta").is_visible()


def _letter(case: Case) -> str:
    return f"{reverse('admin:pagoefectivo_case_letter', args=[case.pk])}?to=provider"


def _no_barriers(visitor: Any, address: str, *parts: str) -> None:
    visitor.page.goto(address)
    context = {"include": [[part] for part in parts]} if parts else None
    found = Axe().run(visitor.page, context=context).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in SERIOUS] == []
