"""The sheet for the counter, the receipt and the calendar: each only in its time, none with more than it needs."""

from __future__ import annotations

import re
import zlib
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from pagoefectivo.domain.states import OrderState, VoucherState
from pagoefectivo.links import page_token
from pagoefectivo.views import vouchers
from tests.integration.pages.stage import CODE, SCENES, address, place_order, place_voucher

pytestmark = pytest.mark.django_db

PAPERS = ("codigo.pdf", "constancia.pdf", "recordatorio.ics")


def _written_in(pdf: bytes) -> str:
    """What the pages of an fpdf2 document show: strings of its content streams, in the built-in fonts' letters."""
    assert pdf.startswith(b"%PDF-")
    streams = re.findall(rb"stream\n(.*?)\nendstream", pdf, re.DOTALL)
    shown = b"\n".join(zlib.decompress(stream) for stream in streams)
    words = re.findall(rb"\(((?:[^()\\]|\\.)*)\) Tj", shown)
    return " ".join(word.decode("latin-1").replace("\\(", "(").replace("\\)", ")") for word in words)


def test_each_paper_is_there_only_in_its_time(client: Client) -> None:
    for scene, (place, face, _, _) in SCENES.items():
        order = place()
        there = [client.get(address(order, paper)).status_code == 200 for paper in PAPERS]
        is_payable = face in {"issued", "confirming"}
        is_paid = face in {"paid", "paid_late", "paid_twice", "partly_refunded", "refunded"}
        assert there == [is_payable, is_paid, is_payable], scene


@pytest.mark.parametrize(
    ("language", "words"), [("es", "Paga exactamente"), ("en", "Pay exactly"), ("zh", "Paga exactamente")]
)
def test_the_sheet_carries_what_the_counter_needs(client: Client, language: str, words: str) -> None:
    order = place_voucher(place_order(reference="A-1042")).order
    answer = client.get(address(order, "codigo.pdf") + f"?lang={language}")
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == 'attachment; filename="codigo-de-pago.pdf"'
    assert answer["Cache-Control"] == "private, no-store"
    text = _written_in(answer.content)
    for said in (words, "1234 5678", "S/ 89.90", "A-1042", "Mi Tienda", "ayuda@tienda.example", "Tambo+"):
        assert said in text, said
    assert page_token(order.page_key).encode() not in answer.content
    assert answer.content.count(b"/Type /Page\n") == 1


def test_the_receipt_says_what_was_received_and_that_it_is_no_invoice(client: Client) -> None:
    order = SCENES["partly refunded"][0]()
    text = _written_in(client.get(address(order, "constancia.pdf") + "?lang=es").content)
    assert "S/ 89.90" in text
    assert "S/ 30.00" in text
    assert "No es boleta ni factura" in text
    assert CODE not in text.replace(" ", "")


def test_a_shop_whose_name_no_paper_font_can_write_is_left_out(client: Client, settings: Any) -> None:
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "SHOP_NAME": "好店"}
    text = _written_in(client.get(address(place_voucher(place_order()).order, "codigo.pdf")).content)
    assert "?" not in text.replace("¿", "").replace("Dudas?", "")
    assert "1234 5678" in text


def test_the_reminder_rings_before_the_deadline_and_names_neither_code_nor_link(client: Client) -> None:
    voucher = place_voucher(place_order())
    answer = client.get(address(voucher.order, "recordatorio.ics") + "?lang=es")
    assert answer["Content-Type"].startswith("text/calendar")
    text = answer.content.decode()
    assert text.splitlines()[0] == "BEGIN:VCALENDAR"
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    whole = text.replace("\r\n ", "")
    assert voucher.expires_at is not None
    assert f"DTSTART:{voucher.expires_at:%Y%m%dT%H%M%SZ}" in whole
    assert "TRIGGER:-PT180M" in whole
    assert "Último momento para pagar S/\xa089.90 · Mi Tienda" in whole
    for secret in (CODE, page_token(voucher.order.page_key), voucher.order.page_key, "/v/"):
        assert secret not in whole


@pytest.mark.parametrize(("left", "before"), [(100, 60), (30, 10)])
def test_a_near_deadline_rings_later(client: Client, left: int, before: int) -> None:
    order = place_voucher(place_order(), expires_at=timezone.now() + timedelta(minutes=left)).order
    assert f"TRIGGER:-PT{before}M" in client.get(address(order, "recordatorio.ics")).content.decode()


def test_G05_papers_cost_work_and_are_counted(client: Client) -> None:
    order = place_voucher(place_order(), VoucherState.CONFIRMING).order
    statuses = [client.get(address(order, "recordatorio.ics")).status_code for _ in range(vouchers.PAPERS.most + 1)]
    assert statuses == [200] * vouchers.PAPERS.most + [429]
    assert client.get(f"/pagoefectivo/v/{'A' * 44}/codigo.pdf").status_code == 404


def test_sharing_gives_the_link_and_never_the_code(client: Client) -> None:
    order = place_voucher(place_order()).order
    text = client.get(address(order)).content.decode()
    [shared] = re.findall(r'href="(https://wa\.me/[^"]*)" rel="noreferrer"', text)
    assert CODE not in shared
    assert page_token(order.page_key) in shared
    paid = place_voucher(place_order(OrderState.PAID, paid_amount="89.90"), VoucherState.PAID).order
    assert "wa.me" not in client.get(address(paid)).content.decode()
