"""A database that is full or may only be read: every door asks to come again, nothing leaves, and nothing is lost."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from pagoefectivo.models import Order, Refund, Voucher, WebhookDelivery
from tests.integration.api.conftest import JSON, ORDER, ApiClient, problem, written
from tests.integration.webhooks.conftest import DOOR, PAID, signed

pytestmark = pytest.mark.django_db(transaction=True)

_FULL = """
CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
"""


@contextmanager
def read_only() -> Iterator[None]:
    """What a replica says after a failover, and a server whose operator stopped writes."""
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
        try:
            yield
        finally:
            cursor.execute("SET default_transaction_read_only = off")


@contextmanager
def full() -> Iterator[None]:
    """What every INSERT says when the disk has no room left, with the server's own code."""
    tables = [model._meta.db_table for model in (WebhookDelivery, Order, Voucher, Refund)]
    with connection.cursor() as cursor:
        cursor.execute(_FULL)
        for table in tables:
            cursor.execute(
                f'CREATE TRIGGER disk_full BEFORE INSERT OR UPDATE ON "{table}" EXECUTE FUNCTION disk_full()'
            )
        try:
            yield
        finally:
            cursor.execute("DROP FUNCTION disk_full CASCADE")


Trouble = Callable[[], AbstractContextManager[None]]
troubles = pytest.mark.parametrize("trouble", [read_only, full])


@troubles
def test_F09_a_notification_is_not_acknowledged_and_counts_when_it_comes_again(
    client: Client, psp: Any, trouble: Trouble
) -> None:
    body = json.dumps(PAID).encode()

    def deliver() -> Any:
        return client.post(DOOR, body, content_type=JSON, headers=signed(body))

    with trouble():
        answer = deliver()
    assert (answer.status_code, answer.content, answer["Retry-After"]) == (503, b"", "60")
    assert not WebhookDelivery.objects.exists()
    assert deliver().status_code == 200
    assert WebhookDelivery.objects.get().body == body


@troubles
def test_F09_no_order_is_opened_and_the_provider_hears_of_none(psp: Any, api: ApiClient, trouble: Trouble) -> None:
    before = written()
    with trouble():
        answer = api.post("orders/", ORDER, key="checkout-1")
    assert (answer.status_code, problem(answer)["code"]) == (503, "SERVICE_UNAVAILABLE")
    assert answer["Retry-After"]
    assert (psp.call_counts(), psp.payments()) == ({}, [])
    assert written() == before
    assert api.post("orders/", ORDER, key="checkout-1").status_code == 201
    assert len(psp.payments()) == 1


@troubles
def test_F09_no_refund_leaves_that_is_not_written_down(
    psp: Any, paid_order: Any, api: ApiClient, trouble: Trouble
) -> None:
    paid_order()
    before, wanted = written(), {"amount": "20.00", "reason": "other"}
    with trouble():
        answer = api.post("orders/A-1042/refunds/", wanted, key="refund-1")
    assert (answer.status_code, problem(answer)["code"], psp.refunds()) == (503, "SERVICE_UNAVAILABLE", [])
    assert written() == before
    assert api.post("orders/A-1042/refunds/", wanted, key="refund-1").status_code in {201, 202}
    assert len(psp.refunds()) == 1


@troubles
def test_F09_a_buyer_is_told_to_come_again_and_may_still_read_the_code(
    client: Client, open_order: Any, trouble: Trouble
) -> None:
    order = open_order()
    with trouble():
        page = client.get(order.page_url)
        said = client.post(f"{order.page_url}paid/")
    assert (page.status_code, order.current_voucher.code in page.content.decode()) == (200, True)
    assert said.status_code == 503
    assert client.post(f"{order.page_url}paid/").status_code in {200, 302, 303}
