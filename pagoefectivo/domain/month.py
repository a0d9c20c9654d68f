"""The report of one account's month: where the money went, what does not add up, who signed it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from pagoefectivo.domain.settlements import Verdict


class Step(StrEnum):
    """What buyers paid, on its way to the shop's bank."""

    GROSS = "gross"
    FEES = "fees"
    TAX = "tax"
    REFUNDS = "refunds"
    DISPUTES = "disputes"
    ADJUSTMENTS = "adjustments"
    NET = "net"
    BANK = "bank"


STEP_WORDS = {
    Step.GROSS: _("Paid by buyers"),
    Step.FEES: _("Fees"),
    Step.TAX: _("Tax on fees (IGV)"),
    Step.REFUNDS: _("Refunds"),
    Step.DISPUTES: _("Disputes"),
    Step.ADJUSTMENTS: _("Adjustments"),
    Step.NET: _("Net"),
    Step.BANK: _("Arrived at the bank"),
}


class CloseState(StrEnum):
    """How far the close of a month has come."""

    OPEN = "open"
    PREPARED = "prepared"
    CLOSED = "closed"
    REOPENING = "reopening"


@dataclass(frozen=True, slots=True)
class Figure:
    """One step in one currency: signed as it changes the shop's balance, and of how many lines it is the sum."""

    step: Step
    amount: Decimal
    lines: int


@dataclass(frozen=True, slots=True)
class Flow:
    """All steps in one currency, in their order. NET is the sum of those before it; BANK is what was recorded there."""

    currency: str
    figures: Sequence[Figure]

    def of(self, step: Step) -> Figure:
        """Return the figure of one step, zero where there is none."""
        return next((each for each in self.figures if each.step is step), Figure(step, Decimal("0.00"), 0))


@dataclass(frozen=True, slots=True)
class ClassSum:
    """How many lines are of one class, and what they change in the shop's balance."""

    verdict: Verdict
    currency: str
    lines: int
    net: Decimal


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that does not add up, and what became of it. `amount` is what is missing (below zero) or too much."""

    number: str
    verdict: Verdict
    subject: str
    amount: Decimal
    currency: str
    owner: str
    state: str
    reason: str
    resolution: str
    case: str


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the checklist; `left` counts what is still to do, and `blocks` says that nobody can sign before."""

    name: str
    said: str
    left: int
    blocks: bool


@dataclass(frozen=True, slots=True)
class Transit:
    """What was paid in the month and is not due yet: it arrives in a later one."""

    currency: str
    payments: int
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthReport:
    """Everything that a person signs. `revision` counts how often the month was opened again, from 1.

    `digest` is the SHA-256 of the figures; it is what both signatures are about, and empty as long as it is a draft.
    """

    account: str
    provider: str
    month: date
    revision: int
    state: CloseState
    flows: Sequence[Flow]
    classes: Sequence[ClassSum]
    differences: Sequence[Difference]
    checks: Sequence[Check]
    transits: Sequence[Transit]
    late_lines: int
    files: Sequence[str]
    prepared_by: str = ""
    prepared_at: datetime | None = None
    signed_by: str = ""
    signed_at: datetime | None = None
    digest: str = ""
