"""Amounts of money: Decimal with two places, always beside their currency."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Reason, RuleRefused

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
LARGEST = Decimal("9999999999.99")
SYMBOLS = {"PEN": "S/", "USD": "US$"}

_WRITTEN_AMOUNT = re.compile(r"\d{1,10}(\.\d{1,2})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount with two decimals and its ISO 4217 currency. Never built from a float."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return format_money(self.amount, self.currency)


def parse_amount(written: object, *, field: str = "amount") -> Decimal:
    """Return a positive amount with two decimals from a decimal string, an int or a Decimal.

    Raises RuleRefused(REQUEST_AMOUNT_INVALID) for floats, NaN, exponents, signs, more than two decimals, zero and
    anything above 9,999,999,999.99: an amount that has to be guessed is not an amount.
    """
    text = str(written).strip() if isinstance(written, str | int | Decimal) and not isinstance(written, bool) else ""
    if not _WRITTEN_AMOUNT.fullmatch(text) or Decimal(text) <= 0:
        raise RuleRefused(Reason(ErrorCode.REQUEST_AMOUNT_INVALID, field=field))
    return Decimal(text).quantize(CENT)


def parse_currency(written: object, *, field: str = "currency") -> str:
    """Return a currency we can hold (PEN or USD); raises RuleRefused(CREATE_CURRENCY_UNSUPPORTED)."""
    if isinstance(written, str) and written in SYMBOLS:
        return written
    raise RuleRefused(Reason(ErrorCode.CREATE_CURRENCY_UNSUPPORTED, field=field))


def format_money(amount: Decimal, currency: str) -> str:
    """Write money as Peru does: `S/ 1,234.50` (a no-break space; Django's es-PE would print `1 234,50`)."""
    return f"{SYMBOLS.get(currency, currency)}\N{NO-BREAK SPACE}{amount:,.2f}"


def format_exactly(amount: Decimal, currency: str) -> str:
    """Write money with every decimal that a file writes, to the millionth, two at least."""
    whole, _point, decimals = f"{amount:,.6f}".partition(".")
    return f"{SYMBOLS.get(currency, currency)}\N{NO-BREAK SPACE}{whole}.{decimals[:2]}{decimals[2:].rstrip('0')}"
