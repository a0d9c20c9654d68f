"""The desk of months in a real browser, on a desk and on a phone, for the eyes and for a screen reader."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from django.urls import reverse

from pagoefectivo.admin.month_links import address_of
from pagoefectivo.services import closing, seams
from pagoefectivo.services.actors import staff
from pagoefectivo.services.closing import Arrival
from tests.integration.admin.test_months import paid
from tests.integration.settlement_files import bring, file_of, of_voucher

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGE = "default", date(2026, 11, 1)


def serious(page: Any) -> list[tuple[str, str]]:
    found = Axe().run(page).response["violations"]
    graver = [each for each in found if each["impact"] in {"serious", "critical"}]
    return [(each["id"], node["html"]) for each in graver for node in each["nodes"]]


def test_a_month_is_read_and_signed_on_a_desk_and_on_a_phone(
    client: Any, live_server: Any, settings: Any, visitor: Any, tmp_path: Path
) -> None:
    with seams.use(now=lambda: datetime(2026, 12, 9, 15, tzinfo=UTC)):
        luz, marco = User.objects.create_superuser("luz"), User.objects.create_superuser("marco")
        bring(file_of([of_voucher(paid("750.00")), of_voucher(paid())]))
        arrival = Arrival(
            currency="USD", amount=Decimal("218.00"), day=date(2026, 11, 16), batch="TR-1", reference="778"
        )
        wrong = closing.note_receipt(*PAGE, arrival, actor=staff(luz))
        closing.strike_receipt(wrong.pk, "escrito dos veces", actor=staff(luz))
        closing.note_receipt(*PAGE, arrival, actor=staff(luz))
        closing.prepare(*PAGE, actor=staff(luz))
        client.force_login(marco)
        name = settings.SESSION_COOKIE_NAME
        visitor.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
        for unasked in ("**/favicon.ico", "**/widgets.css"):
            visitor.context.route(unasked, lambda route: route.fulfill(status=204))
        addresses = {
            "list": reverse("admin:pagoefectivo_monthlyclose_changelist"),
            "month": address_of(*PAGE),
            **{act: address_of(*PAGE, act) for act in ("sign", "receipt", "ask")},
        }
        for width in (1280, 360):
            visitor.page.set_viewport_size({"width": width, "height": 900})
            for what, address in addresses.items():
                page = visitor.open(address)
                page.screenshot(path=tmp_path / f"{what}-{width}.png", full_page=True)
                assert page.evaluate("document.documentElement.scrollWidth") == width, what
                assert serious(page) == [], what
        page = visitor.open(addresses["month"])
        page.get_by_role("link", name="Firmar como segunda persona …").click()
        page.get_by_role("button", name="Firmar y cerrar el mes").click()
        assert "CERRADO" in page.locator(".pe-truth").first.inner_text()
