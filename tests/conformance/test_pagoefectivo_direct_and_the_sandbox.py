"""Two implementations of PagoEfectivo's guide, written apart from each other, understand one another over real HTTP."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Ambiguous, InvalidSignature, NotSent, ProviderError, Refused
from pagoefectivo.domain.messages import Absent, PaymentUpdate
from pagoefectivo.domain.states import PaymentStatus, Proof
from pagoefectivo.providers.base import Account, Gateway, Operation, WebhookReader, Wire
from pagoefectivo.providers.pagoefectivo_direct import PagoEfectivoDirect
from pagoefectivo.providers.transport import open_session
from pagoefectivo.sandbox.server import SandboxServer
from pagoefectivo.testing.conformance import ProviderConformance
from pagoefectivo.testing.conformance.evidence import KeptEvidence

VOUCHER = ProviderConformance.voucher
FACE = "pagoefectivo_direct"


@dataclass
class Counterpart:
    """Our two objects, their company, and the letterbox that is registered there."""

    gateway: Gateway
    reader: WebhookReader
    psp: Any
    evidence: KeptEvidence
    account: Account
    wire: Wire
    arrivals: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def issue(self, **changes: Any) -> PaymentUpdate:
        deadline = self.wire.now() + timedelta(hours=48)
        return self.gateway.issue_voucher(dataclasses.replace(VOUCHER, **{"expires_at": deadline, **changes}))

    def status(self, issued: PaymentUpdate) -> PaymentStatus:
        return self.gateway.fetch_payment(issued.provider_reference).status

    def operations(self) -> list[str]:
        return [str(call.operation) for call in self.evidence.calls]

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
    address, arrivals = letterbox
    with SandboxServer(hang_seconds=0.5) as server, open_session(pool_size=4) as session:
        merchant = server.company.faces[FACE].merchant()
        server.control.add_merchant(merchant.login, dict(merchant.secrets), address, psp=FACE)
        options = PagoEfectivoDirect.options
        account = Account("default", server.url_of(FACE), merchant.secrets, options, 1.0, 0.3)
        numbers = iter(range(10_000))
        wire = Wire(session, lambda: datetime.fromisoformat(server.control.now()), lambda: f"req-{next(numbers)}")
        evidence = KeptEvidence()
        gateway = PagoEfectivoDirect.gateway(account, evidence, wire)
        reader = PagoEfectivoDirect.webhook_reader(account)
        yield Counterpart(gateway, reader, server.control, evidence, account, wire, arrivals)


def test_a_code_is_issued_paid_read_and_heard_of(other: Counterpart) -> None:
    issued = other.issue()
    assert (issued.status, issued.proof) == (PaymentStatus.PENDING, Proof.ANSWER)
    assert (issued.reference, issued.amount, issued.currency) == ("ORD-0001", Decimal("100.50"), "PEN")
    assert issued.code == issued.provider_reference != ""
    assert issued.expires_at is not None
    assert other.gateway.find_payment("ORD-0001") == Absent(proves_never=False)

    assert other.status(issued) is PaymentStatus.PENDING
    other.psp.pay(issued.code)
    paid = other.gateway.fetch_payment(issued.provider_reference)
    assert (paid.status, paid.proof, paid.amount) == (PaymentStatus.PAID, Proof.READ, Decimal("100.50"))
    assert paid.paid_at is not None
    (heard,) = other.heard()
    assert (heard.status, heard.proof, heard.reference) == (PaymentStatus.PAID, Proof.SIGNED_BODY, "ORD-0001")
    assert (heard.provider_reference, heard.amount) == (issued.provider_reference, Decimal("100.50"))
    assert other.operations() == ["authorize", "issue_voucher", "fetch_payment", "fetch_payment"]


@pytest.mark.parametrize("shape", ["first_guide_notification", "pascal_case_notification"])
def test_each_shape_of_a_notification_is_read(other: Counterpart, shape: str) -> None:
    other.psp.configure(**{shape: True})
    issued = other.issue()
    other.psp.pay(issued.code)
    (heard,) = other.heard()
    assert (heard.status, heard.provider_reference) == (PaymentStatus.PAID, issued.provider_reference)
    assert heard.amount == Decimal("100.50")


def test_their_notification_to_another_account_is_not_for_us(other: Counterpart) -> None:
    other.psp.pay(other.issue().code)
    assert other.psp.wait_idle(5)
    ((headers, body),) = other.arrivals
    stranger = dataclasses.replace(other.account, credentials={**other.account.credentials, "secret_key": "another"})
    with pytest.raises(InvalidSignature):
        PagoEfectivoDirect.webhook_reader(stranger).verify(body, headers)
    with pytest.raises(InvalidSignature):
        other.reader.verify(body.replace(b"100.50", b"100.5"), headers)


def test_many_codes_are_asked_about_with_one_call(other: Counterpart) -> None:
    pending, paid, expired, gone = (other.issue(reference=f"ORD-{number}") for number in range(4))
    other.psp.pay(paid.code)
    other.psp.expire(expired.code)
    other.gateway.cancel_voucher(gone.provider_reference)
    before = len(other.evidence.calls)
    wanted = [each.provider_reference for each in (pending, paid, expired, gone)]

    said = other.gateway.fetch_payments([*wanted, "999", "D-4-odd"])

    assert len(other.evidence.calls) == before + 1
    assert [getattr(said[each], "status", None) for each in wanted] == [
        PaymentStatus.PENDING,
        PaymentStatus.PAID,
        PaymentStatus.EXPIRED,
        PaymentStatus.CANCELED,
    ]
    assert isinstance(said["999"], Ambiguous)
    assert said["999"].code is ErrorCode.POLL_NOT_FOUND
    assert isinstance(said["D-4-odd"], ProviderError)


def test_an_expired_code_comes_alive_again_and_a_withdrawn_one_does_not(other: Counterpart) -> None:
    issued, gone = other.issue(), other.issue()
    other.psp.expire(issued.code)
    assert other.status(issued) is PaymentStatus.EXPIRED
    deadline = (other.wire.now() + timedelta(hours=1)).replace(microsecond=0)

    extended = other.gateway.extend_voucher(issued.provider_reference, deadline)

    read = other.gateway.fetch_payment(issued.provider_reference)
    assert (extended.status, extended.expires_at) == (PaymentStatus.PENDING, deadline)
    assert (read.status, read.expires_at) == (PaymentStatus.PENDING, deadline)
    other.psp.advance(3601)
    assert other.status(issued) is PaymentStatus.EXPIRED

    assert other.gateway.cancel_voucher(gone.provider_reference).status is PaymentStatus.CANCELED
    later = other.wire.now() + timedelta(hours=2)
    with pytest.raises(Refused) as refused:
        other.gateway.extend_voucher(gone.provider_reference, later)
    assert refused.value.code is ErrorCode.CREATE_EXPIRY_INVALID
    assert other.heard() == []


def test_a_token_serves_until_just_before_it_expires(other: Counterpart) -> None:
    other.psp.configure(token_seconds=300)
    issued = other.issue()
    other.psp.advance(200)
    other.status(issued)
    assert other.operations().count("authorize") == 1
    other.psp.advance(60)
    other.status(issued)
    assert other.operations().count("authorize") == 2


def test_a_token_that_ended_early_is_renewed_and_the_code_is_made_once(other: Counterpart) -> None:
    other.issue()
    other.psp.advance(7300)  # their clock; ours below still believes in the token
    late = dataclasses.replace(other.wire, now=lambda: other.wire.now() - timedelta(seconds=7300))
    gateway = PagoEfectivoDirect.gateway(other.account, other.evidence, late)
    gateway.issue_voucher(dataclasses.replace(VOUCHER, expires_at=other.wire.now() + timedelta(days=1)))
    assert other.operations() == ["authorize", "issue_voucher", "issue_voucher", "authorize", "issue_voucher"]
    assert len(other.psp.payments()) == 2


def refused(other: Counterpart, **changes: Any) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        other.issue(**changes)
    return caught.value


def test_their_refusals_are_called_by_our_names(other: Counterpart) -> None:
    too_much = refused(other, amount=Decimal("9999.00"))
    nobody = refused(other, payer=dataclasses.replace(VOUCHER.payer, email=""))
    soon = refused(other, expires_at=other.wire.now() + timedelta(minutes=5))
    assert (type(too_much), too_much.code) == (Refused, ErrorCode.CREATE_AMOUNT_TOO_HIGH)
    assert (type(nobody), nobody.code) == (Refused, ErrorCode.CREATE_FIELD_REQUIRED)
    assert (type(soon), soon.code, soon.fault.raw_code) == (Refused, ErrorCode.CREATE_FIELD_INVALID, "113")

    other.psp.configure(phone_required=True)
    mute = refused(other, payer=dataclasses.replace(VOUCHER.payer, phone=""))
    assert (type(mute), mute.code) == (Refused, ErrorCode.CREATE_FIELD_REQUIRED)

    paid = other.issue()
    other.psp.pay(paid.code)
    with pytest.raises(Refused) as not_withdrawn:
        other.gateway.cancel_voucher(paid.provider_reference)
    assert not_withdrawn.value.code is ErrorCode.CANCEL_NOT_SUPPORTED
    assert other.status(paid) is PaymentStatus.PAID


def test_a_repeated_reference_makes_a_second_code_unless_they_forbid_it(other: Counterpart) -> None:
    first, second = other.issue(), other.issue()
    assert first.code != second.code
    other.psp.configure(unique_transaction_code=True)
    assert refused(other).code is ErrorCode.CREATE_FIELD_INVALID


@pytest.mark.parametrize("name", ["id_service", "access_key", "secret_key"])
def test_wrong_keys_are_called_by_our_names_and_nothing_was_sent(other: Counterpart, name: str) -> None:
    account = dataclasses.replace(other.account, credentials={**other.account.credentials, name: "4321"})
    gateway = PagoEfectivoDirect.gateway(account, other.evidence, other.wire)
    with pytest.raises(NotSent) as caught:
        gateway.issue_voucher(VOUCHER)
    assert (caught.value.code, caught.value.fault.operation) == (
        ErrorCode.AUTH_INVALID_CREDENTIALS,
        Operation.ISSUE_VOUCHER,
    )
    assert (other.operations(), other.psp.payments()) == (["authorize"], [])


def test_a_failed_notification_is_tried_once_more_and_never_again(other: Counterpart) -> None:
    merchant = dict(other.account.credentials)
    other.psp.add_merchant(merchant["id_service"], merchant, "http://127.0.0.1:9/hooks/", psp=FACE)
    other.psp.pay(other.issue().code)
    assert other.psp.wait_idle(5)
    other.psp.advance(48 * 3600)
    assert other.psp.wait_idle(5)
    (delivery,) = other.psp.deliveries()
    assert (delivery["state"], len(delivery["attempts"])) == ("gave_up", 2)
