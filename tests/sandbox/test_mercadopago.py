"""The Mercado Pago face takes what the documents allow, refuses the rest, and answers in the documented shapes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from pagoefectivo.sandbox.server import SandboxServer
from tests.sandbox.mercadopago_stage import Collector, told


@pytest.fixture
def paid(sandbox: SandboxServer, collector: Collector) -> dict[str, Any]:
    payment = collector.issue()
    sandbox.control.pay(payment["transaction_details"]["verification_code"])
    return payment


def test_a_created_payment_is_pending_and_carries_its_ticket(collector: Collector, sandbox: SandboxServer) -> None:
    answer = collector.create(date_of_expiration=None)
    payment = answer.json()
    details = payment["transaction_details"]
    assert answer.status_code == 201
    assert '"transaction_amount":100.50,' in answer.text
    assert isinstance(payment["id"], int)
    assert (payment["status"], payment["status_detail"]) == ("pending", "pending_waiting_payment")
    assert (payment["currency_id"], payment["external_reference"]) == ("PEN", "ORD-0001")
    assert details["financial_institution"] == "PagoEfectivo"
    assert details["external_resource_url"].endswith(f"payment_method_reference_id={details['verification_code']}")
    assert details["payment_method_reference_id"] != details["verification_code"]
    assert [each["code"] for each in sandbox.control.payments()] == [details["verification_code"]]


@pytest.mark.parametrize(
    ("changes", "http", "code"),
    [
        ({"currency_id": "PEN"}, 400, 8),
        ({"payer": {"email": "a@b.pe", "name": "A"}}, 400, 8),
        ({"payer": {"email": "a@b.pe", "surname": "A"}}, 400, 8),
        ({"payer": {"email": "nobody"}}, 400, 4050),
        ({"payer": None}, 400, 4050),
        ({"payment_method_id": "visa"}, 400, 2067),
        ({"transaction_amount": None}, 400, 4003),
        ({"transaction_amount": "100.50"}, 400, 4003),
        ({"transaction_amount": True}, 400, 4003),
        ({"transaction_amount": 4.99}, 400, 4037),
        ({"transaction_amount": 10000.01}, 400, 4037),
        ({"transaction_amount": 10.001}, 400, 4037),
        ({"date_of_expiration": "tomorrow"}, 400, 7523),
        ({"date_of_expiration": "2999-01-01T00:00:00.000-05:00"}, 400, 7523),
        ({"date_of_expiration": "2001-01-01T00:00:00.000-05:00"}, 400, 7523),
        ({"external_reference": "x" * 257}, 400, 1),
        ({"notification_url": "ftp://shop.example"}, 400, 4020),
    ],
)
def test_a_payment_beyond_the_rules_is_refused_and_not_booked(
    collector: Collector, sandbox: SandboxServer, changes: dict[str, Any], http: int, code: int
) -> None:
    answer = collector.create(**changes)
    assert told(answer) == (http, code)
    assert set(answer.json()) == {"message", "error", "status", "cause"}
    assert sandbox.control.payments() == []


@pytest.mark.parametrize(
    "written", ["%Y-%m-%dT%H:%M:%S.000+00:00", "%Y-%m-%dT%H:%M:%S.000Z", "%Y-%m-%dT%H:%M:%S+00:00"]
)
def test_a_deadline_needs_milliseconds_and_an_offset(
    collector: Collector, sandbox: SandboxServer, written: str
) -> None:
    deadline = datetime.fromisoformat(sandbox.control.now()) + timedelta(days=2)
    answer = collector.create(date_of_expiration=deadline.strftime(written))
    assert answer.status_code == (201 if written.endswith(".000+00:00") else 400)


def test_every_post_needs_a_key_of_at_most_64_characters(collector: Collector, paid: dict[str, Any]) -> None:
    assert told(collector.create(key="")) == (404, 4292)
    assert told(collector.refund(paid, key="")) == (404, 4292)
    assert told(collector.create(key="k" * 65)) == (400, 1)
    assert collector.create(key="k" * 64).status_code == 201


def test_a_key_is_kept_for_its_answer_and_not_for_a_refusal(
    collector: Collector, sandbox: SandboxServer, paid: dict[str, Any]
) -> None:
    assert collector.create().text == collector.create().text
    assert told(collector.create("other", currency_id="PEN")) == (400, 8)
    assert collector.create("other").status_code == 201
    assert collector.refund(paid).text == collector.refund(paid).text
    assert (len(sandbox.control.payments()), len(sandbox.control.refunds())) == (2, 1)
    sandbox.control.advance(24 * 3600 + 1)
    assert told(collector.refund(paid)) == (400, 4296)
    assert len(sandbox.control.refunds()) == 1


@pytest.mark.parametrize(
    ("authorization", "code"), [("", 5), ("Basic abc", 5), ("Bearer TEST-wrong", None), ("Bearer ", 5)]
)
def test_only_the_merchants_own_token_opens(collector: Collector, authorization: str, code: int | None) -> None:
    answer = collector.call("GET", "payments/search", Authorization=authorization)
    assert told(answer) == (401, code)


def test_another_merchant_sees_nothing_of_ours(collector: Collector, sandbox: SandboxServer) -> None:
    payment = collector.issue()
    keys = {"access_token": "TEST-other", "webhook_secret": "s"}
    sandbox.control.add_merchant("200000002", keys, psp="mercadopago")
    collector.token = "TEST-other"
    assert told(collector.call("GET", f"payments/{payment['id']}")) == (404, 2000)
    assert collector.call("GET", "payments/search?external_reference=ORD-0001").json()["results"] == []
    assert told(collector.refund(payment)) == (404, 2000)


def test_a_reference_may_have_several_payments_and_the_newest_comes_first(
    collector: Collector, sandbox: SandboxServer
) -> None:
    first = collector.issue("a")
    sandbox.control.advance(1)
    second = collector.issue("b")
    collector.issue("c", external_reference="ORD-0002")
    page = collector.call("GET", "payments/search?external_reference=ORD-0001&sort=date_created&criteria=desc").json()
    assert [each["id"] for each in page["results"]] == [second["id"], first["id"]]
    assert page["paging"]["total"] == 2


def test_a_refund_is_done_at_once_and_listed(
    collector: Collector, sandbox: SandboxServer, paid: dict[str, Any]
) -> None:
    sandbox.control.configure(balance="150.50")
    answer = collector.refund(paid)
    refund = answer.json()
    assert answer.status_code == 201
    assert (refund["status"], refund["amount"], refund["payment_id"]) == ("approved", 100.5, paid["id"])
    payment = collector.read(paid)
    assert (payment["status"], payment["transaction_amount_refunded"]) == ("refunded", 100.5)
    assert payment["refunds"] == [refund]
    assert collector.call("GET", f"payments/{paid['id']}/refunds").json() == [refund]
    assert collector.call("GET", f"payments/{paid['id']}/refunds/{refund['id']}").json() == refund
    assert told(collector.call("GET", f"payments/{paid['id']}/refunds/1")) == (404, 2032)
    assert sandbox.control.configure()["balance"] == "50.00"


@pytest.mark.parametrize(
    ("amount", "http", "code"),
    [(40, 404, 3024), (0, 401, 4040), (-1, 401, 4040), ("40", 401, 4041), (True, 401, 4041), (1.001, 400, 2017)],
)
def test_a_part_is_refused_unless_it_is_switched_on(
    collector: Collector, sandbox: SandboxServer, paid: dict[str, Any], amount: object, http: int, code: int
) -> None:
    assert told(collector.refund(paid, amount)) == (http, code)
    assert sandbox.control.refunds() == []
    assert collector.refund(paid, 100.5).status_code == 201


def test_switched_on_parts_add_up_to_the_whole_and_no_further(
    collector: Collector, sandbox: SandboxServer, paid: dict[str, Any]
) -> None:
    sandbox.control.configure(mercadopago_partial_refunds=True)
    assert collector.refund(paid, 40, "a").status_code == 201
    assert collector.read(paid)["status_detail"] == "partially_refunded"
    assert told(collector.refund(paid, 60.51, "b")) == (400, 2017)
    assert collector.refund(paid, 60.5, "c").status_code == 201
    assert collector.read(paid)["status"] == "refunded"
    assert told(collector.refund(paid, 0.01, "d")) == (400, 4296)


def test_a_refund_under_way_looks_like_a_refusal_to_who_does_not_ask_to_see_it(
    collector: Collector, sandbox: SandboxServer, paid: dict[str, Any]
) -> None:
    sandbox.control.configure(mercadopago_in_process=True)
    assert told(collector.refund(paid, X_Render_In_Process_Refunds="false")) == (400, None)
    (refund,) = sandbox.control.refunds()
    assert (refund["state"], collector.read(paid)["status"]) == ("pending", "approved")
    sandbox.control.settle_refund(refund["id"])
    assert collector.read(paid)["status"] == "refunded"


@pytest.mark.parametrize(
    ("act", "status", "detail"),
    [
        ("expire", "cancelled", "expired"),
        ("cancel", "cancelled", "by_collector"),
        ("reject", "rejected", "rejected_by_bank"),
    ],
)
def test_an_ended_code_stays_ended_though_cash_comes_late(
    collector: Collector, sandbox: SandboxServer, act: str, status: str, detail: str
) -> None:
    payment = collector.issue()
    code = payment["transaction_details"]["verification_code"]
    getattr(sandbox.control, act)(code)
    sandbox.control.pay(code, late=True)
    read = collector.read(payment)
    assert (read["status"], read["status_detail"], read["date_approved"]) == (status, detail, None)
    assert sandbox.control.totals(str(payment["id"]))["received"] == "0.00"
    assert told(collector.refund(payment)) == (400, 2063)
    assert told(collector.call("PUT", f"payments/{payment['id']}", {"status": "cancelled"})) == (400, 2018)


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [("lag", "status", "pending"), ("unknown_status", "status", "ODD"), ("wrong_amount", "transaction_amount", 101.5)],
)
def test_an_answer_may_be_distorted(
    collector: Collector, sandbox: SandboxServer, paid: dict[str, Any], kind: str, field: str, value: object
) -> None:
    options: dict[str, Any] = {"status": "ODD"} if kind == "unknown_status" else {}
    sandbox.control.fault("get_payment", kind, **options)
    assert collector.read(paid)[field] == value
    assert collector.read(paid)["status"] == "approved"


def test_a_refund_may_lag_and_what_is_known_may_be_denied(
    collector: Collector, sandbox: SandboxServer, paid: dict[str, Any]
) -> None:
    refund = collector.refund(paid).json()
    sandbox.control.fault("get_refund", "lag")
    sandbox.control.fault("get_refund", "not_found")
    sandbox.control.fault("get_payment", "not_found")
    sandbox.control.fault("get_order", "not_found")
    one = f"payments/{paid['id']}/refunds/{refund['id']}"
    assert collector.call("GET", one).json()["status"] == "in_process"
    assert told(collector.call("GET", one)) == (404, 2032)
    assert told(collector.call("GET", f"payments/{paid['id']}")) == (404, 2000)
    assert collector.call("GET", "payments/search?external_reference=ORD-0001").json()["results"] == []


def test_the_method_tells_its_limits_and_an_unknown_path_leads_nowhere(collector: Collector) -> None:
    (method,) = collector.call("GET", "payment_methods").json()
    assert (method["id"], method["min_allowed_amount"], method["max_allowed_amount"]) == ("pagoefectivo_atm", 5, 10000)
    assert told(collector.call("GET", "chargebacks")) == (404, None)
    assert told(collector.call("DELETE", "payments/1")) == (404, None)
