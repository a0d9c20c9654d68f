"""Amounts: whatever is written, it is either exactly that money or refused."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagoefectivo.domain.exceptions import RuleRefused
from pagoefectivo.domain.money import CENT, LARGEST, ZERO, Money, format_money, parse_amount, parse_currency

AMOUNTS = st.decimals(min_value=CENT, max_value=LARGEST, places=2)
PLAIN = re.compile(r"\d{1,10}(\.\d{1,2})?", re.ASCII)


@given(AMOUNTS)
def test_every_amount_is_read_back_as_it_was_written(amount: Decimal) -> None:
    assert parse_amount(str(amount)) == amount
    assert parse_amount(amount) == amount
    assert parse_amount(str(amount)).as_tuple().exponent == -2


@given(st.decimals(allow_nan=True, allow_infinity=True))
def test_any_decimal_is_exactly_itself_or_refused(written: Decimal) -> None:
    try:
        read = parse_amount(written)
    except RuleRefused:
        return
    assert read == written
    assert ZERO < read <= LARGEST
    assert read.as_tuple().exponent == -2


@given(st.text(max_size=20) | st.from_regex(r"[0-9.,+\-eE ٣]{1,14}", fullmatch=True))
def test_a_text_is_read_only_where_it_is_plain_digits(written: str) -> None:
    is_plain = bool(PLAIN.fullmatch(written.strip()))
    try:
        read = parse_amount(written)
    except RuleRefused:
        assert not is_plain or Decimal(written.strip()) == 0
        return
    assert is_plain
    assert read == Decimal(written.strip())


@given(st.floats() | st.booleans() | st.none() | st.binary(max_size=4) | st.lists(st.integers(), max_size=2))
def test_what_is_no_decimal_text_is_never_an_amount(written: Any) -> None:
    with pytest.raises(RuleRefused):
        parse_amount(written)


@given(AMOUNTS, st.sampled_from(["PEN", "USD"]))
def test_formatted_money_names_the_same_amount(amount: Decimal, currency: str) -> None:
    symbol, _, digits = format_money(amount, currency).partition("\N{NO-BREAK SPACE}")
    assert symbol == {"PEN": "S/", "USD": "US$"}[currency]
    assert Decimal(digits.replace(",", "")) == amount
    assert str(Money(amount, currency)) == format_money(amount, currency)


@given(st.text(max_size=4) | st.integers() | st.none())
def test_only_the_two_currencies_we_hold_are_currencies(written: Any) -> None:
    if written in {"PEN", "USD"}:
        assert parse_currency(written) == written
        return
    with pytest.raises(RuleRefused):
        parse_currency(written)
