"""The Mercado Pago face's notifications: an id in the address, signed as published, and nothing else to believe."""

from __future__ import annotations

import hashlib
import hmac
import json
from urllib.parse import urlsplit

import pytest

from pagoefectivo.sandbox.psps.mercadopago_signing import x_signature
from pagoefectivo.sandbox.server import SandboxServer
from tests.sandbox.conftest import Receiver
from tests.sandbox.mercadopago_stage import Collector

SECRET, REQUEST_ID = "mp_made_up_secret_9f3c", "7c1de2a0-0000-4c4c-9a9a-1234567890ab"
MS, S = "1742505638683", "1742505638"


@pytest.mark.parametrize(
    ("data_id", "request_id", "ts", "expected"),
    [
        ("24308766", REQUEST_ID, MS, "ba08a7af4a358c3a76daf9bd85b5bf2661435e93f7826afb477736cac128fde8"),
        ("24308766", REQUEST_ID, S, "bf2b61b31c3b125800c401f14102f64793a2df68f5473949259f0c64ca02ea65"),
        ("24308766", "", MS, "a932d931e4e8b49f5104d19b57b4edf8cd1cee552bf69e41af5bbad0f5778bfa"),
        ("", REQUEST_ID, MS, "9f7364ac1c2dd60141a8c5f5e2427c9031db92e3c371c6472b5d709a0b3619e3"),
        ("ORDTST01ABC", REQUEST_ID, MS, "7f8dc11f5a5d8d033961b7dbb9b4e8854e248722b296e5fc655a05dbc9f1fca6"),
        ("ordtst01abc", REQUEST_ID, MS, "86f3b35d60a6b73efe7dc73781cc966d69446c2aaea73f7756e7088d2dfd6935"),
    ],
)
def test_each_vector_is_signed_as_worked_out(data_id: str, request_id: str, ts: str, expected: str) -> None:
    assert x_signature(SECRET, data_id, request_id, ts) == f"ts={ts},v1={expected}"


def verified(receiver: Receiver, place: int) -> bool:
    """Check an arrival by the published recipe."""
    arrival = receiver.arrivals[place]
    ts, v1 = (part.partition("=")[2] for part in arrival.headers["x-signature"].split(","))
    template = f"id:{arrival.document['data']['id']};request-id:{arrival.headers['x-request-id']};ts:{ts};"
    return v1 == hmac.new(b"sandbox_webhook_secret", template.encode(), hashlib.sha256).hexdigest()


def test_each_change_is_announced_by_its_payments_id_alone(
    collector: Collector, sandbox: SandboxServer, receiver: Receiver
) -> None:
    sandbox.control.configure(notify_created=True)
    payment = collector.issue(notification_url=f"{receiver.url}?source_news=webhooks")
    sandbox.control.pay(payment["transaction_details"]["verification_code"])
    collector.refund(payment)
    assert sandbox.control.wait_idle(5)
    said = [each.document for each in receiver.arrivals]
    assert [each["action"] for each in said] == ["payment.created", "payment.updated", "payment.updated"]
    assert {each["data"]["id"] for each in said} == {str(payment["id"])}
    assert len({each["id"] for each in said}) == 3
    assert [set(each) & {"status", "amount", "transaction_amount"} for each in said] == [set()] * 3
    assert [verified(receiver, place) for place in range(3)] == [True] * 3
    face = sandbox.company.faces["mercadopago"]
    address = face.address(f"{receiver.url}?source_news=webhooks", receiver.arrivals[0].body)
    assert urlsplit(address).query == f"source_news=webhooks&data.id={payment['id']}&type=payment"


@pytest.mark.parametrize("kind", ["forged", "unsigned"])
def test_a_forged_notification_does_not_verify(
    collector: Collector, sandbox: SandboxServer, receiver: Receiver, kind: str
) -> None:
    sandbox.control.webhook_fault(kind)
    payment = collector.issue()
    sandbox.control.pay(payment["transaction_details"]["verification_code"])
    assert sandbox.control.wait_idle(5)
    assert ("x-signature" in receiver.arrivals[0].headers) is (kind == "forged")
    assert kind == "unsigned" or not verified(receiver, 0)


@pytest.mark.parametrize("kind", ["duplicated", "huge"])
def test_a_notification_may_come_twice_or_be_huge_and_is_signed(
    collector: Collector, sandbox: SandboxServer, receiver: Receiver, kind: str
) -> None:
    sandbox.control.webhook_fault(kind)
    payment = collector.issue()
    sandbox.control.pay(payment["transaction_details"]["verification_code"])
    assert sandbox.control.wait_idle(5)
    assert len(receiver.arrivals) == (2 if kind == "duplicated" else 1)
    assert all(verified(receiver, place) for place in range(len(receiver.arrivals)))


@pytest.mark.parametrize("operation", ["create", "refund"])
def test_the_notification_may_arrive_before_the_answer(
    collector: Collector, sandbox: SandboxServer, receiver: Receiver, operation: str
) -> None:
    payment = collector.issue()
    sandbox.control.pay(payment["transaction_details"]["verification_code"])
    assert sandbox.control.wait_idle(5)
    before = len(receiver.arrivals)
    sandbox.control.fault(operation, "before_answer")
    answer = collector.refund(payment) if operation == "refund" else collector.create("another")
    arrived = [each.document["data"]["id"] for each in receiver.arrivals[before:]]
    assert answer.status_code == 201
    assert arrived
    assert set(arrived) == {str(answer.json().get("payment_id", answer.json()["id"]))}


@pytest.mark.parametrize("signed", [True, False])
def test_any_body_can_be_injected_well_signed_or_forged(
    sandbox: SandboxServer, receiver: Receiver, signed: bool
) -> None:
    body = json.dumps({"type": "payment", "data": {"id": "4711"}})
    sandbox.control.inject(receiver.url, body, signed=signed, x_date=S, psp="mercadopago")
    assert receiver.arrivals[0].headers["x-signature"].startswith(f"ts={S},v1=")
    assert verified(receiver, 0) is signed


@pytest.mark.parametrize("body", ["not JSON", "[]", '{"data":[]}', '{"data":{"id":1}}'])
def test_a_body_without_an_id_adds_nothing_to_the_address(
    sandbox: SandboxServer, receiver: Receiver, body: str
) -> None:
    record = sandbox.control.inject(receiver.url, body, psp="mercadopago")
    assert record["attempts"][0]["status"] == 200
    assert sandbox.company.faces["mercadopago"].address(receiver.url, body.encode()) == receiver.url
