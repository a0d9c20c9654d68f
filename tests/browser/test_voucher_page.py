"""The voucher page in a real browser, on the phone it was drawn for."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page, expect

from pagoefectivo.domain.states import VoucherState
from pagoefectivo.models import Order, Voucher
from tests.browser.printed import read_pdf
from tests.integration.pages.stage import AMOUNT, CODE, SCENES, address, place_order, place_voucher

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SERIOUS = {"serious", "critical"}
PAYABLE = [scene for scene, (_, face, _, _) in SCENES.items() if face in {"issued", "confirming"}]


def _violations(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found if each["impact"] in SERIOUS]


def _ends_at(page: Page, what: str) -> float:
    box = page.locator(what).bounding_box()
    assert box is not None, what
    return box["y"] + box["height"]


def _does_not_overflow(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def _pay(order: Order) -> None:
    """Money arrives while the buyer looks at the page."""
    Voucher.objects.filter(order=order).update(
        state="paid", paid_amount=AMOUNT, paid_currency="PEN", paid_at=timezone.now(), next_action_at=None
    )
    Order.objects.filter(pk=order.pk).update(state="paid", paid_amount=AMOUNT)


def test_every_state_is_readable_by_everybody(visitor: Any) -> None:
    for scene, (place, _, _, _) in SCENES.items():
        page = visitor.open(address(place()))
        assert _violations(page) == [], scene
        assert _does_not_overflow(page), scene
        expect(page.locator("[role=status]").first).to_be_visible()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_contrast_holds_by_night_in_every_language(visitor: Any, language: str) -> None:
    visitor.page.emulate_media(color_scheme="dark")
    for scene in ("issued, ending soon", "issued, past its deadline", "paid", "partly refunded", "expired"):
        page = visitor.open(f"{address(SCENES[scene][0]())}?lang={language}")
        assert _violations(page) == [], scene


def test_amount_code_and_deadline_are_seen_without_scrolling(visitor: Any, plain_visitor: Any) -> None:
    for scene in PAYABLE:
        path = address(SCENES[scene][0]())
        for each in (visitor, plain_visitor):
            page = each.open(path)
            for what in (".amount", "#code", ".deadline"):
                assert _ends_at(page, what) <= 640, (scene, what)


def test_every_length_of_code_fits_the_phone(visitor: Any) -> None:
    for digits in (7, 8, 9, 14):
        page = visitor.open(address(place_voucher(place_order(), code="12345678901234"[:digits]).order))
        assert _does_not_overflow(page)
        field = page.locator("#code")
        assert field.evaluate("field => field.scrollWidth <= field.clientWidth + 1"), f"{digits} digits are cut off"


def test_without_javascript_everything_is_said_and_nothing_dead_is_shown(plain_visitor: Any) -> None:
    for place, _, shows_code, words in SCENES.values():
        page = plain_visitor.open(address(place()) + "?lang=en")
        expect(page.locator("main")).to_contain_text(words)
        expect(page.locator("#code")).to_have_count(int(shows_code))
        expect(page.locator("button[type=button]:visible")).to_have_count(0)
        expect(page.get_by_role("link", name="Update status")).to_be_visible()
        assert _does_not_overflow(page)


def test_without_javascript_the_link_shows_what_is_new(plain_visitor: Any) -> None:
    order = place_voucher(place_order()).order
    page = plain_visitor.open(address(order))
    expect(page.locator("h1")).to_have_text("Tu código de pago está listo")
    _pay(order)
    page.get_by_role("link", name="Actualizar estado").click()
    expect(page.locator("h1")).to_have_text("¡Pago recibido!")
    expect(page.locator("#code")).to_have_count(0)


def test_the_copy_button_copies_digits_and_nothing_else(visitor: Any) -> None:
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = visitor.open(address(place_voucher(place_order()).order))
    page.get_by_role("button", name="Copiar").click()
    expect(page.locator("#copied")).to_have_text("Copiado. Pégalo en la app de tu banco.")
    assert page.evaluate("navigator.clipboard.readText()") == CODE


def test_where_the_clipboard_is_closed_copying_still_works(visitor: Any) -> None:
    visitor.page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page = visitor.open(address(place_voucher(place_order()).order))
    page.get_by_role("button", name="Copiar").click()
    expect(page.locator("#copied")).to_have_text("Copiado. Pégalo en la app de tu banco.")
    assert page.evaluate("getSelection().toString()") in {CODE, ""}


def test_the_code_is_selected_whole_by_keyboard(visitor: Any) -> None:
    page = visitor.open(address(place_voucher(place_order()).order))
    page.locator("#code").focus()
    page.keyboard.press("Control+a")
    assert page.evaluate("(({ value, selectionStart, selectionEnd }) => value.slice(selectionStart, selectionEnd))"
                         "(document.getElementById('code'))") == CODE  # fmt: skip


def test_everything_can_be_reached_by_keyboard_and_touched_by_a_thumb(visitor: Any) -> None:
    page = visitor.open(address(place_voucher(place_order()).order))
    wanted = page.locator("a:visible, button:visible, summary:visible, input:visible")
    for index in range(wanted.count()):
        box = wanted.nth(index).bounding_box()
        assert box is not None
        assert min(box["height"], box["width"]) >= 44, wanted.nth(index).inner_text()
    reached = set()
    for _ in range(wanted.count() + 2):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.outerHTML"))
    ways = page.locator("input[name=way]").count()
    assert len(reached) >= wanted.count() - ways + 1, "a group of choices is one stop"


def test_the_page_turns_to_paid_by_itself(visitor: Any) -> None:
    order = place_voucher(place_order()).order
    visitor.page.clock.install()
    page = visitor.open(address(order))
    expect(page).to_have_title("Pendiente de pago · Mi Tienda")
    _pay(order)
    page.clock.fast_forward(6_000)
    expect(page.locator("h1")).to_have_text("¡Pago recibido!")
    expect(page.locator("#state")).to_have_text("Pagado")
    expect(page).to_have_title("Pagado · Mi Tienda")
    expect(page.locator("#code")).to_have_count(0)
    assert CODE not in page.content()
    assert _violations(page) == []


def test_a_code_that_is_being_created_appears_by_itself_with_its_buttons(visitor: Any) -> None:
    voucher = place_voucher(place_order(), VoucherState.SUBMITTING)
    visitor.page.clock.install()
    page = visitor.open(address(voucher.order))
    expect(page.locator("#code")).to_have_count(0)
    Voucher.objects.filter(pk=voucher.pk).update(state="issued", code=CODE)
    page.clock.fast_forward(6_000)
    expect(page.locator("#code")).to_have_value(CODE)
    expect(page.get_by_role("button", name="Copiar")).to_be_visible()


def test_it_asks_often_at_first_and_seldom_later_and_never_when_nobody_looks(visitor: Any) -> None:
    asked: list[str] = []
    visitor.page.on("request", lambda request: asked.append(request.url) if "/status/" in request.url else None)
    visitor.page.clock.install()
    page = visitor.open(address(place_voucher(place_order()).order))
    for _ in range(12):
        with page.expect_response(lambda answer: "/status/" in answer.url):
            page.clock.run_for(5_000)
    with page.expect_response(lambda answer: "/status/" in answer.url):
        page.clock.run_for(120_000)
    before = len(asked)
    page.clock.run_for(10_000)
    assert len(asked) == before, "after two minutes it asks every 15 seconds"
    with page.expect_response(lambda answer: "/status/" in answer.url):
        page.clock.run_for(6_000)
    before = len(asked)
    page.evaluate(
        "Object.defineProperty(document, 'hidden', { value: true, configurable: true });"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    page.clock.run_for(600_000)
    assert len(asked) == before
    page.evaluate(
        "Object.defineProperty(document, 'hidden', { value: false });"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    expect(page.locator("#left")).to_have_text("Quedan 1 día y 23 h")  # words of the server, whatever this clock says
    assert len(asked) == before + 1


def test_paper_carries_code_amount_deadline_and_barcode_on_one_page(visitor: Any) -> None:
    page = visitor.open(address(place_voucher(place_order()).order))
    page.emulate_media(media="print")
    for what in ("#code", ".amount", ".deadline", "figure svg", "footer a[href^=mailto]"):
        expect(page.locator(what)).to_be_visible()
    for what in ("section", "nav", "form", ".actions", "[data-copy]"):
        expect(page.locator(what).first).to_be_hidden()
    order = page.locator(".reference").inner_text()
    for paper in ({"format": "A4"}, {"width": "80mm", "height": "200mm"}, {"width": "58mm", "height": "200mm"}):
        printed = page.pdf(**paper)
        assert printed.count(b"/Type /Page\n") == 1, paper
        text = read_pdf(printed)
        for said in (CODE, "S/89.90", order.replace(" ", ""), "Mi Tienda".replace(" ", "")):
            assert said in text, (paper, said)


def test_the_language_changes_and_the_link_stays(visitor: Any) -> None:
    page = visitor.open(address(place_voucher(place_order()).order))
    link = page.url.partition("?")[0]
    for name, heading in (("English", "Your payment code is ready"), ("中文", "您的付款码已生成")):
        page.get_by_role("link", name=name).click()
        expect(page.locator("h1")).to_have_text(heading)
        assert page.url.partition("?")[0] == link
        expect(page.locator("#code")).to_have_value(CODE)


def test_a_link_that_opens_nothing_says_so_kindly(visitor: Any) -> None:
    page = visitor.open(f"/pagoefectivo/v/{'A' * 44}/")
    expect(page.locator("h1")).to_have_text("No encontramos esta página")
    assert _violations(page) == []
    visitor.complaints.clear()  # chromium itself reports the 404
