"""Settlement files and differences in a real browser, on a desk and on a phone, without JavaScript, by keyboard."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from django.urls import reverse

from pagoefectivo.models import Discrepancy, MonthlyClose, SettlementLine, SettlementReport
from pagoefectivo.services.settlement_imports import import_report
from tests.integration.admin.settling import code_of, differing, listed, page, place_paid
from tests.integration.settlement_files import Row, bring, file_of, of_voucher

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
UPLOAD = "admin:pagoefectivo_settlementreport_upload"


def serious(shown: Any) -> list[tuple[str, str]]:
    found = Axe().run(shown).response["violations"]
    graver = [each for each in found if each["impact"] in {"serious", "critical"}]
    return [(each["id"], node["html"]) for each in graver for node in each["nodes"]]


@pytest.fixture
def at_desk(client: Any, live_server: Any, settings: Any) -> Callable[[Any], Any]:
    """Log luz, who may do everything, into a visitor's browser."""

    def seated(visitor: Any) -> Any:
        client.force_login(User.objects.create_superuser("luz"))
        name = settings.SESSION_COOKIE_NAME
        visitor.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
        visitor.context.route("**/favicon.ico", lambda route: route.fulfill(status=204))
        visitor.page.set_viewport_size({"width": 1280, "height": 900})
        return visitor

    return seated


def test_finance_uploads_looks_and_imports_by_keyboard(at_desk: Any, plain_visitor: Any, tmp_path: Path) -> None:
    path = tmp_path / "november.csv"
    path.write_bytes(file_of([of_voucher(code_of(place_paid("A-1"))), Row("D-4-nobody", Decimal(5), "NOBODY")]))
    shown = at_desk(plain_visitor).open(reverse(UPLOAD))
    shown.locator("#id_file").set_input_files(path)
    assert shown.locator("#id_only_look").is_checked()
    shown.get_by_role("button", name="Subirlo").press("Enter")
    assert shown.get_by_role("progressbar", name="Líneas leídas").is_visible()
    report = SettlementReport.objects.get()
    import_report(report)
    shown.wait_for_selector("text=Todavía no se guarda nada.")  # it came again by itself
    shown.get_by_role("button", name="Importarlo ahora").press("Enter")
    import_report(SettlementReport.objects.get())
    shown.wait_for_selector("text=Se importaron 2 líneas; 1 no cuadraban.")
    shown.get_by_role("link", name="Trabajar en ellas").press("Enter")
    number = Discrepancy.objects.get().number
    assert shown.get_by_role("link", name=number).is_visible()


def test_a_difference_is_settled_by_keyboard_on_a_phone(at_desk: Any, plain_visitor: Any) -> None:
    found = differing(place_paid)[1]["amount"]
    finance = at_desk(plain_visitor)
    finance.page.set_viewport_size({"width": 360, "height": 640})
    shown = finance.open(page(found))
    assert shown.get_by_text("El proveedor dice S/ 45.00; nosotros tenemos S/ 50.00: faltan S/ 5.00.").is_visible()
    shown.get_by_role("button", name="Lo tomo yo").press("Enter")
    assert shown.get_by_role("button", name="Dejarla libre").is_visible()
    shown.get_by_role("link", name="Resolverla …").press("Enter")
    shown.get_by_label("El proveedor lo abona con una liquidación posterior").press("Space")
    shown.get_by_label("En una frase, para quien mire después").fill("Lo pagan el viernes.")
    shown.get_by_role("button", name="Resolverla").press("Enter")
    assert shown.get_by_text("Lo pagan el viernes.").first.is_visible()
    found.refresh_from_db()
    assert (found.reason, found.settled_by) == ("provider_pays", "staff:luz")


def test_no_page_is_wider_than_a_phone(at_desk: Any, plain_visitor: Any) -> None:
    report, found = differing(place_paid)
    finance = at_desk(plain_visitor)
    finance.page.set_viewport_size({"width": 360, "height": 640})
    for address in _pages(report, found):
        assert finance.open(address).evaluate("document.documentElement.scrollWidth") == 360, address


def test_nothing_serious_is_wrong_for_a_screen_reader_in_light_and_in_the_dark(at_desk: Any, visitor: Any) -> None:
    report, found = differing(place_paid)
    finance, addresses = at_desk(visitor), _pages(report, found)[:-3]
    for scheme in ("light", "dark"):
        finance.page.emulate_media(color_scheme=scheme)
        for address in addresses:
            assert serious(finance.open(address)) == [], (scheme, address)


@pytest.mark.parametrize("language", ["es-pe", "en", "zh-hans"])
def test_every_list_fits_on_a_desk_with_both_side_bars(
    at_desk: Any, visitor: Any, live_server: Any, language: str, tmp_path: Path
) -> None:
    name = "settlement_report_USD_2026-11-30_0045127.csv"
    rows = [
        of_voucher(code_of(place_paid("PEDIDO-2026-0001042", "1089.90"))),
        of_voucher(code_of(place_paid("PEDIDO-2026-0001043", "3500.00")), amount=Decimal("1234.50")),
        Row("D-4-nobody", Decimal("-2700.00"), kind="ADJUSTMENT"),
    ]
    bring(file_of(rows), name=name)
    User.objects.create_superuser("maria.quispe.finanzas")
    Discrepancy.objects.update(owner=User.objects.get(username="maria.quispe.finanzas"))
    finance = at_desk(visitor)
    finance.context.add_cookies([{"name": "django_language", "value": language, "url": live_server.url}])
    for model in (SettlementReport, SettlementLine, Discrepancy, MonthlyClose):
        shown = finance.open(listed(model))
        shown.screenshot(path=tmp_path / f"{model._meta.model_name}-{language}.png")
        assert shown.locator("#nav-sidebar").is_visible()
        boxes = shown.locator("#changelist .results, .pe-scroll").evaluate_all(
            "boxes => boxes.map(box => [box.scrollWidth, box.clientWidth])"
        )
        assert [(model.__name__, wide) for wide, room in boxes if wide > room] == [], boxes
        assert len(boxes) == 1


def _pages(report: SettlementReport, found: dict[str, Discrepancy]) -> list[str]:
    line = SettlementLine.objects.get(verdict="duplicate")
    reading = SettlementReport.objects.create(
        account="default", sha256="0" * 64, size=2_000_000, standing="reading", lines_read=4_000,
        brought_by="staff:luz", path="staff", created_at=report.created_at,
    )  # fmt: skip
    return [
        *(page(report), page(reading), reverse(UPLOAD), page(line), page(found["amount"])),
        *(page(found["missing_here"], "match"), page(found["amount"], "settle")),
        *(listed(model) for model in (SettlementReport, SettlementLine, Discrepancy)),  # Django's own page
    ]
