"""Refunds at the dLocal face: what is refused, how they end, what the ledger then says."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from pagoefectivo.sandbox.refusals import ControlRefused
from pagoefectivo.sandbox.server import SandboxServer
from tests.sandbox.conftest import Receiver, Shop

Payment = dict[str, Any]


def test_a_refund_starts_pending_and_succeeds_when_the_bank_says_so(
    shop: Shop, sandbox: SandboxServer, receiver: Receiver, paid: Payment
) -> None:
    answer = shop.refund(paid["id"], amount=40.00, currency="PEN", order_refund_id="RF-0001", description="Torn")
    refund = answer.json()
    assert '"amount":40.00,' in answer.text
    assert (refund["status"], refund["status_code"], refund["amount_refunded"]) == ("PENDING", 100, 0)
    assert (refund["notification_url"], refund["description"]) == (receiver.url, "Torn")
    assert "order_refund_id" not in refund
    sandbox.control.settle_refund(refund["id"])
    assert sandbox.control.wait_idle(5)
    notified = receiver.arrivals[-1].document
    assert (notified["id"], notified["status"], notified["status_code"]) == (refund["id"], "SUCCESS", "200")
    assert shop.call("GET", f"/refunds/{refund['id']}").json() == {**notified, "status_code": 200}
    assert shop.call("GET", f"/refunds/{refund['id']}/status").json()["status_code"] == "200"
    assert shop.call("GET", f"/payments/{paid['id']}").json()["refunds"][0]["amount_refunded"] == 40
    assert sandbox.ledger.refunded_total(paid["id"]) == Decimal("40.00")


def test_without_an_amount_everything_is_refunded(shop: Shop, paid: Payment) -> None:
    assert shop.refund(paid["id"]).json()["amount"] == 100.5


def test_the_merchants_own_reference_is_echoed_only_if_switched_on(
    shop: Shop, sandbox: SandboxServer, paid: Payment
) -> None:
    sandbox.control.configure(echo_order_refund_id=True)
    assert shop.refund(paid["id"], order_refund_id="RF-1").json()["order_refund_id"] == "RF-1"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"amount": 100.51, "currency": "PEN"}, 5007),
        ({"amount": 10}, 5001),
        ({"amount": 10, "currency": "USD"}, 5004),
        ({"amount": 0, "currency": "PEN"}, 5001),
        ({"amount": 1.234, "currency": "PEN"}, 5001),
        ({"bank_account_type": "Z"}, 5001),
        ({"beneficiary_name": "x" * 51}, 5001),
    ],
)
def test_a_refund_beyond_the_rules_is_refused_and_not_booked(
    shop: Shop, sandbox: SandboxServer, paid: Payment, fields: dict[str, Any], code: int
) -> None:
    answer = shop.refund(paid["id"], **fields)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert sandbox.ledger.refunds() == []


def test_pending_refunds_count_against_what_is_left(shop: Shop, sandbox: SandboxServer, paid: Payment) -> None:
    assert shop.refund(paid["id"], amount=60, currency="PEN").status_code == 200
    assert shop.refund(paid["id"], amount=40.51, currency="PEN").json()["code"] == 5007
    assert shop.refund(paid["id"], amount=40.50, currency="PEN").status_code == 200
    assert sandbox.ledger.refunded_total(paid["id"]) == Decimal("100.50")


def test_permissive_mode_refunds_more_than_was_paid(shop: Shop, sandbox: SandboxServer, paid: Payment) -> None:
    sandbox.control.configure(permissive=True)
    assert [shop.refund(paid["id"]).status_code for _ in range(3)] == [200, 200, 200]
    assert sandbox.ledger.refunded_total(paid["id"]) == Decimal("301.50")


def test_an_unpaid_ticket_cannot_be_refunded(shop: Shop, sandbox: SandboxServer) -> None:
    payment = shop.issue()
    answer = shop.refund(payment["id"])
    assert (answer.status_code, answer.json()["code"]) == (400, 5002)
    assert shop.refund("D-4-unknown").json()["code"] == 4000
    assert sandbox.ledger.refunds() == []


def test_a_used_refund_reference_is_refused(shop: Shop, sandbox: SandboxServer, paid: Payment) -> None:
    assert shop.refund(paid["id"], amount=1, currency="PEN", order_refund_id="RF-1").status_code == 200
    assert shop.refund(paid["id"], amount=1, currency="PEN", order_refund_id="RF-1").json()["code"] == 5011
    assert sandbox.ledger.refund_count(paid["id"]) == 1


def test_the_same_idempotency_key_refunds_once(shop: Shop, sandbox: SandboxServer, paid: Payment) -> None:
    key = {"X_Idempotency_Key": "r-1"}
    assert shop.refund(paid["id"], key).text == shop.refund(paid["id"], key).text
    assert sandbox.ledger.refund_count(paid["id"]) == 1


def test_a_refund_past_the_window_is_refused(shop: Shop, sandbox: SandboxServer, paid: Payment) -> None:
    sandbox.control.advance(180 * 86400 + 1)
    answer = shop.refund(paid["id"])
    assert (answer.status_code, answer.json()["code"]) == (400, 5020)


def test_a_merchant_without_balance_cannot_refund(shop: Shop, sandbox: SandboxServer, paid: Payment) -> None:
    sandbox.control.configure(balance="50.00")
    assert shop.refund(paid["id"], amount=30, currency="PEN").status_code == 200
    assert shop.refund(paid["id"], amount=30, currency="PEN").json()["code"] == 5012
    assert sandbox.ledger.refunded_total(paid["id"]) == Decimal("30.00")


@pytest.mark.parametrize(("outcome", "word"), [("reject", "REJECTED"), ("cancel", "CANCELLED")])
def test_a_refund_that_fails_frees_its_amount(
    shop: Shop, sandbox: SandboxServer, paid: Payment, outcome: str, word: str
) -> None:
    refund = shop.refund(paid["id"]).json()
    sandbox.control.settle_refund(refund["id"], outcome, reason="Account closed.")
    answer = shop.call("GET", f"/refunds/{refund['id']}").json()
    assert (answer["status"], answer["status_detail"], answer["amount_refunded"]) == (word, "Account closed.", 0)
    assert sandbox.control.totals(paid["id"]) == {"received": "100.50", "refunded": "0.00", "paid_out": "0.00"}
    assert shop.refund(paid["id"]).status_code == 200


def test_a_refund_may_come_back_after_it_succeeded(shop: Shop, sandbox: SandboxServer, paid: Payment) -> None:
    refund = shop.refund(paid["id"]).json()
    with pytest.raises(ControlRefused, match="pending, not succeeded"):
        sandbox.control.settle_refund(refund["id"], "return")
    sandbox.control.settle_refund(refund["id"])
    sandbox.control.settle_refund(refund["id"], "return")
    assert shop.call("GET", f"/refunds/{refund['id']}/status").json()["status"] == "CANCELLED"


def test_a_refund_may_pay_out_less(shop: Shop, sandbox: SandboxServer, paid: Payment) -> None:
    refund = shop.refund(paid["id"]).json()
    sandbox.control.settle_refund(refund["id"], amount="95.00")
    answer = shop.call("GET", f"/refunds/{refund['id']}").json()
    assert (answer["amount"], answer["amount_refunded"]) == (100.5, 95)
    assert sandbox.control.totals(paid["id"])["paid_out"] == "95.00"


def test_without_bank_details_the_payers_form_lapses_after_seven_days(
    shop: Shop, sandbox: SandboxServer, paid: Payment
) -> None:
    refund = shop.refund(paid["id"], bank_account="").json()
    sandbox.control.advance(7 * 86400 + 5)
    assert shop.call("GET", f"/refunds/{refund['id']}/status").json()["status"] == "CANCELLED"


def test_a_dashboard_refund_appears_in_the_payment_and_counts(
    shop: Shop, sandbox: SandboxServer, receiver: Receiver, paid: Payment
) -> None:
    made = sandbox.control.dashboard_refund(paid["ticket"]["number"], "30.00")
    assert shop.call("GET", f"/payments/{paid['id']}").json()["refunds"][0]["id"] == made["id"]
    assert shop.refund(paid["id"]).json()["code"] == 5007
    sandbox.control.settle_refund(made["id"])
    assert sandbox.control.wait_idle(5)
    assert receiver.arrivals[-1].document["payment_id"] == paid["id"]


def test_the_dashboard_cannot_refund_what_is_gone(shop: Shop, sandbox: SandboxServer, paid: Payment) -> None:
    shop.refund(paid["id"])
    with pytest.raises(ControlRefused, match="more than is left"):
        sandbox.control.dashboard_refund(paid["ticket"]["number"])
    assert sandbox.ledger.refund_count(paid["id"]) == 1


def test_refunds_settle_by_themselves_when_switched_on(
    shop: Shop, sandbox: SandboxServer, receiver: Receiver, paid: Payment
) -> None:
    sandbox.control.configure(auto_refund="succeed", auto_refund_seconds=3600)
    refund = shop.refund(paid["id"]).json()
    assert shop.call("GET", f"/refunds/{refund['id']}/status").json()["status"] == "PENDING"
    sandbox.control.advance(3601)
    assert sandbox.control.wait_idle(5)
    assert [each.document["status"] for each in receiver.arrivals] == ["PAID", "SUCCESS"]
