"""The control over HTTP is the control in process; the console is the same acts as buttons."""

from __future__ import annotations

import inspect
import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
import requests

from pagoefectivo.sandbox.__main__ import _addresses, main
from pagoefectivo.sandbox.control import SandboxControl
from pagoefectivo.sandbox.operations import Operations
from pagoefectivo.sandbox.refusals import ControlRefused
from pagoefectivo.sandbox.server import SandboxServer
from tests.sandbox.conftest import Receiver, Shop


@pytest.fixture
def control(sandbox: SandboxServer) -> Iterator[SandboxControl]:
    with SandboxControl(sandbox.url) as remote:
        yield remote


def public_methods(each: type) -> dict[str, inspect.Signature]:
    methods = inspect.getmembers(each, inspect.isfunction)
    return {name: inspect.signature(method) for name, method in methods if not name.startswith("_")}


def test_both_controls_have_the_same_methods() -> None:
    remote = public_methods(SandboxControl)
    del remote["close"]
    assert remote == public_methods(Operations)


def test_a_whole_journey_through_the_remote_control(
    shop: Shop, sandbox: SandboxServer, control: SandboxControl, receiver: Receiver
) -> None:
    code = shop.issue()["ticket"]["number"]
    assert control.pay(code)["state"] == "paid"
    refund_id = shop.refund(control.payments()[0]["id"]).json()["id"]
    assert control.settle_refund(refund_id)["state"] == "succeeded"
    assert control.wait_idle(5)
    assert control.payments() == sandbox.control.payments()
    assert [each["state"] for each in control.deliveries()] == ["delivered", "delivered"]
    assert control.call_counts() == {"create": 1, "refund": 1}
    assert [each["operation"] for each in control.calls()] == ["create", "refund"]
    assert json.loads(control.calls("create")[0]["body"])["order_id"] == "ORD-0001"
    assert control.advance(60) > control.payments()[0]["created_at"]


def test_a_refused_act_tells_the_reason_over_http(control: SandboxControl) -> None:
    with pytest.raises(ControlRefused, match="there is no code 123"):
        control.pay("123")
    with pytest.raises(ControlRefused, match="there is no switch"):
        control.configure(colour="red")


def test_reset_leaves_an_empty_company_with_its_own_switches(
    shop: Shop, sandbox: SandboxServer, control: SandboxControl
) -> None:
    shop.create({"X_Idempotency_Key": "k"})
    control.configure(permissive=True)
    control.fault("any", "500")
    control.advance(86400)
    control.reset()
    assert (control.payments(), control.calls(), control.deliveries()) == ([], [], [])
    assert control.configure()["hang_seconds"] == 0.2
    assert control.configure()["permissive"] is False
    assert sandbox.company.clock.offset_seconds == 0
    assert shop.create({"X_Idempotency_Key": "k"}).status_code == 200
    assert len(control.payments()) == 1


def test_the_control_answers_only_json_posts(sandbox: SandboxServer) -> None:
    assert requests.get(sandbox.url + "/_control/payments", timeout=5).status_code == 405
    assert requests.post(sandbox.url + "/_control/reset", data={"a": 1}, timeout=5).status_code == 405
    assert requests.post(sandbox.url + "/_control/__init__", json={}, timeout=5).status_code == 404
    assert requests.post(sandbox.url + "/_control/pay", json={"cod": 1}, timeout=5).status_code == 400


def press(sandbox: SandboxServer, page: str, label: str) -> str:
    """Submit the first form with this button, as a browser without JavaScript would, and return the next page."""
    forms = re.findall(r"<form.*?</form>", page, re.DOTALL)
    form = next(each for each in forms if f">{label}</button>" in each)
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form))
    answer = requests.post(sandbox.url + "/?lang=es", data=fields, timeout=5, allow_redirects=False)
    assert answer.status_code == 303
    return requests.get(sandbox.url + answer.headers["Location"], timeout=5).text


