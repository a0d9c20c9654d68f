"""Two implementations of Mercado Pago's pages, written apart from each other, understand one another over real HTTP."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Ambiguous, Held, InvalidSignature, NotSent, ProviderError, Refused
from pagoefectivo.domain.messages import Absent, PaymentUpdate, Pointer, PointerKind, RefundUpdate
from pagoefectivo.domain.states import PaymentStatus, Proof, RefundStatus
from pagoefectivo.providers.base import Account, Gateway, WebhookReader
from pagoefectivo.providers.mercadopago import MercadoPago
from pagoefectivo.sandbox.server import SandboxServer
from pagoefectivo.testing.conformance import ProviderConformance
from pagoefectivo.testing.conformance.evidence import KeptEvidence, open_wire

VOUCHER, REFUND = ProviderConformance.voucher, ProviderConformance.refund
CREDENTIALS = {"access_token": "TEST-sandbox-access-token", "webhook_secret": "sandbox_webhook_secret"}

Arrival = tuple[str, dict[str, str], bytes]


@dataclass
class Counterpart:
    """Our two objects, their company, and the letterbox between them."""

    gateway: Gateway
    reader: WebhookReader
    psp: Any
    base_url: str
    address: str
    arrivals: list[Arrival]

    def issue(self, **changes: Any) -> PaymentUpdate:
        expires_at = datetime.now(UTC) + timedelta(hours=48)
        request = dataclasses.replace(VOUCHER, notification_url=self.address, expires_at=expires_at)
        return self.gateway.issue_voucher(dataclasses.replace(request, **changes))

    def issue_and_pay(self) -> PaymentUpdate:
        issued = self.issue()
        self.psp.pay(issued.code)
        return self.gateway.fetch_payment(issued.provider_reference)

    def ask_refund(self, paid: PaymentUpdate, **changes: Any) -> RefundUpdate:
        assert paid.amount is not None
        whole = dataclasses.replace(
            REFUND, payment_reference=paid.provider_reference, amount=paid.amount, is_whole=True
        )
        return self.gateway.request_refund(dataclasses.replace(whole, **changes))

    def ask_part(self, paid: PaymentUpdate, amount: str, **changes: Any) -> RefundUpdate:
        return self.ask_refund(paid, amount=Decimal(amount), is_whole=False, **changes)

    def heard(self) -> list[Any]:
        """Verify and read every notification so far."""
        assert self.psp.wait_idle(5)
        read: list[Any] = []
        for query, headers, body in self.arrivals:
            verification = self.reader.verify(body, headers, query)
            assert not verification.covers_body
            assert verification.signed_at is not None
            assert abs(datetime.now(UTC) - verification.signed_at) < timedelta(minutes=1)
            read.extend(self.reader.parse(body, query, believed=False))
        return read


@pytest.fixture
def letterbox() -> Iterator[tuple[str, list[Arrival]]]:
    arrivals: list[Arrival] = []

    class Letterbox(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            arrivals.append((urlsplit(self.path).query, dict(self.headers), body))
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
def other(letterbox: tuple[str, list[Arrival]]) -> Iterator[Counterpart]:
    with SandboxServer(hang_seconds=0.5) as server, open_wire(datetime.now(UTC)) as wire:
        url = server.url_of("mercadopago")
        account = Account("default", url, CREDENTIALS, MercadoPago.options, connect_timeout=1.0, read_timeout=0.3)
        gateway = MercadoPago.gateway(account, KeptEvidence(), wire)
        yield Counterpart(gateway, MercadoPago.webhook_reader(account), server.control, url, *letterbox)


def test_a_voucher_is_issued_found_and_paid(other: Counterpart) -> None:
    deadline = datetime.now(UTC) + timedelta(hours=30)
    issued = other.issue(expires_at=deadline)
    assert (issued.status, issued.proof) == (PaymentStatus.PENDING, Proof.ANSWER)
    assert (issued.reference, issued.amount, issued.currency) == ("ORD-0001", Decimal("100.50"), "PEN")
    assert issued.code == other.psp.payments()[0]["code"]
    assert issued.expires_at is not None
    assert timedelta(0) <= deadline - issued.expires_at < timedelta(milliseconds=1)

    found = other.gateway.find_payment("ORD-0001")
    assert isinstance(found, PaymentUpdate)
    assert (found.code, found.provider_reference) == (issued.code, issued.provider_reference)

    other.psp.pay(issued.code)
    paid = other.gateway.fetch_payment(issued.provider_reference)
    assert (paid.status, paid.proof, paid.amount) == (PaymentStatus.PAID, Proof.READ, Decimal("100.50"))
    assert paid.paid_at is not None
    assert other.heard() == [Pointer(PointerKind.PAYMENT, provider_reference=issued.provider_reference)]


@pytest.mark.parametrize("unit", ["milliseconds", "seconds"])
def test_a_notification_is_dated_in_either_unit(other: Counterpart, unit: str) -> None:
    other.psp.configure(mercadopago_ts=unit)
    other.issue_and_pay()
    assert len(other.heard()) == 1
    ((_, headers, _),) = other.arrivals
    assert len(headers["x-signature"].split(",")[0].removeprefix("ts=")) == {"milliseconds": 13, "seconds": 10}[unit]


def test_their_notification_to_another_account_is_not_for_us(other: Counterpart) -> None:
    other.issue_and_pay()
    assert other.psp.wait_idle(5)
    ((query, headers, body),) = other.arrivals
    stranger = MercadoPago.webhook_reader(Account("other", "https://x", {"webhook_secret": "another"}))
    with pytest.raises(InvalidSignature):
        stranger.verify(body, headers, query)
    with pytest.raises(InvalidSignature):
        other.reader.verify(body, headers, query.replace("data.id=", "data.id=1"))


def test_a_forged_notification_is_refused_and_a_stale_one_is_known_as_that(other: Counterpart) -> None:
    other.psp.webhook_fault("forged")
    other.issue_and_pay()
    assert other.psp.wait_idle(5)
    ((query, headers, body),) = other.arrivals
    with pytest.raises(InvalidSignature):
        other.reader.verify(body, headers, query)

    other.psp.webhook_fault("stale", seconds=86400.0)
    other.psp.reverse(other.psp.payments()[0]["code"])
    assert other.psp.wait_idle(5)
    query, headers, body = other.arrivals[-1]
    signed_at = other.reader.verify(body, headers, query).signed_at
    assert signed_at is not None
    assert timedelta(hours=23) < datetime.now(UTC) - signed_at < timedelta(hours=25)


def test_a_refund_is_done_in_the_answer_and_read_again(other: Counterpart) -> None:
    paid = other.issue_and_pay()

    asked = other.ask_refund(paid)

    assert (asked.status, asked.proof, asked.amount) == (RefundStatus.SUCCEEDED, Proof.ANSWER, Decimal("100.50"))
    assert asked.payment_reference == paid.provider_reference
    read = other.gateway.fetch_refund(asked.provider_reference, asked.payment_reference)
    assert read == dataclasses.replace(asked, proof=Proof.READ)
    payment = other.gateway.fetch_payment(paid.provider_reference)
    assert (payment.status, payment.raw_status) == (PaymentStatus.PAID, "refunded")
    assert payment.refunds == (read,)
    assert other.heard() == [Pointer(PointerKind.PAYMENT, provider_reference=paid.provider_reference)] * 2


@pytest.mark.parametrize(
    ("outcome", "status"),
    [("succeed", RefundStatus.SUCCEEDED), ("reject", RefundStatus.FAILED), ("cancel", RefundStatus.CANCELED)],
)
def test_a_refund_may_stay_under_way_for_a_while(other: Counterpart, outcome: str, status: RefundStatus) -> None:
    other.psp.configure(mercadopago_in_process=True)
    paid = other.issue_and_pay()
    asked = other.ask_refund(paid)
    assert asked.status is RefundStatus.PENDING
    other.psp.settle_refund(asked.provider_reference, outcome)
    assert other.gateway.fetch_refund(asked.provider_reference, asked.payment_reference).status is status


def test_a_refund_whose_answer_was_lost_is_had_back_by_its_key_alone(other: Counterpart) -> None:
    paid = other.issue_and_pay()
    other.psp.fault("refund", "timeout_after")
    with pytest.raises(Ambiguous):
        other.ask_refund(paid)
    assert other.gateway.find_refund(REFUND.reference, paid.provider_reference) == Absent(proves_never=False)

    again = other.ask_refund(paid)

    (made,) = other.psp.refunds()
    assert (again.provider_reference, again.status) == (made["id"], RefundStatus.SUCCEEDED)


def test_a_refund_of_which_the_key_was_forgotten_is_not_made_twice(other: Counterpart) -> None:
    other.psp.configure(mercadopago_key_hours=0)
    paid = other.issue_and_pay()
    other.psp.fault("refund", "timeout_after")
    for raised in (ErrorCode.REFUND_OUTCOME_UNKNOWN, ErrorCode.REFUND_DUPLICATE):
        with pytest.raises(Ambiguous) as caught:
            other.ask_refund(paid)
        assert caught.value.code is raised
    assert len(other.psp.refunds()) == 1


def test_a_refund_from_the_dashboard_is_never_taken_for_ours(other: Counterpart) -> None:
    paid = other.issue_and_pay()
    other.psp.fault("refund", "timeout_before")
    with pytest.raises(Ambiguous):
        other.ask_refund(paid)
    theirs = other.psp.dashboard_refund(paid.code)
    other.psp.settle_refund(theirs["id"])

    assert other.gateway.find_refund(REFUND.reference, paid.provider_reference) == Absent(proves_never=False)
    with pytest.raises(Ambiguous) as caught:
        other.ask_refund(paid)

    assert caught.value.code is ErrorCode.REFUND_DUPLICATE
    assert [each["id"] for each in other.psp.refunds()] == [theirs["id"]]
    listed = other.gateway.fetch_payment(paid.provider_reference).refunds
    assert [(each.provider_reference, each.reference) for each in listed] == [(theirs["id"], "")]


def test_where_parts_may_go_back_a_lost_one_is_a_persons_business(other: Counterpart) -> None:
    other.psp.configure(mercadopago_partial_refunds=True)
    paid = other.issue_and_pay()
    assert other.ask_part(paid, "20.00").amount == Decimal("20.00")
    assert other.gateway.fetch_payment(paid.provider_reference).raw_code == "partially_refunded"
    with pytest.raises(Held) as caught:
        other.gateway.find_refund(REFUND.reference, paid.provider_reference)
    assert caught.value.code is ErrorCode.REFUND_OUTCOME_UNKNOWN


def test_what_they_never_heard_of_is_absent_or_asked_again(other: Counterpart) -> None:
    paid = other.issue_and_pay()
    assert other.gateway.find_payment("ORD-9999") == Absent(proves_never=False)
    for ask in (
        lambda: other.gateway.fetch_payment("4711"),
        lambda: other.gateway.fetch_refund("4711", paid.provider_reference),
        lambda: other.gateway.find_refund("RF-1", "4711"),
    ):
        with pytest.raises(Ambiguous) as caught:
            ask()
        assert caught.value.code is ErrorCode.POLL_NOT_FOUND


def test_the_same_key_twice_is_the_same_voucher_and_another_key_makes_another(other: Counterpart) -> None:
    moment = datetime.now(UTC) + timedelta(hours=48)
    assert other.issue(expires_at=moment) == other.issue(expires_at=moment)
    assert len(other.psp.payments()) == 1
    second = other.issue(idempotency_key="another key")
    assert len(other.psp.payments()) == 2
    with pytest.raises(Held) as caught:
        other.gateway.find_payment("ORD-0001")
    assert caught.value.code is ErrorCode.CREATE_DUPLICATE_REFERENCE

    other.psp.expire(second.code)
    found = other.gateway.find_payment("ORD-0001")
    assert isinstance(found, PaymentUpdate)
    assert (found.status, found.provider_reference == second.provider_reference) == (PaymentStatus.PENDING, False)


def test_a_code_that_the_index_does_not_know_yet_is_absent_and_the_key_brings_it_back(other: Counterpart) -> None:
    issued = other.issue()
    other.psp.fault("get_order", "lag")
    assert other.gateway.find_payment("ORD-0001") == Absent(proves_never=False)
    assert other.issue().provider_reference == issued.provider_reference
    assert len(other.psp.payments()) == 1


def test_a_code_is_withdrawn_or_expires_and_late_money_is_never_the_shops(other: Counterpart) -> None:
    withdrawn = other.issue()
    assert other.gateway.cancel_voucher(withdrawn.provider_reference).status is PaymentStatus.CANCELED
    with pytest.raises(Refused) as caught:
        other.gateway.cancel_voucher(withdrawn.provider_reference)
    assert caught.value.code is ErrorCode.CANCEL_NOT_SUPPORTED

    expired = other.issue(reference="B", idempotency_key="key-b")
    other.psp.pay(expired.code, late=True)
    update = other.gateway.fetch_payment(expired.provider_reference)
    assert (update.status, update.raw_code, update.paid_at) == (PaymentStatus.EXPIRED, "expired", None)
    assert other.psp.totals(expired.provider_reference)["received"] == "0.00"


def refused(other: Counterpart, key: str, **changes: Any) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        other.issue(idempotency_key=key, **changes)
    return caught.value


def test_their_refusals_are_called_by_our_names(other: Counterpart) -> None:
    too_much = refused(other, "key-a", amount=Decimal("10000.01"))
    too_little = refused(other, "key-b", amount=Decimal("4.99"))
    assert [(type(each), each.code) for each in (too_much, too_little)] == [
        (Refused, ErrorCode.CREATE_INVALID_REQUEST)
    ] * 2
    unexplained = refused(other, "key-c", payer=dataclasses.replace(VOUCHER.payer, email="nobody"))
    assert (type(unexplained), unexplained.code) == (Held, ErrorCode.PSP_UNMAPPED)
    assert other.psp.payments() == []

    paid = other.issue_and_pay()
    with pytest.raises(Refused) as part:
        other.ask_part(paid, "40.00")
    assert part.value.code is ErrorCode.REFUND_PARTIAL_UNSUPPORTED
    other.psp.configure(balance="0.00")
    with pytest.raises(NotSent) as unfunded:
        other.ask_refund(paid)
    assert unfunded.value.code is ErrorCode.REFUND_INSUFFICIENT_FUNDS
    other.psp.advance(90 * 86400 + 1)
    with pytest.raises(Refused) as too_late:
        other.ask_refund(paid)
    assert too_late.value.code is ErrorCode.REFUND_WINDOW_CLOSED
    assert other.psp.refunds() == []


def test_an_unpaid_code_has_nothing_to_give_back(other: Counterpart) -> None:
    issued = other.issue()
    with pytest.raises(Held) as caught:
        other.ask_refund(issued)
    assert caught.value.code is ErrorCode.REFUND_NOT_ALLOWED
    assert other.psp.refunds() == []


def test_a_wrong_token_is_called_by_our_name(other: Counterpart) -> None:
    account = Account("default", other.base_url, {**CREDENTIALS, "access_token": "TEST-wrong"}, MercadoPago.options)
    with open_wire() as wire, pytest.raises(NotSent) as caught:
        MercadoPago.gateway(account, KeptEvidence(), wire).find_payment("ORD-0001")
    assert caught.value.code is ErrorCode.AUTH_INVALID_CREDENTIALS


@pytest.mark.parametrize("status", ["429", "500", "502", "503"])
def test_their_troubles_leave_a_refund_open(other: Counterpart, status: str) -> None:
    paid = other.issue_and_pay()
    other.psp.fault("refund", status)
    with pytest.raises(NotSent if status == "429" else Ambiguous) as caught:
        other.ask_refund(paid)
    assert not isinstance(caught.value, Held)
    assert other.ask_refund(paid).status is RefundStatus.SUCCEEDED
