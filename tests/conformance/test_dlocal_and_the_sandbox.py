"""Two implementations of dLocal's pages, written apart from each other, understand one another over real HTTP."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Ambiguous, InvalidSignature, NotSent, ProviderError, Refused
from pagoefectivo.domain.messages import Absent, PaymentUpdate, RefundUpdate
from pagoefectivo.domain.states import PaymentStatus, Proof, RefundStatus
from pagoefectivo.providers.base import Account, Gateway, WebhookReader
from pagoefectivo.providers.dlocal import DLocal
from pagoefectivo.sandbox.server import SandboxServer
from pagoefectivo.testing.conformance import ProviderConformance
from pagoefectivo.testing.conformance.evidence import KeptEvidence, open_wire

VOUCHER, REFUND = ProviderConformance.voucher, ProviderConformance.refund
CREDENTIALS = {"login": "sandbox_login", "trans_key": "sandbox_trans_key", "secret_key": "sandbox_secret_key"}


@dataclass
class Counterpart:
    """Our two objects, their company, and the letterbox between them."""

    gateway: Gateway
    reader: WebhookReader
    psp: Any
    base_url: str
    address: str
    arrivals: list[tuple[dict[str, str], bytes]]

    def issue(self, **changes: Any) -> PaymentUpdate:
        return self.gateway.issue_voucher(dataclasses.replace(VOUCHER, notification_url=self.address, **changes))

    def issue_and_pay(self) -> PaymentUpdate:
        issued = self.issue()
        self.psp.pay(issued.code)
        return self.gateway.fetch_payment(issued.provider_reference)

    def ask_refund(self, paid: PaymentUpdate, **changes: Any) -> RefundUpdate:
        address = f"{self.address}?refund=RF-0001"
        request = dataclasses.replace(REFUND, payment_reference=paid.provider_reference, notification_url=address)
        return self.gateway.request_refund(dataclasses.replace(request, **changes))

    def heard(self) -> list[Any]:
        """Verify and read every notification so far."""
        assert self.psp.wait_idle(5)
        read: list[Any] = []
        for headers, body in self.arrivals:
            assert self.reader.verify(body, headers).covers_body
            read.extend(self.reader.parse(body, believed=True))
        return read


@pytest.fixture
def letterbox() -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    arrivals: list[tuple[dict[str, str], bytes]] = []

    class Letterbox(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            arrivals.append((dict(self.headers), body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Letterbox)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/hooks/", arrivals
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def other(letterbox: tuple[str, list[tuple[dict[str, str], bytes]]]) -> Iterator[Counterpart]:
    with SandboxServer(hang_seconds=0.5) as server, open_wire(datetime.now(UTC)) as wire:
        account = Account("default", server.url_of("dlocal"), CREDENTIALS, connect_timeout=1.0, read_timeout=0.3)
        gateway = DLocal.gateway(account, KeptEvidence(), wire)
        yield Counterpart(gateway, DLocal.webhook_reader(account), server.control, server.url_of("dlocal"), *letterbox)


def test_a_voucher_is_issued_found_and_paid(other: Counterpart) -> None:
    issued = other.issue()
    assert (issued.status, issued.proof) == (PaymentStatus.PENDING, Proof.ANSWER)
    assert (issued.reference, issued.amount, issued.currency) == ("ORD-0001", Decimal("100.50"), "PEN")
    assert issued.code
    assert issued.expires_at is not None

    found = other.gateway.find_payment("ORD-0001")
    assert isinstance(found, PaymentUpdate)
    assert (found.code, found.provider_reference) == (issued.code, issued.provider_reference)

    other.psp.pay(issued.code)
    paid = other.gateway.fetch_payment(issued.provider_reference)
    assert (paid.status, paid.proof, paid.amount) == (PaymentStatus.PAID, Proof.READ, Decimal("100.50"))
    assert paid.paid_at is not None
    (heard,) = other.heard()
    assert (heard.status, heard.proof, heard.reference) == (PaymentStatus.PAID, Proof.SIGNED_BODY, "ORD-0001")


def test_their_notification_to_another_account_is_not_for_us(other: Counterpart) -> None:
    other.issue_and_pay()
    assert other.psp.wait_idle(5)
    ((headers, body),) = other.arrivals
    stranger = DLocal.webhook_reader(Account("other", "https://x", {**CREDENTIALS, "secret_key": "another"}))
    with pytest.raises(InvalidSignature):
        stranger.verify(body, headers)
    with pytest.raises(InvalidSignature):
        other.reader.verify(body.replace(b"PAID", b"PA1D"), headers)


@pytest.mark.parametrize("echoes_key", [True, False])
@pytest.mark.parametrize(("outcome", "status"), [("succeed", RefundStatus.SUCCEEDED), ("reject", RefundStatus.FAILED)])
def test_a_refund_is_asked_followed_and_heard_of(
    other: Counterpart, outcome: str, status: RefundStatus, echoes_key: bool
) -> None:
    other.psp.configure(echo_order_refund_id=echoes_key)
    paid = other.issue_and_pay()
    asked = other.ask_refund(paid)
    assert (asked.status, asked.amount, asked.reference) == (RefundStatus.PENDING, Decimal("40.00"), "RF-0001")

    other.psp.settle_refund(asked.provider_reference, outcome)

    read = other.gateway.fetch_refund(asked.provider_reference, asked.payment_reference)
    found = other.gateway.find_refund("RF-0001", paid.provider_reference)
    heard = [each for each in other.heard() if isinstance(each, RefundUpdate)][-1]
    assert isinstance(found, RefundUpdate)
    assert [each.status for each in (read, found, heard)] == [status] * 3
    assert [each.provider_reference for each in (read, found, heard)] == [asked.provider_reference] * 3
    assert [each.reference for each in (read, found, heard)] == ["RF-0001"] * 3
    assert other.gateway.find_refund("RF-0002", paid.provider_reference) == Absent(proves_never=False)


def test_what_they_never_heard_of_is_absent_or_asked_again(other: Counterpart) -> None:
    assert other.gateway.find_payment("ORD-9999") == Absent(proves_never=True)
    for ask in (
        lambda: other.gateway.fetch_payment("D-4-unknown"),
        lambda: other.gateway.fetch_refund("REF-unknown", "D-4-unknown"),
    ):
        with pytest.raises(Ambiguous) as caught:
            ask()
        assert caught.value.code is ErrorCode.POLL_NOT_FOUND


def refused(other: Counterpart, key: str, **changes: Any) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        other.issue(idempotency_key=key, **changes)
    return caught.value


def test_the_same_key_twice_is_the_same_voucher(other: Counterpart) -> None:
    assert other.issue() == other.issue()
    assert len(other.psp.payments()) == 1


def test_their_refusals_are_called_by_our_names(other: Counterpart) -> None:
    paid = other.issue_and_pay()
    duplicate = refused(other, "another key")
    too_much = refused(other, "key-a", reference="A", amount=Decimal("9999.00"))
    too_little = refused(other, "key-b", reference="B", amount=Decimal("0.50"))
    bare = refused(other, "key-c", reference="C", payer=dataclasses.replace(VOUCHER.payer, document_number=""))
    assert (type(duplicate), duplicate.code) == (Ambiguous, ErrorCode.CREATE_DUPLICATE_REFERENCE)
    assert (type(too_much), too_much.code) == (Refused, ErrorCode.CREATE_AMOUNT_TOO_HIGH)
    assert (type(too_little), too_little.code) == (Refused, ErrorCode.CREATE_AMOUNT_TOO_LOW)
    assert (type(bare), bare.code) == (Refused, ErrorCode.CREATE_FIELD_INVALID)

    with pytest.raises(Refused) as exceeded:
        other.ask_refund(paid, amount=Decimal("200.00"))
    assert exceeded.value.code is ErrorCode.REFUND_AMOUNT_EXCEEDED
    other.psp.configure(balance="0.00")
    with pytest.raises(NotSent) as unfunded:
        other.ask_refund(paid)
    assert unfunded.value.code is ErrorCode.REFUND_INSUFFICIENT_FUNDS
    with pytest.raises(Refused) as not_withdrawn:
        other.gateway.cancel_voucher(paid.provider_reference)
    assert not_withdrawn.value.code is ErrorCode.CANCEL_NOT_SUPPORTED


@pytest.mark.parametrize(
    ("field", "code"),
    [("trans_key", ErrorCode.AUTH_INVALID_CREDENTIALS), ("secret_key", ErrorCode.AUTH_SIGNATURE_REFUSED)],
)
def test_wrong_keys_are_called_by_our_names(other: Counterpart, field: str, code: ErrorCode) -> None:
    account = Account("default", other.base_url, {**CREDENTIALS, field: "wrong"})
    with open_wire() as wire, pytest.raises(NotSent) as caught:
        DLocal.gateway(account, KeptEvidence(), wire).find_payment("ORD-0001")
    assert caught.value.code is code
