"""The order's page: one sentence of truth, the money, the story, and the acts that make sense now."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pagoefectivo import shop
from pagoefectivo.domain.localtime import between_days
from pagoefectivo.models import ApiExchange, Order
from pagoefectivo.selectors import calendar
from pagoefectivo.selectors.expectations import expected_refund_dates, expected_settlement_dates
from pagoefectivo.services.actors import SHOP
from tests.integration.admin.conftest import everything, order_page, refund_page, text_of
from tests.integration.by_hand import ACCOUNT

pytestmark = pytest.mark.django_db(transaction=True)
ENGLISH = {"accept-language": "en"}
MORE = ("note", "resend", "as_buyer", "relink")


def read(browser: Any, order: Order, act: str = "change") -> str:
    answer = browser.get(order_page(order, act), headers=ENGLISH)
    assert answer.status_code == 200
    return text_of(answer)


def test_an_unpaid_order_says_until_when_it_can_be_paid(at_desk: Any, open_order: Any) -> None:
    page = read(at_desk("support_n1"), open_order())
    assert "Not paid yet. The buyer can pay the code until" in page
    assert "Asked S/ 89.90" in page
    assert "Paid S/ 0.00" in page
    assert "SANDBOX" in page


def test_a_paid_order_shows_where_every_sol_is(at_desk: Any, psp: Any, paid_order: Any, world: Any, sweep: Any) -> None:
    order = paid_order()
    done = shop.request_refund(reference="A-1042", amount="30.00", reason="damaged", actor=SHOP)
    psp.settle_refund(done.provider_reference)
    world.advance(seconds=3)
    sweep()
    shop.request_refund(reference="A-1042", amount="20.00", reason="damaged", actor=SHOP)
    page = read(at_desk("support_n1"), order)
    assert "S/ 30.00 was given back. A refund of S/ 20.00 is under way and not confirmed." in page
    assert "Paid S/ 89.90" in page
    assert "Reserved for refunds under way S/ 20.00" in page
    assert "Given back S/ 30.00" in page
    assert "Left to give back S/ 39.90" in page


def test_R12_what_is_expected_is_said_with_its_days_and_flagged_once_it_is_late(
    at_desk: Any, account: Any, paid_order: Any, world: Any, sweep: Any
) -> None:
    account(CAPABILITIES={"refund_takes": [0, 2], "settles_in": [1, 4]})
    order, browser = paid_order(), at_desk("support_n1")
    refund = shop.request_refund(reference="A-1042", amount="30.00", reason="damaged", actor=SHOP, destination=ACCOUNT)
    (arrives, settles) = (expected_refund_dates(refund), expected_settlement_dates(refund.voucher))
    assert arrives is not None
    assert settles is not None
    for advance, word in ((0, "→ within the usual time"), (20, "! late")):
        world.advance(days=advance)
        sweep()
        said = [
            between_days(each.first, each.last, "en", today=calendar.today()) + f" {word}"
            for each in (arrives, settles)
        ]
        page = read(browser, order)
        assert f"Reaches the buyer: {said[0]}" in page
        assert f"Settlement expected: {said[1]}" in page
        followed = text_of(browser.get(refund_page(refund), headers=ENGLISH))
        assert f"Reaches the buyer {said[0]}" in followed
        assert ("The refund is on its way for longer than usual." in followed) == (advance > 0)


def test_the_story_is_told_newest_first_with_who_and_by_which_path(at_desk: Any, paid_order: Any) -> None:
    page = read(at_desk("support_n1"), paid_order())
    moves = ["order: waiting for payment → paid", "payment code: creating code → waiting for payment"]
    assert 0 < page.index(moves[0]) < page.index(moves[1])
    assert "the provider · query" in page


def test_what_needs_a_look_says_what_to_do(at_desk: Any, psp: Any, open_order: Any, world: Any, sweep: Any) -> None:
    order = open_order()
    psp.pay(order.current_voucher.code, amount="80.00")
    world.advance(seconds=2)
    sweep()
    order.refresh_from_db()
    page = read(at_desk("finance"), order)
    assert order.state == "in_review"
    assert "Do not deliver yet: a person has to decide (paid less than asked)." in page
    assert "Another amount was paid than was asked for. What to do: Accept it or refund it." in page
    assert "Who acts: finance. PAID_AMOUNT_MISMATCH" in page
    assert "Accept the payment …" in page


def test_the_code_and_the_buyer_are_masked_unless_one_may_see_them(at_desk: Any, open_order: Any) -> None:
    order = open_order()
    secrets = (order.current_voucher.code, "maria.quispe", "María Quispe", "45678912", "987654321")
    masked, whole = (at_desk(desk).get(order_page(order)).content.decode() for desk in ("support_n1", "support_n2"))
    assert [secret for secret in secrets if secret in masked] == []
    assert [secret for secret in secrets if secret not in whole] == []


def test_raw_messages_are_masked_and_only_for_those_who_may_see_them(at_desk: Any, paid_order: Any) -> None:
    order = paid_order()
    page = at_desk("auditor").get(order_page(order, "raw")).content.decode()
    assert page.count("<details") == ApiExchange.objects.count()
    for secret in (order.current_voucher.code, "maria.quispe", "45678912", "sandbox_trans_key", "sandbox_secret_key"):
        assert secret not in page
    assert at_desk("support_n2").get(order_page(order, "raw")).status_code == 403


def test_hostile_texts_of_buyer_and_provider_are_shown_as_text(at_desk: Any, open_order: Any) -> None:
    """G08."""
    hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
    order = open_order(payer=shop.Payer("maria@example.pe", hostile, "", "DNI", "45678912"), description=hostile)
    for desk, act in (("support_n2", "change"), ("auditor", "raw"), ("support_n2", "cancel")):
        page = at_desk(desk).get(order_page(order, act)).content.decode()
        assert "<script>alert" not in page
        assert "<img" not in page


def test_only_acts_that_make_sense_are_offered(at_desk: Any, open_order: Any, paid_order: Any) -> None:
    unpaid, paid = open_order("A-1"), paid_order("A-2")
    browser, acts = at_desk("support_n2"), ("reissue", "cancel", "refund", "accept", "extend", "give_up")
    offered = {}
    for order in (unpaid, paid):
        page = browser.get(order_page(order)).content.decode()
        offered[order.reference] = [act for act in acts if order_page(order, act) in page]
    assert offered == {"A-1": ["reissue", "cancel"], "A-2": ["refund"]}


def test_the_page_asks_a_pinned_number_of_questions(at_desk: Any, paid_order: Any) -> None:
    order = paid_order()
    shop.request_refund(reference="A-1042", amount="20.00", reason="damaged", actor=SHOP)
    browser = at_desk("support_n1")
    browser.get(order_page(order))
    with CaptureQueriesContext(connection) as asked:
        browser.get(order_page(order))
    told = [each["sql"] for each in asked]
    assert len(told) == 8, "\n".join(told)  # P6: session, person, two of permissions, and four of the page


def test_reading_changes_nothing(at_desk: Any, paid_order: Any) -> None:
    """G07: no page of the back office writes when it is only looked at."""
    order = paid_order()
    before = everything()
    for desk in ("support_n2", "finance", "auditor"):
        for act in ("change", "refresh", "reissue", "cancel", "accept", "refund", "raw", "history", "ticket", *MORE):
            at_desk(desk).get(order_page(order, act))
            at_desk(desk).head(order_page(order, act))
    assert everything() == before


def test_a_page_without_a_row_is_not_found_or_sent_home(at_desk: Any, psp: Any) -> None:
    browser = at_desk("support_n2")
    assert browser.get("/admin/pagoefectivo/order/999/change/").status_code == 302
    assert browser.get("/admin/pagoefectivo/order/nonsense/change/").status_code == 302
    assert browser.get("/admin/pagoefectivo/refund/nonsense/change/").status_code == 302
    assert browser.post("/admin/pagoefectivo/order/999/refund/").status_code == 404
