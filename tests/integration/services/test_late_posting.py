"""Cash taken before the deadline and posted after a long weekend: nobody is told that the code expired meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from pagoefectivo.models import BuyerMessage
from tests.integration.ledger import moves, oddities, only_order, only_voucher, outbox

pytestmark = pytest.mark.django_db(transaction=True)

SAYS_EXPIRED = "This code has expired"


def shown(client: Client, order: Any) -> str:
    return client.get(order.page_url, headers={"Accept-Language": "en"}).content.decode()


def test_D07_over_a_long_weekend_the_provider_is_asked_and_nobody_is_told_that_the_code_expired(
    psp: Any, client: Client, open_order: Any, world: Any, sweep: Any
) -> None:
    order = open_order(expires_in=timedelta(days=1))
    for _ in range(5):
        world.skew(days=1)  # the provider's books still stand at Friday evening
        sweep()
        assert (only_order().state, only_voucher().state) == ("awaiting_payment", "issued")
        assert SAYS_EXPIRED not in shown(client, order)
    assert moves("voucher") == ["submit", "issue"]
    assert not BuyerMessage.objects.filter(kind="expired").exists()
    asked = psp.call_counts()["get_payment"]
    psp.pay(order.current_voucher.code)
    world.skew(hours=2)
    sweep()
    assert (only_order().state, only_voucher().state, oddities()) == ("paid", "paid", []), "paid in time, posted late"
    assert (asked >= 5, outbox()) == (True, ["voucher_issued", "order_paid"]), "no stock was let go"


def test_D07_what_the_provider_called_expired_is_asked_about_for_weeks_and_what_it_posts_then_counts(
    psp: Any, client: Client, open_order: Any, world: Any, sweep: Any
) -> None:
    order = open_order(expires_in=timedelta(days=1))
    psp.expire(order.current_voucher.code)
    world.advance(seconds=2)
    sweep()
    assert (only_order().state, SAYS_EXPIRED in shown(client, order)) == ("expired", True), "the provider's own word"
    psp.pay(order.current_voucher.code, late=True)
    world.advance(days=3)
    sweep()
    assert (only_voucher().state, oddities()) == ("paid", ["paid_late"])
    assert SAYS_EXPIRED not in shown(client, order)
