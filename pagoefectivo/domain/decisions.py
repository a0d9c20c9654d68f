"""What follows from what is known: pure answers that the single writer carries out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.messages import Command, PaymentUpdate, RefundUpdate, Verb
from pagoefectivo.domain.money import ZERO
from pagoefectivo.domain.states import (
    FREED_REFUND,
    LIVE_VOUCHER,
    PAYABLE_VOUCHER,
    UNANSWERED_REFUND,
    UNANSWERED_VOUCHER,
    UNSENT_REFUND,
    AnomalyKind,
    OrderState,
    PaymentStatus,
    Proof,
    RefundState,
    RefundStatus,
    VoucherState,
)

DOUBT_AFTER = timedelta(minutes=30)
UNKNOWN_TOO_LONG = timedelta(hours=4)
TRIES_BEFORE_WORRY = 3


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
    """The transitions to call in order, what is odd about it, and whether the provider is asked at once."""

    moves: tuple[str, ...] = ()
    anomalies: tuple[AnomalyKind, ...] = ()
    settled: tuple[AnomalyKind, ...] = ()
    ask_now: bool = False
    why: str = ""


NOTHING = Decision()
DEAD = frozenset({PaymentStatus.EXPIRED, PaymentStatus.CANCELED, PaymentStatus.REJECTED})


def is_believed(update: PaymentUpdate | RefundUpdate, policy: Policy) -> bool:
    """A read or an answer of the provider is a fact; a signed body only where the account says so."""
    if update.proof in {Proof.READ, Proof.ANSWER}:
        return True
    return update.proof is Proof.SIGNED_BODY and policy.webhook_is_enough and isinstance(update, PaymentUpdate)


def differs_from_order(voucher: VoucherFacts, update: PaymentUpdate) -> bool:
    """Whether the provider made a code for other money than was asked for."""
    wrong_amount = update.amount is not None and update.amount != voucher.amount
    return wrong_amount or (bool(update.currency) and update.currency != voucher.currency)


def decide_payment(voucher: VoucherFacts, update: PaymentUpdate, policy: Policy, now: datetime) -> Decision:
    """Answer one statement about a payment. `voucher.paid_amount` already counts this statement if it is believed."""
    if not is_believed(update, policy):
        return _answer_hint(voucher, update)
    if update.status is PaymentStatus.PAID:
        return _answer_paid(voucher, update)
    if voucher.state is VoucherState.PAID:
        gone = update.status is PaymentStatus.REVERSED or update.status in DEAD
        return Decision(anomalies=(AnomalyKind.PAYMENT_REVERSED,), why="reversed") if gone else NOTHING
    if update.status in {PaymentStatus.UNRECOGNISED, PaymentStatus.REVERSED}:
        return Decision(anomalies=(AnomalyKind.STATUS_UNRECOGNISED,), why="unrecognised")
    if voucher.state in UNANSWERED_VOUCHER:
        return _answer_issue(voucher, update)
    if update.status in DEAD:
        return _answer_dead(voucher)
    return _answer_pending(voucher, now)


def _answer_hint(voucher: VoucherFacts, update: PaymentUpdate) -> Decision:
    if update.status is PaymentStatus.PAID and voucher.state is VoucherState.PAID:
        return NOTHING
    is_fresh = update.proof is Proof.SIGNED_BODY  # one out of time may be a replay: it only brings the question forward
    payable = voucher.state in {VoucherState.ISSUED, VoucherState.EXPIRED}
    if update.status is PaymentStatus.PAID and is_fresh and payable:
        return Decision(moves=("begin_confirming",), ask_now=True, why="webhook_says_paid")
    return Decision(ask_now=True)


# A restored backup may show a code as unsent, or unanswered, that was sent and paid since.
_WAY_TO_A_CODE: dict[VoucherState, tuple[str, ...]] = {
    VoucherState.REQUESTED: ("submit", "issue"),
    VoucherState.SUBMITTING: ("issue",),
    VoucherState.UNKNOWN: ("issue",),
}


def _answer_paid(voucher: VoucherFacts, update: PaymentUpdate) -> Decision:
    anomalies: list[AnomalyKind] = []
    if voucher.paid_currency != voucher.currency:
        anomalies.append(AnomalyKind.CURRENCY_MISMATCH)
    elif voucher.paid_amount < voucher.amount:
        anomalies.append(AnomalyKind.UNDERPAID)
    elif voucher.paid_amount > voucher.amount:
        anomalies.append(AnomalyKind.OVERPAID)
    if voucher.state is VoucherState.PAID:
        return Decision(anomalies=tuple(anomalies))
    if voucher.others_paid:
        anomalies.append(AnomalyKind.PAID_TWICE)
    elif (voucher.cancel_wanted or voucher.state is VoucherState.CANCELED) and not voucher.replaced:
        anomalies.append(AnomalyKind.PAID_AFTER_CANCEL)
    elif voucher.state is VoucherState.EXPIRED or _is_after_deadline(voucher, update):
        anomalies.append(AnomalyKind.PAID_LATE)
    moves = (*_WAY_TO_A_CODE.get(voucher.state, ()), "pay")
    settled = (AnomalyKind.WEBHOOK_UNCONFIRMED, AnomalyKind.STATUS_UNRECOGNISED, AnomalyKind.NOT_FOUND_AT_PROVIDER)
    return Decision(moves=moves, anomalies=tuple(anomalies), settled=settled, why="provider_says_paid")


def _is_after_deadline(voucher: VoucherFacts, update: PaymentUpdate) -> bool:
    return bool(update.paid_at and voucher.expires_at and update.paid_at > voucher.expires_at)


def _answer_issue(voucher: VoucherFacts, update: PaymentUpdate) -> Decision:
    if update.status in DEAD:
        moves: tuple[str, ...] = ("fail",) if update.status is PaymentStatus.REJECTED else ("issue", "expire")
        return Decision(moves=moves, why="provider_says_dead")
    wrong = AnomalyKind.CODE_REUSED if voucher.code_taken else None
    if differs_from_order(voucher, update) or not (update.code and update.provider_reference):
        wrong = AnomalyKind.CREATE_MISMATCH
    if wrong:
        moves = ("lose",) if voucher.state is VoucherState.SUBMITTING else ()
        return Decision(moves=moves, anomalies=(wrong,), why="answer_differs")
    settled = (AnomalyKind.OUTCOME_UNKNOWN, AnomalyKind.CREATE_MISMATCH, AnomalyKind.CODE_REUSED)
    if voucher.hinted_paid:
        return Decision(moves=("issue", "begin_confirming"), settled=settled, ask_now=True, why="webhook_says_paid")
    moves = ("issue", "cancel") if voucher.cancel_wanted else ("issue",)
    return Decision(moves=moves, settled=settled, why="issued")


def _answer_dead(voucher: VoucherFacts) -> Decision:
    if voucher.state not in PAYABLE_VOUCHER:
        return NOTHING
    wanted = voucher.cancel_wanted and voucher.state is VoucherState.ISSUED
    return Decision(moves=("cancel",) if wanted else ("expire",), why="provider_says_dead")


def _answer_pending(voucher: VoucherFacts, now: datetime) -> Decision:
    settled = (AnomalyKind.STATUS_UNRECOGNISED, AnomalyKind.NOT_FOUND_AT_PROVIDER)
    if voucher.state is VoucherState.CONFIRMING:
        if voucher.changed_at is None or now - voucher.changed_at < DOUBT_AFTER:
            return Decision(settled=settled)
        return Decision(
            moves=("doubt",), anomalies=(AnomalyKind.WEBHOOK_UNCONFIRMED,), settled=settled, why="provider_says_pending"
        )
    if voucher.state is VoucherState.ISSUED and voucher.cancel_wanted:
        return Decision(moves=("cancel",), settled=settled, why="cancel_wanted")
    return Decision(settled=settled)


def decide_voucher_command(voucher: VoucherFacts, command: Command, now: datetime) -> Decision:
    """Answer a decision of our own about a voucher; what no longer fits changes nothing."""
    state = voucher.state
    if command.verb is Verb.RETRY:
        return Decision(anomalies=_worries(command, voucher.changed_at, now, unanswered=state in UNANSWERED_VOUCHER))
    if command.verb is Verb.SUBMIT and state is VoucherState.REQUESTED:
        return Decision(moves=("submit",), why=command.why)
    if command.verb is Verb.LOSE and state is VoucherState.SUBMITTING:
        return Decision(moves=("lose",), why=command.why)
    if command.verb is Verb.FAIL and state in UNANSWERED_VOUCHER:
        return Decision(moves=("fail",), why=command.why)
    if command.verb is Verb.CANCEL and state is VoucherState.REQUESTED:
        return Decision(moves=("cancel",), why=command.why)
    if command.verb is Verb.CANCEL and state in LIVE_VOUCHER:
        return Decision(ask_now=True, why=command.why)
    return NOTHING


def decide_refund(refund: RefundFacts, update: RefundUpdate, policy: Policy) -> Decision:
    """Answer one statement about a refund. Only a read ends it; an answer or a hint brings the read forward."""
    if not is_believed(update, policy):
        return Decision(ask_now=True)
    if update.proof is not Proof.READ:
        moves = ("accept",) if refund.state in UNANSWERED_REFUND else ()
        return Decision(moves=moves, ask_now=update.status is not RefundStatus.PENDING, why="provider_accepted")
    if _names_other_money(refund, update):
        return Decision(moves=_arrive(refund), anomalies=(AnomalyKind.REFUND_AMOUNT_MISMATCH,), why="amount_differs")
    if update.status is RefundStatus.UNRECOGNISED:
        return Decision(moves=_arrive(refund), anomalies=(AnomalyKind.STATUS_UNRECOGNISED,), why="unrecognised")
    return _follow_refund(refund, update)


def _names_other_money(refund: RefundFacts, update: RefundUpdate) -> bool:
    wrong_amount = update.amount is not None and update.amount != refund.amount
    wrong_currency = bool(update.currency) and update.currency != refund.currency
    wrong_refund = bool(refund.provider_reference) and update.provider_reference not in {"", refund.provider_reference}
    return wrong_amount or wrong_currency or wrong_refund


def _arrive(refund: RefundFacts) -> tuple[str, ...]:
    return ("accept",) if refund.state in UNANSWERED_REFUND else ()


def _follow_refund(refund: RefundFacts, update: RefundUpdate) -> Decision:
    open_here = refund.state in UNANSWERED_REFUND or refund.state is RefundState.PENDING
    settled = (AnomalyKind.OUTCOME_UNKNOWN, AnomalyKind.STATUS_UNRECOGNISED, AnomalyKind.NOT_FOUND_AT_PROVIDER)
    gone = update.status in {RefundStatus.RETURNED, RefundStatus.FAILED, RefundStatus.CANCELED}
    if update.status is RefundStatus.SUCCEEDED and open_here:
        less = update.error_code is ErrorCode.REFUND_NET_DIFFERS
        anomalies = (AnomalyKind.REFUND_AMOUNT_MISMATCH,) if less else ()
        return Decision(moves=("succeed",), anomalies=anomalies, settled=settled, why="provider_says_refunded")
    if gone and open_here:
        return Decision(moves=("fail",), settled=settled, why="provider_says_failed")
    if gone and refund.state is RefundState.SUCCEEDED:
        return Decision(moves=("bounce",), anomalies=(AnomalyKind.REFUND_RETURNED,), why="provider_says_returned")
    return Decision(moves=_arrive(refund), settled=settled, why="provider_accepted")


def _worries(command: Command, since: datetime | None, now: datetime, *, unanswered: bool) -> tuple[AnomalyKind, ...]:
    if command.error_code is ErrorCode.POLL_NOT_FOUND and command.attempts >= TRIES_BEFORE_WORRY:
        return (AnomalyKind.NOT_FOUND_AT_PROVIDER,)
    if unanswered and since is not None and now - since > UNKNOWN_TOO_LONG:
        return (AnomalyKind.OUTCOME_UNKNOWN,)
    return ()


def _may_leave(refund: RefundFacts) -> bool:
    """Whether what a refund waits for has come."""
    if refund.state is RefundState.AWAITING_APPROVAL:
        return refund.is_approved
    return refund.state is not RefundState.AWAITING_DESTINATION or refund.has_destination


def decide_refund_command(refund: RefundFacts, command: Command, now: datetime) -> Decision:
    """Answer a decision of our own about a refund; what no longer fits changes nothing."""
    if command.verb is Verb.RETRY:
        unanswered = refund.state in UNANSWERED_REFUND
        return Decision(anomalies=_worries(command, refund.changed_at, now, unanswered=unanswered))
    if command.verb is Verb.SUBMIT and not _may_leave(refund):
        return NOTHING
    allowed: dict[Verb, tuple[frozenset[RefundState], str]] = {
        Verb.SUBMIT: (UNSENT_REFUND, "submit"),
        Verb.LOSE: (frozenset({RefundState.SUBMITTING}), "lose"),
        Verb.FAIL: (UNANSWERED_REFUND, "fail"),
        Verb.CANCEL: (UNSENT_REFUND, "cancel"),
        Verb.REQUIRE_APPROVAL: (UNSENT_REFUND - {RefundState.AWAITING_APPROVAL}, "require_approval"),
        Verb.REQUIRE_DESTINATION: (UNSENT_REFUND - {RefundState.AWAITING_DESTINATION}, "require_destination"),
    }
    states, move = allowed.get(command.verb, (frozenset(), ""))
    return Decision(moves=(move,), why=command.why) if refund.state in states else NOTHING


HOLDING = frozenset(
    {
        AnomalyKind.UNDERPAID,
        AnomalyKind.OVERPAID,
        AnomalyKind.PAID_AFTER_CANCEL,
        AnomalyKind.CURRENCY_MISMATCH,
        AnomalyKind.CREATE_MISMATCH,
        AnomalyKind.CODE_REUSED,
    }
)


def holds_order(kind: AnomalyKind, policy: Policy) -> bool:
    """Whether an oddity keeps the order in review until a person has looked at it."""
    if kind is AnomalyKind.PAID_LATE:
        return policy.late_payment is not LatePayment.ACCEPT
    return kind in HOLDING


def proposed_refund(voucher: VoucherFacts, decision: Decision, policy: Policy) -> str:
    """Return the reason for which a refund of a whole payment is drafted for approval, or nothing."""
    if AnomalyKind.CURRENCY_MISMATCH in decision.anomalies or voucher.paid_amount <= ZERO:
        return ""
    if AnomalyKind.PAID_TWICE in decision.anomalies:
        return "duplicate_payment"
    is_late = AnomalyKind.PAID_LATE in decision.anomalies and policy.late_payment is LatePayment.REFUND
    return "late_payment" if is_late or AnomalyKind.PAID_AFTER_CANCEL in decision.anomalies else ""


def refunded_total(refunds: tuple[RefundFacts, ...]) -> Decimal:
    """Money that the provider confirmed as given back."""
    return sum((refund.amount for refund in refunds if refund.state is RefundState.SUCCEEDED), ZERO)


def reserved_total(refunds: tuple[RefundFacts, ...]) -> Decimal:
    """Money given back or spoken for: every refund that is not provably dead."""
    return sum((refund.amount for refund in refunds if refund.state not in FREED_REFUND), ZERO)


def project_order(order: OrderFacts) -> OrderState:
    """Return what the facts below an order mean for it."""
    paid = sum((voucher.paid_amount for voucher in order.vouchers), ZERO)
    if paid == ZERO:
        return _project_unpaid(order)
    refunded = refunded_total(order.refunds)
    if refunded >= paid:
        return OrderState.REFUNDED
    if order.under_review and order.state not in {OrderState.PAID, OrderState.PARTIALLY_REFUNDED, OrderState.REFUNDED}:
        return OrderState.IN_REVIEW
    return OrderState.PARTIALLY_REFUNDED if refunded > ZERO else OrderState.PAID


def _project_unpaid(order: OrderFacts) -> OrderState:
    states = {voucher.state for voucher in order.vouchers if not voucher.replaced}
    if order.cancel_wanted and not states & LIVE_VOUCHER:
        return OrderState.CANCELED
    if order.under_review:
        return OrderState.IN_REVIEW
    if states & LIVE_VOUCHER or VoucherState.FAILED in states or not states:
        return OrderState.AWAITING_PAYMENT
    return OrderState.EXPIRED if VoucherState.EXPIRED in states else OrderState.CANCELED


class AfterSilence(StrEnum):
    """What follows when the provider does not know what we may have sent."""

    WAIT = "wait"
    SEND_AGAIN = "send_again"
    GIVE_UP = "give_up"
    ASK_ON = "ask_on"


def after_absence(
    sent_at: datetime, now: datetime, *, proves_never: bool, in_flight: timedelta, key_life: timedelta
) -> AfterSilence:
    """Answer a look-up that found nothing under our reference.

    WAIT while the first try may still be under way at the provider; GIVE_UP when absence is proof; SEND_AGAIN, with
    the same key, while the provider still remembers that key; otherwise ASK_ON, and a person decides.
    """
    age = now - sent_at
    if age < in_flight:
        return AfterSilence.WAIT
    if proves_never:
        return AfterSilence.GIVE_UP
    return AfterSilence.SEND_AGAIN if age < key_life else AfterSilence.ASK_ON
