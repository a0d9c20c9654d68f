"""Vouchers at EBANX: what we ask for, to the byte, and what we make of the answers."""

from __future__ import annotations

import base64
import dataclasses
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import responses
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Ambiguous, ConfigurationError, Held, NotSent
from pagoefectivo.domain.messages import Absent, PaymentUpdate
from pagoefectivo.domain.states import PaymentStatus, Proof, RefundStatus
from pagoefectivo.providers.ebanx import Ebanx
from pagoefectivo.testing.conformance.evidence import NOW, KeptEvidence, open_wire
from tests.unit.providers.ebanx_stage import (
    HASH,
    HOST,
    KID,
    VOUCHER,
    account,
    key_pair,
    private_pem,
    sample,
    will_answer,
    with_payment,
)
from tests.unit.providers.line import Line

PENDING = sample("payment_pending.json")
CREATE = (
    '{"operation":"request","mode":"full","payment":{"name":"María Quispe","email":"maria@example.com",'
    '"document":"12345678","country":"pe","payment_type_code":"pagoefectivo","merchant_payment_code":"ORD-0001",'
    '"currency_code":"PEN","amount_total":100.50,"due_date":"24/11/2026",'
    '"notification_url":"https://shop.example.com/hooks/ebanx"}}'
).encode()
ISSUED = PaymentUpdate(
    status=PaymentStatus.PENDING,
    raw_status="PE",
    proof=Proof.ANSWER,
    reference="ORD-0001",
    provider_reference=HASH,
    amount=Decimal("100.50"),
    currency="PEN",
    code="2301711",
    expires_at=datetime(2026, 11, 25, 4, 59, 59, tzinfo=UTC),
    payment_identity=HASH,
)


def test_a_voucher_is_asked_for_in_exactly_these_bytes_and_they_are_what_is_signed(ebanx: Line) -> None:
    will_answer(ebanx, "/ws/direct", PENDING)

    assert ebanx.gateway.issue_voucher(VOUCHER) == ISSUED

    (call,) = ebanx.evidence.calls
    sent = ebanx.psp.calls[0].request
    assert call.body == sent.body == CREATE
    header, payload, signature = call.headers["X-JWS-Signature"].split(".")
    assert payload == ""
    assert json.loads(base64.urlsafe_b64decode(header + "==")) == {
        "alg": "RS256",
        "kid": KID,
        "b64": False,
        "crit": ["b64"],
    }
    key_pair("shop").public_key().verify(
        base64.urlsafe_b64decode(signature + "=="), header.encode() + b"." + CREATE, PKCS1v15(), SHA256()
    )
    assert {name: value for name, value in call.headers.items() if name != "X-JWS-Signature"} == {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "User-Agent": "django-pagoefectivo/0.1.0",
    }


@responses.activate
def test_without_a_key_pair_the_integration_key_goes_into_the_body_and_nothing_is_signed() -> None:
    responses.add("POST", HOST + "/ws/direct", body=PENDING)
    evidence = KeptEvidence()
    with open_wire() as wire:
        Ebanx.gateway(account(integration_key="ik_demo"), evidence, wire).issue_voucher(VOUCHER)
    (call,) = evidence.calls
    assert call.body == b'{"integration_key":"ik_demo",' + CREATE[1:]
    assert set(call.headers) == {"Content-Type", "Accept", "User-Agent"}


@responses.activate
def test_with_both_the_call_is_signed_and_the_integration_key_stays_at_home() -> None:
    responses.add("POST", HOST + "/ws/direct", body=PENDING)
    evidence = KeptEvidence()
    both = account(jws_private_key=private_pem(key_pair("shop")), jws_kid=KID, integration_key="ik_demo")
    with open_wire() as wire:
        Ebanx.gateway(both, evidence, wire).issue_voucher(VOUCHER)
    assert evidence.calls[0].body == CREATE


