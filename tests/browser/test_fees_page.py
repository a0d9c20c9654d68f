"""Schedules, costs and quotes in a real browser, on a desk and on a phone, without JavaScript, by keyboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from django.urls import reverse

from pagoefectivo.models import FeeSchedule
from tests.benchmarks.seed import seed

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LIST, COSTS, QUOTE = (f"admin:pagoefectivo_{name}_changelist" for name in ("feeschedule", "costs", "feequote"))


def serious(page: Any) -> list[tuple[str, str]]:
    found = Axe().run(page).response["violations"]
    graver = [each for each in found if each["impact"] in {"serious", "critical"}]
    return [(each["id"], node["html"]) for each in graver for node in each["nodes"]]


@pytest.fixture
def at_desk(client: Any, live_server: Any, settings: Any) -> Callable[[Any], Any]:
    """Log luz, who may do everything, into a visitor's browser."""

    def seated(visitor: Any) -> Any:
        client.force_login(User.objects.create_superuser("luz"))
        name = settings.SESSION_COOKIE_NAME
        visitor.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
        for unasked in ("**/favicon.ico", "**/feequote/widgets.css", "**/costs/widgets.css", "**/begin/widgets.css"):
            visitor.context.route(unasked, lambda route: route.fulfill(status=204))
        visitor.page.set_viewport_size({"width": 1280, "height": 900})
        return visitor

    return seated


def test_finance_enters_a_schedule_and_compares_a_month(at_desk: Any, plain_visitor: Any) -> None:
    finance = at_desk(plain_visitor)
    page = finance.open(reverse(LIST))
    page.get_by_role("link", name="Registrar un tarifario …").click()
    page.locator("#id_name").fill("Contrato 12")
    page.locator("#id_percent").fill("3,5")
    page.locator("#id_fixed").fill("1")
    page.locator("#id_tier-0-from_payments").fill("500")
    page.locator("#id_tier-0-percent").fill("3")
    page.locator("#id_why").fill("firmado")
    page.locator("#id_why").press("Enter")
    assert page.get_by_text("El tarifario está registrado.").is_visible()
    assert FeeSchedule.objects.get().terms.rates(500)[0] == 3
    page = finance.open(reverse(QUOTE))
    page.locator("#id_payments").press("Enter")
    assert page.get_by_role("status").is_visible()
    assert page.locator("svg.pe-chart").count() == 1
    for name in (LIST, COSTS, QUOTE, "admin:pagoefectivo_feeschedule_begin"):
        page.set_viewport_size({"width": 360, "height": 640})
        page = finance.open(reverse(name))
        assert page.evaluate("document.documentElement.scrollWidth") == 360, name


def test_nothing_serious_is_wrong_for_a_screen_reader_in_light_and_in_the_dark(at_desk: Any, visitor: Any) -> None:
    from tests.integration.services.test_fees import begin

    finance, row = at_desk(visitor), begin()
    seed(1_000, is_told=False)
    asked = "?payments=100&average=80&currency=PEN&day=2026-06-15"
    pages = (
        reverse(COSTS),
        reverse(QUOTE) + asked,
        reverse("admin:pagoefectivo_feeschedule_begin"),
        reverse("admin:pagoefectivo_feeschedule_end", args=[row.pk]),
        reverse("admin:pagoefectivo_feeschedule_change", args=[row.pk]),
    )
    for scheme in ("light", "dark"):
        finance.page.emulate_media(color_scheme=scheme)
        for address in pages:
            assert serious(finance.open(address)) == [], (scheme, address)
