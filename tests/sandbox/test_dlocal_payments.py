"""The dLocal face takes what the documents allow, refuses the rest, and answers in the documented shapes."""

from __future__ import annotations

import re
from typing import Any

import pytest

from pagoefectivo.sandbox.server import SandboxServer
from tests.sandbox.conftest import Receiver, Shop

DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000")


def test_a_created_payment_carries_its_ticket_in_the_documented_shape(shop: Shop, sandbox: SandboxServer) -> None:
    answer = shop.create(description="Two books")
    payment = answer.json()
    code = payment["ticket"]["number"]
    assert answer.status_code == 200
    assert '"amount":100.50,' in answer.text
    assert payment["id"].startswith("D-4-")
    assert {name: payment[name] for name in ("status", "status_code", "status_detail", "country", "order_id")} == {
        "status": "PENDING",
        "status_code": "100",
        "status_detail": "The payment is pending.",
        "country": "PE",
        "order_id": "ORD-0001",
    }
    assert (payment["payment_method_id"], payment["payment_method_type"]) == ("EF", "TICKET")
    assert payment["ticket"]["id"] == f"EF-{code}"
    assert payment["ticket"]["type"] == "NUMERIC"
    assert DATE.fullmatch(payment["created_date"])
    assert payment["ticket"]["expiration_date"].endswith("T04:59:00.000+0000")
    assert "approved_date" not in payment
    assert [each["code"] for each in sandbox.control.payments()] == [code]


@pytest.mark.parametrize(
    ("changes", "http", "code", "param"),
    [
        ({"amount": None}, 400, 5001, "amount"),
        ({"amount": 0}, 400, 5001, "amount"),
        ({"amount": -5}, 400, 5001, "amount"),
        ({"amount": 10.123}, 400, 5001, "amount"),
        ({"amount": "10.00"}, 400, 5001, "amount"),
        ({"amount": True}, 400, 5001, "amount"),
        ({"amount": 1e30}, 400, 5001, "amount"),
        ({"amount": 1.99}, 400, 5016, "amount"),
        ({"amount": 3724.01}, 400, 5007, "amount"),
        ({"currency": "USD"}, 400, 5004, "currency"),
        ({"currency": None}, 400, 5001, "currency"),
        ({"country": "CL"}, 400, 5003, "country"),
        ({"payment_method_id": "BC"}, 400, 5010, "payment_method_id"),
        ({"payment_method_flow": "SIDEWAYS"}, 400, 5001, "payment_method_flow"),
        ({"payment_method_flow": "REDIRECT"}, 400, 5013, "payment_method_flow"),
        ({"payer": None}, 400, 5001, "payer"),
        ({"payer": {"name": "A", "email": "a@b.pe"}}, 400, 5001, "payer.document"),
        ({"payer": {"name": "A", "email": "nobody", "document": "12345678"}}, 400, 5001, "payer.email"),
        ({"payer": {"name": "A", "email": "a@b.pe", "document": "1234567"}}, 400, 5001, "payer.document"),
        ({"payer": {"name": "A", "email": "a@b.pe", "document": "1234567a"}}, 400, 5001, "payer.document"),
        ({"order_id": None}, 400, 5001, "order_id"),
        ({"order_id": "x" * 126}, 400, 5001, "order_id"),
        ({"order_id": "\ud800"}, 400, 5001, "order_id"),
        ({"description": "x" * 201}, 400, 5001, "description"),
        ({"notification_url": "https://shop.example/" + "x" * 200}, 400, 5001, "notification_url"),
        ({"notification_url": "javascript:alert(1)"}, 400, 5001, "notification_url"),
    ],
)
def test_a_payment_the_documents_do_not_allow_is_refused_and_not_booked(
    shop: Shop, sandbox: SandboxServer, changes: dict[str, Any], http: int, code: int, param: str
) -> None:
    answer = shop.create(**changes)
    assert (answer.status_code, answer.json()["code"], answer.json()["param"]) == (http, code, param)
    assert sandbox.ledger.payments() == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"amount": NaN}', b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_json_object_is_an_invalid_request(shop: Shop, sandbox: SandboxServer, body: bytes) -> None:
    answer = shop.call("POST", "/payments", body)
    assert (answer.status_code, answer.json()["code"]) == (400, 5000)
    assert sandbox.ledger.payments() == []


def test_a_used_order_id_is_refused_and_the_first_payment_stays_alone(shop: Shop, sandbox: SandboxServer) -> None:
    first = shop.issue()
    answer = shop.create()
    assert (answer.status_code, answer.json()["code"]) == (400, 5009)
    assert [each.id for each in sandbox.ledger.payments()] == [first["id"]]
    assert sandbox.ledger.payment_count("ORD-0001") == 1


