"""Notifications: signed, retried until somebody says 2xx, and faulty on request."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from pagoefectivo.sandbox.server import SandboxServer
from tests.sandbox.conftest import Receiver, Shop

SECRET = "sandbox_secret_key"


def pay_one(shop: Shop, sandbox: SandboxServer, **changes: Any) -> dict[str, Any]:
    payment = shop.issue(**changes)
    sandbox.control.pay(payment["ticket"]["number"])
    assert sandbox.control.wait_idle(5)
    return payment


def sent_at(headers: dict[str, str]) -> datetime:
    return datetime.fromisoformat(headers["X-Date"])


def test_a_paid_code_is_announced_once_and_signed(shop: Shop, sandbox: SandboxServer, receiver: Receiver) -> None:
    payment = pay_one(shop, sandbox)
    [arrival] = receiver.arrivals
    assert arrival.is_signed_with(SECRET)
    assert arrival.headers["X-Version"] == "2.1"
    assert "X-Trans-Key" not in arrival.headers
    assert (arrival.document["id"], arrival.document["status"]) == (payment["id"], "PAID")
    [delivery] = sandbox.control.deliveries()
    assert (delivery["state"], delivery["attempts"][0]["status"], delivery["attempts"][0]["answer"]) == (
        "delivered",
        200,
        "ok",
    )
    assert delivery["attempts"][0]["latency_ms"] > 0


def test_a_notification_is_tried_again_until_it_is_accepted(
    shop: Shop, sandbox: SandboxServer, receiver: Receiver
) -> None:
    receiver.answers = [503, 302]
    pay_one(shop, sandbox)
    [delivery] = sandbox.control.deliveries()
    assert [each["status"] for each in delivery["attempts"]] == [503, 302, 200]
    assert delivery["state"] == "delivered"
    assert {each.body for each in receiver.arrivals} == {receiver.arrivals[0].body}
    assert all(each.is_signed_with(SECRET) for each in receiver.arrivals)


def test_retries_follow_the_sandbox_clock_and_end(shop: Shop, sandbox: SandboxServer, receiver: Receiver) -> None:
    sandbox.control.configure(retry_seconds=[3600, 3600], reuse_x_date=True)
    receiver.answers = [500, 500, 500]
    pay_one(shop, sandbox)
    assert len(receiver.arrivals) == 1
    for expected in (2, 3, 3):
        sandbox.control.advance(3601)
        assert sandbox.control.wait_idle(5)
        assert len(receiver.arrivals) == expected
    assert sandbox.control.deliveries()[0]["state"] == "gave_up"
    assert len({each.headers["X-Date"] for each in receiver.arrivals}) == 1


def test_an_absent_receiver_is_recorded(shop: Shop, sandbox: SandboxServer) -> None:
    pay_one(shop, sandbox, notification_url="http://127.0.0.1:9/")
    [delivery] = sandbox.control.deliveries()
    assert [each["error"] for each in delivery["attempts"]] == ["ConnectionError"] * 4
    assert delivery["state"] == "gave_up"


def test_a_notification_never_leaves_this_machine_unless_allowed(shop: Shop, sandbox: SandboxServer) -> None:
    pay_one(shop, sandbox, notification_url="https://shop.example/hooks/")
    [delivery] = sandbox.control.deliveries()
    assert delivery["attempts"][0]["error"] == "not sent: the sandbox only calls this machine"
    assert delivery["state"] == "gave_up"


def test_without_an_own_address_the_panel_setting_counts(
    shop: Shop, sandbox: SandboxServer, receiver: Receiver
) -> None:
    sandbox.control.configure(notification_url=receiver.url + "panel")
    pay_one(shop, sandbox, notification_url=None)
    assert sandbox.control.deliveries()[0]["url"].endswith("/panel")
    assert len(receiver.arrivals) == 1


def test_a_lost_notification_never_arrives_and_the_next_one_does(
    shop: Shop, sandbox: SandboxServer, receiver: Receiver
) -> None:
    sandbox.control.webhook_fault("lost")
    pay_one(shop, sandbox, order_id="A")
    assert receiver.arrivals == []
    pay_one(shop, sandbox, order_id="B")
    assert [each.document["order_id"] for each in receiver.arrivals] == ["B"]
    assert [each["state"] for each in sandbox.control.deliveries()] == ["lost", "delivered"]


def test_a_duplicated_notification_arrives_as_the_same_bytes(
    shop: Shop, sandbox: SandboxServer, receiver: Receiver
) -> None:
    sandbox.control.webhook_fault("duplicated", copies=3)
    pay_one(shop, sandbox)
    assert len(receiver.arrivals) == 3
    assert len({(each.body, each.headers["Authorization"]) for each in receiver.arrivals}) == 1


def test_a_delayed_notification_waits_for_the_clock(shop: Shop, sandbox: SandboxServer, receiver: Receiver) -> None:
    sandbox.control.webhook_fault("delayed", seconds=7200)
    pay_one(shop, sandbox)
    assert receiver.arrivals == []
    sandbox.control.advance(7201)
    assert sandbox.control.wait_idle(5)
    assert len(receiver.arrivals) == 1


def test_a_reordered_notification_comes_after_the_next_one(
    shop: Shop, sandbox: SandboxServer, receiver: Receiver
) -> None:
    sandbox.control.webhook_fault("reordered")
    pay_one(shop, sandbox, order_id="first")
    pay_one(shop, sandbox, order_id="second")
    assert [each.document["order_id"] for each in receiver.arrivals] == ["second", "first"]


@pytest.mark.parametrize("kind", ["forged", "unsigned"])
def test_a_forged_notification_does_not_verify(
    shop: Shop, sandbox: SandboxServer, receiver: Receiver, kind: str
) -> None:
    sandbox.control.webhook_fault(kind)
    pay_one(shop, sandbox)
    [arrival] = receiver.arrivals
    assert not arrival.is_signed_with(SECRET)
    assert ("Authorization" in arrival.headers) is (kind == "forged")


@pytest.mark.parametrize(("kind", "days"), [("stale", -2), ("future", 2)])
def test_a_notification_may_bear_another_date_and_a_good_signature(
    shop: Shop, sandbox: SandboxServer, receiver: Receiver, kind: str, days: int
) -> None:
    sandbox.control.webhook_fault(kind, seconds=abs(days) * 86400)
    pay_one(shop, sandbox)
    [arrival] = receiver.arrivals
    shift = sent_at(arrival.headers) - datetime.fromisoformat(sandbox.control.now())
    assert abs(shift - timedelta(days=days)) < timedelta(minutes=1)
    assert arrival.is_signed_with(SECRET)


def test_a_huge_notification_is_still_json_and_signed(shop: Shop, sandbox: SandboxServer, receiver: Receiver) -> None:
    sandbox.control.webhook_fault("huge", bytes=300_000)
    pay_one(shop, sandbox)
    [arrival] = receiver.arrivals
    assert len(arrival.body) > 300_000
    assert arrival.document["status"] == "PAID"
    assert arrival.is_signed_with(SECRET)


def test_a_fault_for_refunds_leaves_payments_alone_until_it_is_cleared(
    shop: Shop, sandbox: SandboxServer, receiver: Receiver
) -> None:
    sandbox.control.webhook_fault("lost", times=None, subject="refund")
    payment = pay_one(shop, sandbox)
    for _ in range(2):
        sandbox.control.settle_refund(shop.refund(payment["id"]).json()["id"], "reject")
    assert sandbox.control.wait_idle(5)
    assert [each.document["status"] for each in receiver.arrivals] == ["PAID"]
    sandbox.control.clear_faults()
    sandbox.control.settle_refund(shop.refund(payment["id"]).json()["id"])
    assert sandbox.control.wait_idle(5)
    assert [each.document["status"] for each in receiver.arrivals] == ["PAID", "SUCCESS"]


def test_the_notification_may_arrive_before_the_create_answer(
    shop: Shop, sandbox: SandboxServer, receiver: Receiver
) -> None:
    sandbox.control.webhook_fault("before_answer", subject="payment")
    payment = shop.issue()
    assert payment["status"] == "PENDING"
    assert [each.document["id"] for each in receiver.arrivals] == [payment["id"]]
    assert receiver.arrivals[0].document["status"] == "PAID"


def test_the_notification_may_arrive_before_the_refund_answer(
    shop: Shop, sandbox: SandboxServer, receiver: Receiver
) -> None:
    payment = pay_one(shop, sandbox)
    sandbox.control.fault("refund", "before_answer")
    refund = shop.refund(payment["id"]).json()
    assert refund["status"] == "PENDING"
    assert (receiver.arrivals[-1].document["id"], receiver.arrivals[-1].document["status"]) == (refund["id"], "SUCCESS")


def test_a_delivery_can_be_sent_again_by_hand(shop: Shop, sandbox: SandboxServer, receiver: Receiver) -> None:
    sandbox.control.webhook_fault("lost")
    pay_one(shop, sandbox)
    sandbox.control.resend(sandbox.control.deliveries()[0]["id"])
    assert sandbox.control.wait_idle(5)
    assert [each.is_signed_with(SECRET) for each in receiver.arrivals] == [True]


@pytest.mark.parametrize("signed", [True, False])
def test_any_body_can_be_injected_well_signed_or_forged(
    sandbox: SandboxServer, receiver: Receiver, signed: bool
) -> None:
    receiver.answers = [202]
    body = json.dumps({"id": "D-4-made-up", "status": "PAID"})
    record = sandbox.control.inject(receiver.url, body, signed=signed, x_date="2020-01-01T00:00:00.000Z")
    [arrival] = receiver.arrivals
    assert (arrival.body, arrival.headers["X-Date"]) == (body.encode(), "2020-01-01T00:00:00.000Z")
    assert arrival.is_signed_with(SECRET) is signed
    assert record["attempts"][0]["status"] == 202
