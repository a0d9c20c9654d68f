"""JSON both ways: exact amounts, every date a provider writes, and no input that surprises."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagoefectivo.domain.exceptions import UnreadableMessage
from pagoefectivo.providers.documents import amount, decode_object, encode, instant, part, parts, text

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(), inside, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("written", "expected"),
    [("100.50", "100.50"), ("100.5", "100.50"), ("100", "100.00"), ("1.005e2", "100.50"), ("0.00", "0.00")],
)
def test_an_amount_is_read_to_the_cent(written: str, expected: str) -> None:
    read = amount(decode_object(f'{{"amount": {written}}}'.encode()), "amount")
    assert str(read) == expected


def test_minus_zero_is_zero() -> None:
    assert str(amount({"amount": Decimal("-0.0")}, "amount")) == "0.00"


@pytest.mark.parametrize("written", ["100.505", "-1", '"100.50"', "true", "10000000000.00", "1e20", "[]", "{}"])
def test_an_amount_that_has_to_be_guessed_is_refused(written: str) -> None:
    document = decode_object(f'{{"amount": {written}}}'.encode())
    with pytest.raises(UnreadableMessage):
        amount(document, "amount")


@pytest.mark.parametrize("body", [b"{}", b'{"amount": null}'])
def test_an_amount_that_is_not_said_is_none_and_not_zero(body: bytes) -> None:
    assert amount(decode_object(body), "amount") is None


def test_an_amount_is_written_with_two_decimals_as_a_number() -> None:
    document = {"amount": Decimal("100.5"), "payer": {"name": "María 🦙"}, "list": [Decimal(1), None, True]}
    assert encode(document) == '{"amount":100.50,"payer":{"name":"María 🦙"},"list":[1.00,null,true]}'.encode()


@pytest.mark.parametrize(("value", "error"), [(Decimal("1.005"), ValueError), (1.5, TypeError)])
def test_what_is_no_amount_is_never_written(value: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        encode({"amount": value})


@pytest.mark.parametrize(
    "written",
    [
        "2018-12-26T20:37:20.000+0000",
        "2018-12-26T20:37:20+0000",
        "2018-12-26T20:37:20.000Z",
        "2018-12-26T20:37:20Z",
        "2018-12-26T20:37:20.000-00:00",
        "2018-12-26T20:37:20.000+00:00",
        "2018-12-26T15:37:20.000-0500",
        "2018-12-26T15:37:20-05:00",
    ],
)
def test_every_way_of_writing_an_instant_is_the_same_instant(written: str) -> None:
    assert instant({"at": written}, "at") == datetime(2018, 12, 26, 20, 37, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    ["2018-12-26T20:37:20", "2018-12-26", "26/12/2018", "", "soon", None, 1545856640, "0001-01-01T00:00:00+23:59"],
)
def test_an_instant_without_an_offset_or_sense_is_not_said(written: object) -> None:
    assert instant({"at": written}, "at") is None


@pytest.mark.parametrize(
    "written",
    [
        "0001-01-01T00:00:00Z",
        "1999-12-31T23:59:59Z",
        "2100-01-01T00:00:00Z",
        "2099-12-31T23:59:59-00:01",
        "9999-12-31T23:59:59Z",
    ],
)
def test_an_instant_at_the_ends_of_the_calendar_is_not_said_for_no_other_zone_could_show_it(written: str) -> None:
    assert instant({"at": written}, "at") is None


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="truncated"),
        pytest.param(b"<html>502</html>", id="html"),
        pytest.param(b"NOT_FOUND", id="bare-text"),
        pytest.param(b"[]", id="a-list"),
        pytest.param(b"null", id="null"),
        pytest.param(b'"text"', id="a-text"),
        pytest.param(b'{"a": 1, "a": 1}', id="duplicate-key"),
        pytest.param(b'{"a": {"b": 1, "b": 2}}', id="duplicate-key-inside"),
        pytest.param(b'{"a": NaN}', id="nan"),
        pytest.param(b'{"a": -Infinity}', id="infinity"),
        pytest.param(b'{"a": 1e400}', id="1e400"),
        pytest.param(b'{"a": 1e-400}', id="1e-400"),
        pytest.param(b'{"a": 1e99999999999999999999}', id="exponent-beyond-decimal"),
        pytest.param(b'{"a": ' + b"9" * 5000 + b"}", id="5000-digits"),
        pytest.param(b'{"a": ' + b"[" * 32 + b"]" * 32 + b"}", id="33-levels"),
        pytest.param(b"[" * 100_000, id="100000-levels"),
        pytest.param(b'{"a":' * 50_000 + b"1" + b"}" * 50_000, id="50000-objects-deep"),
        pytest.param(b'{"a": "\xff"}', id="invalid-utf-8"),
        pytest.param('{"a": "x"}'.encode("utf-16"), id="utf-16"),
        pytest.param(b'\xef\xbb\xbf{"a": 1}', id="byte-order-mark"),
        pytest.param(rb'{"a": "\ud800"}', id="lone-surrogate"),
        pytest.param(rb'{"a": "\u0000"}', id="null-character"),
        pytest.param(rb'{"\u0000": 1}', id="null-character-in-a-key"),
        pytest.param(b'{"a": 1,}', id="trailing-comma"),
    ],
)
def test_what_two_readers_could_read_differently_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableMessage):
        decode_object(body)


def test_32_levels_are_still_read() -> None:
    body = b'{"a": ' + b"[" * 31 + b"]" * 31 + b"}"
    assert "a" in decode_object(body)


def test_an_unreadable_body_does_not_travel_in_the_exception() -> None:
    with pytest.raises(UnreadableMessage) as caught:
        decode_object(b'{"email": "maria@example.com", ')
    assert caught.value.__context__ is None
    assert "maria" not in repr(caught.value)


@pytest.mark.parametrize(("value", "expected"), [("x", "x"), (200, "200"), (None, ""), ("", "")])
def test_a_text_may_be_a_whole_number(value: object, expected: str) -> None:
    assert text({"key": value}, "key") == expected


@pytest.mark.parametrize("value", [True, Decimal("1.5"), [], {}, "x" * 101])
def test_a_text_that_is_none_is_refused(value: object) -> None:
    with pytest.raises(UnreadableMessage):
        text({"key": value}, "key")


def test_parts_that_are_not_said_are_empty() -> None:
    assert part({}, "ticket") == {}
    assert parts({"refunds": None}, "refunds") == ()


@pytest.mark.parametrize("value", ["x", 1, [1]])
def test_parts_of_another_shape_are_refused(value: object) -> None:
    with pytest.raises(UnreadableMessage):
        parts({"refunds": value}, "refunds")
    with pytest.raises(UnreadableMessage):
        part({"refunds": value}, "refunds")


@given(st.binary(max_size=300))
def test_arbitrary_bytes_raise_nothing_but_the_documented_error(body: bytes) -> None:
    try:
        document = decode_object(body)
    except UnreadableMessage:
        return
    assert isinstance(document, dict)


@given(st.dictionaries(st.text(), json_values, max_size=5))
def test_arbitrary_json_objects_are_read_or_refused(document: dict[str, object]) -> None:
    try:
        read = decode_object(json.dumps(document).encode())
    except UnreadableMessage:
        return
    assert set(read) == set(document)


@given(st.decimals(min_value=0, max_value=Decimal("9999999999.99"), places=2))
def test_every_amount_survives_the_way_there_and_back(value: Decimal) -> None:
    assert amount(decode_object(encode({"amount": value})), "amount") == value
