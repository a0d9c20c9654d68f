"""What an account accepts, checked before any call."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Reason
from pagoefectivo.domain.messages import Payer
from pagoefectivo.domain.money import format_money

REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~:-]{0,63}", re.ASCII)
EMAIL = re.compile(r"[^\s@<>\"',;:\\]{1,64}@[^\s@<>\"',;:\\]+\.[^\s@<>\"',;:\\.]{2,}")
PHONE = re.compile(r"\+?[0-9][0-9 ()-]{5,18}[0-9]", re.ASCII)
DOCUMENTS = {
    "DNI": re.compile(r"\d{8,9}", re.ASCII),
    "RUC": re.compile(r"\d{11}", re.ASCII),
    "CE": re.compile(r"[A-Za-z0-9]{4,12}", re.ASCII),
    "PASSPORT": re.compile(r"[A-Za-z0-9]{4,12}", re.ASCII),
}
LONGEST = {"name": 100, "email": 254, "description": 200}


@dataclass(frozen=True, slots=True)
class VoucherLimits:
    """Amount bounds per currency, expiry bounds, and the payer fields without which the provider says no."""

    amounts: Mapping[str, tuple[Decimal, Decimal]]
    shortest_expiry: timedelta
    longest_expiry: timedelta
    required_payer_fields: frozenset[str]


def voucher_objections(
    amount: Decimal, currency: str, expires_in: timedelta, payer: Payer, description: str, limits: VoucherLimits
) -> tuple[Reason, ...]:
    """Return every reason against asking the provider for this voucher; empty means that it may be asked for."""
    return (
        *_amount_objections(amount, currency, limits),
        *expiry_objections(expires_in, limits),
        *_payer_objections(payer, limits),
        *_text_objections({"name": payer.name, "email": payer.email, "description": description}),
    )


def _amount_objections(amount: Decimal, currency: str, limits: VoucherLimits) -> Iterator[Reason]:
    if currency not in limits.amounts:
        yield Reason(ErrorCode.CREATE_CURRENCY_UNSUPPORTED, field="currency")
        return
    lowest, highest = limits.amounts[currency]
    if amount < lowest:
        yield Reason(
            ErrorCode.CREATE_AMOUNT_TOO_LOW, field="amount", values={"minimum": format_money(lowest, currency)}
        )
    if amount > highest:
        yield Reason(
            ErrorCode.CREATE_AMOUNT_TOO_HIGH, field="amount", values={"maximum": format_money(highest, currency)}
        )


def expiry_objections(expires_in: timedelta, limits: VoucherLimits) -> tuple[Reason, ...]:
    """Return why the account does not give a code this much time from now; empty means that it does."""
    if limits.shortest_expiry <= expires_in <= limits.longest_expiry:
        return ()
    values = {"minimum": _hours(limits.shortest_expiry), "maximum": _hours(limits.longest_expiry)}
    return (Reason(ErrorCode.CREATE_EXPIRY_INVALID, field="expires_in", values=values),)


def _payer_objections(payer: Payer, limits: VoucherLimits) -> Iterator[Reason]:
    given = {
        "email": payer.email,
        "name": payer.name,
        "phone": payer.phone,
        "document": payer.document_number,
    }
    for missing in sorted(name for name in limits.required_payer_fields if not given.get(name)):
        yield Reason(ErrorCode.CREATE_FIELD_REQUIRED, field=f"payer.{missing}", values={"field": f"payer.{missing}"})
    pattern = DOCUMENTS.get(payer.document_type)
    wrong = {
        "payer.email": bool(payer.email) and not EMAIL.fullmatch(payer.email),
        "payer.phone": bool(payer.phone) and not PHONE.fullmatch(payer.phone),
        "payer.document": bool(payer.document_number)
        and (pattern is None or not pattern.fullmatch(payer.document_number)),
    }
    for name in (name for name, is_wrong in wrong.items() if is_wrong):
        yield Reason(ErrorCode.CREATE_FIELD_INVALID, field=name)


def _text_objections(texts: Mapping[str, str]) -> Iterator[Reason]:
    for name, text in texts.items():
        if len(text) > LONGEST[name] or any(ord(character) < ord(" ") for character in text):
            field = name if name == "description" else f"payer.{name}"
            yield Reason(ErrorCode.CREATE_FIELD_INVALID, field=field)


def reference_objections(reference: str) -> tuple[Reason, ...]:
    """A shop's reference is part of addresses and files: 1–64 letters, digits and `. _ ~ : -`."""
    return () if REFERENCE.fullmatch(reference) else (Reason(ErrorCode.CREATE_FIELD_INVALID, field="reference"),)


def _hours(duration: timedelta) -> str:
    return f"{duration.total_seconds() / 3600:g} h"
