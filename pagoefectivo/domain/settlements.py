"""What a line of a settlement file turns out to be, held against what the shop knows. Pure: the facts come from outside."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from django.utils.translation import gettext_lazy as _

from pagoefectivo.domain.messages import SettlementKind
from pagoefectivo.domain.money import ZERO


class Verdict(StrEnum):
    """The one class that a line belongs to, or a payment that no line tells of. The gravest one found wins.

    REPEATED is a line that another file, or the same one, has brought before, and ASIDE one that moves no money: both
    count in no sum. PROPOSED was recognised by code, amount and date alone and waits for a person.
    """

    MATCHED = "matched"
    PROPOSED = "proposed"
    MISSING_HERE = "missing_here"
    MISSING_THERE = "missing_there"
    AMOUNT = "amount"
    FX = "fx"
    FEE = "fee"
    DATE = "date"
    DUPLICATE = "duplicate"
    REPEATED = "repeated"
    ASIDE = "aside"


VERDICT_WORDS = {
    Verdict.MATCHED: _("Adds up"),
    Verdict.PROPOSED: _("To be confirmed"),
    Verdict.MISSING_HERE: _("Only the provider knows of it"),
    Verdict.MISSING_THERE: _("Only we know of it"),
    Verdict.AMOUNT: _("Another amount"),
    Verdict.FX: _("Another exchange rate"),
    Verdict.FEE: _("Another fee"),
    Verdict.DATE: _("On another day than agreed"),
    Verdict.DUPLICATE: _("Settled twice"),
    Verdict.REPEATED: _("Told before"),
    Verdict.ASIDE: _("Moves no money"),
}
DIFFERENCES = frozenset(Verdict) - {Verdict.MATCHED, Verdict.REPEATED, Verdict.ASIDE}
UNCOUNTED = frozenset({Verdict.REPEATED, Verdict.ASIDE})
WITHOUT_MONEY = frozenset({SettlementKind.BALANCE, SettlementKind.NOTICE})
COSTS_OF_THEIR_OWN = frozenset({SettlementKind.FEE, SettlementKind.TAX})

# How far two amounts of one thing may lie apart: both were rounded to the cent, in whatever currency.
TOLERANCE = Decimal("0.01")
HALF_A_DIGIT = Decimal("0.00005")  # of an exchange rate


class SaidOfMoney(Protocol):
    """What a line says of its money, signed as the file does: `SettlementFacts`, or the row that was made of them."""

    @property
    def kind(self) -> str: ...
    @property
    def rate(self) -> Decimal | None: ...
    @property
    def amount(self) -> Decimal | None: ...
    @property
    def settled_amount(self) -> Decimal | None: ...
    @property
    def fee(self) -> Decimal | None: ...
    @property
    def tax(self) -> Decimal | None: ...
    @property
    def net(self) -> Decimal | None: ...


def gross_of(said: SaidOfMoney) -> Decimal | None:
    """Return what a line would be before its costs; None where the file does not say enough."""
    if said.amount is None and said.net is not None:
        return said.net - cost_of(said)
    return said.amount


def cost_of(said: SaidOfMoney) -> Decimal:
    """Return the fee of a line with its tax."""
    return (said.fee or ZERO) + (said.tax or ZERO)


def off_its_own_rate(said: SaidOfMoney) -> Decimal | None:
    """Return by how much a line's settled amount misses its amount at its own rate; None where it does not, or names none.

    A rate is written with four decimals at least: what half of the last one explains is no miss.
    """
    if not said.rate or said.amount is None or said.settled_amount is None:
        return None
    missed = said.settled_amount - said.amount / said.rate
    return missed if abs(missed) > TOLERANCE + abs(said.amount) / said.rate**2 * HALF_A_DIGIT else None


def beyond(difference: Decimal) -> Decimal | None:
    """Return a difference that rounding does not explain, None for one that it does."""
    return difference if abs(difference) > TOLERANCE else None


def booked_of(said: SaidOfMoney) -> Decimal:
    """Return what a line changes in the shop's balance: its net, or what it comes to where it names none."""
    if said.kind in WITHOUT_MONEY:
        return ZERO
    if said.net is not None:
        return said.net
    before = said.amount if said.settled_amount is None else said.settled_amount
    return (before or ZERO) + cost_of(said)
