"""What a line of a settlement file turns out to be, held against what the shop knows. Pure: the facts come from outside."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from pagoefectivo.domain.messages import SettlementKind


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
