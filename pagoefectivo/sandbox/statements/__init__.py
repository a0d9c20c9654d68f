"""The reports on money: what each PSP would write about this ledger, one module of layouts per PSP.

Fees are invented, the same everywhere: 3.49 % and 1.00 for a payment, 2.00 for a refund, nothing for what is taken back;
18 % of tax on every fee. One dollar costs 3.75 soles. FIDELITY.md says what is known of each layout.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from importlib import import_module

from pagoefectivo.sandbox.ledger import ZERO, Ledger, Payment, Refund

CENT = Decimal("0.01")
PAYMENT_SHARE, PAYMENT_FIXED, REFUND_FIXED = Decimal("0.0349"), Decimal("1.00"), Decimal("2.00")
TAX_SHARE = Decimal("0.18")
SOLES_PER_DOLLAR = Decimal("3.75")


@dataclass(frozen=True)
class Movement:
    """Money that moved: a payment, a refund, a reversal (a payment taken back) or a return (a refund sent back).

    `amount`, `fee` and `tax` are signed in `currency`: above zero comes to the merchant. A dollar cost `soles_per_dollar`.
    """

    kind: str
    at: datetime
    payment: Payment
    refund: Refund | None
    amount: Decimal
    currency: str
    fee: Decimal
    tax: Decimal
    soles_per_dollar: Decimal = SOLES_PER_DOLLAR

    @property
    def rate(self) -> Decimal:
        """Return what a dollar cost in `currency`."""
        return self.soles_per_dollar if self.currency == "PEN" else Decimal(1)

    @property
    def net(self) -> Decimal:
        """Return what the movement changes in the merchant's balance."""
        return self.amount + self.fee + self.tax


@dataclass(frozen=True)
class Statement:
    """The movements of a period, oldest first, and the balance before it. `made_at` dates the transfer."""

    movements: Sequence[Movement]
    opening: Decimal
    since: datetime | None
    made_at: datetime


Render = Callable[[Statement], str]


def layouts() -> dict[str, Mapping[str, Render]]:
    """Return the layouts of every PSP by its name."""
    modules = {each.name: import_module(f"{__name__}.{each.name}") for each in pkgutil.iter_modules(__path__)}
    return {psp: module.LAYOUTS for psp, module in modules.items() if hasattr(module, "LAYOUTS")}


def draw_up(ledger: Ledger, psp: str, since: datetime | None, until: datetime) -> Statement:
    """Return what moved at one PSP from `since` on and before `until`; without `since` everything before."""
    with ledger.lock:
        known = [
            *(each for payment in ledger.payments() if payment.psp == psp for each in _of_payment(payment)),
            *(each for refund in ledger.refunds() if refund.psp == psp for each in _of_refund(ledger, refund)),
        ]
    known.sort(key=lambda each: each.at)
    before = [each for each in known if since is not None and each.at < since]
    within = [each for each in known if each.at < until and (since is None or each.at >= since)]
    return Statement(within, sum((each.net for each in before), ZERO), since, until)


def _of_payment(payment: Payment) -> list[Movement]:
    """A code that was paid twice is one payment of the sum, as the faces tell it."""
    if payment.approved_at is None:
        return []
    fee = -(payment.received * PAYMENT_SHARE + PAYMENT_FIXED).quantize(CENT, ROUND_HALF_UP)
    moved = [_movement("payment", payment.approved_at, payment, None, payment.received, fee)]
    if payment.reversed_at:
        moved.append(_movement("reversal", payment.reversed_at, payment, None, -payment.received, ZERO))
    return moved


def _of_refund(ledger: Ledger, refund: Refund) -> list[Movement]:
    payment = ledger.payment(refund.payment_id)
    if refund.settled_at is None or payment is None:
        return []
    moved = [_movement("refund", refund.settled_at, payment, refund, -refund.amount, -REFUND_FIXED)]
    if refund.returned_at:
        moved.append(_movement("return", refund.returned_at, payment, refund, refund.amount, ZERO))
    return moved


def _movement(
    kind: str, at: datetime, payment: Payment, refund: Refund | None, amount: Decimal, fee: Decimal
) -> Movement:
    currency = refund.currency if refund else payment.received_currency
    return Movement(kind, at, payment, refund, amount, currency, fee, (fee * TAX_SHARE).quantize(CENT, ROUND_HALF_UP))
