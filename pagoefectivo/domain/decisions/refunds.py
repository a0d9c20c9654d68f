"""What follows from a statement about a refund, and from our own decisions about it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from pagoefectivo.domain.decisions.facts import (
    NOTHING,
    Decision,
    Policy,
    RefundFacts,
    is_believed,
)
from pagoefectivo.domain.decisions.silence import worries
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.messages import Command, RefundUpdate, Verb
from pagoefectivo.domain.money import ZERO
from pagoefectivo.domain.states import (
    FREED_REFUND,
    UNANSWERED_REFUND,
    UNSENT_REFUND,
    AnomalyKind,
    Proof,
    RefundState,
    RefundStatus,
)

# What is over once it is known what became of an instruction.
ANSWERED = (AnomalyKind.OUTCOME_UNKNOWN, AnomalyKind.STATUS_UNRECOGNISED, AnomalyKind.NOT_FOUND_AT_PROVIDER)


def decide_refund(refund: RefundFacts, update: RefundUpdate, policy: Policy) -> Decision:
    """Answer one statement about a refund. Only a read ends it; an answer or a hint brings the read forward.

    A transfer by hand is the other way round: only people's word ends it.
    """
    if update.proof is Proof.ATTESTED or refund.in_payout:
        return _follow_transfer(refund, update)
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


def _follow_transfer(refund: RefundFacts, update: RefundUpdate) -> Decision:
    if not refund.in_payout or update.proof is not Proof.ATTESTED:
        return NOTHING
    if update.status is RefundStatus.SUCCEEDED and refund.state is RefundState.PENDING:
        return Decision(moves=("succeed",), why="bank_paid_out")
    if update.status is RefundStatus.FAILED and refund.state is RefundState.PENDING:
        return Decision(moves=("fail",), why="bank_rejected")
    if update.status is RefundStatus.RETURNED and refund.state is RefundState.SUCCEEDED:
        return Decision(moves=("bounce",), anomalies=(AnomalyKind.REFUND_RETURNED,), why="bank_returned")
    return NOTHING


def _names_other_money(refund: RefundFacts, update: RefundUpdate) -> bool:
    wrong_amount = update.amount is not None and update.amount != refund.amount
    wrong_currency = bool(update.currency) and update.currency != refund.currency
    wrong_refund = bool(refund.provider_reference) and update.provider_reference not in {"", refund.provider_reference}
    return wrong_amount or wrong_currency or wrong_refund


def _arrive(refund: RefundFacts) -> tuple[str, ...]:
    return ("accept",) if refund.state in UNANSWERED_REFUND else ()


def _follow_refund(refund: RefundFacts, update: RefundUpdate) -> Decision:
    open_here = refund.state in UNANSWERED_REFUND or refund.state is RefundState.PENDING
    gone = update.status in {RefundStatus.RETURNED, RefundStatus.FAILED, RefundStatus.CANCELED}
    if update.status is RefundStatus.SUCCEEDED and open_here:
        less = update.error_code is ErrorCode.REFUND_NET_DIFFERS
        anomalies = (AnomalyKind.REFUND_AMOUNT_MISMATCH,) if less else ()
        return Decision(moves=("succeed",), anomalies=anomalies, settled=ANSWERED, why="provider_says_refunded")
    if gone and open_here:
        return Decision(moves=("fail",), settled=ANSWERED, why="provider_says_failed")
    if gone and refund.state is RefundState.SUCCEEDED:
        return Decision(moves=("bounce",), anomalies=(AnomalyKind.REFUND_RETURNED,), why="provider_says_returned")
    if update.status is RefundStatus.SUCCEEDED and refund.state in FREED_REFUND:
        return Decision(anomalies=(AnomalyKind.STATUS_CONFLICT,), why="provider_contradicts_itself")
    return Decision(moves=_arrive(refund), settled=ANSWERED, why="provider_accepted")


def _may_leave(refund: RefundFacts) -> bool:
    """Whether what a refund waits for has come."""
    if refund.state is RefundState.AWAITING_APPROVAL:
        return refund.is_approved
    return refund.state is not RefundState.AWAITING_DESTINATION or refund.has_destination


def decide_refund_command(refund: RefundFacts, command: Command, now: datetime) -> Decision:
    """Answer a decision of our own about a refund; what no longer fits changes nothing."""
    is_lost_again = command.verb is Verb.LOSE and refund.state is RefundState.UNKNOWN
    if command.verb is Verb.RETRY or is_lost_again:
        unanswered = refund.state in UNANSWERED_REFUND
        return Decision(anomalies=worries(command, refund.changed_at, now, unanswered=unanswered))
    if command.verb in {Verb.SUBMIT, Verb.RELEASE} and not _may_leave(refund):
        return NOTHING
    allowed: dict[Verb, tuple[frozenset[RefundState], str]] = {
        Verb.SUBMIT: (UNSENT_REFUND, "submit"),
        Verb.LOSE: (frozenset({RefundState.SUBMITTING}), "lose"),
        Verb.FAIL: (UNANSWERED_REFUND, "fail"),
        Verb.CANCEL: (UNSENT_REFUND, "cancel"),
        Verb.REQUIRE_APPROVAL: (UNSENT_REFUND - {RefundState.AWAITING_APPROVAL}, "require_approval"),
        Verb.REQUIRE_DESTINATION: (UNSENT_REFUND - {RefundState.AWAITING_DESTINATION}, "require_destination"),
        Verb.RELEASE: (frozenset({RefundState.AWAITING_APPROVAL}), "release"),
        Verb.HAND_OVER: (frozenset({RefundState.SUBMITTING}), "accept"),
    }
    states, move = allowed.get(command.verb, (frozenset(), ""))
    if refund.state not in states:
        return NOTHING
    return Decision(moves=(move,), settled=ANSWERED if command.verb is Verb.FAIL else (), why=command.why)


def refunded_total(refunds: tuple[RefundFacts, ...]) -> Decimal:
    """Money that the provider confirmed as given back."""
    return sum((refund.amount for refund in refunds if refund.state is RefundState.SUCCEEDED), ZERO)


def reserved_total(refunds: tuple[RefundFacts, ...]) -> Decimal:
    """Money given back or spoken for: every refund that is not provably dead."""
    return sum((refund.amount for refund in refunds if refund.state not in FREED_REFUND), ZERO)