@pytest.mark.parametrize(
    ("credentials", "problem"),
    [
        ({"jws_kid": KID}, "has no integration_key"),
        ({"integration_key": "with space"}, "characters that no key has"),
        ({"jws_kid": KID, "jws_private_key": "-----BEGIN secret-----"}, "jws_private_key is not"),
    ],
)
def test_credentials_that_cannot_be_used_are_named_and_not_shown(credentials: dict[str, str], problem: str) -> None:
    with open_wire() as wire, pytest.raises(ConfigurationError, match=problem) as caught:
        Ebanx.gateway(account(**credentials), KeptEvidence(), wire)
    assert not any(value in str(caught.value) for name, value in credentials.items() if name != "jws_kid")


@pytest.mark.parametrize(
    ("number", "is_sent"),
    [
        ("12345678", True),
        ("123456789", True),
        ("20123456789", True),
        ("AB123456", False),
        ("1234567", False),
        ("", False),
    ],
)
def test_only_a_document_that_ebanx_can_read_is_sent(ebanx: Line, number: str, is_sent: bool) -> None:
    will_answer(ebanx, "/ws/direct", PENDING)
    payer = dataclasses.replace(VOUCHER.payer, document_number=number)
    ebanx.gateway.issue_voucher(dataclasses.replace(VOUCHER, payer=payer))
    assert ("document" in json.loads(ebanx.evidence.calls[0].body)["payment"]) is is_sent


def test_a_long_reference_is_shortened_in_one_way_and_answered_as_ours(ebanx: Line) -> None:
    reference = "S" * 60 + "-1-0123456789AB"
    will_answer(ebanx, "/ws/direct", with_payment("payment_pending.json", merchant_payment_code="X" * 40))
    ebanx.gateway.issue_voucher(dataclasses.replace(VOUCHER, reference=reference))
    code = json.loads(ebanx.evidence.calls[0].body)["payment"]["merchant_payment_code"]
    assert code.startswith("S" * 19 + "-")
    assert len(code) == 40

    will_answer(ebanx, "/ws/query", with_payment("payment_pending.json", merchant_payment_code=code))
    found = ebanx.gateway.find_payment(reference)
    assert isinstance(found, PaymentUpdate)
    assert found.reference == reference
    assert json.loads(ebanx.evidence.calls[1].body) == {"merchant_payment_code": code}


@pytest.mark.parametrize(
    ("changes", "field", "expected"),
    [
        ({"amount_ext": 100.5}, "amount", Decimal("100.50")),
        ({"amount_ext": "100.5000"}, "amount", Decimal("100.50")),
        ({"amount_ext": "27.10", "currency_ext": "USD", "amount_br": "100.50"}, "amount", Decimal("27.10")),
        ({"amount_ext": None}, "amount", None),
        ({"currency_ext": "USD"}, "currency", "USD"),
        ({"cip_code": 2301711}, "code", "2301711"),
        ({"cip_code": None}, "code", ""),
        ({"due_date": None}, "expires_at", None),
        ({"due_date": "24/11/2026"}, "expires_at", None),
        ({"due_date": "9999-12-31"}, "expires_at", None),
        ({"merchant_payment_code": "OTHER"}, "reference", "OTHER"),
        ({"hash": None}, "provider_reference", ""),
    ],
)
def test_an_answer_that_differs_or_lacks_facts_is_handed_on_as_said(
    ebanx: Line, changes: dict[str, object], field: str, expected: object
) -> None:
    will_answer(ebanx, "/ws/direct", with_payment("payment_pending.json", **changes))
    assert getattr(ebanx.gateway.issue_voucher(VOUCHER), field) == expected


@pytest.mark.parametrize("amount", ["", "1e3", "-1.00", "1,00", "100.505", "NaN", True, [1], "99999999999.00"])
def test_an_amount_that_cannot_be_read_is_no_amount_and_never_zero(ebanx: Line, amount: object) -> None:
    will_answer(ebanx, "/ws/direct", with_payment("payment_pending.json", amount_ext=amount))
    with pytest.raises(Ambiguous) as caught:
        ebanx.gateway.issue_voucher(VOUCHER)
    assert caught.value.code is ErrorCode.PSP_BAD_RESPONSE


