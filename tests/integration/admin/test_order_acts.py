"""Acts on an order: asked first, done by one POST, told in plain words."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from pagoefectivo import shop
from pagoefectivo.models import Order, StateChange, Voucher
from tests.integration.admin.conftest import everything, order_page, text_of

pytestmark = pytest.mark.django_db(transaction=True)


def act(browser: Client, order: Order, name: str, **data: str) -> str:
    """Do it and read what the next page says."""
    answer = browser.post(order_page(order, name), data, follow=True, headers={"accept-language": "en"})
    assert answer.status_code == 200
    return text_of(answer)


def test_asking_the_provider_says_what_it_answered_and_that_nothing_changed(
    at_desk: Any, open_order: Any, world: Any
) -> None:
    order = open_order()
    world.advance(seconds=20)
    page = act(at_desk("support_n1"), order, "refresh")
    assert "Provider asked at" in page
    assert "(HTTP 200," in page
    assert "It says: waiting for payment. Nothing changed." in page


def test_asking_again_at_once_is_refused_with_the_seconds_left_and_later_says_that_the_answer_is_the_same(
    at_desk: Any, psp: Any, open_order: Any, world: Any
) -> None:
    order, browser = open_order(), at_desk("support_n1")
    world.advance(seconds=20)
    act(browser, order, "refresh")
    asked, before = len(psp.calls()), everything()
    page = act(browser, order, "refresh")
    assert re.search(r"It can be asked again in \d\d seconds\. \(ASKED_JUST_NOW\)", page)
    assert len(psp.calls()) == asked
    assert everything() == before
    world.advance(seconds=20)
    assert "It repeats what it had said before. Nothing changed." in act(browser, order, "refresh")


def test_asking_finds_a_payment_that_no_webhook_announced(at_desk: Any, psp: Any, open_order: Any, world: Any) -> None:
    order = open_order()
    world.advance(seconds=20)
    psp.webhook_fault("lost", times=None)
    psp.pay(order.current_voucher.code)
    page = act(at_desk("support_n1"), order, "refresh")
    assert "It says: paid." in page
    assert "order: waiting for payment → paid" in page
    assert "received: S/ 0.00 → S/ 89.90" in page
    last = StateChange.objects.filter(subject="order").latest("pk")
    assert (last.to_state, last.source) == ("paid", "staff")


def test_a_provider_that_fails_is_said_so_with_the_id_to_quote(
    at_desk: Any, psp: Any, open_order: Any, world: Any
) -> None:
    order = open_order()
    world.advance(seconds=20)
    psp.fault("get_payment", "500")
    page = act(at_desk("support_n1"), order, "refresh")
    assert "The provider is not available. No money was lost." in page
    assert "(PSP_UNAVAILABLE)" in page
    assert "Provider call: " in page
    order.refresh_from_db()
    assert order.state == "awaiting_payment"


def test_a_new_code_replaces_the_old_one(at_desk: Any, open_order: Any) -> None:
    order, browser = open_order(), at_desk("support_n2")
    question = text_of(browser.get(order_page(order, "reissue"), headers={"accept-language": "en"}))
    assert "The buyer gets a new code over S/ 89.90" in question
    assert "New code: waiting for payment." in act(browser, order, "reissue")
    assert Voucher.objects.filter(order=order).count() == 2


def test_an_order_is_withdrawn_only_after_the_question(at_desk: Any, open_order: Any) -> None:
    order, browser = open_order(), at_desk("support_n2")
    question = text_of(browser.get(order_page(order, "cancel"), headers={"accept-language": "en"}))
    assert "This cannot be undone" in question
    order.refresh_from_db()
    assert order.state == "awaiting_payment"
    assert "The order was withdrawn." in act(browser, order, "cancel")
    order.refresh_from_db()
    assert order.state == "canceled"


def test_an_order_that_was_paid_meanwhile_is_not_withdrawn(at_desk: Any, psp: Any, open_order: Any) -> None:
    order = open_order()
    psp.pay(order.current_voucher.code)
    answer = at_desk("support_n2").post(order_page(order, "cancel"), headers={"accept-language": "en"})
    assert answer.status_code == 422
    assert "This order has already been paid. Refund it instead. (ORDER_ALREADY_PAID)" in text_of(answer)
    assert shop.get_order(reference="A-1042").paid_amount > 0


def test_a_short_payment_is_accepted_with_a_note_and_a_name(
    at_desk: Any, psp: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    order, browser = open_order(), at_desk("finance", "luz")
    psp.pay(order.current_voucher.code, amount="80.00")
    world.advance(seconds=2)
    sweep()
    question = text_of(browser.get(order_page(order, "accept"), headers={"accept-language": "en"}))
    assert "Asked: S/ 89.90. Received: S/ 80.00." in question
    assert browser.post(order_page(order, "accept"), {"note": ""}).status_code == 422
    assert "The payment was accepted: the order is paid." in act(browser, order, "accept", note="regular buyer")
    anomaly = order.anomalies.get(kind="underpaid")
    assert (anomaly.closed_by, anomaly.resolution) == ("staff:luz", "regular buyer")


def test_what_is_no_longer_possible_is_said_and_changes_nothing(at_desk: Any, paid_order: Any) -> None:
    order, browser = paid_order(), at_desk("support_n2")
    before = everything()
    for name, code in (("reissue", "ORDER_ALREADY_PAID"), ("cancel", "ORDER_ALREADY_PAID")):
        answer = browser.post(order_page(order, name))
        assert (answer.status_code, code in text_of(answer)) == (422, True)
    answer = at_desk("finance").post(order_page(order, "accept"), {"note": "x"})
    assert (answer.status_code, "NOTHING_TO_ACCEPT" in text_of(answer)) == (422, True)
    assert everything() == before


def test_G07_an_act_needs_a_post_with_the_token_of_its_page(at_desk: Any, open_order: Any) -> None:
    order = open_order()
    browser = at_desk("support_n2", enforce_csrf_checks=True)
    before = everything()
    assert browser.get(order_page(order, "refresh")).status_code == 405
    for name in ("refresh", "reissue", "cancel", "refund"):
        assert browser.post(order_page(order, name), {"amount": "1.00", "reason": "other"}).status_code == 403
    assert everything() == before


def test_a_host_with_atomic_requests_can_still_act(at_desk: Any, open_order: Any, settings: Any, world: Any) -> None:
    from django.db import connection

    order = open_order()
    world.advance(seconds=20)
    connection.settings_dict["ATOMIC_REQUESTS"] = True
    try:
        assert "Nothing changed." in act(at_desk("support_n1"), order, "refresh")
    finally:
        connection.settings_dict["ATOMIC_REQUESTS"] = False
