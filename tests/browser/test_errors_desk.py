"""An error understood, given to somebody and asked about, and a notification replayed: in a real browser, without a mouse."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User

from pagoefectivo.models import DeliveryAct, ErrorMark, ErrorOccurrence
from tests.integration.pages.stage import place_order
from tests.pictures import errors as placed

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SERIOUS = {"serious", "critical"}
DJANGOS = 'id="searchbar"'  # the search box of its lists, which a picture labels


@pytest.fixture
def desk(plain_visitor: Any, live_server: Any, settings: Any, client: Any) -> Any:
    """Somebody who may do everything, at a desk without JavaScript."""
    client.force_login(User.objects.create_superuser("luz"))
    session = {"name": settings.SESSION_COOKIE_NAME, "value": client.cookies["sessionid"].value, "url": live_server.url}
    plain_visitor.context.add_cookies([session])
    plain_visitor.page.set_viewport_size({"width": 1280, "height": 900})
    return plain_visitor


def complaints(visitor: Any, path: str) -> list[str]:
    """What axe finds wrong with a page of ours."""
    found = Axe().run(visitor.open(path)).response["violations"]
    grave = [each for each in found if each["impact"] in SERIOUS]
    return [
        f"{path} {each['id']} {node['html'][:120]}"
        for each in grave
        for node in each["nodes"]
        if DJANGOS not in node["html"]
    ]


def test_from_the_catalogue_to_the_error_and_what_is_done_about_it(desk: Any) -> None:
    placed._catalogue()
    page = desk.open(placed.CATALOGUE)
    page.get_by_label("Un código, un código del proveedor o palabras").fill("saldo")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="REFUND_INSUFFICIENT_FUNDS").click()
    assert page.get_by_role("img", name="Cuántas veces llegó").is_visible()
    page.get_by_role("link", name="Todos, para actuar").click()
    boxes = page.locator("input.action-select")
    assert boxes.count() == 2
    boxes.nth(0).check()
    boxes.nth(1).check()
    page.locator("select[name=action]").select_option("assign")
    page.locator("button[name=index]").click()
    page.get_by_label("¿Quién se encarga?").select_option("luz")
    page.get_by_label("Nota").fill("llamar al proveedor")
    page.get_by_role("button", name="Asignar").click()
    assert page.get_by_role("status").inner_text() == "Hechos: 2. No se hicieron: 0."
    assert ErrorMark.objects.filter(owner="luz", actor="staff:luz").count() == 2


def test_a_notification_is_replayed_after_its_difference_was_seen(desk: Any) -> None:
    delivery = placed._delivery(outcome="unreadable", body=b'{"hello": "world"}')
    page = desk.open(f"{placed.INBOX}{delivery.pk}/change/")
    page.get_by_role("button", name="Ver qué cambiaría al repetirlo …").click()
    assert page.get_by_text("Sigue sin poder leerse: repetirlo no cambiaría nada.").is_visible()
    page.get_by_role("button", name="Repetirlo", exact=True).click()
    assert page.get_by_text("Repetido. Resultado: no se puede leer.").is_visible()
    assert DeliveryAct.objects.get().actor == "staff:luz"


def test_every_page_of_the_desk_is_for_all_eyes_and_for_a_phone(visitor: Any, desk: Any) -> None:
    visitor.context.add_cookies(desk.context.cookies())
    place_order()
    pages = [placed.LIST, placed.INBOX, placed._code_never_met()]
    pages += [placed._list(), placed._catalogue(), placed._code(), placed._error(), placed._meaning()]
    pages += [placed._inbox(), placed._notification(), placed._refused()]
    visitor.page.set_viewport_size({"width": 1280, "height": 900})
    found = [each for path in pages for each in complaints(visitor, path)]
    assert found == [], "\n".join(found)
    visitor.page.set_viewport_size({"width": 360, "height": 640})
    wide = [path for path in pages[2:] if visitor.open(path).evaluate("document.documentElement.scrollWidth") > 360]
    assert [path for path in wide if path not in {placed.LIST, placed.INBOX}] == [], "Django's own lists scroll"
    assert ErrorOccurrence.objects.count() == 9
    visitor.complaints.clear()  # a browser asks for an icon that the test's server has not
