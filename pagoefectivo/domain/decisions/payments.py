"""What follows from a statement about a payment, and from our own decisions about a voucher."""

from __future__ import annotations

from datetime import datetime, timedelta

from pagoefectivo.domain.decisions.facts import (
    NOTHING,
    Decision,
    Policy,
    VoucherFacts,
    is_believed,
)
from pagoefectivo.domain.decisions.silence import worries
from pagoefectivo.domain.messages import Command, PaymentUpdate, Verb
from pagoefectivo.domain.states import (
    LIVE_VOUCHER,
    PAYABLE_VOUCHER,
    UNANSWERED_VOUCHER,
    AnomalyKind,
    PaymentStatus,
    Proof,
    VoucherState,
)

DOUBT_AFTER = timedelta(minutes=30)
DEAD = frozenset({PaymentStatus.EXPIRED, PaymentStatus.CANCELED, PaymentStatus.REJECTED})
# What the provider's answer settles: that it knows the code, and what became of an instruction that had no answer.
SEEN = (AnomalyKind.STATUS_UNRECOGNISED, AnomalyKind.NOT_FOUND_AT_PROVIDER)
ANSWERED = (AnomalyKind.OUTCOME_UNKNOWN, AnomalyKind.CREATE_MISMATCH, AnomalyKind.CODE_REUSED, *SEEN)
# A restored backup may show a code as unsent, or unanswered, that was sent and paid since.
_WAY_TO_A_CODE: dict[VoucherState, tuple[str, ...]] = {
    VoucherState.REQUESTED: ("submit", "issue"),
    VoucherState.SUBMITTING: ("issue",),
    VoucherState.UNKNOWN: ("issue",),
}


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
        return _answer_gone(voucher, update, now)
    if update.status in {PaymentStatus.UNRECOGNISED, PaymentStatus.REVERSED}:
        moves = ("lose",) if voucher.state is VoucherState.SUBMITTING else ()
        return Decision(moves=moves, anomalies=(AnomalyKind.STATUS_UNRECOGNISED,), why="unrecognised")
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
    elif voucher.state is VoucherState.EXPIRED or voucher.was_expired or _is_after_deadline(voucher, update):
        anomalies.append(AnomalyKind.PAID_LATE)
    moves = (*_WAY_TO_A_CODE.get(voucher.state, ()), "pay")
    settled = (AnomalyKind.OUTCOME_UNKNOWN, AnomalyKind.WEBHOOK_UNCONFIRMED, *SEEN)
    return Decision(moves=moves, anomalies=tuple(anomalies), settled=settled, why="provider_says_paid")


def _answer_gone(voucher: VoucherFacts, update: PaymentUpdate, now: datetime) -> Decision:
    """Answer what speaks against money that came. Letters overtake each other, and the answer to an instruction of ours
    may be heard long after it was given, so one of them only brings a question.

    So does, for a while, a read of what had been said before the money came: a copy of the provider's may lag behind.
    """
    if update.status is not PaymentStatus.REVERSED and update.status not in DEAD:
        return NOTHING
    if update.proof is not Proof.READ:
        return Decision(ask_now=True)
    if voucher.said_before and update.status in DEAD and _changed_lately(voucher, now):
        return Decision(ask_again=True)
    return Decision(anomalies=(AnomalyKind.PAYMENT_REVERSED,), why="reversed")


def _changed_lately(voucher: VoucherFacts, now: datetime) -> bool:
    return voucher.changed_at is None or now - voucher.changed_at < DOUBT_AFTER


def _is_after_deadline(voucher: VoucherFacts, update: PaymentUpdate) -> bool:
    deadline = update.expires_at or voucher.expires_at  # ours is unknown where the create answer was lost
    return bool(update.paid_at and deadline and update.paid_at > deadline)


def _answer_issue(voucher: VoucherFacts, update: PaymentUpdate) -> Decision:
    if update.status in DEAD:
        moves: tuple[str, ...] = ("fail",) if update.status is PaymentStatus.REJECTED else ("issue", "expire")
        return Decision(moves=moves, settled=ANSWERED, why="provider_says_dead")
    wrong = AnomalyKind.CODE_REUSED if voucher.code_taken else None
    if differs_from_order(voucher, update) or not (update.code and update.provider_reference):
        wrong = AnomalyKind.CREATE_MISMATCH
    if wrong:
        moves = ("lose",) if voucher.state is VoucherState.SUBMITTING else ()
        return Decision(moves=moves, anomalies=(wrong,), why="answer_differs")
    if voucher.hinted_paid:
        return Decision(moves=("issue", "begin_confirming"), settled=ANSWERED, ask_now=True, why="webhook_says_paid")
    moves = ("issue", "cancel") if voucher.cancel_wanted else ("issue",)
    return Decision(moves=moves, settled=ANSWERED, why="issued")


def _answer_dead(voucher: VoucherFacts) -> Decision:
    if voucher.state not in PAYABLE_VOUCHER:
        return NOTHING
    wanted = voucher.cancel_wanted and voucher.state is VoucherState.ISSUED
    return Decision(moves=("cancel",) if wanted else ("expire",), settled=SEEN, why="provider_says_dead")


def _answer_pending(voucher: VoucherFacts, now: datetime) -> Decision:
    if voucher.state is VoucherState.CONFIRMING:
        if _changed_lately(voucher, now):
            return Decision(settled=SEEN)
        return Decision(
            moves=("doubt",), anomalies=(AnomalyKind.WEBHOOK_UNCONFIRMED,), settled=SEEN, why="provider_says_pending"
        )
    if voucher.state is VoucherState.ISSUED and voucher.cancel_wanted:
        return Decision(moves=("cancel",), settled=SEEN, why="cancel_wanted")
    return Decision(settled=SEEN)


def decide_voucher_command(voucher: VoucherFacts, command: Command, now: datetime) -> Decision:
    """Answer a decision of our own about a voucher; what no longer fits changes nothing."""
    state = voucher.state
    is_lost_again = command.verb is Verb.LOSE and state is VoucherState.UNKNOWN
    if command.verb is Verb.RETRY or is_lost_again:
        return Decision(anomalies=worries(command, voucher.changed_at, now, unanswered=state in UNANSWERED_VOUCHER))
    if command.verb is Verb.SUBMIT and state is VoucherState.REQUESTED:
        return Decision(moves=("submit",), why=command.why)
    if command.verb is Verb.LOSE and state is VoucherState.SUBMITTING:
        return Decision(moves=("lose",), why=command.why)
    if command.verb is Verb.FAIL and state in UNANSWERED_VOUCHER:
        return Decision(moves=("fail",), settled=ANSWERED, why=command.why)
    if command.verb is Verb.GIVE_UP and state is VoucherState.UNKNOWN:
        return Decision(moves=("fail",), why=command.why)
    if command.verb is Verb.EXTEND and state is VoucherState.ISSUED:
        return Decision(moves=("prolong",), why=command.why)
    if command.verb is Verb.CANCEL and state is VoucherState.REQUESTED:
        return Decision(moves=("cancel",), why=command.why)
    if command.verb is Verb.CANCEL and state in LIVE_VOUCHER:
        return Decision(ask_now=True, why=command.why)
    return NOTHING
