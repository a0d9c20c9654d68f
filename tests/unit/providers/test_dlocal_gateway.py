"""What we say to dLocal, to the byte, and what we make of its answers."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import responses

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Ambiguous, ConfigurationError, Held, NotSent, ProviderError, Refused
from pagoefectivo.domain.messages import (
    Absent,
    Destination,
    Payer,
    PaymentUpdate,
    RefundRequest,
    RefundUpdate,
    VoucherRequest,
)
from pagoefectivo.domain.states import PaymentStatus, Proof, RefundStatus
from pagoefectivo.providers.base import Account, Gateway, Operation
from pagoefectivo.providers.dlocal import DLocal
from pagoefectivo.providers.dlocal.webhook import signature
from tests.conformance.evidence import NOW, KeptEvidence, open_wire
from tests.unit.providers.conftest import HOST, Line, sample

PAYMENT = "D-4-00000000-0000-4000-8000-000000000001"
VOUCHER = VoucherRequest(
    reference="ORD-0001",
    amount=Decimal("100.50"),
    currency="PEN",
    payer=Payer(email="maria@example.com", name="María Quispe", document_type="DNI", document_number="12345678"),
    expires_at=datetime(2026, 11, 25, tzinfo=UTC),
    idempotency_key="key-1",
    notification_url="https://shop.example.com/hooks/dlocal",
)
REFUND = RefundRequest(
    reference="RF-0001",
    payment_reference=PAYMENT,
    amount=Decimal("40.00"),
    currency="PEN",
    reason="buyer_request",
    idempotency_key="key-2",
    notification_url="https://shop.example.com/hooks/dlocal/refunds",
)
DESTINATION = Destination(
    holder_name="María " + "Q" * 60,
    document_type="DNI",
    document_number="12345678",
    bank_code="002",
    account_number="00219312345678901234",
    account_type="S",
)


def changed(body: bytes, **changes: object) -> bytes:
    """Return a JSON object with some keys changed; None takes the key out."""
    document = json.loads(body) | changes
    return json.dumps({key: value for key, value in document.items() if value is not None}).encode()


def test_a_voucher_is_asked_for_in_exactly_the_documented_bytes_and_signature(line: Line) -> None:
    line.will_answer("POST", "/payments", sample("payment_pending.json"))

    line.gateway.issue_voucher(VOUCHER)

    (call,) = line.evidence.calls
    assert call.body == sample("vector_create.json")
    sent = line.psp.calls[0].request
    assert sent.body == call.body
    assert {name: sent.headers[name] for name in call.headers} == call.headers
    assert dict(call.headers) == {
        "X-Date": "2026-11-22T14:05:06.123Z",
        "X-Login": "lg_test_PE01",
        "X-Trans-Key": "tk_demo",
        "X-Version": "2.1",
        "Content-Type": "application/json",
        "Accept": "application/json",
        "User-Agent": "django-pagoefectivo/0.1.0",
        "Authorization": "V2-HMAC-SHA256, Signature: "
        "350d0240de5632f46899c883c6ef5dccb38c52b52531d3aac4ceb9ca372d729d",
        "X-Idempotency-Key": "key-1",
    }


def test_phone_and_description_are_sent_where_there_are_any(line: Line) -> None:
    line.will_answer("POST", "/payments", sample("payment_pending.json"))
    payer = dataclasses.replace(VOUCHER.payer, phone="+51 999 111 222")

    line.gateway.issue_voucher(dataclasses.replace(VOUCHER, payer=payer, description="🦙" * 300))

    document = json.loads(line.evidence.calls[0].body)
    assert document["payer"]["phone"] == "+51 999 111 222"
    assert document["description"] == "🦙" * 200


def test_an_issued_voucher_is_read_with_code_and_deadline(line: Line) -> None:
    line.will_answer("POST", "/payments", sample("payment_pending.json"))

    assert line.gateway.issue_voucher(VOUCHER) == PaymentUpdate(
        status=PaymentStatus.PENDING,
        raw_status="PENDING",
        proof=Proof.ANSWER,
        reference="ORD-0001",
        provider_reference=PAYMENT,
        amount=Decimal("100.50"),
        currency="PEN",
        code="2301711",
        expires_at=datetime(2026, 11, 27, 4, 59, tzinfo=UTC),
        payment_identity=PAYMENT,
        raw_code="100",
    )


def test_B09_an_answer_that_differs_or_lacks_facts_is_handed_on_as_said(line: Line) -> None:
    body = changed(sample("payment_pending.json"), amount=99, currency="USD", order_id="OTHER", ticket=None, id=None)
    line.will_answer("POST", "/payments", body)

    update = line.gateway.issue_voucher(VOUCHER)

    assert (update.amount, update.currency, update.reference) == (Decimal("99.00"), "USD", "OTHER")
    assert (update.provider_reference, update.code, update.expires_at) == ("", "", None)


@pytest.mark.parametrize("status", [None, "WHO_KNOWS", "paid", "AUTHORIZED", "VERIFIED"])
def test_C06_a_status_that_nobody_explained_is_never_guessed(line: Line, status: str | None) -> None:
    line.will_answer("GET", f"/payments/{PAYMENT}", changed(sample("payment_pending.json"), status=status))
    update = line.gateway.fetch_payment(PAYMENT)
    assert (update.status, update.raw_status) == (PaymentStatus.UNRECOGNISED, status or "")


@pytest.mark.parametrize("status_code", [None, 400, "400", "200", 500, 600])
@pytest.mark.parametrize(
    ("raw", "status"),
    [
        ("PENDING", PaymentStatus.PENDING),
        ("PAID", PaymentStatus.PAID),
        ("EXPIRED", PaymentStatus.EXPIRED),
        ("CANCELLED", PaymentStatus.CANCELED),
        ("REJECTED", PaymentStatus.REJECTED),
    ],
)
def test_the_status_word_decides_whatever_the_status_code_says(
    line: Line, raw: str, status: PaymentStatus, status_code: object
) -> None:
    body = changed(sample("payment_pending.json"), status=raw, status_code=status_code)
    line.will_answer("GET", f"/payments/{PAYMENT}", body)
    update = line.gateway.fetch_payment(PAYMENT)
    assert (update.status, update.raw_code) == (status, str(status_code or ""))


def test_a_read_tells_of_the_payment_and_of_every_refund_under_it(line: Line) -> None:
    line.will_answer("GET", f"/payments/{PAYMENT}", sample("payment_paid_with_refunds.json"))

    update = line.gateway.fetch_payment(PAYMENT)

    assert (update.status, update.proof) == (PaymentStatus.PAID, Proof.READ)
    assert update.paid_at == update.occurred_at == datetime(2026, 11, 23, 9, 12, 44, tzinfo=UTC)
    assert update.refunds == (
        RefundUpdate(
            status=RefundStatus.SUCCEEDED,
            raw_status="SUCCESS",
            proof=Proof.READ,
            reference="RF-0001",
            provider_reference="REF-1",
            payment_reference=PAYMENT,
            amount=Decimal("40.00"),
            currency="PEN",
            raw_code="200",
        ),
        RefundUpdate(
            status=RefundStatus.PENDING,
            raw_status="PENDING",
            proof=Proof.READ,
            reference="RF-0002",
            provider_reference="REF-2",
            payment_reference=PAYMENT,
            amount=Decimal("10.00"),
            currency="PEN",
            raw_code="100",
        ),
    )


def test_a_date_of_approval_on_an_unpaid_payment_means_nothing(line: Line) -> None:
    body = changed(sample("payment_pending.json"), approved_date="2026-11-23T09:12:44.000+0000")
    line.will_answer("GET", f"/payments/{PAYMENT}", body)
    assert line.gateway.fetch_payment(PAYMENT).paid_at is None


@pytest.mark.parametrize(("raw_code", "error_code"), [("304", ErrorCode.CREATE_RISK_REJECTED), ("300", None)])
def test_only_a_rejection_for_risk_is_called_one(line: Line, raw_code: str, error_code: ErrorCode | None) -> None:
    body = changed(sample("payment_pending.json"), status="REJECTED", status_code=raw_code)
    line.will_answer("GET", f"/payments/{PAYMENT}", body)
    assert line.gateway.fetch_payment(PAYMENT).error_code is error_code


@pytest.mark.parametrize("key", ["id", "order_id"])
def test_an_answer_about_something_else_than_asked_is_not_believed(line: Line, key: str) -> None:
    if key == "id":
        line.will_answer("GET", f"/payments/{PAYMENT}", changed(sample("payment_pending.json"), id="D-4-other"))
    else:
        line.will_answer("GET", "/orders/ORD-0001", changed(sample("order.json"), order_id="OTHER"))
    with pytest.raises(NotSent) as caught:
        line.gateway.fetch_payment(PAYMENT) if key == "id" else line.gateway.find_payment("ORD-0001")
    assert caught.value.code is ErrorCode.PSP_BAD_RESPONSE


def test_B01_after_a_timeout_the_payment_is_found_by_our_reference(line: Line) -> None:
    line.will_answer("GET", "/orders/ORD-0001", sample("order.json"))
    line.will_answer("GET", f"/payments/{PAYMENT}", sample("payment_pending.json"))

    update = line.gateway.find_payment("ORD-0001")

    assert isinstance(update, PaymentUpdate)
    assert (update.code, update.proof) == ("2301711", Proof.READ)
    assert [call.operation for call in line.evidence.calls] == [Operation.FIND_PAYMENT, Operation.FETCH_PAYMENT]


def test_B02_a_reference_that_dlocal_does_not_know_is_absent(line: Line) -> None:
    line.will_answer("GET", "/orders/ORD-0001", b'{"code": 4000, "message": "Order not found"}', status=404)
    assert line.gateway.find_payment("ORD-0001") == Absent(proves_never=True)


def test_a_bare_404_proves_nothing(line: Line) -> None:
    line.will_answer("GET", "/orders/ORD-0001", b"NOT_FOUND", status=404)
    with pytest.raises(NotSent) as caught:
        line.gateway.find_payment("ORD-0001")
    assert caught.value.code is ErrorCode.PSP_BAD_RESPONSE


def test_C05_a_payment_that_vanished_between_two_reads_is_not_absent(line: Line) -> None:
    line.will_answer("GET", "/orders/ORD-0001", sample("order.json"))
    line.will_answer("GET", f"/payments/{PAYMENT}", b'{"code": 4000, "message": "x"}', status=404)
    with pytest.raises(Ambiguous) as caught:
        line.gateway.find_payment("ORD-0001")
    assert caught.value.code is ErrorCode.POLL_NOT_FOUND


def test_a_refund_is_asked_for_in_exactly_the_documented_bytes(line: Line) -> None:
    line.will_answer("POST", "/refunds", sample("refund_pending.json"))

    update = line.gateway.request_refund(REFUND)

    (call,) = line.evidence.calls
    assert call.body == sample("vector_refund.json")
    assert call.headers["X-Idempotency-Key"] == "key-2"
    assert (update.status, update.proof) == (RefundStatus.PENDING, Proof.ANSWER)
    assert (update.reference, update.provider_reference) == ("RF-0001", "REF-1")
    assert (update.payment_reference, update.amount) == (PAYMENT, Decimal("40.00"))


def test_a_destination_is_sent_in_dlocals_fields(line: Line) -> None:
    line.will_answer("POST", "/refunds", sample("refund_pending.json"))
    line.gateway.request_refund(dataclasses.replace(REFUND, destination=DESTINATION))
    document = json.loads(line.evidence.calls[0].body)
    assert {key: value for key, value in document.items() if key.startswith(("bank", "beneficiary"))} == {
        "beneficiary_name": "María " + "Q" * 44,
        "bank_code": "002",
        "bank_account": "00219312345678901234",
        "bank_account_type": "S",
    }


@pytest.mark.parametrize(
    ("raw", "status", "error_code"),
    [
        ("PENDING", RefundStatus.PENDING, None),
        ("SUCCESS", RefundStatus.SUCCEEDED, None),
        ("REJECTED", RefundStatus.FAILED, ErrorCode.REFUND_REJECTED),
        ("CANCELLED", RefundStatus.CANCELED, ErrorCode.REFUND_CANCELLED),
        ("success", RefundStatus.UNRECOGNISED, None),
    ],
)
def test_E06_a_refund_is_read_with_its_reason(
    line: Line, raw: str, status: RefundStatus, error_code: ErrorCode | None
) -> None:
    line.will_answer("GET", "/refunds/REF-1", changed(sample("refund_pending.json"), status=raw, status_code=300))
    update = line.gateway.fetch_refund("REF-1")
    assert (update.status, update.raw_status, update.error_code) == (status, raw, error_code)
    assert (update.proof, update.raw_code) == (Proof.READ, "300")


def test_a_refund_of_which_less_arrived_says_so(line: Line) -> None:
    body = changed(sample("refund_pending.json"), status="SUCCESS", amount_refunded=38.5)
    line.will_answer("GET", "/refunds/REF-1", body)
    update = line.gateway.fetch_refund("REF-1")
    assert (update.status, update.error_code) == (RefundStatus.SUCCEEDED, ErrorCode.REFUND_NET_DIFFERS)
    assert update.amount == Decimal("40.00")


@pytest.mark.parametrize(("reference", "found"), [("RF-0001", "REF-1"), ("RF-0002", "REF-2")])
def test_E01_a_refund_is_found_by_our_key_or_by_the_address_we_gave(line: Line, reference: str, found: str) -> None:
    line.will_answer("GET", f"/payments/{PAYMENT}", sample("payment_paid_with_refunds.json"))
    update = line.gateway.find_refund(reference, PAYMENT)
    assert isinstance(update, RefundUpdate)
    assert (update.provider_reference, update.reference, update.proof) == (found, reference, Proof.READ)


@pytest.mark.parametrize("body", ["payment_paid_with_refunds.json", "payment_pending.json"])
def test_a_refund_that_is_not_listed_may_still_exist(line: Line, body: str) -> None:
    line.will_answer("GET", f"/payments/{PAYMENT}", sample(body))
    assert line.gateway.find_refund("RF-0009", PAYMENT) == Absent(proves_never=False)


def test_two_refunds_with_one_key_are_a_persons_business(line: Line) -> None:
    refunds = [{"id": each, "status": "PENDING", "order_refund_id": "RF-0001"} for each in ("REF-1", "REF-2")]
    line.will_answer("GET", f"/payments/{PAYMENT}", changed(sample("payment_pending.json"), refunds=refunds))
    with pytest.raises(Held) as caught:
        line.gateway.find_refund("RF-0001", PAYMENT)
    assert (caught.value.code, caught.value.request_id) == (ErrorCode.REFUND_DUPLICATE, "req-1")


def test_a_cancel_is_a_signed_post_without_a_body(line: Line) -> None:
    line.will_answer("POST", f"/payments/{PAYMENT}/cancel", changed(sample("payment_pending.json"), status="CANCELLED"))
    update = line.gateway.cancel_voucher(PAYMENT)
    assert (update.status, update.proof) == (PaymentStatus.CANCELED, Proof.ANSWER)
    assert line.evidence.calls[0].body == b""
    assert line.psp.calls[0].request.headers["Content-Length"] == "0"


@pytest.mark.parametrize(
    ("reference", "path"),
    [
        ("D-4 x/../y", "/payments/D-4%20x%2F..%2Fy"),
        ("a?b#c", "/payments/a%3Fb%23c"),
        ("ñ\x00", "/payments/%C3%B1%00"),
        ("..a", "/payments/..a"),
    ],
)
def test_an_id_is_quoted_and_never_leads_to_another_address(line: Line, reference: str, path: str) -> None:
    line.psp.add("GET", "https://sandbox.dlocal.com" + path, body=b"{}")
    with pytest.raises(NotSent):
        line.gateway.fetch_payment(reference)
    assert line.evidence.calls[0].url == "https://sandbox.dlocal.com" + path


@pytest.mark.parametrize("reference", ["", ".", ".."])
def test_an_id_that_would_change_the_address_is_never_sent(line: Line, reference: str) -> None:
    with pytest.raises(Held):
        line.gateway.fetch_payment(reference)
    assert line.evidence.calls == []


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"<html>It works</html>", id="html"),
        pytest.param(b'{"id": "D-', id="truncated"),
        pytest.param(b"", id="empty"),
        pytest.param(b"{}", id="no-payment"),
        pytest.param(b'{"code": 5001, "message": "x"}', id="B05-an-error-as-200"),
        pytest.param(b'{"id": "D-4", "status": "PAID", "amount": "100.50"}', id="amount-as-text"),
        pytest.param(b'{"id": "D-4", "status": "PAID", "amount": 1e400}', id="1e400"),
        pytest.param(b'{"id": "D-4", "id": "D-5", "status": "PAID"}', id="duplicate-key"),
        pytest.param(b'{"id": "D-4", "status": ["PAID"]}', id="status-list"),
        pytest.param(b'{"id": "D-4", "status": "PENDING", "ticket": "2301711"}', id="ticket-text"),
        pytest.param(b'{"id": "D-4", "status": "PENDING", "refunds": {}}', id="refunds-object"),
    ],
)
def test_B06_a_success_that_cannot_be_read_is_ambiguous(line: Line, body: bytes) -> None:
    line.will_answer("POST", "/payments", body)
    with pytest.raises(Ambiguous) as caught:
        line.gateway.issue_voucher(VOUCHER)
    assert type(caught.value) is Ambiguous
    assert (caught.value.code, caught.value.request_id) == (ErrorCode.PSP_BAD_RESPONSE, "req-1")
    assert line.evidence.told == ["sending", "answered"]


ISSUE: Callable[[Gateway], object] = lambda gateway: gateway.issue_voucher(VOUCHER)  # noqa: E731
REFUNDING: Callable[[Gateway], object] = lambda gateway: gateway.request_refund(REFUND)  # noqa: E731


@pytest.mark.parametrize(
    ("ask", "path", "raw", "error", "code"),
    [
        pytest.param(ISSUE, "/payments", 5009, Ambiguous, ErrorCode.CREATE_DUPLICATE_REFERENCE, id="B07-duplicate"),
        pytest.param(ISSUE, "/payments", 5001, Refused, ErrorCode.CREATE_FIELD_INVALID, id="B11-invalid"),
        pytest.param(ISSUE, "/payments", 3001, NotSent, ErrorCode.AUTH_INVALID_CREDENTIALS, id="B12-credentials"),
        pytest.param(ISSUE, "/payments", 5000, NotSent, ErrorCode.AUTH_SIGNATURE_REFUSED, id="signature"),
        pytest.param(ISSUE, "/payments", 5011, Refused, ErrorCode.CREATE_INVALID_REQUEST, id="5011-of-a-payment"),
        pytest.param(REFUNDING, "/refunds", 5011, Ambiguous, ErrorCode.REFUND_DUPLICATE, id="5011-of-a-refund"),
        pytest.param(REFUNDING, "/refunds", 5012, NotSent, ErrorCode.REFUND_INSUFFICIENT_FUNDS, id="E10-balance"),
        pytest.param(REFUNDING, "/refunds", 5020, Refused, ErrorCode.REFUND_WINDOW_CLOSED, id="E09-window"),
        pytest.param(REFUNDING, "/refunds", 5002, Refused, ErrorCode.REFUND_NOT_ALLOWED, id="E11-not-refundable"),
        pytest.param(REFUNDING, "/refunds", 5007, Refused, ErrorCode.REFUND_AMOUNT_EXCEEDED, id="exceeded"),
        pytest.param(REFUNDING, "/refunds", 5010, Ambiguous, ErrorCode.REFUND_OUTCOME_UNKNOWN, id="timeout-there"),
        pytest.param(REFUNDING, "/refunds", 9999, Held, ErrorCode.PSP_UNMAPPED, id="unlisted"),
    ],
)
def test_a_code_means_what_its_operation_makes_of_it(  # noqa: PLR0917 - a table
    line: Line,
    ask: Callable[[Gateway], object],
    path: str,
    raw: int,
    error: type[ProviderError],
    code: ErrorCode,
) -> None:
    line.will_answer("POST", path, json.dumps({"code": raw, "message": "said", "param": "amount"}).encode(), status=400)
    with pytest.raises(ProviderError) as caught:
        ask(line.gateway)
    assert type(caught.value) is error
    fault = caught.value.fault
    assert (fault.code, fault.raw_code, fault.raw_message) == (code, str(raw), "said amount")
    assert (fault.http_status, caught.value.request_id) == (400, "req-1")


def test_A16_while_a_secret_rotates_the_first_one_signs(line: Line) -> None:
    line.will_answer("GET", f"/payments/{PAYMENT}", sample("payment_pending.json"))
    line.gateway.fetch_payment(PAYMENT)
    headers = line.evidence.calls[0].headers
    signed = signature("lg_test_PE01", headers["X-Date"], b"", "sk_demo_9f2c71")
    assert headers["Authorization"] == f"V2-HMAC-SHA256, Signature: {signed}"


@pytest.mark.parametrize("missing", ["login", "trans_key", "secret_key"])
@pytest.mark.parametrize("value", [None, "", (), ("",), "line\nbreak", "sp ace", "ñandú"])
def test_an_unusable_credential_is_named_and_not_shown(
    account: Account, missing: str, value: str | tuple[str, ...] | None
) -> None:
    credentials = {key: each for key, each in account.credentials.items() if key != missing}
    if value is not None:
        credentials[missing] = value
    with open_wire() as wire, pytest.raises(ConfigurationError, match=missing) as caught:
        DLocal.gateway(dataclasses.replace(account, credentials=credentials), KeptEvidence(), wire)
    assert not value or str(value) not in str(caught.value)


@pytest.mark.parametrize(
    "now", [NOW.replace(microsecond=0), NOW.replace(microsecond=999_999), NOW.replace(microsecond=1_999)]
)
def test_the_date_is_utc_with_three_decimals(account: Account, now: datetime) -> None:
    evidence = KeptEvidence()
    with open_wire(now) as wire, responses.RequestsMock() as psp:
        psp.add("GET", f"{HOST}/payments/{PAYMENT}", body=sample("payment_pending.json"))
        DLocal.gateway(account, evidence, wire).fetch_payment(PAYMENT)
    assert evidence.calls[0].headers["X-Date"] == f"2026-11-22T14:05:06.{now.microsecond // 1000:03d}Z"
