"""A person of the back office at 1280 pixels: the queue, and the order of an angry buyer by any of eight clues."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, Page, ViewportSize, expect
from pytest_django.live_server_helper import LiveServer

from pagoefectivo.domain.states import OrderState, RefundState, VoucherState
from pagoefectivo.models import Ownership
from pagoefectivo.models.digests import payer_digests
from pagoefectivo.services import proofs
from tests.integration.admin.waiting import ONE_IN_EACH, place_proof
from tests.integration.pages.stage import place_order, place_refund, place_voucher

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TOO_WIDE = """() => [...document.querySelectorAll(".pe-work *")]
    .filter((each) => each.getBoundingClientRect().right > innerWidth).map((each) => each.outerHTML.slice(0, 200))"""
QUEUE = "/admin/pagoefectivo/"
DESK = ViewportSize(width=1280, height=800)


class Agent:
    """Somebody at a desk who counts what they have to do."""

    def __init__(self, page: Page, server: str) -> None:
        self.page, self._server = page, server
        self.actions = 0

    def open(self, path: str) -> Page:
        self.page.goto(self._server + path)
        self.actions = 0
        return self.page

    def paste(self, text: str) -> None:
        """Paste into whatever has the focus."""
        self.page.keyboard.insert_text(text)
        self.actions += 1

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.actions += 1


@pytest.fixture(params=[True])
def agent(request: Any, browser: Browser, live_server: LiveServer) -> Iterator[Agent]:
    user = User.objects.create_superuser("luz", "luz@shop.example", "not used")
    session = Client()
    session.force_login(user)
    context = browser.new_context(viewport=DESK, locale="es-PE", java_script_enabled=request.param)
    cookie = {"name": "sessionid", "value": session.cookies["sessionid"].value, "url": live_server.url}
    context.add_cookies([cookie])  # type: ignore[list-item]
    context.set_default_timeout(10_000)
    page, complaints = context.new_page(), []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield Agent(page, live_server.url)
    context.close()
    assert complaints == []


def an_angry_buyer() -> tuple[Any, dict[str, str]]:
    """An order among others, and everything that its buyer, or their bank, may say of it."""
    for number in range(3):
        digests = payer_digests(f"98700011{number}", f"1122334{number}")
        stranger = place_order(payer_email=f"otro{number}@example.pe", phone_digest=digests[0], document_digest=digests[1])  # fmt: skip
        place_voucher(stranger, code=f"5550000{number}")
    phone, document = payer_digests("+51 987 654 321", "45678912")
    order = place_order(
        OrderState.PAID, reference="Z-1042", paid_amount="89.90", phone_digest=phone, document_digest=document
    )
    voucher = place_voucher(order, VoucherState.PAID, provider_reference="T-648-124")
    place_refund(voucher, RefundState.FAILED, public_id="rfd_0a1b2c", error_code="REFUND_ACCOUNT_CLOSED")
    place_proof(order, operation_digest=proofs.operation_digest("00987123"))
    letter = "Buenas, pagué y nada llega. Mi celular es +51 987 654 321 y el pedido Z-1042.\n¡Devuélvanme mi plata!"
    return order, {
        "code": "1234 5678", "reference": "Z-1042", "e-mail": "maria.quispe@example.pe", "phone": "987 654 321",
        "document": "45678912", "provider's reference": "T-648-124", "operation": "00987123", "letter": letter,
    }  # fmt: skip


def test_the_order_of_an_angry_buyer_is_open_after_two_actions_by_any_of_eight_clues(agent: Agent) -> None:
    order, clues = an_angry_buyer()
    page = agent.open(QUEUE)
    page.locator("#pe-clue").focus()
    for clue in clues.values():
        agent.paste(clue)
        agent.press("Enter")
        page.wait_for_url(f"**/order/{order.pk}/change/")
        expect(page.locator(".pe-truth").first).to_contain_text("S/\xa089.90")
        assert agent.actions == 2, clue
        assert "@" not in page.url
        page = agent.open(QUEUE)
        agent.page.keyboard.press("/")
        expect(page.locator("#pe-clue")).to_be_focused()
        expect(page.locator("#pe-clue")).to_have_value("")


def test_what_is_taken_is_ones_own_and_what_was_found_is_there_when_one_comes_back(agent: Agent) -> None:
    for place in ONE_IN_EACH.values():
        place()
    page = agent.open(QUEUE)
    found = (
        Axe()
        .run(page, context=".pe-work", options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa"]})
        .response["violations"]
    )
    grave = [each for each in found if each["impact"] in {"serious", "critical"}]
    assert [(each["id"], node["html"]) for each in grave for node in each["nodes"]] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator(".pe-work__card", has_text="Devoluciones por aprobar").get_by_role("button").click()
    expect(page.locator("#pe-yours")).to_have_text("A tu cargo: 1")
    assert Ownership.objects.get().owner_name == "luz"
    page.locator("#pe-clue").fill("maria.quispe@example.pe")
    page.keyboard.press("Enter")
    expect(page.locator("h1").last).to_have_text("Lo que se encontró")
    page.locator("table .pe-link").first.click()
    page.go_back()
    page.reload()
    expect(page.locator("h1").last).to_have_text("Lo que se encontró")
    page.set_viewport_size(ViewportSize(width=360, height=640))
    agent.open(QUEUE)
    assert page.evaluate(TOO_WIDE) == []


@pytest.mark.parametrize("agent", [False], indirect=True)
def test_without_javascript_the_box_is_a_form(agent: Agent) -> None:
    order, _ = an_angry_buyer()
    page = agent.open(QUEUE)
    page.locator("#pe-clue").fill("Z-1042")
    page.locator(".pe-search button").click()
    page.wait_for_url(f"**/order/{order.pk}/change/")
