"""What Mercado Pago tells us unasked: what its signature covers, and how little is believed of the rest."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import itertools
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagoefectivo.domain.exceptions import InvalidSignature, SignatureFault, UnreadableMessage
from pagoefectivo.domain.messages import Pointer, PointerKind, Verification
from pagoefectivo.providers.mercadopago import MercadoPago
from pagoefectivo.providers.mercadopago.webhook import manifest
from pagoefectivo.providers.signing import hmac_sha256
from tests.unit.providers.mercadopago_stage import ACCOUNT, sample

SECRET = "mp_made_up_secret_9f3c"
REQUEST_ID = "7c1de2a0-0000-4c4c-9a9a-1234567890ab"
MS, S = "1742505638683", "1742505638"
A = "ba08a7af4a358c3a76daf9bd85b5bf2661435e93f7826afb477736cac128fde8"
B = "bf2b61b31c3b125800c401f14102f64793a2df68f5473949259f0c64ca02ea65"
C = "a932d931e4e8b49f5104d19b57b4edf8cd1cee552bf69e41af5bbad0f5778bfa"
D = "9f7364ac1c2dd60141a8c5f5e2427c9031db92e3c371c6472b5d709a0b3619e3"
E = "7f8dc11f5a5d8d033961b7dbb9b4e8854e248722b296e5fc655a05dbc9f1fca6"
F = "86f3b35d60a6b73efe7dc73781cc966d69446c2aaea73f7756e7088d2dfd6935"
BODY = sample("notification.json")
QUERY = "source_news=webhooks&data.id=24308766&type=payment"
HEADERS = {"x-signature": f"ts={MS},v1={A}", "x-request-id": REQUEST_ID}
READER = MercadoPago.webhook_reader(ACCOUNT)
POINTER = Pointer(PointerKind.PAYMENT, provider_reference="24308766")


def signed(signature: str, request_id: str = REQUEST_ID) -> dict[str, str]:
    return {"X-Signature": signature, "X-Request-Id": request_id}


def fault_of(headers: dict[str, str], query: str = QUERY) -> SignatureFault:
    with pytest.raises(InvalidSignature) as caught:
        READER.verify(BODY, headers, query)
    return caught.value.reason


@pytest.mark.parametrize(
    ("data_id", "request_id", "ts", "expected"),
    [
        pytest.param("24308766", REQUEST_ID, MS, A, id="A-milliseconds"),
        pytest.param("24308766", REQUEST_ID, S, B, id="B-seconds"),
        pytest.param("24308766", "", MS, C, id="C-without-request-id"),
        pytest.param("", REQUEST_ID, MS, D, id="D-without-id"),
        pytest.param("ORDTST01ABC", REQUEST_ID, MS, E, id="E-capitals"),
        pytest.param("ordtst01abc", REQUEST_ID, MS, F, id="F-small-letters"),
    ],
)
def test_the_vectors_of_the_fact_sheet(data_id: str, request_id: str, ts: str, expected: str) -> None:
    assert hmac_sha256(SECRET, manifest(data_id, request_id, ts)) == expected


@pytest.mark.parametrize(
    ("signature", "request_id", "query", "signed_at"),
    [
        pytest.param(f"ts={MS},v1={A}", REQUEST_ID, QUERY, datetime(2025, 3, 20, 21, 20, 38, 683000, UTC), id="A"),
        pytest.param(f"ts={S},v1={B}", REQUEST_ID, QUERY, datetime(2025, 3, 20, 21, 20, 38, 0, UTC), id="B"),
        pytest.param(f"ts={MS},v1={C}", "", QUERY, datetime(2025, 3, 20, 21, 20, 38, 683000, UTC), id="C"),
        pytest.param(f"ts={MS},v1={D}", REQUEST_ID, "", datetime(2025, 3, 20, 21, 20, 38, 683000, UTC), id="D"),
    ],
)
def test_each_vector_holds_as_a_message_and_covers_no_body(
    signature: str, request_id: str, query: str, signed_at: datetime
) -> None:
    held = READER.verify(BODY, signed(signature, request_id), query)
    said = manifest("24308766" if query else "", request_id, signature.partition(",")[0].removeprefix("ts="))
    assert held == Verification(0, covers_body=False, signed_at=signed_at, signed=said, query=held.query)
    assert READER.verify(b"any other body", signed(signature, request_id), query) == held


@pytest.mark.parametrize("signature", [E, F])
def test_capitals_in_an_id_may_be_signed_as_sent_or_in_small_letters(signature: str) -> None:
    headers = signed(f"ts={MS},v1={signature}")
    assert READER.verify(b"", headers, "data.id=ORDTST01ABC&type=payment").secret_index == 0


def test_small_letters_are_not_signed_in_capitals() -> None:
    assert fault_of(signed(f"ts={MS},v1={E}"), "data.id=ordtst01abc") is SignatureFault.MISMATCH


@pytest.mark.parametrize(
    "signature",
    [
        f"ts={MS}, v1={A}",
        f" ts={MS} ,  v1={A} ",
        f"v1={A},ts={MS}",
        f"ts={MS},v1={A.upper()}",
        f"ts={MS},v1={A},v2=something-new",
    ],
)
def test_spaces_order_capitals_and_newcomers_do_no_harm(signature: str) -> None:
    assert READER.verify(BODY, signed(signature), QUERY).secret_index == 0


@pytest.mark.parametrize(
    "signature",
    [
        pytest.param(f"v1={A}", id="no-ts"),
        pytest.param(f"ts={MS}", id="no-v1"),
        pytest.param(f"ts={MS},v1={A},v1={A}", id="v1-twice"),
        pytest.param(f"ts={MS},v1={B},v1={A}", id="v1-of-another-and-the-right-one"),
        pytest.param(f"ts={MS},ts={MS},v1={A}", id="ts-twice"),
        pytest.param(f"ts=,v1={A}", id="ts-empty"),
        pytest.param(f"ts=-{MS},v1={A}", id="ts-negative"),
        pytest.param(f"ts={MS}.0,v1={A}", id="ts-fraction"),
        pytest.param("ts=" + "1" * 17 + f",v1={A}", id="ts-endless"),
        pytest.param(f"ts=\u0661,v1={A}", id="ts-of-other-digits"),
        pytest.param(f"ts={MS},v1={A[:-1]}", id="v1-short"),
        pytest.param(f"ts={MS},v1={A}0", id="v1-long"),
        pytest.param(f"ts={MS};v1={A}", id="semicolon"),
        pytest.param("garbage", id="garbage"),
    ],
)
def test_a_header_of_another_shape_is_malformed(signature: str) -> None:
    assert fault_of(signed(signature)) is SignatureFault.MALFORMED


@pytest.mark.parametrize("headers", [{}, {"x-request-id": REQUEST_ID}, {"x-signature": " "}])
def test_a_message_without_a_signature_is_called_that(headers: dict[str, str]) -> None:
    assert fault_of(headers) is SignatureFault.MISSING


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        pytest.param(signed(f"ts={S},v1={A}"), QUERY, id="A-under-the-time-of-B"),
        pytest.param(signed(f"ts={MS},v1={B}"), QUERY, id="B-under-the-time-of-A"),
        pytest.param(signed(f"ts={MS},v1={A}"), QUERY.replace("24308766", "24308767"), id="another-payment"),
        pytest.param(signed(f"ts={MS},v1={A}"), "id=24308766&topic=payment", id="the-old-form"),
        pytest.param(signed(f"ts={MS},v1={A}", "another"), QUERY, id="another-request-id"),
        pytest.param(signed(f"ts={MS},v1={A}", ""), QUERY, id="request-id-taken-away"),
        pytest.param(signed(f"ts={MS},v1={C}"), QUERY, id="request-id-added"),
        pytest.param(signed(f"ts={MS},v1={D}"), QUERY, id="id-added"),
    ],
)
def test_whatever_is_covered_and_changed_does_not_match(headers: dict[str, str], query: str) -> None:
    assert fault_of(headers, query) is SignatureFault.MISMATCH


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        pytest.param(signed(f"ts={MS},v1={A}", ""), f"data.id=24308766;request-id:{REQUEST_ID}", id="in-the-id"),
        pytest.param(signed(f"ts={MS},v1={A}"), "data.id=24308766&data.id=24308766", id="id-twice"),
        pytest.param(signed(f"ts={MS},v1={A}"), "data.id=" + "2" * 65, id="id-too-long"),
        pytest.param(signed(f"ts={MS},v1={A}", f"{REQUEST_ID};ts:1"), QUERY, id="in-the-request-id"),
        pytest.param(signed(f"ts={MS},v1={A}", "r" * 129), QUERY, id="request-id-too-long"),
    ],
)
def test_no_part_can_pass_for_two(headers: dict[str, str], query: str) -> None:
    assert fault_of(headers, query) is SignatureFault.MALFORMED


def test_a_semicolon_in_the_id_would_forge_the_same_manifest() -> None:
    """Why the test above matters: without the check, A's signature would hold for this id."""
    assert manifest(f"24308766;request-id:{REQUEST_ID}", "", MS) == manifest("24308766", REQUEST_ID, MS)


