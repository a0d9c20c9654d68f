"""What PagoEfectivo tells us: whose it is, in which of its clothes, and what is never believed."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagoefectivo.domain.exceptions import InvalidSignature, SignatureFault, UnreadableMessage
from pagoefectivo.domain.messages import PaymentUpdate, Pointer, PointerKind
from pagoefectivo.domain.states import PaymentStatus, Proof
from pagoefectivo.providers.base import WebhookReader
from pagoefectivo.providers.pagoefectivo_direct import PagoEfectivoDirect
from pagoefectivo.providers.signing import hmac_sha256
from tests.unit.providers.direct_stage import CIP, CREDENTIALS, SECRETS, account_with, sample
from tests.unit.providers.stage import changed

FIRST, LATER, PASCAL = sample("vector_w1.json"), sample("vector_w2.json"), sample("vector_w3.json")
SIGNATURE = "899b0676f900da0defffbb4e8da6ced1ee5974e6f2a38ce9151c20ff2feb9036"
KEYS = st.sampled_from(["eventType", "EventType", "data", "Data", "operationNumber", "cip", "amount", "x"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(KEYS, inside, max_size=4),
    max_leaves=8,
)


@pytest.fixture
def reader() -> WebhookReader:
    return PagoEfectivoDirect.webhook_reader(account_with())


def refusal_of(reader: WebhookReader, body: bytes, headers: dict[str, str]) -> SignatureFault:
    with pytest.raises(InvalidSignature) as caught:
        reader.verify(body, headers)
    return caught.value.reason


@pytest.mark.parametrize(
    "headers",
    [
        {"PE-Signature": SIGNATURE},
        {"pe-signature": SIGNATURE},
        {"Pe-Signature": f" {SIGNATURE} "},
        {"PE-SIGNATURE": SIGNATURE.upper()},
    ],
)
def test_a_true_signature_is_known_in_each_of_its_clothes(reader: WebhookReader, headers: dict[str, str]) -> None:
    verification = reader.verify(FIRST, headers)
    assert (verification.secret_index, verification.covers_body, verification.signed_at) == (0, True, None)


def test_no_single_changed_byte_goes_unnoticed(reader: WebhookReader) -> None:
    for position in range(len(FIRST)):
        forged = FIRST[:position] + bytes([FIRST[position] ^ 1]) + FIRST[position + 1 :]
        assert refusal_of(reader, forged, {"PE-Signature": SIGNATURE}) is SignatureFault.MISMATCH


@pytest.mark.parametrize("given_headers", [{}, {"PE-Signature": ""}, {"PE-Signature": "  "}, {"Signature": SIGNATURE}])
def test_an_unsigned_message_is_missing_its_signature(reader: WebhookReader, given_headers: dict[str, str]) -> None:
    assert refusal_of(reader, FIRST, given_headers) is SignatureFault.MISSING


@pytest.mark.parametrize(
    "signature", [SIGNATURE[:-1], SIGNATURE + "0", "g" * 64, "１" * 64, f"sha256={SIGNATURE}", "\ud800"]
)
def test_a_signature_of_another_shape_is_malformed(reader: WebhookReader, signature: str) -> None:
    assert refusal_of(reader, FIRST, {"PE-Signature": signature}) is SignatureFault.MALFORMED


@pytest.mark.parametrize(("secret", "index"), [(SECRETS[0], 0), ("an-old-secret", 1)])
def test_A16_while_a_secret_rotates_both_verify_and_which_one_is_told(
    reader: WebhookReader, secret: str, index: int
) -> None:
    assert reader.verify(FIRST, {"PE-Signature": hmac_sha256(secret, FIRST)}).secret_index == index


@pytest.mark.parametrize("secret", ["", (), ("", "")])
def test_without_a_secret_nothing_is_believed_not_even_the_empty_key(secret: str | tuple[str, ...]) -> None:
    bare = dataclasses.replace(account_with(), credentials={**CREDENTIALS, "secret_key": secret})
    reader = PagoEfectivoDirect.webhook_reader(bare)
    assert refusal_of(reader, FIRST, {"PE-Signature": hmac_sha256("", FIRST)}) is SignatureFault.NO_SECRET


def test_the_first_guides_message_is_read(reader: WebhookReader) -> None:
    [update] = reader.parse(FIRST, believed=True)
    assert isinstance(update, PaymentUpdate)
    assert (update.status, update.raw_status, update.proof) == (PaymentStatus.PAID, "cip.paid", Proof.SIGNED_BODY)
    assert (update.provider_reference, update.amount, update.currency) == (CIP, Decimal("22.10"), "PEN")
    assert (update.reference, update.code, update.paid_at) == ("", "", None)


def test_a_later_message_names_our_reference_and_the_moment(reader: WebhookReader) -> None:
    [update] = reader.parse(LATER, believed=False)
    assert isinstance(update, PaymentUpdate)
    assert (update.reference, update.provider_reference, update.proof) == ("ORD-0002", "12345679", Proof.HINT)
    assert update.paid_at == update.occurred_at == datetime(2026, 11, 23, 4, 28, 45, 122054, tzinfo=UTC)
    assert update.amount == Decimal("1001.00")


def test_numbers_and_pascal_case_say_the_same(reader: WebhookReader) -> None:
    body = PASCAL.replace(b"Test.PCDaniel", b"cip.paid")
    [update] = reader.parse(body, believed=True)
    assert isinstance(update, PaymentUpdate)
    assert (update.provider_reference, update.reference, update.amount) == ("1", "84", Decimal("1001.00"))


@pytest.mark.parametrize("event", ["Test.PCDaniel", "cip.expired", "cip.refunded", "cip.paid.later", "", None])
def test_any_other_event_only_points(reader: WebhookReader, event: str | None) -> None:
    body = changed(LATER, eventType=event)
    assert reader.parse(body, believed=True) == (
        Pointer(PointerKind.PAYMENT, reference="ORD-0002", provider_reference="12345679"),
    )


def test_the_published_test_message_points(reader: WebhookReader) -> None:
    assert reader.parse(PASCAL, believed=True) == (
        Pointer(PointerKind.PAYMENT, reference="84", provider_reference="1"),
    )


def test_a_cut_reference_is_left_unsaid(reader: WebhookReader) -> None:
    data = json.loads(LATER)["data"] | {"transactionCode": "-THE-END-OF-A-LONG-ONE"}
    [update] = reader.parse(changed(LATER, data=data), believed=True)
    assert isinstance(update, PaymentUpdate)
    assert (update.reference, update.provider_reference) == ("", "12345679")


def test_event_code_and_operation_together_name_a_message(reader: WebhookReader) -> None:
    def identity(body: bytes) -> str:
        [update] = reader.parse(body, believed=True)
        assert isinstance(update, PaymentUpdate)
        return update.identity

    data = json.loads(FIRST)["data"]
    same = identity(changed(FIRST, extra="said besides"))
    others = {
        identity(changed(FIRST, operationNumber="9009")),
        identity(changed(FIRST, data={**data, "cip": "12345670"})),
        identity(changed(FIRST, eventType="CIP.PAID")),
    }
    assert identity(FIRST) == same
    assert len(same) == 64
    assert len(others | {same}) == 4


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"[]",
        b"",
        b"eventType=cip.paid&cip=1",
        b'{"eventType": "cip.paid"}',
        b'{"eventType": "cip.paid", "data": []}',
        b'{"eventType": "cip.paid", "data": {"cip": "12a"}}',
        b'{"eventType": "cip.paid", "data": {"cip": 0}}',
        b'{"eventType": "cip.paid", "data": {"cip": 1, "Cip": 2}}',
        b'{"eventType": "cip.paid", "EventType": "x", "data": {"cip": 1}}',
        b'{"eventType": "cip.paid", "data": {"cip": 1, "amount": "much"}}',
        b'{"eventType": "cip.paid", "data": {"cip": 1, "amount": 1.001}}',
        b'{"eventType": {}, "data": {"cip": 1}}',
    ],
)
def test_a_signed_message_about_nothing_is_unreadable(reader: WebhookReader, body: bytes) -> None:
    with pytest.raises(UnreadableMessage):
        reader.parse(body, believed=True)


@given(st.dictionaries(KEYS, JSON, max_size=5), st.booleans())
def test_arbitrary_json_is_read_or_unreadable_and_nothing_else(document: dict[str, object], believed: bool) -> None:
    reader = PagoEfectivoDirect.webhook_reader(account_with())
    try:
        statements = reader.parse(json.dumps(document).encode(), believed=believed)
    except UnreadableMessage:
        return
    assert len(statements) == 1


@given(st.binary(max_size=200), st.text(max_size=80))
def test_arbitrary_bytes_and_signatures_are_refused_and_nothing_else(body: bytes, signature: str) -> None:
    reader = PagoEfectivoDirect.webhook_reader(account_with())
    with pytest.raises(InvalidSignature):
        reader.verify(body, {"PE-Signature": signature})
