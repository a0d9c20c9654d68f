"""What the rules are told, and the shape of their answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from pagoefectivo.domain.messages import PaymentUpdate, RefundUpdate
from pagoefectivo.domain.money import ZERO
from pagoefectivo.domain.states import (
    AnomalyKind,
    OrderState,
    Proof,
    RefundState,
    VoucherState,
)


class LatePayment(StrEnum):
    """What the shop wants done with money that comes after the deadline."""

    REVIEW = "review"
    ACCEPT = "accept"
    REFUND = "refund"


@dataclass(frozen=True, slots=True)
class Policy:
    """How much one account believes, and what it does with late money."""

    webhook_is_enough: bool = False
    late_payment: LatePayment = LatePayment.REVIEW


@dataclass(frozen=True, slots=True)
class VoucherFacts:
    """One voucher as it stands, money recomputed from the accepted statements."""

    state: VoucherState
    amount: Decimal
    currency: str
    code: str = ""
    paid_amount: Decimal = ZERO
    paid_currency: str = ""
    expires_at: datetime | None = None
    changed_at: datetime | None = None
    cancel_wanted: bool = False
    replaced: bool = False
    hinted_paid: bool = False  # an unbelieved message said paid before the code was known
    code_taken: bool = False  # another voucher of the account already has the stated code or reference
    others_paid: bool = False  # another voucher of the order already brought money
    was_expired: bool = False  # the provider had called it dead before a message said paid
    said_before: bool = False  # the provider says once more what it already said


@dataclass(frozen=True, slots=True)
class RefundFacts:
    """One refund as it stands."""

    state: RefundState
    amount: Decimal
    currency: str
    provider_reference: str = ""
    changed_at: datetime | None = None
    is_approved: bool = False
    has_destination: bool = False
    in_payout: bool = False  # people pay it out by bank transfer; no provider knows of it


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """One order as it stands, with everything below it."""

    state: OrderState
    vouchers: tuple[VoucherFacts, ...]
    refunds: tuple[RefundFacts, ...] = ()
    under_review: bool = False
    cancel_wanted: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """The transitions to call in order, what is odd about it, and whether the provider is asked at once.

    `ask_again`: the answer may lag behind what is known, so the question counts as unanswered.
    """

    moves: tuple[str, ...] = ()
    anomalies: tuple[AnomalyKind, ...] = ()
    settled: tuple[AnomalyKind, ...] = ()
    ask_now: bool = False
    ask_again: bool = False
    why: str = ""


NOTHING = Decision()


def is_believed(update: PaymentUpdate | RefundUpdate, policy: Policy) -> bool:
    """A read or an answer of the provider is a fact; a signed body only where the account says so.

    A person's word is one only about a refund.
    """
    if update.proof in {Proof.READ, Proof.ANSWER}:
        return True
    if update.proof is Proof.ATTESTED:
        return isinstance(update, RefundUpdate)
    return update.proof is Proof.SIGNED_BODY and policy.webhook_is_enough and isinstance(update, PaymentUpdate)
