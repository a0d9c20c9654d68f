"""A receipt against the provider's word: what matches, what differs, and what is only a guess."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
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
    printed_hour,
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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("23/11/2026 15:50", Verdict.EARLIER),
        ("23/11/2026 10:14", Verdict.EARLIER),
        ("23/11/2026 3:50 p. m.", Verdict.EARLIER),
        ("22/11/2026 23:59", Verdict.EARLIER),
        ("22/11/2026", Verdict.EARLIER),
        ("23/11/2026 15:51", Verdict.MATCH),
        ("23/11/2026 3:52 p. m.", Verdict.MATCH),
        ("23/11/2026", Verdict.MATCH),
        ("23/11/2026 99:99", Verdict.MATCH),
        ("26/11/2026 10:14", Verdict.DIFFERS),
    ],
)
def test_a_receipt_older_than_the_code_is_told_by_its_hour_in_lima_or_by_its_day_alone(
    text: str, expected: Verdict
) -> None:
    known = replace(KNOWN, created_at=datetime(2026, 11, 23, 20, 51, 30, tzinfo=UTC))
    verdicts = compare([seen(Field.PAID_ON, text)], known)
    assert verdicts[Field.PAID_ON] is expected
    assert is_plausible(verdicts) == (expected is Verdict.MATCH)


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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("24/11/2026 10:14", time(10, 14)),
        ("10:14:59", time(10, 14)),
        ("12:05 a. m.", time(0, 5)),
        ("12:05 PM", time(12, 5)),
        ("3:04 p.m.", time(15, 4)),
        ("15:04 p. m.", time(15, 4)),
        ("24/11/2026", None),
        ("25:10", None),
    ],
)
def test_an_hour_is_read_in_each_way_that_receipts_write_it(text: str, expected: time | None) -> None:
    assert printed_hour(text) == expected


def test_an_operation_number_is_compared_without_its_dress() -> None:
    assert (operation_of("0048-2913"), operation_of(" pe 7788 "), operation_of("4829")) == ("00482913", "PE7788", "")
