"""The company's books: what was issued, what came in, what went back. Every read takes the same lock as every write."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

DEAD_REFUNDS = ("rejected", "canceled")
ZERO = Decimal(0)


@dataclass
class Merchant:
    """One customer of one of the company's faces. `secrets` are the credentials that the face gave it, by its names."""

    psp: str
    login: str
    secrets: Mapping[str, str] = field(repr=False)
    notification_url: str | None = None


@dataclass(frozen=True)
class Receipt:
    """Cash that came in at a counter."""

    amount: Decimal
    currency: str
    received_at: datetime
    operation_number: str


@dataclass
class Payment:
    """One code. `state` is pending, paid, expired, canceled or rejected, in no PSP's vocabulary."""

    id: str
    psp: str
    login: str
    order_id: str
    code: str
    amount: Decimal
    currency: str
    created_at: datetime
    expires_at: datetime
    notification_url: str | None
    payer: dict[str, str]
    description: str | None = None
    state: str = "pending"
    approved_at: datetime | None = None
    reversed_at: datetime | None = None
    receipts: list[Receipt] = field(default_factory=list)
    scenario: str = ""
    takes_late_money: bool = True  # else cash for a dead code goes to the payer's own wallet at the PSP

    @property
    def received_currency(self) -> str:
        """Return the voucher's currency if anything came in with it, else the currency of the first receipt."""
        currencies = [receipt.currency for receipt in self.receipts]
        return self.currency if self.currency in currencies or not currencies else currencies[0]

    @property
    def received(self) -> Decimal:
        """Return what came in, summed in `received_currency`."""
        return sum((each.amount for each in self.receipts if each.currency == self.received_currency), ZERO)


@dataclass
class Refund:
    """One order to send money back. `state` is pending, succeeded, rejected or canceled."""

    id: str
    payment_id: str
    psp: str
    login: str
    amount: Decimal
    currency: str
    created_at: datetime
    reference: str | None
    notification_url: str | None
    description: str | None
    bank: dict[str, str]
    origin: str = "api"
    state: str = "pending"
    paid_out: Decimal = ZERO
    reason: str | None = None
    settled_at: datetime | None = None
    returned_at: datetime | None = None


class Ledger:
    """Merchants, payments and refunds in memory, and the sums a test may hold against its own."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.merchants: dict[tuple[str, str], Merchant] = {}  # by face and login
        self._payments: dict[str, Payment] = {}
        self._refunds: dict[str, Refund] = {}
        self._by_code: dict[str, Payment] = {}
        self._by_order: dict[tuple[str, str, str], Payment] = {}
        self._by_reference: dict[tuple[str, str, str], Refund] = {}

    def add_payment(self, payment: Payment) -> None:
        with self.lock:
            self._payments[payment.id] = payment
            self._by_code[payment.code] = payment
            self._by_order[payment.psp, payment.login, payment.order_id] = payment

    def add_refund(self, refund: Refund) -> None:
        with self.lock:
            self._refunds[refund.id] = refund
            if refund.reference:
                self._by_reference[refund.psp, refund.login, refund.reference] = refund

    def payment(self, payment_id: str) -> Payment | None:
        return self._payments.get(payment_id)

    def payment_by_code(self, code: str) -> Payment | None:
        return self._by_code.get(code)

    def payment_by_order(self, merchant: Merchant, order_id: str) -> Payment | None:
        return self._by_order.get((merchant.psp, merchant.login, order_id))

    def refund(self, refund_id: str) -> Refund | None:
        return self._refunds.get(refund_id)

    def refund_by_reference(self, merchant: Merchant, reference: str) -> Refund | None:
        return self._by_reference.get((merchant.psp, merchant.login, reference))

    def payments(self) -> list[Payment]:
        """Return all payments, oldest first."""
        with self.lock:
            return list(self._payments.values())

    def refunds(self, payment_id: str | None = None) -> list[Refund]:
        """Return the refunds of one payment, or all, oldest first."""
        with self.lock:
            return [each for each in self._refunds.values() if payment_id in (None, each.payment_id)]

    def payment_count(self, order_id: str) -> int:
        """Return how many payments bear this order_id, over all merchants."""
        return sum(1 for each in self.payments() if each.order_id == order_id)

    def refund_count(self, payment_id: str) -> int:
        """Return how many refunds were ever opened for this payment, dead ones too."""
        return len(self.refunds(payment_id))

    def received_total(self, payment_id: str) -> Decimal:
        """Return the cash that came in for this payment; nothing once it was reversed."""
        with self.lock:
            payment = self._payments[payment_id]
            return ZERO if payment.reversed_at else payment.received

    def refunded_total(self, payment_id: str) -> Decimal:
        """Return the sum of this payment's refunds that are not rejected or canceled, pending ones too."""
        return sum((each.amount for each in self._live_refunds(payment_id)), ZERO)

    def paid_out_total(self, payment_id: str) -> Decimal:
        """Return what really reached the buyer."""
        return sum((each.paid_out for each in self._live_refunds(payment_id)), ZERO)

    def _live_refunds(self, payment_id: str) -> Iterator[Refund]:
        return (each for each in self.refunds(payment_id) if each.state not in DEAD_REFUNDS)

    def reset(self) -> None:
        """Forget payments and refunds; merchants stay."""
        with self.lock:
            for book in (self._payments, self._refunds, self._by_code, self._by_order, self._by_reference):
                book.clear()
