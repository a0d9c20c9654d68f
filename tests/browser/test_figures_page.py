"""Figures, flags and the log of looks in a real browser, on a desk and on a phone, in the dark, without JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import expect

from pagoefectivo.services import risk
from tests.benchmarks.seed import seed
from tests.integration.pages.stage import place_order, place_voucher

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SERIOUS = {"serious", "critical"}
PICTURES = 9


def serious(page: Any) -> list[tuple[str, str]]:
    found = Axe().run(page).response["violations"]
    return [(each["id"], node["html"]) for each in found if each["impact"] in SERIOUS for node in each["nodes"]]


@pytest.fixture
def at_desk(client: Any, live_server: Any, settings: Any) -> Callable[[Any], Any]:
    """Log luz, who may do everything, into a visitor's browser."""

    def seated(visitor: Any) -> Any:
        client.force_login(User.objects.create_superuser("luz"))
        name = settings.SESSION_COOKIE_NAME
        visitor.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
        for unasked in (
            "**/favicon.ico",
            "**/figures/widgets.css",
        ):  # the latter by axe, which reads @import for itself
            visitor.context.route(unasked, lambda route: route.fulfill(status=204))
        visitor.page.set_viewport_size({"width": 1280, "height": 900})
        return visitor

    return seated


def test_an_analyst_reads_the_figures_and_takes_one_away(at_desk: Any, plain_visitor: Any) -> None:
    analyst = at_desk(plain_visitor)
    seed(30_000, is_told=False)  # so many that some refund of this week is among them
    page = analyst.open(reverse("admin:pagoefectivo_figures_changelist"))
    assert page.locator("svg.pe-chart").count() == PICTURES
    for name in page.locator("svg.pe-chart").all():
        assert name.locator("title").inner_html()
        assert name.locator("desc").inner_html()
    assert page.get_by_text("SANDBOX").is_visible()
    page.get_by_text("Los números").first.click()
    assert page.locator("#confirmed table").is_visible()
    with page.expect_download() as taken:
        page.locator("#told-first a.pe-link").click()
    assert taken.value.suggested_filename.startswith("told-first-")
    page.locator("#id_since").fill("2020-01-01")
    page.locator("#id_until").fill("2020-01-07")
    page.get_by_role("button", name="Mostrar").click()
    assert page.get_by_text("No pasó nada en estos días.").count() == PICTURES
    page.set_viewport_size({"width": 360, "height": 640})
    page = analyst.open(reverse("admin:pagoefectivo_figures_changelist"))
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_nothing_serious_is_wrong_for_a_screen_reader_in_light_and_in_the_dark(at_desk: Any, visitor: Any) -> None:
    analyst = at_desk(visitor)
    seed(1_000, is_told=False)
    for number in range(6):
        place_voucher(
            place_order(amount=Decimal("9.90"), payer_email="ana@example.pe", payer_phone=f"98765432{number}")
        )
    assert risk.watch() > 0
    for scheme in ("light", "dark"):
        analyst.page.emulate_media(color_scheme=scheme)
        assert serious(analyst.open(reverse("admin:pagoefectivo_figures_changelist"))) == [], scheme
    analyst.page.emulate_media(color_scheme="light")
    page = analyst.open(reverse("admin:pagoefectivo_riskflag_changelist"))
    assert page.get_by_text("5 códigos de").first.is_visible()
    page.get_by_role("link", name="muchos códigos pequeños en poco tiempo").first.click()
    page.get_by_text("Descartarla …").click()
    expect(page.get_by_text("¿Por qué no es un riesgo?")).to_be_visible()
    expect(page.get_by_text("SANDBOX")).to_be_visible()
