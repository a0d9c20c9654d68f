"""Vouchers at Mercado Pago: what we ask for, to the byte, and what we make of the answers."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Ambiguous, Held, NotSent
from pagoefectivo.domain.messages import Absent, Payer, PaymentUpdate, RefundUpdate
from pagoefectivo.domain.states import PaymentStatus, Proof, RefundStatus
from pagoefectivo.providers.base import Operation
from pagoefectivo.providers.mercadopago.requests import names, webhook_address, written
from tests.unit.providers.mercadopago_stage import ACCOUNT, PAYMENT, REFUND_ID, VOUCHER, Line, open_line, sample
from tests.unit.providers.stage import changed

PENDING = "payment_pending.json"
SEARCH = "/v1/payments/search"


def results(*payments: bytes) -> bytes:
    found = [json.loads(each) for each in payments]
    return json.dumps({"paging": {"total": len(found), "limit": 30, "offset": 0}, "results": found}).encode()


def test_a_voucher_is_asked_for_in_exactly_the_documented_bytes_and_headers(mercado: Line) -> None:
    mercado.will_answer("POST", "/v1/payments", sample(PENDING), status=201)

    mercado.gateway.issue_voucher(VOUCHER)

    assert mercado.call.body == sample("vector_create.json")
    sent = mercado.psp.calls[0].request
    assert sent.body == mercado.call.body
    assert {name: sent.headers[name] for name in mercado.call.headers} == mercado.call.headers
    assert dict(mercado.call.headers) == {
        "Authorization": "Bearer TEST-4711",
        "Content-Type": "application/json",
        "Accept": "application/json",
        "User-Agent": "django-pagoefectivo/0.1.0",
        "X-Render-In-Process-Refunds": "true",
        "X-Idempotency-Key": "key-1",
    }


def test_what_is_not_known_of_the_buyer_is_not_sent(mercado: Line) -> None:
    mercado.will_answer("POST", "/v1/payments", sample(PENDING), status=201)
    payer = Payer("maria@example.com", document_type="PASSPORT", document_number="X123")

    mercado.gateway.issue_voucher(dataclasses.replace(VOUCHER, payer=payer, description=""))

    document = json.loads(mercado.call.body)
    assert document["payer"] == {"email": "maria@example.com"}
    assert document["description"] == "ORD-0001"
    assert "currency_id" not in document


@pytest.mark.parametrize(
    ("full_name", "first", "last"),
    [
        ("", "", ""),
        ("María", "María", ""),
        ("María Quispe", "María", "Quispe"),
        ("María Quispe Huamán", "María", "Quispe Huamán"),
        (" Rosa  María Quispe Huamán ", "Rosa María", "Quispe Huamán"),
    ],
)
def test_a_name_is_split_as_peru_writes_it(full_name: str, first: str, last: str) -> None:
    assert names(full_name) == (first, last)


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (datetime(2026, 11, 25, tzinfo=UTC), "2026-11-25T00:00:00.000+00:00"),
        (datetime(2026, 11, 24, 19, 0, 0, 999999, timezone(timedelta(hours=-5))), "2026-11-25T00:00:00.999+00:00"),
    ],
)
def test_a_deadline_has_milliseconds_and_an_offset(instant: datetime, text: str) -> None:
    assert written(instant) == text


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://shop.example/h/", "https://shop.example/h/?source_news=webhooks"),
        ("https://shop.example/h/?refund=R-1", "https://shop.example/h/?refund=R-1&source_news=webhooks"),
    ],
)
def test_the_old_notifications_are_kept_away_and_our_own_query_stays(url: str, address: str) -> None:
    assert webhook_address(url) == address


def test_an_issued_voucher_is_read_with_code_and_deadline(mercado: Line) -> None:
    mercado.will_answer("POST", "/v1/payments", sample(PENDING), status=201)

    assert mercado.gateway.issue_voucher(VOUCHER) == PaymentUpdate(
        status=PaymentStatus.PENDING,
        raw_status="pending",
        proof=Proof.ANSWER,
        reference="ORD-0001",
        provider_reference=PAYMENT,
        amount=Decimal("100.50"),
        currency="PEN",
        code="24308767",
        expires_at=datetime(2026, 11, 24, 14, 5, 6, tzinfo=UTC),
        payment_identity=PAYMENT,
        raw_code="pending_waiting_payment",
    )


@pytest.mark.parametrize("status", [200, 201])
def test_200_and_201_are_both_a_yes(mercado: Line, status: int) -> None:
    mercado.will_answer("POST", "/v1/payments", sample(PENDING), status=status)
    assert mercado.gateway.issue_voucher(VOUCHER).code == "24308767"


@pytest.mark.parametrize(
    ("details", "code"),
    [
        ({"verification_code": "1", "payment_method_reference_id": "2"}, "1"),
        ({"verification_code": None, "payment_method_reference_id": "2"}, "2"),
        ({"payment_method_reference_id": 2}, "2"),
        ({}, ""),
        (None, ""),
    ],
)
def test_the_code_is_the_verification_code_or_else_the_reference(
    mercado: Line, details: dict[str, object] | None, code: str
) -> None:
    mercado.will_answer("POST", "/v1/payments", changed(sample(PENDING), transaction_details=details), status=201)
    assert mercado.gateway.issue_voucher(VOUCHER).code == code


def test_an_account_may_say_which_field_is_the_code() -> None:
    with open_line(dataclasses.replace(ACCOUNT, options={"CODE_FIELDS": ("payment_method_reference_id",)})) as line:
        line.will_answer("POST", "/v1/payments", sample(PENDING), status=201)
        assert line.gateway.issue_voucher(VOUCHER).code == "1100002031"


@pytest.mark.parametrize(
    ("raw", "detail", "status"),
    [
        ("pending", "pending_waiting_payment", PaymentStatus.PENDING),
        ("pending", "pending_waiting_transfer", PaymentStatus.PENDING),
        ("in_process", "pending_contingency", PaymentStatus.PENDING),
        ("in_process", "pending_review_manual", PaymentStatus.PENDING),
        ("authorized", None, PaymentStatus.PENDING),
        ("approved", "accredited", PaymentStatus.PAID),
        ("approved", "partially_refunded", PaymentStatus.PAID),
        ("refunded", "refunded", PaymentStatus.PAID),
        ("refunded", "by_admin", PaymentStatus.PAID),
        ("rejected", "rejected_by_bank", PaymentStatus.REJECTED),
        ("cancelled", "expired", PaymentStatus.EXPIRED),
        ("cancelled", "by_collector", PaymentStatus.CANCELED),
        ("cancelled", "by_payer", PaymentStatus.CANCELED),
        ("cancelled", None, PaymentStatus.CANCELED),
        ("charged_back", "settled", PaymentStatus.REVERSED),
        ("in_mediation", "pending", PaymentStatus.REVERSED),
        ("pending", "expired", PaymentStatus.PENDING),
        ("APPROVED", "accredited", PaymentStatus.UNRECOGNISED),
        ("paid", "accredited", PaymentStatus.UNRECOGNISED),
        (None, "accredited", PaymentStatus.UNRECOGNISED),
    ],
)
def test_status_and_detail_decide_together(
    mercado: Line, raw: str | None, detail: str | None, status: PaymentStatus
) -> None:
    body = changed(sample(PENDING), status=raw, status_detail=detail)
    mercado.will_answer("GET", f"/v1/payments/{PAYMENT}", body)
    update = mercado.gateway.fetch_payment(PAYMENT)
    assert (update.status, update.raw_status, update.proof) == (status, raw or "", Proof.READ)
    assert update.raw_code == ("" if detail in {None, raw} else detail)


def test_a_read_tells_when_the_money_came_and_of_every_refund(mercado: Line) -> None:
    mercado.will_answer("GET", f"/v1/payments/{PAYMENT}", sample("payment_refunded.json"))

    update = mercado.gateway.fetch_payment(PAYMENT)

    assert (update.status, update.raw_status, update.raw_code) == (PaymentStatus.PAID, "refunded", "")
    assert update.paid_at == update.occurred_at == datetime(2026, 11, 23, 9, 12, 44, tzinfo=UTC)
    assert update.refunds == (
        RefundUpdate(
            status=RefundStatus.SUCCEEDED,
            raw_status="approved",
            proof=Proof.READ,
            provider_reference=REFUND_ID,
            payment_reference=PAYMENT,
            amount=Decimal("100.50"),
        ),
    )


def test_a_date_of_approval_on_an_unpaid_payment_means_nothing(mercado: Line) -> None:
    body = changed(sample(PENDING), date_approved="2026-11-23T04:12:44.000-05:00")
    mercado.will_answer("GET", f"/v1/payments/{PAYMENT}", body)
    assert mercado.gateway.fetch_payment(PAYMENT).paid_at is None


@pytest.mark.parametrize("amount", ["100.50", "x", True, -1, 1.001])
def test_an_amount_that_cannot_be_read_is_never_a_zero(mercado: Line, amount: object) -> None:
    body = changed(sample(PENDING), transaction_amount=amount)
    mercado.will_answer("GET", f"/v1/payments/{PAYMENT}", body)
    with pytest.raises(NotSent) as caught:
        mercado.gateway.fetch_payment(PAYMENT)
    assert caught.value.code is ErrorCode.PSP_BAD_RESPONSE


def test_an_answer_about_another_payment_is_not_believed(mercado: Line) -> None:
    mercado.will_answer("GET", f"/v1/payments/{PAYMENT}", changed(sample(PENDING), id=4711))
    with pytest.raises(NotSent) as caught:
        mercado.gateway.fetch_payment(PAYMENT)
    assert caught.value.code is ErrorCode.PSP_BAD_RESPONSE


@pytest.mark.parametrize("reference", ["", ".", ".."])
def test_a_reference_that_leads_elsewhere_is_never_sent(reference: str) -> None:
    with open_line() as line:
        for ask in (line.gateway.fetch_payment, line.gateway.cancel_voucher):
            with pytest.raises(Held):
                ask(reference)
        assert line.calls() == []


def test_after_a_timeout_the_payment_is_found_by_our_reference(mercado: Line) -> None:
    mercado.will_answer("GET", SEARCH, results(sample(PENDING)))
    mercado.will_answer("GET", f"/v1/payments/{PAYMENT}", sample(PENDING))

    update = mercado.gateway.find_payment("ORD-0001")

    assert isinstance(update, PaymentUpdate)
    assert (update.code, update.proof) == ("24308767", Proof.READ)
    assert mercado.calls() == [
        ("GET", f"{SEARCH}?external_reference=ORD-0001&sort=date_created&criteria=desc"),
        ("GET", f"/v1/payments/{PAYMENT}"),
    ]
    assert [call.operation for call in mercado.evidence.calls] == [Operation.FIND_PAYMENT, Operation.FETCH_PAYMENT]


def test_nothing_found_is_absent_and_proves_nothing(mercado: Line) -> None:
    mercado.will_answer("GET", SEARCH, results())
    assert mercado.gateway.find_payment("ORD-0001") == Absent(proves_never=False)


@pytest.mark.parametrize("reference", ["ord-0001", "ORD-00011", "", None, 1])
def test_a_payment_with_nearly_our_reference_is_not_ours(mercado: Line, reference: object) -> None:
    mercado.will_answer("GET", SEARCH, results(changed(sample(PENDING), external_reference=reference)))
    assert mercado.gateway.find_payment("ORD-0001") == Absent(proves_never=False)


@pytest.mark.parametrize("body", [b"{}", b'{"results": null}', b'{"results": {}}', b'{"results": [1]}'])
def test_a_search_without_results_is_no_absence(mercado: Line, body: bytes) -> None:
    mercado.will_answer("GET", SEARCH, body)
    with pytest.raises(NotSent) as caught:
        mercado.gateway.find_payment("ORD-0001")
    assert caught.value.code is ErrorCode.PSP_BAD_RESPONSE


@pytest.mark.parametrize(
    ("statuses", "chosen"),
    [
        (["pending", "cancelled"], 1),
        (["cancelled", "rejected", "approved"], 3),
        (["rejected", "refunded"], 2),
        (["cancelled", "rejected"], 1),
        (["cancelled", "UNHEARD_OF"], 2),
    ],
)
def test_of_several_the_one_that_can_bring_money_is_ours(mercado: Line, statuses: list[str], chosen: int) -> None:
    found = [changed(sample(PENDING), id=number, status=word) for number, word in enumerate(statuses, 1)]
    mercado.will_answer("GET", SEARCH, results(*found))
    mercado.will_answer("GET", f"/v1/payments/{chosen}", found[chosen - 1])
    update = mercado.gateway.find_payment("ORD-0001")
    assert isinstance(update, PaymentUpdate)
    assert update.provider_reference == str(chosen)


@pytest.mark.parametrize("other", ["pending", "approved", "refunded", "charged_back", "UNHEARD_OF"])
def test_two_that_can_bring_money_are_a_persons_business(mercado: Line, other: str) -> None:
    mercado.will_answer("GET", SEARCH, results(sample(PENDING), changed(sample(PENDING), id=2, status=other)))
    with pytest.raises(Held) as caught:
        mercado.gateway.find_payment("ORD-0001")
    assert (caught.value.code, caught.value.request_id) == (ErrorCode.CREATE_DUPLICATE_REFERENCE, "req-1")
    assert len(mercado.calls()) == 1


def test_one_payment_listed_twice_is_one(mercado: Line) -> None:
    mercado.will_answer("GET", SEARCH, results(sample(PENDING), sample(PENDING)))
    mercado.will_answer("GET", f"/v1/payments/{PAYMENT}", sample(PENDING))
    assert isinstance(mercado.gateway.find_payment("ORD-0001"), PaymentUpdate)


def test_a_payment_that_vanished_between_two_reads_is_not_absent(mercado: Line) -> None:
    mercado.will_answer("GET", SEARCH, results(sample(PENDING)))
    mercado.will_answer("GET", f"/v1/payments/{PAYMENT}", sample("error.json"), status=404)
    with pytest.raises(Ambiguous) as caught:
        mercado.gateway.find_payment("ORD-0001")
    assert caught.value.code is ErrorCode.POLL_NOT_FOUND


def test_a_voucher_is_withdrawn_by_its_status(mercado: Line) -> None:
    body = changed(sample(PENDING), status="cancelled", status_detail="by_collector")
    mercado.will_answer("PUT", f"/v1/payments/{PAYMENT}", body)
    update = mercado.gateway.cancel_voucher(PAYMENT)
    assert (update.status, update.proof) == (PaymentStatus.CANCELED, Proof.ANSWER)
    assert mercado.call.body == b'{"status":"cancelled"}'
    assert "X-Idempotency-Key" not in mercado.call.headers
