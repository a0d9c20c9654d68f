"""Addresses that others send are text: nothing on the server ever opens one."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from pagoefectivo import shop
from pagoefectivo.models import ApiExchange, WebhookDelivery
from pagoefectivo.services import webhooks
from tests.integration.services.test_webhooks import letter, payment

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def trap() -> Iterator[socket.socket]:
    """A server of somebody else that waits to be called."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


def was_called(trap: socket.socket) -> bool:
    try:
        trap.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def test_the_trap_notices_a_caller(trap: socket.socket) -> None:
    socket.create_connection(trap.getsockname()).close()
    assert was_called(trap)
    assert not was_called(trap)


def test_G10_no_address_in_a_notification_an_order_or_a_request_is_fetched(
    psp: Any, open_order: Any, world: Any, sweep: Any, trap: socket.socket, client: Client
) -> None:
    bait = "http://{}:{}/bait".format(*trap.getsockname())
    order = open_order(description=bait, metadata={"image_url": bait})
    voucher = order.current_voucher
    psp.pay(voucher.code)
    urls = dict.fromkeys(("url", "notification_url", "callback_url", "redirect_url", "logo", "refunds_url"), bait)
    webhooks.accept(letter(payment(voucher, **urls, ticket={"image_url": bait, "barcode": bait, **urls})))
    world.advance(seconds=2)
    sweep()
    page = client.get(urlsplit(order.page_url).path, headers={"Referer": bait, "Origin": bait, "X-Original-URL": bait})
    assert (page.status_code, shop.get_order(reference="A-1042").state) == (200, "paid")
    assert WebhookDelivery.objects.get().outcome == "applied"
    assert not was_called(trap)
    called = {urlsplit(url).netloc for url in ApiExchange.objects.values_list("url", flat=True)}
    assert len(called) == 1
    assert called.isdisjoint({urlsplit(bait).netloc})