def test_the_same_idempotency_key_gets_the_same_answer_for_seven_days(shop: Shop, sandbox: SandboxServer) -> None:
    key = {"X_Idempotency_Key": "3b0a5a5e-3b1c-4a53-9d38-0d0a8d8f7a11"}
    first = shop.create(key)
    sandbox.control.advance(7 * 86400 - 60)
    again = shop.create(key)
    assert (again.status_code, again.text) == (first.status_code, first.text)
    sandbox.control.advance(120)
    assert shop.create(key).json()["code"] == 5009
    assert sandbox.ledger.payment_count("ORD-0001") == 1


def test_a_refusal_is_not_kept_under_its_idempotency_key(shop: Shop) -> None:
    key = {"X_Idempotency_Key": "k-1"}
    assert shop.create(key, amount=0).status_code == 400
    assert shop.create(key).status_code == 200


def test_payment_status_and_order_are_found_only_by_their_own_merchant(shop: Shop, sandbox: SandboxServer) -> None:
    payment = shop.issue()
    sandbox.control.add_merchant("other", {"trans_key": "other_key", "secret_key": "other_secret"})
    stranger = Shop(shop.base_url, shop.notification_url, "other", "other_key", "other_secret", shop.session)
    assert shop.call("GET", f"/payments/{payment['id']}").json() == payment
    assert shop.call("GET", f"/payments/{payment['id']}/status").json() == {
        "id": payment["id"],
        "status": "PENDING",
        "status_detail": "The payment is pending.",
        "status_code": "100",
    }
    order = shop.call("GET", "/orders/ORD-0001").json()
    assert (order["payment_id"], order["amount"], order["status"]) == (payment["id"], 100.5, "PENDING")
    for path in (f"/payments/{payment['id']}", f"/payments/{payment['id']}/status", "/orders/ORD-0001"):
        answer = stranger.call("GET", path)
        assert (answer.status_code, answer.json()["code"]) == (404, 4000)


def test_unknown_credentials_are_noticed_before_a_wrong_signature(shop: Shop, sandbox: SandboxServer) -> None:
    for stranger in (
        Shop(shop.base_url, "", login="nobody", session=shop.session),
        Shop(shop.base_url, "", trans_key="wrong", secret_key="wrong", session=shop.session),
    ):
        answer = stranger.create()
        assert (answer.status_code, answer.json()["code"]) == (403, 3001)
    forged = Shop(shop.base_url, "", secret_key="wrong", session=shop.session).create()
    assert (forged.status_code, forged.json()) == (400, {"code": 5000, "message": "Signature not match"})
    assert sandbox.ledger.payments() == []


def test_a_path_that_leads_nowhere_gets_bare_text(shop: Shop) -> None:
    answer = shop.call("GET", "/payment-methods?country=PE")
    assert (answer.status_code, answer.text, answer.headers["Content-Type"]) == (404, "NOT_FOUND", "text/plain")


def test_pagoefectivo_is_among_the_methods_of_peru(shop: Shop) -> None:
    methods = shop.call("GET", "/payments-methods?country=PE").json()
    assert [(each["id"], each["type"], each["allowed_flows"]) for each in methods] == [
        ("EF", "TICKET", ["DIRECT", "REDIRECT"])
    ]


def test_a_ticket_is_cancelled_only_where_the_account_may(shop: Shop, sandbox: SandboxServer) -> None:
    payment = shop.issue()
    path = f"/payments/{payment['id']}/cancel"
    refused = shop.call("POST", path)
    assert (refused.status_code, refused.json()["code"]) == (400, 5013)
    sandbox.control.configure(cancel_refusal="3003")
    refused = shop.call("POST", path)
    assert (refused.status_code, refused.json()["code"]) == (403, 3003)
    assert sandbox.control.payments()[0]["state"] == "pending"
    sandbox.control.configure(cancel_allowed=True)
    cancelled = shop.call("POST", path).json()
    assert (cancelled["status"], cancelled["status_code"]) == ("CANCELLED", "400")
    assert shop.call("POST", path).json()["code"] == 5002


def test_the_sandbox_tool_pays_a_pending_ticket_once(shop: Shop, receiver: Receiver, sandbox: SandboxServer) -> None:
    payment = shop.issue()
    order = {"payment_id": payment["id"], "status": "PAID"}
    assert shop.call("POST", "/sandbox-tools/payments", order, Authorization="none").json()["status"] == "PAID"
    again = shop.call("POST", "/sandbox-tools/payments", order)
    assert (again.status_code, again.json()["code"]) == (400, 5002)
    assert "PAID" in again.json()["message"]
    unknown = shop.call("POST", "/sandbox-tools/payments", {"payment_id": "D-4-0", "status": "PAID"})
    assert unknown.status_code == 404
    assert unknown.json()["message"].startswith('404 {"code":4000')
    assert sandbox.control.wait_idle(5)
    assert [each.document["status"] for each in receiver.arrivals] == ["PAID"]