def fetched(ebanx: Line, **changes: object) -> PaymentUpdate:
    will_answer(ebanx, "/ws/query", with_payment("payment_pending.json", **changes))
    return ebanx.gateway.fetch_payment(HASH)


@pytest.mark.parametrize("status", [None, "PN", "co", "PA", "NP", "WHO"])
def test_a_status_that_nobody_explained_is_never_guessed(ebanx: Line, status: str | None) -> None:
    update = fetched(ebanx, status=status)
    assert (update.status, update.raw_status) == (PaymentStatus.UNRECOGNISED, status or "")


@pytest.mark.parametrize(
    ("due_date", "description_code", "status"),
    [
        ("2026-11-24", None, PaymentStatus.CANCELED),
        ("2026-11-22", None, PaymentStatus.CANCELED),  # its last second is still to come
        ("2026-11-21", None, PaymentStatus.EXPIRED),
        ("2026-11-21", "CANCELED_BY_MERCHANT", PaymentStatus.CANCELED),
        ("2026-11-21", "CANCELED_BY_PAYER", PaymentStatus.CANCELED),
        (None, None, PaymentStatus.CANCELED),
    ],
)
def test_of_one_word_for_two_ends_the_due_date_tells_which(
    ebanx: Line, due_date: str | None, description_code: str | None, status: PaymentStatus
) -> None:
    told = {"code": "NOK", "description_code": description_code} if description_code else None
    update = fetched(ebanx, status="CA", due_date=due_date, transaction_status=told)
    assert (update.status, update.raw_status, update.raw_code) == (status, "CA", description_code or "")


def test_a_read_tells_of_the_payment_and_of_every_refund_under_it(ebanx: Line) -> None:
    will_answer(ebanx, "/ws/query", sample("payment_paid_with_refunds.json"))

    update = ebanx.gateway.fetch_payment(HASH)

    assert (update.status, update.proof, update.raw_code) == (PaymentStatus.PAID, Proof.READ, "ACCEPTED")
    assert update.paid_at == update.occurred_at == datetime(2026, 11, 23, 9, 12, 44, tzinfo=UTC)
    assert [(each.reference, each.provider_reference, each.status, each.amount) for each in update.refunds] == [
        ("R-0123456789ABCDEF0123", "9283", RefundStatus.SUCCEEDED, Decimal("25.50")),
        ("R-89ABCDEF012345678901", "9284", RefundStatus.AWAITING_PAYER, Decimal("10.00")),
        ("", "9285", RefundStatus.PENDING, Decimal("1.00")),
    ]
    assert {(each.currency, each.payment_reference) for each in update.refunds} == {("PEN", HASH)}
    assert json.loads(ebanx.evidence.calls[0].body) == {"hash": HASH}


@pytest.mark.parametrize(
    ("confirmed", "paid_at"),
    [("2026-11-23", None), (None, None), ("1999-01-01 00:00:00", None), ("2026-11-23 04:12:44 +0000", None)],
)
def test_a_moment_that_is_none_is_not_guessed(ebanx: Line, confirmed: str | None, paid_at: None) -> None:
    assert fetched(ebanx, status="CO", confirm_date=confirmed).paid_at is paid_at


def test_a_moment_of_confirmation_on_an_unpaid_payment_means_nothing(ebanx: Line) -> None:
    assert fetched(ebanx, confirm_date="2026-11-23 04:12:44").paid_at is None


@pytest.mark.parametrize("key", ["hash", "merchant_payment_code"])
def test_an_answer_about_something_else_than_asked_is_not_believed(ebanx: Line, key: str) -> None:
    will_answer(ebanx, "/ws/query", with_payment("payment_pending.json", **{key: "other"}))
    with pytest.raises(NotSent) as caught:
        ebanx.gateway.fetch_payment(HASH) if key == "hash" else ebanx.gateway.find_payment("ORD-0001")
    assert caught.value.code is ErrorCode.PSP_BAD_RESPONSE


