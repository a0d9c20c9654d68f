"""The chain's arithmetic: one content has one digest, no other content has the same, and nothing holds without the key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagoefectivo.domain import chain
from pagoefectivo.domain.chain import Body, Link, Row, SealedRow

KEY, OTHER_KEY = chain.seal_key("today"), chain.seal_key("tomorrow")
NOON = datetime(2026, 11, 23, 17, tzinfo=UTC)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.text(max_size=20),
    st.decimals(allow_nan=False, allow_infinity=False, places=2),
    st.datetimes(timezones=st.just(UTC)),
    st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3),
)
LINK = Link(
    position=7,
    kind="seal",
    table="statechange",
    first_id=1,
    last_id=2,
    count=2,
    closed_to=0,
    manifest=b"\1" * 80,
    sealed_at=NOON,
    previous_hash="a" * 64,
    key_id="k",
    columns=("at", "why"),
    bodies=("body",),
    actor="ana",
    why="asked",
)


def sealed(columns: dict[str, Any], *bodies: Body | None) -> SealedRow:
    return chain.seal_row(KEY, "statechange", Row(1, columns, bodies))


@given(before=VALUES, now=VALUES)
def test_two_values_have_one_digest_only_if_they_are_the_same(before: Any, now: Any) -> None:
    is_same = type(before) is type(now) and before == now
    if isinstance(before, Decimal) and isinstance(now, Decimal):
        is_same = str(before) == str(now)
    assert (sealed({"value": before}) == sealed({"value": now})) is is_same


@given(st.binary(min_size=1, max_size=60), st.data())
def test_any_bit_of_a_body_counts(content: bytes, data: st.DataObject) -> None:
    bit = data.draw(st.integers(0, len(content) * 8 - 1))
    spoiled = bytearray(content)
    spoiled[bit // 8] ^= 1 << bit % 8
    assert sealed({}, Body(content)) != sealed({}, Body(bytes(spoiled)))
    assert sealed({}, Body(content)) != sealed({}, Body(content, is_readable=False))


def test_a_digest_belongs_to_its_table_its_row_and_its_key() -> None:
    row = Row(1, {"why": "paid"})
    whole = chain.seal_row(KEY, "statechange", row)
    assert chain.agrees(KEY, "statechange", row, whole, may_be_erased=False)
    assert not chain.agrees(KEY, "paymentevent", row, whole, may_be_erased=False)
    assert not chain.agrees(KEY, "statechange", replace(row, row_id=2), whole, may_be_erased=False)
    assert not chain.agrees(OTHER_KEY, "statechange", row, whole, may_be_erased=False)


def test_values_that_change_columns_are_told_apart() -> None:
    assert sealed({"from": "a", "to": "b"}) != sealed({"from": "b", "to": "a"})
    assert sealed({"from": "ab", "to": ""}) != sealed({"from": "a", "to": "b"})
    assert sealed({}, Body(b"a"), None) != sealed({}, None, Body(b"a"))
    assert sealed({}, Body(b"")) != sealed({}, None)


def test_an_instant_is_the_same_in_every_time_zone() -> None:
    lima = NOON.astimezone(timezone(timedelta(hours=-5)))
    assert sealed({"at": NOON}) == sealed({"at": lima})


def test_an_empty_body_stands_for_the_sealed_one_only_where_erasure_is_accounted_for() -> None:
    whole = sealed({"why": "paid"}, Body(b"secret"), None)
    emptied = Row(1, {"why": "paid"}, (Body(b""), None))
    assert chain.agrees(KEY, "statechange", emptied, whole, may_be_erased=True)
    assert not chain.agrees(KEY, "statechange", emptied, whole, may_be_erased=False)
    for lie in (Row(1, {"why": "late"}, emptied.bodies), Row(1, {"why": "paid"}, (Body(b"x"), None))):
        assert not chain.agrees(KEY, "statechange", lie, whole, may_be_erased=True)


def test_what_no_column_can_hold_is_refused() -> None:
    with pytest.raises(TypeError, match="evidence holds no float"):
        sealed({"amount": 1.5})


@given(st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), st.binary(min_size=32, max_size=32)), max_size=5))
def test_a_manifest_is_read_as_it_was_written(rows: list[tuple[int, bytes]]) -> None:
    written = [SealedRow(row_id, digest, (digest[::-1],)) for row_id, digest in rows]
    manifest = chain.pack(written)
    assert list(chain.unpack(manifest, 1)) == written
    assert list(chain.ids(manifest, 1)) == [row_id for row_id, _ in rows]
    assert list(chain.ids(chain.pack_ids(row_id for row_id, _ in rows), None)) == [row_id for row_id, _ in rows]


def test_a_manifest_that_was_cut_is_no_manifest() -> None:
    with pytest.raises(ValueError, match="cut"):
        list(chain.unpack(chain.pack([SealedRow(1, bytes(32))])[:-1], 0))


@pytest.mark.parametrize("name", [field.name for field in fields(Link)])
def test_every_part_of_an_entry_moves_its_seal_and_its_hash(name: str) -> None:
    held = getattr(LINK, name)
    other_of: dict[type, Callable[[], Any]] = {
        int: lambda: held + 1,
        str: lambda: f"{held}x",
        bytes: lambda: held[:-1] + b"\2",
        tuple: lambda: (*held, "x"),
        datetime: lambda: held + timedelta(microseconds=1),
    }
    changed: dict[str, Any] = {name: other_of[type(held)]()}
    other = replace(LINK, **changed)
    digest = chain.seal(KEY, LINK)
    assert chain.is_sealed_by(KEY, LINK, digest)
    assert not chain.is_sealed_by(KEY, other, digest)
    assert chain.link_hash(LINK, digest) != chain.link_hash(other, digest)


def test_without_its_key_an_entry_cannot_be_sealed_and_its_hash_needs_none() -> None:
    digest = chain.seal(OTHER_KEY, LINK)
    assert not chain.is_sealed_by(KEY, LINK, digest)
    assert not chain.is_sealed_by(KEY, LINK, "ñ")
    assert chain.link_hash(LINK, digest) != chain.link_hash(LINK, chain.seal(KEY, LINK))
    assert chain.key_id(KEY) != chain.key_id(OTHER_KEY)
    assert KEY.hex() not in chain.key_id(KEY)
