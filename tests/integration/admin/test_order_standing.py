"""Whom we believe, what to do next, and why an act is closed: always what the services would say themselves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from pagoefectivo import shop
from pagoefectivo.domain.exceptions import RuleRefused, StateConflict
from pagoefectivo.domain.states import LIVE_VOUCHER, Source
from pagoefectivo.models import Order
from pagoefectivo.selectors.order_acts import Act, closed_acts
from pagoefectivo.selectors.whole_orders import whole_order
from pagoefectivo.services import order_desk, orders, refunds, vouchers
from pagoefectivo.services.actors import SHOP, Actor, Permission
from tests.integration.admin.conftest import order_page, text_of
from tests.integration.pages.stage import SCENES

pytestmark = pytest.mark.django_db(transaction=True)
ENGLISH = {"accept-language": "en"}
BOSS = Actor("staff:boss", frozenset(Permission), user_id=1)
DOINGS: dict[Act, Callable[[str], object]] = {
    Act.REFRESH: lambda reference: order_desk.ask_now(reference, actor=BOSS),
    Act.ACCEPT: lambda reference: orders.accept_payment(reference, note="", actor=BOSS, source=Source.STAFF),
    Act.REFUND: lambda reference: refunds.request(
        reference, amount=_one(reference), reason="damaged", actor=BOSS, source=Source.STAFF
    ),
    Act.EXTEND: lambda reference: vouchers.extend(
        reference, expires_in=timedelta(hours=60), actor=BOSS, source=Source.STAFF
    ),
    Act.GIVE_UP: lambda reference: vouchers.give_up(reference, actor=BOSS, source=Source.STAFF),
    Act.REISSUE: lambda reference: orders.reissue_voucher(reference, actor=BOSS, source=Source.STAFF),
}


def _one(reference: str) -> Any:
    return Order.objects.get(reference=reference).amount


def codes_of(act: Callable[[str], object], order: Order) -> set[str]:
    """With which codes a service refuses; none where it does not."""
    try:
        act(order.reference)
    except RuleRefused as refusal:
        return {reason.code for reason in refusal.reasons}
    except StateConflict as conflict:
        return {conflict.code}
    return set()


def test_what_the_page_says_is_closed_the_service_refuses_with_the_same_codes(psp: Any) -> None:
    """A new code for one that lives is left out: there the service asks the provider first, and then decides."""
    tried = set()
    for scene, (place, *_) in SCENES.items():
        order = place()
        whole = whole_order(order.pk)
        assert whole is not None
        closed = {act: {reason.code for reason in reasons} for act, reasons in closed_acts(whole).items() if reasons}
        for act, said in closed.items():
            asks_first = act is Act.REISSUE and whole.newest is not None and whole.newest.state in LIVE_VOUCHER
            if act in DOINGS and not asks_first:
                assert said <= codes_of(DOINGS[act], order), (scene, act)
                tried |= {(act, code) for code in said}
    assert {act for act, _ in tried} == set(DOINGS)
    assert len(tried) == 8


def test_no_new_code_is_given_while_a_payment_is_being_confirmed(psp: Any) -> None:
    whole = whole_order(SCENES["confirming"][0]().pk)
    assert whole is not None
    assert [reason.code for reason in closed_acts(whole)[Act.REISSUE]] == ["PAYMENT_CONFIRMING"]


def read(browser: Any, order: Order) -> str:
    return text_of(browser.get(order_page(order), headers=ENGLISH))


def test_the_next_step_has_its_code_its_actor_and_the_buttons_of_who_may(
    at_desk: Any, psp: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    order = open_order()
    assert "Next: All is as it should be It waits for the buyer." in read(at_desk("support_n1"), order)
    psp.pay(order.current_voucher.code, amount="80.00")
    world.advance(seconds=20)
    sweep()
    order.refresh_from_db()
    assert order.state == "in_review"
    page = read(at_desk("finance"), order)
    said = "Another amount was paid than was asked for. What to do: Accept it or refund it. Who acts: finance. PAID_AMOUNT_MISMATCH"
    assert f"Next: paid less than asked {said} Accept the payment …" in page
    assert "Paid: S/ 80.00 instead of S/ 89.90 on" in page
    page = read(at_desk("support_n1"), order)
    assert f"{said} Accept the payment … only finance Refund … only support 2, finance" in page
    assert order_page(order, "accept") not in at_desk("support_n1").get(order_page(order)).content.decode()
    orders.accept_payment(order.reference, note="regular buyer", actor=BOSS, source=Source.STAFF)
    page = read(at_desk("finance"), order)
    assert "before the deadline. Accepted by boss. Nothing was given back." in page
    assert "Paid? – paid – accepted by boss" in page


def test_who_says_what_is_laid_side_by_side_and_flagged_where_they_differ(
    at_desk: Any, listening: Any, psp: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    order, browser = open_order(), at_desk("support_n1")
    assert "Paid? – waiting for payment – –" in read(browser, order)
    psp.pay(order.current_voucher.code)
    assert psp.wait_idle()
    world.advance(seconds=20)
    sweep()
    page = read(browser, order)
    assert "Who says what Notification Query Receipt Staff Paid? paid paid – – How much S/ 89.90 S/ 89.90 – –" in page
    assert "We believe the query: it is the provider&#x27;s own answer to our authenticated question." in page
    assert "they differ" not in page
    refund = shop.request_refund(reference="A-1042", amount="30.00", reason="damaged", actor=SHOP)
    psp.settle_refund(refund.provider_reference)
    psp.webhook_fault("lost", times=None)
    world.advance(seconds=20)
    sweep()
    assert "S/ 30.00" in read(browser, order).partition("Given back")[2].partition("We believe")[0]


def test_every_closed_act_says_why_in_plain_words(at_desk: Any, open_order: Any, paid_order: Any, world: Any) -> None:
    unpaid, paid = open_order("A-1"), paid_order("A-2")
    page = read(at_desk("support_n2"), unpaid)
    assert "Refund … × closed Nothing has been paid, so nothing can be refunded." in page
    assert "Accept the payment … × closed This order is not under review, so there is nothing to accept." in page
    assert "Give up the lost code … × closed No code of this order is lost" in page
    assert "New code … ✓ open" in page
    page = read(at_desk("support_n2"), paid)
    assert "New code … × closed This order has already been paid. Refund it instead. (ORDER_ALREADY_PAID)" in page
    assert "Refund … ✓ open" in page
    assert "Raw messages ○ for others You are not allowed to do this." in page