def test_after_a_timeout_the_payment_is_found_by_our_reference(ebanx: Line) -> None:
    will_answer(ebanx, "/ws/query", PENDING)
    assert ebanx.gateway.find_payment("ORD-0001") == dataclasses.replace(ISSUED, proof=Proof.READ)
    assert json.loads(ebanx.evidence.calls[0].body) == {"merchant_payment_code": "ORD-0001"}


def says(code: str) -> bytes:
    return json.dumps({"status": "ERROR", "status_code": code, "status_message": "x"}).encode()


def test_an_unknown_word_for_not_found_is_held_until_the_account_says_that_it_is_one(ebanx: Line) -> None:
    will_answer(ebanx, "/ws/query", says("BP-QQ-1"))
    with pytest.raises(Held):
        ebanx.gateway.find_payment("ORD-0001")
    told = dataclasses.replace(account(), options={**Ebanx.options, "not_found_codes": ("BP-QQ-1",)})
    with open_wire() as wire:
        assert Ebanx.gateway(told, KeptEvidence(), wire).find_payment("ORD-0001") == Absent(proves_never=True)


def test_a_cancel_names_the_hash_and_tells_what_became_of_it(ebanx: Line) -> None:
    will_answer(ebanx, "/ws/cancel", sample("payment_canceled.json"))
    update = ebanx.gateway.cancel_voucher(HASH)
    assert (update.status, update.proof, update.raw_code) == (
        PaymentStatus.CANCELED,
        Proof.ANSWER,
        "CANCELED_BY_MERCHANT",
    )
    assert ebanx.evidence.calls[0].body == b'{"hash":"' + HASH.encode() + b'"}'


@pytest.mark.parametrize(
    ("expires_at", "lasts", "due_date", "ends"),
    [
        ("2026-11-24T14:05:06+00:00", 24, "24/11/2026", "2026-11-25T04:59:59+00:00"),
        ("2026-11-25T04:59:59+00:00", 24, "24/11/2026", "2026-11-25T04:59:59+00:00"),
        ("2026-11-25T04:59:59.5+00:00", 24, "25/11/2026", "2026-11-26T04:59:59+00:00"),
        ("2026-11-25T05:00:00+00:00", 24, "25/11/2026", "2026-11-26T04:59:59+00:00"),
        ("2026-12-31T23:00:00-05:00", 24, "31/12/2026", "2027-01-01T04:59:59+00:00"),
        ("2026-11-24T21:00:00-05:00", 22, "24/11/2026", "2026-11-25T02:59:59+00:00"),
        ("2026-11-24T22:30:00-05:00", 22, "25/11/2026", "2026-11-26T02:59:59+00:00"),
    ],
)
@responses.activate
def test_a_code_never_dies_before_what_was_promised(expires_at: str, lasts: int, due_date: str, ends: str) -> None:
    promised = datetime.fromisoformat(expires_at)
    answered = "-".join(reversed(due_date.split("/")))
    responses.add("POST", HOST + "/ws/direct", body=with_payment("payment_pending.json", due_date=answered))
    evidence = KeptEvidence()
    options = {**Ebanx.options, "due_day_lasts": timedelta(hours=lasts)}
    with open_wire(NOW) as wire:
        gateway = Ebanx.gateway(dataclasses.replace(account(), options=options), evidence, wire)
        update = gateway.issue_voucher(dataclasses.replace(VOUCHER, expires_at=promised))
    assert json.loads(evidence.calls[0].body)["payment"]["due_date"] == due_date
    assert update.expires_at == datetime.fromisoformat(ends)
    assert update.expires_at >= promised


@pytest.mark.parametrize("zone", ["Atlantis/Centre", "", "../etc/passwd"])
def test_a_zone_that_does_not_exist_is_named(zone: str) -> None:
    lost = dataclasses.replace(account(), options={**Ebanx.options, "dates_zone": zone})
    with open_wire() as wire, pytest.raises(ConfigurationError, match="dates_zone"):
        Ebanx.gateway(lost, KeptEvidence(), wire)
