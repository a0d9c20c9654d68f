"""A running sandbox, a merchant who signs by the published recipe, and a receiver for notifications."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest
import requests

from pagoefectivo.sandbox.server import SandboxServer
from tests.sandbox.mercadopago_stage import Collector

X_DATE = "2026-11-22T14:05:06.123Z"


@dataclass
class Arrival:
    """One notification as the receiver saw it."""

    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        return json.loads(self.body)  # type: ignore[no-any-return]

    def is_signed_with(self, secret: str) -> bool:
        text = self.headers["X-Login"].encode() + self.headers["X-Date"].encode() + self.body
        expected = hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
        return self.headers.get("Authorization") == f"V2-HMAC-SHA256, Signature: {expected}"


class Receiver:
    """The merchant's letterbox: keeps what arrives, answers what `answers` says, then 200."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []
        self.answers: list[int] = []
        receiver = self

        class Letterbox(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.arrivals.append(Arrival(dict(self.headers), body))
                self.send_response(receiver.answers.pop(0) if receiver.answers else 200)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Letterbox)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hooks/"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@dataclass
class Shop:
    """A merchant of the sandbox."""

    base_url: str
    notification_url: str
    login: str = "sandbox_login"
    trans_key: str = "sandbox_trans_key"
    secret_key: str = "sandbox_secret_key"
    session: requests.Session = field(default_factory=requests.Session)
    patience: float = 5.0

    defaults: ClassVar[dict[str, Any]] = {
        "amount": 100.50,
        "currency": "PEN",
        "country": "PE",
        "payment_method_id": "EF",
        "payment_method_flow": "DIRECT",
        "payer": {"name": "María Quispe", "email": "maria@example.com", "document": "12345678"},
        "order_id": "ORD-0001",
    }

    def call(self, method: str, path: str, document: object = None, **headers: str) -> requests.Response:
        body = b"" if document is None else document if isinstance(document, bytes) else json.dumps(document).encode()
        text = self.login.encode() + X_DATE.encode() + body
        sent = {
            "X-Date": X_DATE,
            "X-Login": self.login,
            "X-Trans-Key": self.trans_key,
            "X-Version": "2.1",
            "Content-Type": "application/json",
            "Authorization": "V2-HMAC-SHA256, Signature: "
            + hmac.new(self.secret_key.encode(), text, hashlib.sha256).hexdigest(),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        return self.session.request(method, self.base_url + path, data=body, headers=sent, timeout=self.patience)

    def create(self, headers: dict[str, str] | None = None, **changes: Any) -> requests.Response:
        document = {**self.defaults, "notification_url": self.notification_url, **changes}
        document = {name: value for name, value in document.items() if value is not None}
        return self.call("POST", "/payments", document, **headers or {})

    def issue(self, **changes: Any) -> dict[str, Any]:
        answer = self.create(**changes)
        assert answer.status_code == 200, answer.text
        return answer.json()  # type: ignore[no-any-return]

    def refund(self, payment_id: str, headers: dict[str, str] | None = None, **fields: Any) -> requests.Response:
        document = {
            "payment_id": payment_id,
            "notification_url": self.notification_url,
            "beneficiary_name": "María Quispe",
            "bank_account": "00219300000000000001",
            **fields,
        }
        return self.call("POST", "/refunds", document, **headers or {})


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(hang_seconds=0.2, retry_seconds=[0.05] * 3) as server:
        yield server


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    letterbox = Receiver()
    yield letterbox
    letterbox.close()


@pytest.fixture
def shop(sandbox: SandboxServer, receiver: Receiver) -> Iterator[Shop]:
    merchant = Shop(sandbox.url_of("dlocal"), receiver.url)
    merchant.session.trust_env = False
    yield merchant
    merchant.session.close()


@pytest.fixture
def paid(sandbox: SandboxServer, shop: Shop) -> dict[str, Any]:
    """A payment of S/ 100.50, paid at the counter, its notification delivered."""
    payment = shop.issue()
    sandbox.control.pay(payment["ticket"]["number"])
    assert sandbox.control.wait_idle(5)
    return payment


@pytest.fixture
def collector(sandbox: SandboxServer, receiver: Receiver) -> Iterator[Collector]:
    with requests.Session() as session:
        session.trust_env = False
        yield Collector(sandbox.url_of("mercadopago"), receiver.url, session)
