"""What a provider charged beside what was agreed: how each line of a month stands, and the sums of a month. Pure.

Amounts here are costs: above zero is what the shop pays, and a difference above zero was charged too much.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from pagoefectivo.domain.messages import SettlementKind
from pagoefectivo.domain.money import CENT
from pagoefectivo.domain.settlements import Verdict

NOTHING = Decimal(0)
MILLIONTH = Decimal("0.000001")


class Standing(StrEnum):
    """How the cost of a line stands to what was agreed. Only CLAIMED is asked back.

    SETTLED was settled by a person with a reason; QUESTIONED is a line that is in question itself, and its cost with it.
    """

    CLAIMED = "claimed"
    SETTLED = "settled"
    QUESTIONED = "questioned"
    LESS = "less"
    AGREED = "agreed"
    UNKNOWN = "unknown"


STANDING_WORDS = {
    Standing.CLAIMED: _("to be claimed"),
    Standing.SETTLED: _("settled with a reason"),
    Standing.QUESTIONED: _("the line itself is in question"),
    Standing.LESS: _("charged less than agreed"),
    Standing.AGREED: _("as agreed"),
    Standing.UNKNOWN: _("nothing agreed is known"),
}
KIND_WORDS = {
    SettlementKind.PAYMENT: _("Payments"),
    SettlementKind.REFUND: _("Refunds"),
    SettlementKind.CHARGEBACK: _("Disputes"),
    SettlementKind.FEE: _("Separate fees"),
    SettlementKind.TAX: _("Separate taxes"),
    SettlementKind.ADJUSTMENT: _("Adjustments"),
}
DIFFERING = (Standing.CLAIMED, Standing.SETTLED, Standing.QUESTIONED, Standing.LESS)
IN_QUESTION = frozenset({Verdict.MISSING_HERE, Verdict.DUPLICATE, Verdict.PROPOSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """Some lines of one kind that stand alike, summed to the millionth. `tax` is the part of `charged` that the files name as
    tax, None where they name none.

    `agreed` has its tax in it; it is zero where nothing agreed is known.
    """

    kind: SettlementKind
    standing: Standing
    lines: int
    agreed: Decimal
    charged: Decimal
    tax: Decimal | None

    @property
    def difference(self) -> Decimal:
        return self.charged - self.agreed


@dataclass(frozen=True, slots=True)
class Charges:
    """Sums that belong together. What was charged where nothing agreed is known is in no sum but `unknown`."""

    parts: Sequence[Charge]

    def of(self, *standings: Standing) -> Charges:
        """Return those of some standings."""
        return Charges([each for each in self.parts if each.standing in standings])

    @property
    def known(self) -> Charges:
        """Those of which it is known what was agreed."""
        return self.of(Standing.AGREED, *DIFFERING)

    @property
    def unknown(self) -> Charges:
        return self.of(Standing.UNKNOWN)

    @property
    def differing(self) -> Charges:
        """Those that are beyond a cent from what was agreed."""
        return self.of(*DIFFERING)

    @property
    def claimed(self) -> Charges:
        return self.of(Standing.CLAIMED)

    @property
    def lines(self) -> int:
        return sum(each.lines for each in self.parts)

    @property
    def agreed(self) -> Decimal:
        return sum((each.agreed for each in self.parts), NOTHING)

    @property
    def charged(self) -> Decimal:
        return sum((each.charged for each in self.parts), NOTHING)

    @property
    def tax(self) -> Decimal | None:
        """What the files name as tax; None where they name none."""
        named = [each.tax for each in self.parts if each.tax is not None]
        return sum(named, NOTHING) if named else None

    @property
    def difference(self) -> Decimal:
        """What was charged too much, less what was charged too little."""
        return sum((each.difference for each in self.parts), NOTHING)


@dataclass(frozen=True, slots=True)
class Aside:
    """What lines charged for what brought no money; None where no line tells of any."""

    lines: int
    charged: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthCharges:
    """One currency of a month. `payments` is how many the files tell of, each once.

    `unpaid` was charged for codes that nobody paid, `failed_refunds` for refunds that did not arrive or came back, and
    `exchanges` what rates worse than agreed took, where nobody has settled it.
    """

    currency: str
    kinds: Sequence[tuple[SettlementKind, Charges]]
    payments: int
    unpaid: Aside | None = None
    failed_refunds: Aside | None = None
    exchanges: Aside | None = None

    @property
    def total(self) -> Charges:
        return Charges([part for _kind, charges in self.kinds for part in charges.parts])

    @property
    def is_claimed(self) -> bool:
        """Whether anything is to be asked back."""
        return bool(self.total.claimed.lines or self.exchanges)

    @property
    def per_paid_code(self) -> Decimal | None:
        """All that was charged over the payments, rounded to the cent, half up; None where the files tell of no payment."""
        return (self.total.charged / self.payments).quantize(CENT, ROUND_HALF_UP) if self.payments else None


def by_kind(parts: Iterable[Charge]) -> list[tuple[SettlementKind, Charges]]:
    """Group sums by kind, in the order in which they are shown; a kind without lines is left out."""
    found = list(parts)
    grouped = [(kind, Charges([each for each in found if each.kind is kind])) for kind in KIND_WORDS]
    return [(kind, charges) for kind, charges in grouped if charges.parts]
