"""A buyer's dead code gives way to one new code, on the page and without anybody of the shop."""

from __future__ import annotations

import html
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from pagoefectivo import shop
from pagoefectivo.links import page_token
from pagoefectivo.models import Order, Voucher
from pagoefectivo.services import orders
from tests.integration.ledger import calls_of, only_order

pytestmark = pytest.mark.django_db(transaction=True)


def _press(client: Client, order: Order) -> tuple[int, str]:
    answer = client.post(f"/pagoefectivo/v/{page_token(order.page_key)}/renew/?lang=en")
    return answer.status_code, html.unescape(answer.content.decode())


def test_a_code_past_its_deadline_is_asked_about_and_replaced_once(
    client: Client, psp: Any, world: Any, open_order: Any
) -> None:
    order = open_order()
    old = order.current_voucher.code
    assert _press(client, order)[0] == 409
    world.advance(days=7)
    status, said = _press(client, order)
    assert status == 303, said
    fresh = shop.get_order(reference="A-1042")
    newest = fresh.current_voucher
    assert newest is not None
    assert (newest.attempt, newest.state, fresh.state) == (2, "issued", "awaiting_payment")
    assert newest.code not in {"", old}
    status, said = _press(client, order)
    assert status == 409
    assert "still in force" in said
    assert (Voucher.objects.count(), calls_of(psp, "create")) == (2, 2)


def test_a_code_whose_deadline_has_moved_at_the_provider_is_not_replaced(
    client: Client, psp: Any, world: Any, open_order: Any
) -> None:
    order = open_order()
    known = order.current_voucher.expires_at
    _let_the_deadline_pass(order)
    status, said = _press(client, order)
    assert (status, "still in force" in said) == (409, True)
    only = Voucher.objects.get()
    assert (only.state, only.expires_at) == ("issued", known)
    assert calls_of(psp, "create") == 1


def test_a_code_that_another_click_made_a_moment_ago_is_not_replaced(
    client: Client, psp: Any, world: Any, open_order: Any, monkeypatch: Any
) -> None:
    order = open_order()
    psp.expire(order.current_voucher.code)
    _let_the_deadline_pass(order)
    reissue = orders.reissue_voucher

    def after_another(reference: str, **wish: Any) -> Order:
        monkeypatch.setattr(orders, "reissue_voucher", reissue)
        assert _press(client, order)[0] == 303
        return reissue(reference, **wish)

    monkeypatch.setattr(orders, "reissue_voucher", after_another)
    assert _press(client, order)[0] == 409
    newest = shop.get_order(reference="A-1042").current_voucher
    assert newest is not None
    assert (newest.attempt, newest.state, newest.replaced_at) == (2, "issued", None)


def test_money_that_arrived_meanwhile_is_found_and_no_new_code_is_made(
    client: Client, psp: Any, world: Any, open_order: Any
) -> None:
    order = open_order()
    psp.pay(order.current_voucher.code)
    _let_the_deadline_pass(order)
    status, said = _press(client, order)
    assert status == 409
    assert "payment for this order has arrived" in said
    assert (Voucher.objects.count(), only_order().paid_amount) == (1, Decimal("89.90"))


def test_while_the_provider_is_silent_there_is_no_new_code(
    client: Client, psp: Any, world: Any, open_order: Any
) -> None:
    order = open_order()
    _let_the_deadline_pass(order)
    psp.fault("get_payment", "500", times=9)
    status, said = _press(client, order)
    assert status == 409
    assert "does not answer" in said
    assert Voucher.objects.count() == 1


def _let_the_deadline_pass(order: Order) -> None:
    """As far as we know; the provider has not expired the code yet."""
    Voucher.objects.filter(order=order).update(expires_at=timezone.now() - timedelta(minutes=1))


@pytest.mark.parametrize(("choice", "status", "codes"), [("unreleased", 409, 1), ("always", 303, 2), ("never", 409, 1)])
def test_an_order_that_was_released_is_renewed_only_where_the_shop_says_so(
    client: Client,
    settings: Any,
    psp: Any,
    world: Any,
    open_order: Any,
    sweep: Any,
    choice: str,
    status: int,
    codes: int,
) -> None:
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "NEW_CODE_BY_BUYER": choice}
    order = open_order()
    psp.expire(order.current_voucher.code)
    world.advance(minutes=2)
    sweep()
    assert only_order().state == "expired"
    answered, said = _press(client, order)
    assert answered == status
    assert ("no longer reserved" in said) is (choice == "unreleased")
    assert Voucher.objects.count() == codes
    assert only_order().state == ("awaiting_payment" if codes == 2 else "expired")


def test_what_the_shop_withdrew_stays_withdrawn(client: Client, psp: Any, open_order: Any) -> None:
    order = open_order()
    shop.cancel_order(reference="A-1042")
    assert _press(client, order)[0] == 409
    assert Voucher.objects.count() == 1


def test_saying_paid_brings_the_money_in_within_one_sweep(
    client: Client, psp: Any, world: Any, open_order: Any, sweep: Any, settings: Any
) -> None:
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "TIMING": {"POLL": ["1h"]}}
    order = open_order()
    psp.pay(order.current_voucher.code)
    world.advance(minutes=1)
    sweep()
    assert only_order().state == "awaiting_payment"
    client.post(f"/pagoefectivo/v/{page_token(order.page_key)}/paid/")
    assert only_order().state == "awaiting_payment", "the buyer's word proves nothing"
    sweep()
    assert only_order().state == "paid"