def test_a_person_pays_a_code_and_accepts_its_refund_on_the_console(
    shop: Shop, sandbox: SandboxServer, receiver: Receiver
) -> None:
    payment = shop.issue()
    page = requests.get(sandbox.url, timeout=5).text
    assert payment["ticket"]["number"] in page
    assert ">pagado<" not in page
    press(sandbox, page, "Pagar en ventanilla")
    refund = shop.refund(payment["id"]).json()
    page = press(sandbox, requests.get(sandbox.url, timeout=5).text, "Aceptar")
    assert "Hecho." in page
    assert sandbox.control.refunds()[0]["id"] == refund["id"]
    assert sandbox.control.refunds()[0]["state"] == "succeeded"
    assert sandbox.control.wait_idle(5)
    page = press(sandbox, requests.get(sandbox.url, timeout=5).text, "Reenviar")
    assert sandbox.control.wait_idle(5)
    assert len(receiver.arrivals) == 3


@pytest.mark.parametrize(
    ("label", "state", "received"),
    [
        ("Pagar tarde", "paid", "100.50"),
        ("Pagar 1.00 menos", "paid", "99.50"),
        ("Pagar 1.00 más", "paid", "101.50"),
        ("Pagar dos veces", "paid", "201.00"),
        ("Vencer", "expired", "0.00"),
        ("Al próximo vencimiento", "expired", "0.00"),
    ],
)
def test_every_oddity_has_its_button(shop: Shop, sandbox: SandboxServer, label: str, state: str, received: str) -> None:
    shop.issue()
    press(sandbox, requests.get(sandbox.url, timeout=5).text, label)
    [payment] = sandbox.control.payments()
    assert (payment["state"], payment["received"]) == (state, received)


def test_the_console_escapes_what_strangers_wrote(shop: Shop, sandbox: SandboxServer) -> None:
    hostile = '"><script>alert(1)</script>'
    shop.issue(order_id=hostile, description=hostile)
    answer = requests.get(sandbox.url, timeout=5)
    assert "<script" not in answer.text
    assert "&lt;script&gt;" in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_a_form_of_another_site_does_nothing(shop: Shop, sandbox: SandboxServer) -> None:
    code = shop.issue()["ticket"]["number"]
    foreign = {"Origin": "https://evil.example"}
    answer = requests.post(sandbox.url + "/", data={"act": "pay", "code": code}, headers=foreign, timeout=5)
    assert answer.status_code == 403
    assert sandbox.control.payments()[0]["state"] == "pending"


def test_a_refused_button_says_why_in_the_readers_language(shop: Shop, sandbox: SandboxServer) -> None:
    code = shop.issue()["ticket"]["number"]
    stale_page = requests.get(sandbox.url, timeout=5).text
    sandbox.control.pay(code)
    assert "Este código está pagado, no pendiente." in press(sandbox, stale_page, "Vencer")
    assert sandbox.control.payments()[0]["state"] == "paid"


def test_the_console_speaks_english_too(sandbox: SandboxServer) -> None:
    assert "Códigos" in requests.get(sandbox.url, timeout=5).text
    assert "No code has been issued yet" in requests.get(sandbox.url + "/?lang=en", timeout=5).text


def test_the_sandbox_runs_as_a_program_until_it_is_told_to_stop() -> None:
    command = [sys.executable, "-m", "pagoefectivo.sandbox", "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout is not None
            where = json.loads(program.stdout.readline())
            with SandboxControl(where["url"]) as control:
                assert control.payments() == []
        finally:
            program.send_signal(signal.SIGTERM)
        assert program.wait(timeout=5) == 0


def test_the_console_cannot_make_a_psp_forget_where_its_customer_listens(receiver: Receiver) -> None:
    with SandboxServer(addresses={"pagoefectivo_direct": receiver.url}) as server:
        server.control.reset()
        listening = {psp: each.notification_url for (psp, _), each in server.ledger.merchants.items()}
    assert listening == {"dlocal": None, "ebanx": None, "mercadopago": None, "pagoefectivo_direct": receiver.url}


def test_a_program_is_told_where_the_customers_of_each_psp_listen() -> None:
    given = ["https://shop.example/all/", "ebanx=https://shop.example/?to=ebanx"]
    assert _addresses(given) == {
        "addresses": {"ebanx": "https://shop.example/?to=ebanx"},
        "notification_url": "https://shop.example/all/",
    }


@pytest.mark.parametrize("wrong", ["nobody=https://shop.example/", "shop.example", "ebanx="])
def test_a_wrong_address_is_a_usage_error(wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--port", "0", "--notification-url", wrong])
    assert ended.value.code == 2
    assert wrong.partition("=")[0] in capsys.readouterr().err
