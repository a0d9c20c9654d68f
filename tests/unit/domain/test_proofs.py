"""A receipt against the provider's word: what matches, what differs, and what is only a guess."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagoefectivo.domain.proofs import (
    SURE,
    Field,
    Known,
    Seen,
    Verdict,
    compare,
    contradicts,
    is_plausible,
    operation_of,
    printed_amount,
    printed_day,
)

KNOWN = Known(frozenset({"12345678", "87654321"}), Decimal("89.90"), "PEN", date(2026, 11, 23), date(2026, 11, 25), frozenset({"PE7788"}))  # fmt: skip
SAID = {Field.CODE: "1234 5678", Field.AMOUNT: "S/ 89.90", Field.PAID_ON: "24/11/2026", Field.OPERATION: "pe-7788"}


def seen(field: Field, text: str, confidence: float = 1.0) -> Seen:
    return Seen(field, text, confidence, (0, 0, 1, 1))


def verdict(field: Field, text: str, confidence: float = 1.0) -> Verdict:
    return compare([seen(field, text, confidence)], KNOWN)[field]


@pytest.mark.parametrize("field", SAID)
def test_what_is_surely_read_and_agrees_is_a_match(field: Field) -> None:
    assert verdict(field, SAID[field]) is Verdict.MATCH
    assert verdict(field, SAID[field], SURE - 0.001) is Verdict.UNREADABLE


@pytest.mark.parametrize(
    ("field", "text", "expected"),
    [
        (Field.CODE, "12345679", Verdict.DIFFERS),
        (Field.CODE, "87654321", Verdict.MATCH),
        (Field.CODE, "CIP", Verdict.UNREADABLE),
        (Field.AMOUNT, "S/ 89.91", Verdict.DIFFERS),
        (Field.AMOUNT, "US$ 89.90", Verdict.DIFFERS),
        (Field.AMOUNT, "S/ 90", Verdict.UNREADABLE),
        (Field.PAID_ON, "26/11/2026", Verdict.DIFFERS),
        (Field.PAID_ON, "31/02/2026", Verdict.UNREADABLE),
        (Field.OPERATION, "00482913", Verdict.UNKNOWN),
        (Field.CHANNEL, "BCP", Verdict.UNKNOWN),
    ],
)
def test_what_does_not_agree_differs_and_what_is_not_of_its_kind_is_unreadable(
    field: Field, text: str, expected: Verdict
) -> None:
    assert verdict(field, text) is expected


def test_what_was_not_read_at_all_contradicts_nothing() -> None:
    nothing = compare([], KNOWN)
    assert set(nothing.values()) == {Verdict.UNREADABLE, Verdict.UNKNOWN}
    assert (is_plausible(nothing), contradicts(nothing)) == (True, False)
    assert contradicts(compare([seen(Field.AMOUNT, "S/ 8.90")], KNOWN))


@given(text=st.text(), confidence=st.floats(0, 1), field=st.sampled_from(list(SAID)))
def test_whatever_is_read_unsurely_is_never_a_match(text: str, confidence: float, field: Field) -> None:
    for each in (text, SAID[field]):
        judged = verdict(field, each, confidence)
        assert judged is not Verdict.MATCH or confidence >= SURE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("S/ 1,234.50", (Decimal("1234.50"), "PEN")),
        ("S/.89.90", (Decimal("89.90"), "PEN")),
        ("USD 12.00", (Decimal("12.00"), "USD")),
        ("S/ 1.234,50", None),
        ("S/ 90", None),
        ("", None),
    ],
)
def test_an_amount_is_read_as_peru_writes_it_or_not_at_all(text: str, expected: object) -> None:
    assert printed_amount(text) == expected


@pytest.mark.parametrize(
    "text", ["24/11/2026", "24-11-2026", "2026-11-24", "24 nov. 2026", "24 de noviembre de 2026", "24 NOV 2026"]
)
def test_a_day_is_read_in_each_way_that_receipts_write_it(text: str) -> None:
    assert printed_day(text) == date(2026, 11, 24)


def test_an_operation_number_is_compared_without_its_dress() -> None:
    assert (operation_of("0048-2913"), operation_of(" pe 7788 "), operation_of("4829")) == ("00482913", "PE7788", "")
