"""At the counter and on the clock: late, short, over, foreign and double payments, expiry, reversal."""

from __future__ import annotations

from datetime import datetime

import pytest

from pagoefectivo.sandbox.refusals import ControlRefused
from pagoefectivo.sandbox.server import SandboxServer
from tests.sandbox.conftest import Receiver, Shop


def test_an_unpaid_code_expires_at_23_59_in_lima_on_the_fifth_day(
    shop: Shop, sandbox: SandboxServer, receiver: Receiver
) -> None:
    sandbox.control.set_clock("2020-02-18T21:30:35Z")
    payment = shop.issue()
    assert payment["ticket"]["expiration_date"] == "2020-02-24T04:59:00.000+0000"
    sandbox.control.set_clock("2020-02-24T04:58:50Z")
    assert shop.call("GET", f"/payments/{payment['id']}/status").json()["status"] == "PENDING"
    sandbox.control.advance(15)
    answer = shop.call("GET", f"/payments/{payment['id']}/status").json()
    assert (answer["status"], answer["status_code"]) == ("EXPIRED", "500")
    assert sandbox.control.wait_idle(5)
    assert [each.document["status"] for each in receiver.arrivals] == ["EXPIRED"]


def test_the_name_and_the_notice_of_expiry_are_switches(shop: Shop, sandbox: SandboxServer, receiver: Receiver) -> None:
    sandbox.control.configure(expired_status="CANCELLED", notify_expiry=False, expires_in_seconds=60)
    payment = shop.issue()
    sandbox.control.advance(61)
    assert shop.call("GET", f"/payments/{payment['id']}/status").json()["status_code"] == "400"
    assert sandbox.control.wait_idle(5)
    assert receiver.arrivals == []


def test_each_code_expires_at_its_own_moment_on_a_long_jump(shop: Shop, sandbox: SandboxServer) -> None:
    sandbox.control.configure(expires_in_seconds=3600, retry_seconds=[])
    shop.issue(order_id="A")
    sandbox.control.advance(1800)
    shop.issue(order_id="B")
    sandbox.control.advance_to_next_expiry()
    assert [each["state"] for each in sandbox.control.payments()] == ["expired", "pending"]
    sandbox.control.advance(86400)
    assert [each["state"] for each in sandbox.control.payments()] == ["expired", "expired"]
    sent = [datetime.fromisoformat(each["due_at"]) for each in sandbox.control.deliveries()]
    assert 1795 < (sent[1] - sent[0]).total_seconds() < 1805


def test_a_dead_code_is_paid_only_when_lateness_is_asked_for(shop: Shop, sandbox: SandboxServer) -> None:
    payment = shop.issue()
    code = payment["ticket"]["number"]
    sandbox.control.expire(code)
    with pytest.raises(ControlRefused, match="late=True"):
        sandbox.control.pay(code)
    sandbox.control.pay(code, late=True)
    answer = shop.call("GET", f"/payments/{payment['id']}").json()
    assert (answer["status"], answer["amount"]) == ("PAID", 100.5)
    assert answer["approved_date"]


def test_paying_late_expires_a_living_code_first(shop: Shop, sandbox: SandboxServer, receiver: Receiver) -> None:
    sandbox.control.pay(shop.issue()["ticket"]["number"], late=True)
    assert sandbox.control.wait_idle(5)
    assert [each.document["status"] for each in receiver.arrivals] == ["EXPIRED", "PAID"]


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [("99.50", None, (99.5, "PEN")), ("101.50", None, (101.5, "PEN")), ("27.00", "USD", (27, "USD"))],
)
def test_an_unexpected_amount_is_reported_as_it_came_in(
    shop: Shop, sandbox: SandboxServer, amount: str, currency: str | None, shown: tuple[float, str]
) -> None:
    payment = shop.issue()
    record = sandbox.control.pay(payment["ticket"]["number"], amount, currency)
    answer = shop.call("GET", f"/payments/{payment['id']}").json()
    assert (answer["status"], answer["amount"], answer["currency"]) == ("PAID", *shown)
    assert record["received"] == amount


def test_an_unexpected_or_late_amount_may_cancel_instead(shop: Shop, sandbox: SandboxServer) -> None:
    sandbox.control.configure(off_amount="cancel", late_payment="cancel")
    short, late = shop.issue(order_id="short"), shop.issue(order_id="late")
    sandbox.control.pay(short["ticket"]["number"], "50.00")
    sandbox.control.pay(late["ticket"]["number"], late=True)
    for payment in (short, late):
        assert shop.call("GET", f"/payments/{payment['id']}").json()["status"] == "CANCELLED"


def test_a_code_paid_twice_reports_both_receipts(shop: Shop, sandbox: SandboxServer, receiver: Receiver) -> None:
    payment = shop.issue()
    code = payment["ticket"]["number"]
    sandbox.control.pay(code)
    with pytest.raises(ControlRefused, match="paid already"):
        sandbox.control.pay(code)
    record = sandbox.control.pay(code, twice=True)
    assert [each["amount"] for each in record["receipts"]] == ["100.50", "100.50"]
    assert sandbox.control.wait_idle(5)
    assert [each.document["amount"] for each in receiver.arrivals] == [100.5, 201]


def test_a_reversed_payment_is_cancelled_and_its_money_gone(shop: Shop, sandbox: SandboxServer) -> None:
    payment = shop.issue()
    sandbox.control.pay(payment["ticket"]["number"])
    sandbox.control.reverse(payment["ticket"]["number"])
    assert shop.call("GET", f"/payments/{payment['id']}").json()["status"] == "CANCELLED"
    assert shop.refund(payment["id"]).json()["code"] == 5002
    assert sandbox.control.totals(payment["id"])["received"] == "0.00"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"permisive": True}, "did you mean 'permissive'"),
        ({"auto_refund": "maybe"}, "auto_refund is one of"),
        ({"hang_seconds": -1}, "does not take -1"),
        ({"permissive": "yes"}, "does not take 'yes'"),
    ],
)
def test_a_switch_that_makes_no_sense_changes_nothing(
    sandbox: SandboxServer, change: dict[str, object], reason: str
) -> None:
    before = sandbox.control.configure()
    with pytest.raises(ControlRefused, match=reason):
        sandbox.control.configure(notify_created=True, **change)
    assert sandbox.control.configure() == before