@pytest.mark.parametrize(("secret", "index"), [(SECRET, 0), ("mp_old", 1)])
@pytest.mark.parametrize("data_id", ["24308766", "ORD-1"])
def test_while_a_secret_rotates_both_verify_and_which_one_is_told(secret: str, index: int, data_id: str) -> None:
    text = f"id:{data_id.lower()};request-id:r-1;ts:{MS};"
    mac = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    assert READER.verify(b"", signed(f"ts={MS},v1={mac}", "r-1"), f"data.id={data_id}").secret_index == index


@pytest.mark.parametrize("secret", ["", (), ("",)])
def test_without_a_secret_nothing_is_believed_not_even_the_empty_key(secret: str | tuple[str, ...]) -> None:
    bare = dataclasses.replace(ACCOUNT, credentials={"webhook_secret": secret})
    mac = hmac.new(b"", manifest("24308766", REQUEST_ID, MS), hashlib.sha256).hexdigest()
    with pytest.raises(InvalidSignature) as caught:
        MercadoPago.webhook_reader(bare).verify(BODY, signed(f"ts={MS},v1={mac}"), QUERY)
    assert caught.value.reason is SignatureFault.NO_SECRET


@pytest.mark.parametrize(
    ("ts", "signed_at"),
    [
        ("1742505638", datetime(2025, 3, 20, 21, 20, 38, tzinfo=UTC)),
        ("1742505638001", datetime(2025, 3, 20, 21, 20, 38, 1000, UTC)),
        ("999999999999", None),
        ("1000000000000", datetime(2001, 9, 9, 1, 46, 40, tzinfo=UTC)),
        ("9999999999999999", None),
        ("0", None),
    ],
)
def test_seconds_and_milliseconds_are_told_apart_by_their_size(ts: str, signed_at: datetime | None) -> None:
    mac = hmac.new(SECRET.encode(), f"id:24308766;ts:{ts};".encode(), hashlib.sha256).hexdigest()
    assert READER.verify(BODY, {"x-signature": f"ts={ts},v1={mac}"}, QUERY).signed_at == signed_at


