"""Two implementations of EBANX's pages, written apart from each other, understand one another over real HTTP."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Ambiguous, Held, InvalidSignature, NotSent, ProviderError, Refused
from pagoefectivo.domain.messages import Absent, PaymentUpdate, Pointer, PointerKind, RefundUpdate
from pagoefectivo.domain.states import PaymentStatus, Proof, RefundStatus
from pagoefectivo.providers.base import Account, Gateway, WebhookReader
from pagoefectivo.providers.ebanx import Ebanx
from pagoefectivo.sandbox.psps.ebanx import EbanxFace
from pagoefectivo.sandbox.server import SandboxServer
from pagoefectivo.testing.conformance import ProviderConformance
from pagoefectivo.testing.conformance.evidence import KeptEvidence, open_wire
from tests.sandbox.conftest import Receiver
from tests.unit.providers.ebanx_stage import certificate_pem, key_pair, private_pem

TODAY = datetime.now(UTC)
VOUCHER = dataclasses.replace(ProviderConformance.voucher, expires_at=TODAY + timedelta(hours=48))
REFUND = dataclasses.replace(ProviderConformance.refund, reference="R-0123456789ABCDEF0123")
WEEK = 7 * 86400


@dataclass
class Counterpart:
    """Our two objects, their company, and the letterbox between them."""

    gateway: Gateway
    reader: WebhookReader
    psp: Any
    base_url: str
    receiver: Receiver

    def issue(self, **changes: Any) -> PaymentUpdate:
        return self.gateway.issue_voucher(dataclasses.replace(VOUCHER, notification_url=self.receiver.url, **changes))

    def issue_and_pay(self, **changes: Any) -> PaymentUpdate:
        issued = self.issue(**changes)
        self.psp.pay(issued.code)
        return self.gateway.fetch_payment(issued.provider_reference)

    def ask_refund(self, paid: PaymentUpdate, **changes: Any) -> RefundUpdate:
        request = dataclasses.replace(REFUND, payment_reference=paid.provider_reference)
        return self.gateway.request_refund(dataclasses.replace(request, **changes))

    def heard(self) -> list[str]:
        """Verify and read every notification so far; return the payments that they point at."""
        assert self.psp.wait_idle(5)
        named: list[str] = []
        for arrival in self.receiver.arrivals:
            assert self.reader.verify(arrival.body, arrival.headers).covers_body
            for each in self.reader.parse(arrival.body, believed=True):
                assert isinstance(each, Pointer)
                assert each.kind is PointerKind.PAYMENT
                named.append(each.provider_reference)
        return named


def account_at(url: str, **credentials: Any) -> Account:
    return Account("default", url, credentials, dict(Ebanx.options), connect_timeout=1.0, read_timeout=0.3)


def secrets(*names: str) -> dict[str, str]:
    """Return the credentials of these names that the company gives its first merchant."""
    given: Mapping[str, str] = EbanxFace.merchant(EbanxFace.__new__(EbanxFace)).secrets
    return {name: given[name] for name in (*names, "notification_certificates")}


@pytest.fixture(params=["signed", "by integration key"])
def other(request: pytest.FixtureRequest) -> Iterator[Counterpart]:
    names = ("jws_private_key", "jws_kid") if request.param == "signed" else ("integration_key",)
    receiver = Receiver()
    with SandboxServer(hang_seconds=0.5) as server, open_wire(datetime.now(UTC)) as wire:
        account = account_at(server.url_of("ebanx"), **secrets(*names))
        gateway, reader = Ebanx.gateway(account, KeptEvidence(), wire), Ebanx.webhook_reader(account)
        yield Counterpart(gateway, reader, server.control, account.base_url, receiver)
    receiver.close()


def test_a_voucher_is_issued_found_paid_and_heard_of(other: Counterpart) -> None:
    issued = other.issue()
    assert (issued.status, issued.proof) == (PaymentStatus.PENDING, Proof.ANSWER)
    assert (issued.reference, issued.amount, issued.currency) == ("ORD-0001", Decimal("100.50"), "PEN")
    assert issued.code
    assert issued.expires_at is not None
    assert timedelta(0) <= issued.expires_at - VOUCHER.expires_at < timedelta(days=1)

    found = other.gateway.find_payment("ORD-0001")
    assert isinstance(found, PaymentUpdate)
    assert (found.code, found.provider_reference) == (issued.code, issued.provider_reference)

    other.psp.pay(issued.code)
    paid = other.gateway.fetch_payment(issued.provider_reference)
    assert (paid.status, paid.proof, paid.amount) == (PaymentStatus.PAID, Proof.READ, Decimal("100.50"))
    assert paid.paid_at is not None
    assert abs(paid.paid_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert other.heard() == [issued.provider_reference]


@pytest.mark.parametrize("spelling", ["X-SignatureContent", "X-Signature-Content"])
def test_their_notifications_are_verified_in_both_spellings_and_no_other_bytes_are(
    other: Counterpart, spelling: str
) -> None:
    other.psp.configure(signature_header=spelling)
    other.issue_and_pay()
    assert len(other.heard()) == 1
    (arrival,) = other.receiver.arrivals
    assert spelling in arrival.headers
    stranger = Ebanx.webhook_reader(account_at("https://x", notification_certificates=certificate_pem("stranger")))
    for listener, body in ((stranger, arrival.body), (other.reader, arrival.body.replace(b"update", b"refund"))):
        with pytest.raises(InvalidSignature):
            listener.verify(body, arrival.headers)


@pytest.mark.parametrize("kind", ["forged", "unsigned"])
def test_what_they_did_not_sign_is_not_theirs(other: Counterpart, kind: str) -> None:
    other.psp.webhook_fault(kind)
    other.issue_and_pay()
    assert other.psp.wait_idle(5)
    (arrival,) = other.receiver.arrivals
    with pytest.raises(InvalidSignature):
        other.reader.verify(arrival.body, arrival.headers)


def test_one_notification_may_name_two_payments(other: Counterpart) -> None:
    other.psp.configure(hashes_per_notification=2)
    first, second = other.issue(reference="A"), other.issue(reference="B")
    other.psp.pay(second.code)
    assert other.heard() == [first.provider_reference, second.provider_reference]


def test_a_notification_may_come_before_the_answer_it_is_about(other: Counterpart) -> None:
    other.psp.webhook_fault("before_answer", subject="payment")
    issued = other.issue()
    assert issued.status is PaymentStatus.PENDING
    assert [each.body for each in other.receiver.arrivals] != []
    found = other.gateway.find_payment("ORD-0001")
    assert isinstance(found, PaymentUpdate)
    assert (found.status, other.heard()) == (PaymentStatus.PAID, [found.provider_reference])


def test_a_code_is_withdrawn_once_and_a_paid_one_is_not(other: Counterpart) -> None:
    issued = other.issue()
    canceled = other.gateway.cancel_voucher(issued.provider_reference)
    assert (canceled.status, canceled.raw_code) == (PaymentStatus.CANCELED, "CANCELED_BY_MERCHANT")
    assert other.gateway.fetch_payment(issued.provider_reference).status is PaymentStatus.CANCELED

    paid = other.issue_and_pay(reference="B")
    with pytest.raises(Held) as caught:
        other.gateway.cancel_voucher(paid.provider_reference)
    assert caught.value.code is ErrorCode.PSP_UNMAPPED
    assert other.gateway.fetch_payment(paid.provider_reference).status is PaymentStatus.PAID


def test_a_code_that_nobody_paid_expires_at_the_end_of_its_day(other: Counterpart) -> None:
    issued = other.issue()
    assert issued.expires_at is not None
    other.psp.set_clock((issued.expires_at - timedelta(seconds=2)).isoformat())
    assert other.gateway.fetch_payment(issued.provider_reference).status is PaymentStatus.PENDING
    other.psp.set_clock((issued.expires_at + timedelta(seconds=1)).isoformat())
    assert other.heard() == [issued.provider_reference]
    with open_wire(issued.expires_at + timedelta(minutes=1)) as later:
        account = account_at(other.base_url, **secrets("integration_key"))
        read = Ebanx.gateway(account, KeptEvidence(), later).fetch_payment(issued.provider_reference)
    assert (read.status, read.raw_status) == (PaymentStatus.EXPIRED, "CA")


def test_partial_refunds_go_through_the_payers_form_to_their_end(other: Counterpart) -> None:
    paid = other.issue_and_pay()
    first = other.ask_refund(paid)
    second = other.ask_refund(paid, reference="R-AAAAAAAAAAAAAAAAAAAA", amount=Decimal("60.50"))
    assert [(each.status, each.amount) for each in (first, second)] == [
        (RefundStatus.PENDING, Decimal("40.00")),
        (RefundStatus.PENDING, Decimal("60.50")),
    ]
    assert first.reference == "R-0123456789ABCDEF0123"

    other.psp.advance(61)
    waiting = other.gateway.fetch_refund(first.provider_reference, paid.provider_reference)
    assert waiting.status is RefundStatus.AWAITING_PAYER

    for each in (first, second):
        other.psp.settle_refund(each.provider_reference)
    read = other.gateway.fetch_payment(paid.provider_reference)
    assert [(each.reference, each.status, each.amount) for each in read.refunds] == [
        ("R-0123456789ABCDEF0123", RefundStatus.SUCCEEDED, Decimal("40.00")),
        ("R-AAAAAAAAAAAAAAAAAAAA", RefundStatus.SUCCEEDED, Decimal("60.50")),
    ]
    assert read.status is PaymentStatus.PAID
    assert other.heard() == [paid.provider_reference] * 5  # paid, two forms mailed, two refunds done
    assert other.psp.totals(paid.provider_reference)["paid_out"] == "100.50"


@pytest.mark.parametrize("outcome", ["reject", "cancel"])
def test_a_refund_that_ends_badly_is_canceled(other: Counterpart, outcome: str) -> None:
    paid = other.issue_and_pay()
    asked = other.ask_refund(paid)
    other.psp.settle_refund(asked.provider_reference, outcome)
    read = other.gateway.fetch_refund(asked.provider_reference, paid.provider_reference)
    assert (read.status, read.error_code) == (RefundStatus.CANCELED, ErrorCode.REFUND_CANCELLED)


def test_a_payer_who_never_fills_the_form_gets_nothing_and_the_money_is_free_again(other: Counterpart) -> None:
    paid = other.issue_and_pay()
    asked = other.ask_refund(paid, amount=Decimal("100.50"))
    other.psp.advance(WEEK + 1)
    lapsed = other.gateway.find_refund(asked.reference, paid.provider_reference)
    assert isinstance(lapsed, RefundUpdate)
    assert (lapsed.status, lapsed.error_code) == (RefundStatus.CANCELED, ErrorCode.REFUND_CANCELLED)
    again = other.ask_refund(paid, reference="R-BBBBBBBBBBBBBBBBBBBB", amount=Decimal("100.50"))
    assert again.status is RefundStatus.PENDING


def test_a_create_that_timed_out_is_adopted_by_a_look_up_and_never_made_twice(other: Counterpart) -> None:
    other.psp.fault("create", "timeout_after")
    with pytest.raises(Ambiguous):
        other.issue()
    found = other.gateway.find_payment("ORD-0001")
    assert isinstance(found, PaymentUpdate)
    assert found.code
    with pytest.raises(Ambiguous) as repeated:
        other.issue()
    assert (type(repeated.value), repeated.value.code) == (Ambiguous, ErrorCode.CREATE_DUPLICATE_REFERENCE)
    assert len(other.psp.payments("ORD-0001")) == 1


def test_a_refund_that_timed_out_is_found_by_its_code(other: Counterpart) -> None:
    paid = other.issue_and_pay()
    other.psp.fault("refund", "timeout_after")
    with pytest.raises(Ambiguous) as caught:
        other.ask_refund(paid)
    assert caught.value.code is ErrorCode.REFUND_OUTCOME_UNKNOWN
    found = other.gateway.find_refund(REFUND.reference, paid.provider_reference)
    assert isinstance(found, RefundUpdate)
    assert (found.reference, found.amount) == (REFUND.reference, Decimal("40.00"))
    assert other.gateway.find_refund("R-CCCCCCCCCCCCCCCCCCCC", paid.provider_reference) == Absent(proves_never=False)


def test_a_refund_sent_twice_is_paid_twice_and_found_as_a_duplicate(other: Counterpart) -> None:
    paid = other.issue_and_pay()
    assert other.ask_refund(paid).provider_reference != other.ask_refund(paid).provider_reference
    with pytest.raises(Held) as caught:
        other.gateway.find_refund(REFUND.reference, paid.provider_reference)
    assert caught.value.code is ErrorCode.REFUND_DUPLICATE


def test_a_long_reference_of_ours_comes_back_whole(other: Counterpart) -> None:
    reference = "A" * 64 + "-1-0123456789AB"
    issued = other.issue(reference=reference)
    found = other.gateway.find_payment(reference)
    assert isinstance(found, PaymentUpdate)
    assert issued.reference == found.reference == reference
    assert issued.provider_reference == found.provider_reference


def test_what_they_never_heard_of_is_absent_or_asked_again(other: Counterpart) -> None:
    paid = other.issue_and_pay()
    assert other.gateway.find_payment("ORD-9999") == Absent(proves_never=True)
    for ask in (
        lambda: other.gateway.fetch_payment("f" * 48),
        lambda: other.gateway.fetch_refund("4711", "f" * 48),
        lambda: other.gateway.fetch_refund("4711", paid.provider_reference),
    ):
        with pytest.raises(Ambiguous) as caught:
            ask()
        assert (type(caught.value), caught.value.code) == (Ambiguous, ErrorCode.POLL_NOT_FOUND)
    other.psp.configure(query_not_found="BP-WHO-KNOWS")
    with pytest.raises(Held):
        other.gateway.find_payment("ORD-9999")


def refused(other: Counterpart, **changes: Any) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        other.issue(**changes)
    assert caught.value.fault.http_status == 200
    return caught.value


def test_their_refusals_come_with_200_and_are_called_by_our_names(other: Counterpart) -> None:
    issued = other.issue()
    too_much = refused(other, reference="A", amount=Decimal("9999.00"))
    too_little = refused(other, reference="B", amount=Decimal("0.50"))
    nameless = refused(other, reference="C", payer=dataclasses.replace(VOUCHER.payer, name=""))
    past = refused(other, reference="D", expires_at=TODAY - timedelta(days=2))
    assert (type(too_much), too_much.code) == (Refused, ErrorCode.CREATE_AMOUNT_TOO_HIGH)
    assert (type(too_little), too_little.code) == (Refused, ErrorCode.CREATE_AMOUNT_TOO_LOW)
    assert (type(nameless), nameless.code) == (Refused, ErrorCode.CREATE_FIELD_INVALID)
    assert (type(past), past.code) == (Held, ErrorCode.PSP_UNMAPPED)
    with pytest.raises(Refused) as unpaid:
        other.ask_refund(issued)
    assert unpaid.value.code is ErrorCode.REFUND_NOT_PAID
    other.psp.pay(issued.code)
    with pytest.raises(Held) as exceeded:
        other.ask_refund(issued, amount=Decimal("100.51"))
    assert exceeded.value.code is ErrorCode.PSP_UNMAPPED
    assert other.psp.refunds() == []
    assert len(other.psp.payments()) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"integration_key": "wrong"},
        {"jws_private_key": private_pem(key_pair("stranger")), "jws_kid": "sandbox-kid"},
        {"jws_private_key": private_pem(key_pair("stranger")), "jws_kid": "unknown-kid"},
    ],
    ids=["key", "signature", "key-id"],
)
def test_wrong_keys_are_called_by_our_names(other: Counterpart, wrong: dict[str, str]) -> None:
    with open_wire() as wire, pytest.raises(NotSent) as caught:
        Ebanx.gateway(account_at(other.base_url, **wrong), KeptEvidence(), wire).find_payment("ORD-0001")
    assert caught.value.code is ErrorCode.AUTH_INVALID_CREDENTIALS


@pytest.mark.parametrize(
    ("kind", "error"),
    [("429", NotSent), ("500", Ambiguous), ("502", Ambiguous), ("html", Ambiguous), ("truncated", Ambiguous)],
)
def test_their_bad_days_are_called_by_our_names(other: Counterpart, kind: str, error: type[ProviderError]) -> None:
    other.psp.fault("create", kind)
    with pytest.raises(ProviderError) as caught:
        other.issue()
    assert type(caught.value) is error


def test_spoilt_answers_are_handed_on_as_said(other: Counterpart) -> None:
    paid = other.issue_and_pay()
    other.psp.fault("get_payment", "wrong_amount", amount="1.00")
    assert other.gateway.fetch_payment(paid.provider_reference).amount == Decimal("1.00")
    other.psp.fault("get_payment", "unknown_status")
    assert other.gateway.fetch_payment(paid.provider_reference).status is PaymentStatus.UNRECOGNISED
    other.psp.fault("get_payment", "lag")
    assert other.gateway.fetch_payment(paid.provider_reference).status is PaymentStatus.PENDING
    other.psp.fault("get_payment", "not_found")
    with pytest.raises(Ambiguous) as caught:
        other.gateway.fetch_payment(paid.provider_reference)
    assert caught.value.code is ErrorCode.POLL_NOT_FOUND
