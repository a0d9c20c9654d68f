"""Sending a receipt from a phone without JavaScript, and what the desk then sees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import Page, expect

from pagoefectivo.models import PaymentProof
from pagoefectivo.services import proof_readings
from tests.integration.pages.stage import address, place_order, place_voucher
from tests.integration.services.engines import HERE, Scripted
from tests.receipts import uploads

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SERIOUS = {"serious", "critical"}


def test_a_receipt_is_sent_from_a_phone_and_stands_at_the_desk(
    visitor: Any,
    plain_visitor: Any,
    live_server: Any,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    client: Any,
) -> None:
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "OCR_ENGINE": f"{HERE}.Scripted"}
    order = place_voucher(place_order(), code="12345678").order
    monkeypatch.setattr(Scripted, "lines", ["INTERBANK", "CIP: 12345678", "Monto: S/ 989.90"])
    file = tmp_path / "recibo.jpg"
    file.write_bytes(uploads.upload_for(order))
    found = Axe().run(visitor.open(address(order, "proof/"))).response["violations"]
    assert [each["id"] for each in found if each["impact"] in SERIOUS] == []
    page = plain_visitor.open(address(order, "proof/"))
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.get_by_text("Agrega lo que sepas (opcional)").click()
    page.get_by_label("¿Cuánto pagaste?").fill("89,90")
    page.get_by_label("Foto o captura de la constancia").set_input_files(file)
    page.get_by_role("button", name="Enviar la constancia").click()
    assert page.get_by_text("Escribe el monto con punto, por ejemplo 89.90.").is_visible()
    page.get_by_label("¿Cuánto pagaste?").fill("89.90")
    page.get_by_label("Foto o captura de la constancia").set_input_files(file)
    page.get_by_role("button", name="Enviar la constancia").click()
    proof = PaymentProof.objects.get()
    assert page.get_by_text(proof.public_id).is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    proof_readings.read_waiting()
    client.force_login(User.objects.create_superuser("luz"))
    session = {"name": settings.SESSION_COOKIE_NAME, "value": client.cookies["sessionid"].value, "url": live_server.url}
    plain_visitor.context.add_cookies([session])
    desk = plain_visitor.open(reverse("admin:pagoefectivo_paymentproof_change", args=[proof.pk]))
    desk.wait_for_load_state("networkidle")
    assert desk.locator("img.pe-picture").evaluate("image => image.naturalWidth") == proof.width
    assert desk.locator("svg.pe-crop").count() == 3
    expect(desk.get_by_role("button", name="Girar")).to_have_count(0)
    desk.get_by_role("link", name="Abrir en tamaño completo").click()
    expect(desk.locator("#content img")).to_have_js_property("offsetWidth", proof.width)
    visitor.context.add_cookies([session])
    visitor.page.set_viewport_size({"width": 1280, "height": 900})
    _looks_closer(visitor.open(reverse("admin:pagoefectivo_paymentproof_change", args=[proof.pk])), proof)


def _looks_closer(desk: Page, proof: PaymentProof) -> None:
    """By buttons and by keys, upright and turned, and back to how it was."""
    told, picture, viewer = desk.locator("output"), desk.locator("img.pe-picture"), desk.locator(".pe-viewer")
    expect(told).to_have_text("100 % · 0°")
    before = picture.bounding_box()
    assert before is not None
    desk.get_by_role("button", name="Ampliar").click()
    desk.get_by_role("button", name="Girar a la derecha").click()
    expect(told).to_have_text("150 % · 90°")
    turned = picture.bounding_box()
    assert turned is not None
    assert turned["width"] / turned["height"] == pytest.approx(proof.height / proof.width, rel=0.01)
    assert viewer.evaluate("box => box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight")
    found = Axe().run(desk, {"include": [[".pe-look"]]}).response["violations"]
    assert [each["id"] for each in found if each["impact"] in SERIOUS] == []
    viewer.focus()
    for keys, words in (
        ("l", "150 % · 0°"),
        ("l", "150 % · 270°"),
        ("-", "100 % · 270°"),
        ("-", "100 % · 270°"),
        ("+", "150 % · 270°"),
        ("0", "100 % · 0°"),
    ):
        desk.keyboard.press(keys)
        expect(told).to_have_text(words)
    after = picture.bounding_box()
    assert after is not None
    assert (after["width"], after["height"]) == (before["width"], before["height"])
    viewer.press("Tab")
    expect(viewer).not_to_be_focused()