@pytest.mark.parametrize("believed", [True, False])
@pytest.mark.parametrize(
    "body",
    [
        BODY,
        BODY.replace(b'"data":{"id":"24308766"}', b'"data":{"id":"1"}'),
        json.dumps({"type": "payment", "status": "approved", "transaction_amount": 1, "live_mode": True}).encode(),
        b'{"type":"stop_delivery_op_wh"}',
        b"",
        b"\xff not JSON",
    ],
)
def test_a_message_points_at_the_payment_of_its_address_whatever_its_body_says(body: bytes, believed: bool) -> None:
    assert READER.parse(body, QUERY, believed=believed) == (POINTER,)


@pytest.mark.parametrize(
    ("query", "body", "said"),
    [
        ("data.id=24308766", b'{"type":"payment"}', (POINTER,)),
        ("data.id=24308766&type=payment&type=payment", b'{"type":"payment"}', (POINTER,)),
        ("data.id=24308766&type=topic_claims_integration_wh", b'{"type":"payment"}', ()),
        ("data.id=24308766&type=topic_chargebacks_wh", b"", ()),
        ("data.id=24308766", b'{"type":"merchant_order"}', ()),
    ],
)
def test_only_the_payment_topic_points_at_a_payment(query: str, body: bytes, said: tuple[Pointer, ...]) -> None:
    assert READER.parse(body, query, believed=True) == said


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("", BODY),
        ("type=payment", BODY),
        ("data.id=&type=payment", BODY),
        ("data.id=1&data.id=2&type=payment", BODY),
        ("data.id=../v1&type=payment", BODY),
        ("data.id=24308766", b"{}"),
        ("data.id=24308766", b"not JSON"),
        ("data.id=24308766", b'{"type":["payment"]}'),
        ("id=24308766&topic=payment", BODY),
    ],
)
def test_an_address_that_names_no_payment_is_unreadable(query: str, body: bytes) -> None:
    with pytest.raises(UnreadableMessage):
        READER.parse(body, query, believed=True)


def test_no_single_changed_character_of_what_is_signed_goes_unnoticed() -> None:
    changes = itertools.product(["x-signature", "x-request-id"], range(36), "0f")
    for name, place, letter in changes:
        changed = HEADERS[name][:place] + letter + HEADERS[name][place + 1 :]
        if changed != HEADERS[name]:
            assert fault_of(HEADERS | {name: changed}) in {SignatureFault.MISMATCH, SignatureFault.MALFORMED}


@given(st.binary(max_size=100), st.text(max_size=100), st.booleans())
def test_arbitrary_messages_are_read_or_unreadable_and_nothing_else(body: bytes, query: str, believed: bool) -> None:
    for address in (query, f"data.id={query}", f"data.id=1&type={query}"):
        try:
            statements = READER.parse(body, address, believed=believed)
        except UnreadableMessage:
            continue
        assert all(isinstance(each, Pointer) for each in statements)


@given(st.binary(max_size=50), st.dictionaries(st.sampled_from(list(HEADERS)), st.text(max_size=120)), st.text())
def test_arbitrary_headers_and_addresses_are_refused_and_nothing_else(
    body: bytes, headers: dict[str, str], query: str
) -> None:
    with pytest.raises(InvalidSignature):
        READER.verify(body, headers, query)
