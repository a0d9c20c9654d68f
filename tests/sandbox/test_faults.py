"""Each API fault does what its name says, to the operation it was asked for, as often as it was asked."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests

from pagoefectivo.sandbox.refusals import ControlRefused
from pagoefectivo.sandbox.server import SandboxServer
from tests.sandbox.conftest import Shop

NO_ANSWER = (requests.ConnectionError, requests.Timeout)


def bookings(sandbox: SandboxServer) -> int:
    return sandbox.ledger.payment_count("ORD-0001")


@pytest.mark.parametrize(("kind", "booked"), [("timeout_before", 0), ("timeout_after", 1)])
def test_a_timeout_hangs_and_closes_before_or_after_the_work(
    shop: Shop, sandbox: SandboxServer, kind: str, booked: int
) -> None:
    sandbox.control.fault("create", kind)
    started = time.monotonic()
    with pytest.raises(NO_ANSWER):
        shop.create()
    assert time.monotonic() - started >= 0.2
    assert bookings(sandbox) == booked
    assert sandbox.control.calls()[0]["status"] is None


def test_a_client_that_loses_patience_finds_the_work_done(shop: Shop, sandbox: SandboxServer) -> None:
    sandbox.control.fault("create", "timeout_after", seconds=5)
    shop.patience = 0.2
    with pytest.raises(requests.ReadTimeout):
        shop.create()
    shop.patience = 5
    assert shop.call("GET", "/orders/ORD-0001").status_code == 200


@pytest.mark.parametrize(("kind", "booked"), [("drop_before", 0), ("drop_after", 1)])
def test_a_connection_drops_before_or_after_the_work(
    shop: Shop, sandbox: SandboxServer, kind: str, booked: int
) -> None:
    sandbox.control.fault("create", kind)
    with pytest.raises(requests.ConnectionError):
        shop.create()
    assert bookings(sandbox) == booked


def test_late_execution_does_the_work_when_the_clock_gets_there(shop: Shop, sandbox: SandboxServer) -> None:
    sandbox.control.fault("create", "late_execution", after=120, seconds=0)
    with pytest.raises(NO_ANSWER):
        shop.create()
    assert bookings(sandbox) == 0
    sandbox.control.advance(119)
    assert bookings(sandbox) == 0
    sandbox.control.advance(2)
    assert bookings(sandbox) == 1


@pytest.mark.parametrize(("status", "code"), [("429", 6000), ("500", 7000), ("502", 7000), ("503", 7000)])
def test_an_error_status_comes_in_the_documented_shape_without_the_work(
    shop: Shop, sandbox: SandboxServer, status: str, code: int
) -> None:
    sandbox.control.fault("create", status)
    answer = shop.create()
    assert (answer.status_code, answer.json()["code"]) == (int(status), code)
    assert answer.headers.get("Retry-After") == ("1" if status == "429" else None)
    assert bookings(sandbox) == 0


def test_a_500_may_hide_that_the_work_was_done(shop: Shop, sandbox: SandboxServer) -> None:
    sandbox.control.fault("create", "500", work=True)
    assert shop.create().status_code == 500
    assert bookings(sandbox) == 1


def test_html_comes_with_200(shop: Shop, sandbox: SandboxServer) -> None:
    sandbox.control.fault("create", "html")
    answer = shop.create()
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert bookings(sandbox) == 0


@pytest.mark.parametrize("kind", ["malformed", "truncated"])
def test_broken_json_comes_after_the_work(shop: Shop, sandbox: SandboxServer, kind: str) -> None:
    sandbox.control.fault("create", kind)
    answer = shop.create()
    assert answer.status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        answer.json()
    assert bookings(sandbox) == 1


def test_a_wrong_amount_is_only_in_the_answer(shop: Shop, sandbox: SandboxServer) -> None:
    sandbox.control.fault("create", "wrong_amount")
    assert shop.create().json()["amount"] == 101.5
    assert sandbox.control.payments()[0]["amount"] == "100.50"
    sandbox.control.fault("get_order", "wrong_amount", amount="1.00")
    assert shop.call("GET", "/orders/ORD-0001").json()["amount"] == 1


def test_an_unknown_status_is_answered(shop: Shop, sandbox: SandboxServer, paid: dict[str, Any]) -> None:
    sandbox.control.fault("get_payment", "unknown_status", status="ON_HOLD")
    assert shop.call("GET", f"/payments/{paid['id']}").json()["status"] == "ON_HOLD"


def test_reads_lag_behind_for_as_many_times_as_asked(shop: Shop, sandbox: SandboxServer, paid: dict[str, Any]) -> None:
    sandbox.control.fault("any", "lag", times=2)
    path = f"/payments/{paid['id']}"
    answers = [shop.call("GET", path).json(), shop.call("GET", path + "/status").json(), shop.call("GET", path).json()]
    assert [(each["status"], each["status_code"]) for each in answers] == [
        ("PENDING", "100"),
        ("PENDING", "100"),
        ("PAID", "200"),
    ]
    assert "approved_date" not in answers[0]


@pytest.mark.parametrize(("path", "code"), [("/payments/{}", 4000), ("/orders/ORD-0001", 4000)])
def test_a_known_object_may_not_be_found(
    shop: Shop, sandbox: SandboxServer, paid: dict[str, Any], path: str, code: int
) -> None:
    sandbox.control.fault("any", "not_found")
    answer = shop.call("GET", path.format(paid["id"]))
    assert (answer.status_code, answer.json()["code"]) == (404, code)
    assert shop.call("GET", path.format(paid["id"])).status_code == 200


@pytest.mark.parametrize("kind", ["delay", "slow_body"])
def test_a_slow_answer_is_whole_in_the_end(shop: Shop, sandbox: SandboxServer, kind: str) -> None:
    sandbox.control.fault("create", kind, seconds=0.2)
    started = time.monotonic()
    assert shop.create().json()["status"] == "PENDING"
    assert time.monotonic() - started >= 0.2


def test_a_fault_strikes_its_own_operation_as_often_as_asked(shop: Shop, sandbox: SandboxServer) -> None:
    sandbox.control.fault("get_order", "500", times=2)
    assert shop.create().status_code == 200
    assert [shop.call("GET", "/orders/ORD-0001").status_code for _ in range(3)] == [500, 500, 200]


def test_a_lasting_fault_ends_when_it_is_cleared(shop: Shop, sandbox: SandboxServer) -> None:
    sandbox.control.fault("any", "503", times=None, retry_after=7)
    assert {shop.create().headers["Retry-After"] for _ in range(3)} == {"7"}
    sandbox.control.clear_faults()
    assert shop.create().status_code == 200


@pytest.mark.parametrize(
    ("operation", "kind", "options"),
    [("create", "nonsense", {}), ("create", "lag", {}), ("create", "500", {"seconds": 3}), ("creation", "500", {})],
)
def test_a_fault_that_makes_no_sense_is_refused(
    sandbox: SandboxServer, operation: str, kind: str, options: dict[str, Any]
) -> None:
    with pytest.raises(ControlRefused):
        sandbox.control.fault(operation, kind, **options)
    assert sandbox.control.faults() == {"api": [], "webhooks": []}


def test_stopping_the_server_ends_a_long_hang() -> None:
    with SandboxServer(hang_seconds=60) as server:
        shop = Shop(server.url_of("dlocal"), "", patience=0.2)
        server.control.fault("create", "timeout_before")
        with pytest.raises(requests.ReadTimeout):
            shop.create()
        shop.session.close()
        started = time.monotonic()
    assert time.monotonic() - started < 3
