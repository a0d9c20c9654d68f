"""The PSP's own books: the oracle that everything of ours is held against. It knows what really happened."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pagoefectivo.providers.base import RefundMode
from tests.simulation.profiles import HOUR, MINUTE, Profile
from tests.simulation.world import FAULTY_SECONDS, World

ZERO = Decimal("0.00")
DAY = 24 * HOUR
MIDNIGHT = 16 * HOUR  # a history begins at eight in the morning in Lima
FORM_LAPSES, FORMS_LEFT = 7 * DAY, 0.2  # buyers who never fill in the form for their bank account
DEAD_REFUND = frozenset({"FAILED", "RETURNED"})
Document = dict[str, Any]


@dataclass(slots=True, eq=False)
class Refund:
    """One refund at the PSP. `reference` is empty for one that was started on its dashboard."""

    id: str
    reference: str
    payment: Payment
    amount: Decimal
    currency: str
    account: str
    born_at: float
    status: str = "PENDING"
    history: list[tuple[float, Document]] = field(default_factory=list)

    @property
    def was(self) -> set[str]:
        return {document["status"] for _, document in self.history}


@dataclass(slots=True, eq=False)
class Payment:
    """One payment code at the PSP with the money that came on it."""

    id: str
    reference: str
    amount: Decimal
    currency: str
    code: str
    born_at: float
    expires_at: float
    status: str = "PENDING"
    paid: Decimal = ZERO
    paid_currency: str = ""
    paid_at: float | None = None
    was_cancelled: bool = False
    refunds: list[Refund] = field(default_factory=list)
    history: list[tuple[float, Document]] = field(default_factory=list)

    @property
    def ours_given_back(self) -> Decimal:
        """What our own refunds have taken out, or will."""
        return sum((each.amount for each in self.refunds if each.reference and each.status not in DEAD_REFUND), ZERO)

    @property
    def given_back(self) -> Decimal:
        return sum((each.amount for each in self.refunds if each.status not in DEAD_REFUND), ZERO)

    @property
    def is_alive(self) -> bool:
        return self.status in {"PENDING", "PAID", "REVERSED"}


class Declined(Exception):
    """The PSP says no."""

    def __init__(self, status: int, code: str) -> None:
        self.status, self.code = status, code
        super().__init__(code)


class Psp:
    """One PSP with one merchant: us."""

    def __init__(self, world: World, profile: Profile) -> None:
        self.world, self.profile, self.able = world, profile, profile.capabilities
        self.payments: dict[str, Payment] = {}
        self.refunds: dict[str, Refund] = {}
        self.announce: Callable[[str, str, Document], None] = lambda *_: None
        self.audit: Callable[[Payment], None] = lambda _: None
        self._keys: dict[tuple[str, str], tuple[float, str]] = {}
        self._numbers = 0

    # --- what the merchant asks for --------------------------------------------------------------------------------

    def issue(self, asked: Document, key: str) -> Payment:
        known = self._remembered("payment", key)
        if known:
            return self.payments[known]
        is_unique = self.profile.unique_reference or self.profile.unique_payment
        if is_unique and self.payments_of(asked["reference"]):
            raise Declined(409, "duplicate")
        if self.world.strikes("rejected"):
            raise Declined(422, "rejected")
        world, number = self.world, self._number()
        amount, code = Decimal(asked["amount"]), f"7{number:08d}"
        if world.strikes("create_mismatch"):
            amount += Decimal("1.00")
        others = [each for each in self.payments.values() if each.reference != asked["reference"]]
        if others and world.strikes("code_reused", 0.5):
            code = others[0].code
        ends = self._deadline(float(asked["expires_at"]))
        payment = Payment(f"PAY-{number}", asked["reference"], amount, asked["currency"], code, world.time, ends)
        self.payments[payment.id] = payment
        self._remember("payment", key, payment.id)
        self._changed(payment)
        world.later(max(payment.expires_at - world.time, 0), lambda: self._expire(payment))
        return payment

    def cancel(self, payment: Payment) -> Payment:
        if not self.profile.cancels or payment.status != "PENDING":
            raise Declined(409, "not_cancelable")
        payment.status, payment.was_cancelled = "CANCELED", True
        self._changed(payment)
        return payment

    def refund(self, asked: Document, key: str) -> Refund:
        if self.able.refund_mode is RefundMode.MANUAL:
            self.world.complain("I10", "a PSP that has no refunds is asked for one")
        known = self._remembered("refund", key)
        if known:
            return self.refunds[known]
        payment = self.payments.get(asked["payment"])
        if payment is None:
            raise Declined(404, "unknown_payment")
        if self.profile.unique_reference and any(each.reference == asked["reference"] for each in payment.refunds):
            raise Declined(409, "duplicate")
        amount = Decimal(asked["amount"])
        if payment.status != "PAID":
            raise Declined(422, "not_paid")
        if not self.able.partial_refunds and amount != payment.paid:
            raise Declined(422, "partial")
        if self.profile.caps_refunds and payment.given_back + amount > payment.paid:
            raise Declined(422, "exceeds" if self.profile.names_refunds else "duplicate")
        refund = self._add_refund(payment, asked["reference"], amount, asked.get("account", ""))
        self._remember("refund", key, refund.id)
        self.audit(payment)
        return refund

    def payments_of(self, reference: str) -> list[Payment]:
        return [each for each in self.payments.values() if each.reference == reference]

    def refunds_of(self, reference: str) -> list[Refund]:
        return [each for each in self.refunds.values() if each.reference == reference]

    # --- what happens by itself ------------------------------------------------------------------------------------

    def pay(self, payment: Payment, amount: Decimal, currency: str) -> None:
        """Money at the counter. The counter takes it for a code that is pending, or paid a moment ago."""
        if payment.status not in {"PENDING", "PAID"} or payment.refunds:
            return
        payment.paid += amount
        payment.paid_currency, payment.status = currency, "PAID"
        payment.paid_at = payment.paid_at or self.world.time
        self._changed(payment)

    def pay_late(self, payment: Payment, amount: Decimal) -> None:
        """Money that came in time at an agent, or after all, and is posted on a dead code, or is the payer's again."""
        if self.profile.late_money_is_payers:
            return
        payment.status = "PENDING"
        self.pay(payment, amount, payment.currency)

    def reverse(self, payment: Payment) -> None:
        if payment.status == "PAID" and not payment.refunds:
            payment.status = "REVERSED"
            self._changed(payment)

    def refund_outside(self, payment: Payment, amount: Decimal) -> None:
        """A refund on the PSP's dashboard, of which nobody told the app."""
        if self.able.refund_mode is RefundMode.MANUAL or payment.status != "PAID":
            return
        amount = amount if self.able.partial_refunds else payment.paid
        if payment.given_back + amount <= payment.paid:
            self._add_refund(payment, "", amount, "dashboard")

    def _add_refund(self, payment: Payment, reference: str, amount: Decimal, account: str) -> Refund:
        world = self.world
        refund = Refund(f"REF-{self._number()}", reference, payment, amount, payment.currency, account, world.time)
        self.refunds[refund.id] = refund
        payment.refunds.append(refund)
        if self.able.refund_mode is RefundMode.SYNC:
            refund.status = "SUCCEEDED"
        self._changed(refund)
        if refund.status == "PENDING":
            dice = world.dice("settling")
            wait = dice.uniform(0.5 * MINUTE, 40 * MINUTE)
            is_form_left = self.able.refund_mode is RefundMode.ASYNC_PAYER_INPUT and dice.random() < FORMS_LEFT
            world.later(FORM_LAPSES if is_form_left else wait, lambda: self._settle(refund, lapsed=is_form_left))
        return refund

    def _settle(self, refund: Refund, *, lapsed: bool) -> None:
        fails = lapsed or (refund.reference and self.world.strikes("refund_fails"))
        refund.status = "FAILED" if fails else "SUCCEEDED"
        self._changed(refund)
        if refund.status == "SUCCEEDED" and self.world.strikes("refund_returned"):
            left = max(FAULTY_SECONDS - self.world.time, 1.0)
            self.world.later(self.world.dice("returning").uniform(0, left), lambda: self._return(refund))

    def _return(self, refund: Refund) -> None:
        refund.status = "RETURNED"
        self._changed(refund)

    def _expire(self, payment: Payment) -> None:
        if payment.status == "PENDING":
            payment.status = "EXPIRED"
            self._changed(payment)

    def _deadline(self, wanted: float) -> float:
        """When a code asked for now dies: as wanted, by the contract's own rule, or when that day is over in Lima."""
        if self.profile.own_deadline:
            return self.world.time + self.profile.own_deadline
        if self.able.whole_day_expiry:
            return MIDNIGHT + math.ceil((wanted - MIDNIGHT) / DAY) * DAY
        return wanted

    # --- books -----------------------------------------------------------------------------------------------------

    def document(self, row: Payment | Refund, *, lag: float = 0.0) -> Document:
        """What a read shows: the row as it was `lag` seconds ago. Raises Declined before it was born."""
        seen = [document for at, document in row.history if at <= self.world.time - lag]
        if not seen:
            raise Declined(404, "not_found")
        document = dict(seen[-1])
        if isinstance(row, Payment) and self.profile.lists_refunds:
            horizon = self.world.time - lag
            listed = ([written for at, written in each.history if at <= horizon] for each in row.refunds)
            document["refunds"] = [each[-1] for each in listed if each]
        return document

    def _changed(self, row: Payment | Refund) -> None:
        document: Document = {
            "id": row.id, "reference": row.reference, "status": row.status, "amount": row.amount,
            "currency": row.currency,
        }  # fmt: skip
        if isinstance(row, Payment):
            document |= {"code": row.code, "expires_at": row.expires_at}
            if row.paid_at is not None:
                document |= {"amount": row.paid, "currency": row.paid_currency, "paid_at": row.paid_at}
        else:
            document["payment"] = row.payment.id
            if not self.profile.names_refunds:
                document["reference"] = ""
        row.history.append((self.world.time, document))
        kind = "payment" if isinstance(row, Payment) else "refund"
        self.world.tell(f"PSP: {kind} {row.id} {row.status} {document['amount']} {document['currency']}")
        self.announce(kind, row.id, document)

    def _remembered(self, kind: str, key: str) -> str:
        born, known = self._keys.get((kind, key), (0.0, ""))
        forgotten = self.world.time - born > max(self.profile.key_life, 0)
        return known if key and self.profile.key_life and not forgotten else ""

    def _remember(self, kind: str, key: str, row_id: str) -> None:
        self._keys[kind, key] = (self.world.time, row_id)

    def _number(self) -> int:
        self._numbers += 1
        return self._numbers
