"""The EBANX face: who is let in, what is refused and by which code, and how its refunds wait for the payer."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from pagoefectivo.sandbox.psps.ebanx_keys import PLAY_MERCHANT_KEY
from pagoefectivo.sandbox.psps.ebanx_shapes import UNPUBLISHED
from pagoefectivo.sandbox.psps.ebanx_signing import fingerprint, key_id, token_matches
from pagoefectivo.sandbox.server import SandboxServer
from tests.sandbox.conftest import Receiver

KEY = "sandbox_integration_key"
HEADER = {"alg": "RS256", "kid": "sandbox-kid", "b64": False, "crit": ["b64"]}
QUERY = b'{"hash":"5f00"}'


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(body: bytes, header: dict[str, Any] | None = None) -> str:
    """Return a detached JWS by the play key, made by the published recipe."""
    key = load_pem_private_key(PLAY_MERCHANT_KEY.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    head = base64url(json.dumps(header or HEADER, separators=(",", ":")).encode())
    return f"{head}..{base64url(key.sign(head.encode() + b'.' + body, padding.PKCS1v15(), SHA256()))}"


@dataclass
class EbanxShop:
    """A merchant with an integration key."""

    url: str
    notification_url: str
    session: requests.Session = field(default_factory=requests.Session)

    def post(self, path: str, body: bytes, **headers: str) -> dict[str, Any]:
        answer = self.session.post(self.url + path, data=body, headers=headers, timeout=5)
        assert answer.status_code == 200
        return answer.json()  # type: ignore[no-any-return]

    def call(self, path: str, **fields: Any) -> dict[str, Any]:
        return self.post(path, json.dumps({"integration_key": KEY, **fields}).encode())

    def create(self, **changes: Any) -> dict[str, Any]:
        payment = {
            "name": "María Quispe",
            "email": "maria@example.com",
            "country": "pe",
            "payment_type_code": "pagoefectivo",
            "merchant_payment_code": "ORD-0001",
            "currency_code": "PEN",
            "amount_total": 100.50,
            "notification_url": self.notification_url,
            **changes,
        }
        payment = {name: value for name, value in payment.items() if value is not None}
        return self.call("/ws/direct", operation="request", mode="full", payment=payment)

    def refund(self, identity: str, **changes: Any) -> dict[str, Any]:
        fields = {"operation": "request", "hash": identity, "amount": "25.50", "description": "torn", **changes}
        return self.call("/ws/refund", **{name: value for name, value in fields.items() if value is not None})


@pytest.fixture
def shop(sandbox: SandboxServer, receiver: Receiver) -> Iterator[EbanxShop]:
    merchant = EbanxShop(sandbox.url_of("ebanx"), receiver.url)
    merchant.session.trust_env = False
    yield merchant
    merchant.session.close()


@pytest.fixture
def paid(sandbox: SandboxServer, shop: EbanxShop) -> str:
    """The hash of a payment of S/ 100.50, paid at the counter, its notification delivered."""
    payment = shop.create()["payment"]
    sandbox.control.pay(payment["cip_code"])
    assert sandbox.control.wait_idle(5)
    return str(payment["hash"])


def test_the_printed_token_names_its_key_and_its_header_is_the_only_one_that_is_taken() -> None:
    printed = "eyJhbGciOiJSUzI1NiIsImtpZCI6Im1hZGUtdXAta2lkLTAwMDEiLCJiNjQiOmZhbHNlLCJjcml0IjpbImI2NCJdfQ..avcm"
    assert key_id(printed) == "made-up-kid-0001"
    changes: list[dict[str, Any]] = [
        *({"b64": True}, {"alg": "none"}, {"alg": "HS256"}),
        *({"crit": []}, {"typ": "JWT"}, {"kid": 7}),
    ]
    for change in changes:
        assert key_id(token(QUERY, HEADER | change)) is None
    head, _, signature = token(QUERY).partition("..")
    for broken in (f"{head}.{base64url(QUERY)}.{signature}", f"{head}..", head, "", "ñ..x", f"{base64url(b'[]')}..x"):
        assert key_id(broken) is None


def test_a_token_is_over_exactly_its_bytes() -> None:
    assert token_matches(token(QUERY), QUERY, PLAY_MERCHANT_KEY)
    for other in (b'{"hash": "5f00"}', b'{"hash":"5f01"}', b"", base64url(QUERY).encode()):
        assert not token_matches(token(QUERY), other, PLAY_MERCHANT_KEY)
    assert not token_matches(token(QUERY)[:-4], QUERY, PLAY_MERCHANT_KEY)
    assert not token_matches(token(QUERY) + "!", QUERY, PLAY_MERCHANT_KEY)


def test_a_fingerprint_has_the_shape_of_the_printed_one(sandbox: SandboxServer) -> None:
    certificate = sandbox.company.faces["ebanx"].merchant().secrets["notification_certificates"]
    assert len(fingerprint(certificate)) == len("4ABAD89CF66B99998465470550EB15E3E271A246")
    assert set(fingerprint(certificate)) <= set("0123456789ABCDEF")


@pytest.mark.parametrize(
    ("body", "headers", "code"),
    [
        (QUERY, {}, "BP-SA-1"),
        (b"not json", {}, "BP-SA-1"),
        (b'{"integration_key":"wrong","hash":"5f00"}', {}, "BP-SA-2"),
        (QUERY, {"X-JWS-Signature": token(QUERY)}, "BP-REF-CAN-2"),
        (QUERY, {"X-JWS-Signature": token(b'{"hash": "5f00"}')}, "BP-SA-2"),
        (QUERY, {"X-JWS-Signature": token(QUERY, HEADER | {"kid": "unknown"})}, "BP-SA-2"),
        (QUERY, {"X-JWS-Signature": token(QUERY, HEADER | {"b64": True})}, "BP-SA-2"),
        (QUERY, {"X-JWS-Signature": "nonsense"}, "BP-SA-2"),
    ],
)
def test_who_is_let_in(shop: EbanxShop, body: bytes, headers: dict[str, str], code: str) -> None:
    answer = shop.post("/ws/query", body, **headers)
    assert (answer["status"], answer["status_code"]) == ("ERROR", code)


def test_a_signed_body_has_no_integration_key(shop: EbanxShop) -> None:
    body = json.dumps({"integration_key": KEY, "hash": "5f00"}).encode()
    assert shop.post("/ws/query", body, **{"X-JWS-Signature": token(body)})["status_code"] == "BP-SA-2"


@pytest.mark.parametrize(("method", "path"), [("GET", "/ws/query"), ("POST", "/ws/refundOrCancel"), ("POST", "/x")])
def test_what_is_not_imitated_leads_nowhere(shop: EbanxShop, method: str, path: str) -> None:
    assert shop.session.request(method, shop.url + path, timeout=5).status_code == 404


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"currency_code": None}, "BP-DR-3"),
        ({"amount_total": None}, "BP-DR-5"),
        ({"amount_total": "many"}, "BP-DR-5"),
        ({"amount_total": "1.99"}, "BP-DR-6"),
        ({"amount_total": 3724.01}, "BP-DR-7"),
        ({"amount_total": "10.001"}, UNPUBLISHED),
        ({"amount_total": "NaN"}, "BP-DR-5"),
        ({"merchant_payment_code": None}, "BP-DR-9"),
        ({"merchant_payment_code": "x" * 41}, "BP-DR-10"),
        ({"name": None}, "BP-DR-13"),
        ({"email": None}, "BP-DR-15"),
        ({"email": "nobody"}, "BP-DR-17"),
        ({"payment_type_code": "boleto"}, "BP-DR-35"),
        ({"country": "br"}, UNPUBLISHED),
        ({"currency_code": "BRL"}, UNPUBLISHED),
        ({"document": "1234567"}, UNPUBLISHED),
        ({"due_date": "2026-11-24"}, UNPUBLISHED),
        ({"due_date": "01/01/2020"}, UNPUBLISHED),
        ({"notification_url": "ftp://x"}, UNPUBLISHED),
    ],
)
def test_a_payment_beyond_the_rules_is_refused_with_200_and_not_booked(
    shop: EbanxShop, sandbox: SandboxServer, changes: dict[str, Any], code: str
) -> None:
    answer = shop.create(**changes)
    assert (answer["status"], answer["status_code"]) == ("ERROR", code)
    assert sandbox.ledger.payments() == []


def test_a_call_without_a_payment_is_refused(shop: EbanxShop) -> None:
    assert shop.call("/ws/direct", operation="request", mode="full")["status_code"] == "BP-DR-2"


def test_a_used_payment_code_is_refused_and_its_payment_described(shop: EbanxShop, sandbox: SandboxServer) -> None:
    assert shop.create()["status"] == "SUCCESS"
    again = shop.create(amount_total=5)
    assert again["status_code"] == "BP-DR-0"
    assert "ORD-0001" in again["status_message"]
    assert "status is PE" in again["status_message"]
    assert sandbox.ledger.payment_count("ORD-0001") == 1


def test_a_payment_is_asked_about_by_exactly_one_of_its_names(shop: EbanxShop) -> None:
    payment = shop.create()["payment"]
    names = {"hash": payment["hash"], "merchant_payment_code": "ORD-0001"}
    answers = [shop.call("/ws/query", **{name: value}) for name, value in names.items()]
    assert [answer["payment"] for answer in answers] == [payment, payment]
    assert shop.call("/ws/query", **names)["status_code"] == UNPUBLISHED
    assert shop.call("/ws/query")["status_code"] == UNPUBLISHED
    assert len(payment["hash"]) == 48


def test_another_merchants_payment_is_not_found(shop: EbanxShop, sandbox: SandboxServer) -> None:
    payment = shop.create()["payment"]
    sandbox.control.add_merchant("second", {"integration_key": "second_key"}, psp="ebanx")
    asked = json.dumps({"integration_key": "second_key", "hash": payment["hash"]}).encode()
    assert shop.post("/ws/query", asked)["status_code"] == "BP-REF-CAN-2"
    assert shop.post("/ws/cancel", asked)["status_code"] == "BP-REF-CAN-2"


def test_only_an_unpaid_code_is_cancelled(shop: EbanxShop, sandbox: SandboxServer, paid: str) -> None:
    assert shop.call("/ws/cancel")["status_code"] == "BP-CAN-1"
    assert shop.call("/ws/cancel", hash=paid)["status_code"] == UNPUBLISHED
    other = shop.create(merchant_payment_code="B")["payment"]["hash"]
    answer = shop.call("/ws/cancel", hash=other)
    assert (answer["operation"], answer["payment"]["status"]) == ("cancel", "CA")
    assert [each.state for each in sandbox.ledger.payments()] == ["paid", "canceled"]


def test_a_due_day_lasts_to_its_end_in_lima(shop: EbanxShop, sandbox: SandboxServer) -> None:
    tomorrow = sandbox.company.clock.now() - timedelta(hours=5) + timedelta(days=1)
    answer = shop.create(due_date=f"{tomorrow:%d/%m/%Y}")["payment"]
    assert answer["due_date"] == f"{tomorrow:%Y-%m-%d}"
    (payment,) = sandbox.ledger.payments()
    assert f"{payment.expires_at - timedelta(hours=5):%d/%m/%Y %H:%M:%S}" == f"{tomorrow:%d/%m/%Y} 23:59:59"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"hash": None}, "BP-REF-1"),
        ({"hash": "f" * 48}, "BP-REF-CAN-2"),
        ({"operation": "cancel"}, UNPUBLISHED),
        ({"amount": None}, UNPUBLISHED),
        ({"amount": "100.51"}, UNPUBLISHED),
        ({"amount": "0.00"}, UNPUBLISHED),
        ({"description": None}, UNPUBLISHED),
        ({"description": "x" * 1501}, UNPUBLISHED),
        ({"merchant_refund_code": "x" * 21}, UNPUBLISHED),
    ],
)
def test_a_refund_beyond_the_rules_is_refused_and_not_booked(
    shop: EbanxShop, sandbox: SandboxServer, paid: str, changes: dict[str, Any], code: str
) -> None:
    assert shop.refund(paid, **changes)["status_code"] == code
    assert sandbox.ledger.refunds() == []


def test_an_unpaid_code_cannot_be_refunded(shop: EbanxShop, sandbox: SandboxServer) -> None:
    assert shop.refund(shop.create()["payment"]["hash"])["status_code"] == "BP-REF-7"
    assert sandbox.ledger.refunds() == []


def test_a_refund_past_the_window_is_refused(shop: EbanxShop, sandbox: SandboxServer, paid: str) -> None:
    sandbox.control.advance(180 * 86400 + 1)
    assert shop.refund(paid)["status_code"] == UNPUBLISHED
    assert sandbox.ledger.refunds() == []


def test_a_refund_waits_in_the_queue_then_for_the_payer_and_each_step_is_notified_once(
    shop: EbanxShop, sandbox: SandboxServer, receiver: Receiver, paid: str
) -> None:
    answer = shop.refund(paid, merchant_refund_code="RF-1")
    assert answer["operation"] == "refund"
    assert answer["payment"]["refunds"] == [answer["refund"]]
    assert (answer["refund"]["status"], answer["refund"]["pending_date"]) == ("RE", None)
    sandbox.control.advance(61)
    (waiting,) = shop.call("/ws/query", hash=paid)["payment"]["refunds"]
    assert waiting["status"] == "PE"
    assert waiting["pending_date"] is not None
    sandbox.control.settle_refund(answer["refund"]["id"])
    assert sandbox.control.wait_idle(5)
    assert shop.call("/ws/query", hash=paid)["payment"]["refunds"][0]["status"] == "CO"
    assert [arrival.body.decode() for arrival in receiver.arrivals] == [
        f"operation=payment_status_change&notification_type={kind}&hash_codes={paid}"
        for kind in ("update", "refund", "refund")
    ]
    assert receiver.arrivals[0].headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_a_refund_that_was_settled_in_the_queue_is_not_announced_again(
    shop: EbanxShop, sandbox: SandboxServer, receiver: Receiver, paid: str
) -> None:
    refund = shop.refund(paid)["refund"]
    sandbox.control.settle_refund(refund["id"], "cancel")
    sandbox.control.advance(61)
    assert sandbox.control.wait_idle(5)
    assert len(receiver.arrivals) == 2


def test_a_used_refund_code_refunds_twice_for_nobody_holds_it_unique(
    shop: EbanxShop, sandbox: SandboxServer, paid: str
) -> None:
    first, second = (shop.refund(paid, merchant_refund_code="RF-1")["refund"] for _ in range(2))
    assert first["id"] != second["id"]
    assert sandbox.ledger.refund_count(paid) == 2


def test_a_refund_from_the_dashboard_has_no_code(shop: EbanxShop, sandbox: SandboxServer, paid: str) -> None:
    sandbox.control.dashboard_refund(paid, "30.00")
    (listed,) = shop.call("/ws/query", hash=paid)["payment"]["refunds"]
    assert (listed["merchant_refund_code"], listed["amount_ext"]) == (None, "30.00")
