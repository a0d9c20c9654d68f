"""A month's costs and the claim in a real browser: read on a desk and on a phone, and worked through by keyboard."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from pagoefectivo.admin.month_links import address_of
from pagoefectivo.models import Case
from pagoefectivo.services import seams
from tests.browser.test_months_page import serious
from tests.integration.planted_charges import NOVEMBER, plant

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGE = "default", NOVEMBER


def test_a_claim_is_read_and_opened_on_a_desk_and_on_a_phone(
    client: Any, live_server: Any, settings: Any, visitor: Any, tmp_path: Path
) -> None:
    with seams.use(now=lambda: datetime(2026, 12, 9, 15, tzinfo=UTC)):
        plant()
        client.force_login(User.objects.create_superuser("luz"))
        name = settings.SESSION_COOKIE_NAME
        visitor.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
        for unasked in ("**/favicon.ico", "**/widgets.css"):
            visitor.context.route(unasked, lambda route: route.fulfill(status=204))
        addresses = {act: address_of(*PAGE, act) for act in ("charges", "claim", "claim_case")}
        for width in (1280, 360):
            visitor.page.set_viewport_size({"width": width, "height": 900})
            for what, address in addresses.items():
                page = visitor.open(address)
                page.screenshot(path=tmp_path / f"{what}-{width}.png", full_page=True)
                assert page.evaluate("document.documentElement.scrollWidth") == width, what
                assert serious(page) == [], what
        page = visitor.open(addresses["charges"])
        for press in ("Reclamo al proveedor …", "Abrir un caso …"):
            page.get_by_role("link", name=press).focus()
            page.keyboard.press("Enter")
        page.get_by_role("button", name="Abrir el caso").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/case/*/change/")
        assert Case.objects.get().public_id in page.locator("h1").inner_text()
        page.get_by_role("link", name="Reclamo al proveedor").focus()
        page.keyboard.press("Enter")
        assert "default" in page.get_by_label("La carta").input_value()
