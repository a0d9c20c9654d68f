"""The demo storefront: what a buyer meets, and how its purchases follow the money."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from pagoefectivo import shop
from pagoefectivo.models import Order
from pagoefectivo.sandbox.server import SandboxServer
from pagoefectivo.services import sweep
from pagoefectivo.services.actors import SHOP
from pagoefectivo.testing import Pay, SettleRefund
from project.shop import purchases
from project.shop.catalogue import PRODUCTS
from project.shop.models import Purchase
from project.shop.receivers import pack, release, take_back

pytestmark = pytest.mark.django_db
DETAILS = {"name": "Rosa Huamán", "email": "rosa@correo.example", "document": "45678912", "phone": "987 654 321"}
CHECKOUT = "/comprar/tetera/"


def form_of(client: Client) -> dict[str, str]:
    page = client.get(CHECKOUT).content.decode()
    return dict(re.findall(r'name="(ticket)" value="([^"]+)"', page))


@pytest.fixture
def bought(client: Client, psp: SandboxServer) -> Order:
    answer = client.post(CHECKOUT, DETAILS | form_of(client))
    assert answer.status_code == 302, answer.content.decode()
    return shop.get_order(reference=Purchase.objects.get().reference)


def test_the_products_are_there_with_their_prices(client: Client) -> None:
    page = client.get("/").content.decode()
    assert "Tetera de gres" in page
    assert "S/\N{NO-BREAK SPACE}89.90" in page
    addresses = re.findall(r'(?:src|href|action)="([^"]+)"', page)
    assert len(addresses) > 8
    assert all(re.match(r"/(?!/)", address) for address in addresses), addresses


@pytest.mark.parametrize(("language", "words"), [("", "Mis compras"), ("en", "My purchases"), ("zh-hans", "我的购买")])
def test_the_shop_speaks_spanish_first(client: Client, language: str, words: str) -> None:
    headers = {"accept-language": language} if language else {}
    assert words in client.get("/", headers=headers).content.decode()


def test_a_checkout_issues_a_code_and_sends_the_buyer_to_its_page(client: Client, psp: SandboxServer) -> None:
    answer = client.post(CHECKOUT, DETAILS | form_of(client))
    purchase = Purchase.objects.get()
    order = shop.get_order(reference=purchase.reference)
    assert (answer.status_code, answer["Location"]) == (302, order.page_url)
    assert (order.amount, order.payer_document_number) == (Decimal("89.90"), "45678912")
    assert purchase.state == "waiting"
    assert len(psp.control.payments()) == 1


def test_B08_a_double_click_is_one_purchase(client: Client, psp: SandboxServer) -> None:
    form = DETAILS | form_of(client)
    first, second = client.post(CHECKOUT, form), client.post(CHECKOUT, form)
    assert first["Location"] == second["Location"]
    assert (Purchase.objects.count(), Order.objects.count(), len(psp.control.payments())) == (1, 1, 1)


@pytest.mark.parametrize(
    ("field", "value", "hint"),
    [
        ("email", "nada", "Escribe un correo"),
        ("email", "", "Escribe un correo"),
        ("document", "12", "Tu DNI tiene 8 dígitos"),
        ("name", "", "Escribe tu nombre"),
        ("name", "x" * 300, "Escribe tu nombre"),
        ("phone", "cero", "Escribe un celular"),
    ],
)
def test_a_refusal_is_shown_at_its_field_and_buys_nothing(
    client: Client, psp: SandboxServer, field: str, value: str, hint: str
) -> None:
    answer = client.post(CHECKOUT, {**DETAILS, **form_of(client), field: value})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert hint in page
    assert page.count('class="error"') == 1
    assert (Purchase.objects.count(), Order.objects.count(), psp.control.payments()) == (0, 0, [])


def test_all_refusals_are_shown_at_once(client: Client, psp: SandboxServer) -> None:
    page = client.post(CHECKOUT, form_of(client)).content.decode()
    assert page.count('class="error"') == 3


@pytest.mark.parametrize("ticket", ["", "F-OTHERONE", "InNvbWV0aGluZyI:forged"])
def test_a_forged_ticket_buys_nothing(client: Client, psp: SandboxServer, bought: Order, ticket: str) -> None:
    before = Order.objects.count()
    answer = client.post(CHECKOUT, {**DETAILS, "ticket": ticket or bought.reference})
    assert answer.status_code == 404
    assert Order.objects.count() == before


def test_a_ticket_for_one_product_does_not_buy_another(client: Client, psp: SandboxServer) -> None:
    assert client.post("/comprar/manta/", DETAILS | form_of(client)).status_code == 404
    assert Purchase.objects.count() == 0


def test_a_silent_provider_does_not_lose_the_purchase(client: Client, psp: SandboxServer) -> None:
    psp.control.fault("create", "503", times=None)
    answer = client.post(CHECKOUT, DETAILS | form_of(client))
    assert answer.status_code == 302
    assert Purchase.objects.get().state == "waiting"


def test_G04_a_purchase_is_seen_only_by_the_browser_that_made_it(client: Client, bought: Order) -> None:
    assert client.get(f"/compras/{bought.reference}/").status_code == 200
    stranger = Client()
    assert stranger.get(f"/compras/{bought.reference}/").status_code == 404
    assert bought.reference not in stranger.get("/compras/").content.decode()


def test_a_purchase_follows_its_money(client: Client, bought: Order, pay: Pay, settle_refund: SettleRefund) -> None:
    pay(bought)
    assert "Pagado" in client.get(f"/compras/{bought.reference}/").content.decode()
    settle_refund(shop.request_refund(reference=bought.reference, amount="89.90", reason="other", actor=SHOP))
    assert "Devuelto" in client.get(f"/compras/{bought.reference}/").content.decode()


def test_a_withdrawn_order_gives_its_piece_back_once(bought: Order) -> None:
    teapot = PRODUCTS["tetera"]
    before = purchases.left(teapot)
    shop.cancel_order(reference=bought.reference)
    sweep.run()
    assert Purchase.objects.get().state == "released"
    assert purchases.left(teapot) == before + 1
    release(order=bought)
    assert purchases.left(teapot) == before + 1


def test_news_in_any_order_and_twice_ends_the_same(bought: Order) -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    heard: list[Any] = [take_back, pack, release, take_back]
    for receiver in heard:
        receiver(order=bought, occurred_at=now)
    assert Purchase.objects.get().state == "refunded"


def test_late_money_counts_after_the_piece_was_released(bought: Order) -> None:
    release(order=bought)
    pack(order=bought, occurred_at=datetime(2026, 11, 23, 12, tzinfo=UTC))
    assert Purchase.objects.get().state == "paid"


def test_what_is_sold_out_cannot_be_bought(client: Client, psp: SandboxServer) -> None:
    Purchase.objects.bulk_create(
        Purchase(reference=f"F-{n}", product="tetera", amount=Decimal("89.90"), currency="PEN")
        for n in range(PRODUCTS["tetera"].stock)
    )
    answer = client.post(CHECKOUT, DETAILS | form_of(client))
    assert "Se acaba de agotar" in answer.content.decode()
    assert Order.objects.count() == 0
