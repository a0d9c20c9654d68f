"""The single writer: every state of every order, voucher and refund changes here and nowhere else.

Webhook, poll, API, staff and file import differ in `source`, not in path. No HTTP, no rule and no provider in it: it
locks, records, asks `domain.decisions`, calls the transitions they name, and writes down what moved and why.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pagoefectivo import conf
from pagoefectivo.domain import decisions
from pagoefectivo.domain.messages import Command, PaymentUpdate, RefundUpdate, Update, Verb
from pagoefectivo.domain.states import AnomalyKind, OrderState, Proof, Source, VoucherState
from pagoefectivo.models import BuyerMessage, Order, OutboxMessage, PaymentEvent, Refund, StateChange, Voucher
from pagoefectivo.models.machines import ORDER_MOVES
from pagoefectivo.services import anomalies, facts, ledger, reservations, seams
from pagoefectivo.services.announcements import announcements_of
from pagoefectivo.services.buyer_messages import messages_of
from pagoefectivo.services.claiming import Claim
from pagoefectivo.services.scheduling import schedule
from pagoefectivo.services.subjects import Locked, find_refund, lock

UNPAID = frozenset({OrderState.AWAITING_PAYMENT, OrderState.EXPIRED, OrderState.CANCELED})
REFUNDED = frozenset({OrderState.PARTIALLY_REFUNDED, OrderState.REFUNDED})


@dataclass(frozen=True, slots=True)
class Evidence:
    """What stands behind an update: whose account, which delivery or call, and the claim its bringer holds."""

    account: str
    delivery_id: int | None = None
    request_id: str = ""
    claim: Claim | None = None

    def is_superseded_for(self, row: Voucher | Refund) -> bool:
        """Whether `row` was claimed by somebody else since its bringer claimed it."""
        return self.claim is not None and self.claim.concerns(row) and not self.claim.is_for(row)


@dataclass(slots=True)
class Applied:
    """What an update came to. `is_new` is false for a statement that was already known."""

    order: Order
    voucher: Voucher
    refund: Refund | None
    is_new: bool = True
    changes: list[StateChange] = field(default_factory=list)


@dataclass(slots=True)
class _Writing:
    """One application under way."""

    locked: Locked
    source: Source
    evidence: Evidence
    actor: str
    now: datetime
    policy: decisions.Policy
    event: PaymentEvent | None = None
    changes: list[StateChange] = field(default_factory=list)


def apply(update: Update, *, source: Source, evidence: Evidence, actor: str, now: datetime) -> Applied:
    """Carry one statement or one decision of ours into the rows it concerns.

    Must run inside a unit of work. Locks Order, Vouchers, Refunds in that order. Writes the PaymentEvent (a known one
    changes nothing but may bring the next question forward), the moves with one StateChange each, anomalies, the
    order's projection and the outbox rows, and rings the bell on commit. Raises NotFound when the subject is not ours.
    """
    return write(lock(update, evidence.account), update, source=source, evidence=evidence, actor=actor, now=now)


def write(locked: Locked, update: Update, *, source: Source, evidence: Evidence, actor: str, now: datetime) -> Applied:
    """`apply` for a caller that already holds the locks."""
    writing = _Writing(locked, source, evidence, actor, now, _policy(locked.voucher.account))
    is_new = _enter(writing, update)
    _project_order(writing)
    return Applied(locked.order, locked.voucher, locked.refund, is_new, writing.changes)


def reproject(locked: Locked, *, source: Source, actor: str, now: datetime) -> Applied:
    """Let the order follow facts that changed below it without a statement, such as a closed anomaly."""
    writing = _Writing(locked, source, Evidence(locked.order.account), actor, now, _policy(locked.order.account))
    _project_order(writing)
    return Applied(locked.order, locked.voucher, None, is_new=True, changes=writing.changes)


def note(locked: Locked, refund: Refund, move: str, *, source: Source, actor: str, why: str, now: datetime) -> None:
    """Write down, under its locks, what somebody did to a refund that stays in its state; nothing is due by it.

    `move` is one of its machine that ends where it began. Nobody is told by this.
    """
    _write_down(
        _Writing(locked, source, Evidence(refund.account), actor, now, _policy(refund.account)), refund, move, why
    )


def _enter(writing: _Writing, update: Update) -> bool:
    if isinstance(update, Command):
        _obey(writing, update)
        return True
    if update.proof is Proof.READ and writing.evidence.is_superseded_for(
        writing.locked.refund or writing.locked.voucher
    ):
        return False  # read before its holder was held up; whoever holds the row now reads what is newer
    if isinstance(update, RefundUpdate):
        return _hear_refund(writing, update)
    return _hear_payment(writing, update)


def _policy(account: str) -> decisions.Policy:
    config = conf.current().accounts.get(account)
    if config is None:
        return decisions.Policy()
    return decisions.Policy(webhook_is_enough=config.webhook_is_enough, late_payment=config.late_payment)


def _obey(writing: _Writing, command: Command) -> None:
    row: Voucher | Refund
    if writing.locked.refund is not None:
        row = writing.locked.refund
        decision = decisions.decide_refund_command(facts.of_refund(row), command, writing.now)
    else:
        row = writing.locked.voucher
        decision = decisions.decide_voucher_command(facts.of_voucher(row), command, writing.now)
    if command.verb is Verb.FAIL and writing.evidence.is_superseded_for(row):
        return  # the refusal of an earlier try: whoever holds the row now may be sending it once more
    if command.until and isinstance(row, Voucher) and decision.moves:
        row.extend_wanted_at, row.extend_wanted_until = writing.now, command.until
    if command.error_code:
        row.error_code, row.raw_code = command.error_code, command.raw_code
    unanswered = command.verb in {Verb.RETRY, Verb.LOSE}
    _carry_out(writing, row, decision, unanswered=unanswered, retry_after=command.retry_after)


def _hear_payment(writing: _Writing, update: PaymentUpdate) -> bool:
    locked, voucher = writing.locked, writing.locked.voucher
    believed = decisions.is_believed(update, writing.policy)
    if believed and (holders := facts.holders_of_reference(voucher, update)):
        return _set_aside(writing, update, holders)
    is_new = _remember(writing, update, believed=believed)
    if is_new and believed:
        ledger.count_payments(voucher, update)
    known = facts.of_voucher(voucher, heard=update, said_before=not is_new, siblings=locked.vouchers)
    decision = decisions.decide_payment(known, update, writing.policy, writing.now)
    if believed and AnomalyKind.CODE_REUSED not in decision.anomalies:
        ledger.take_details(voucher, update)
    if believed:
        voucher.asked_at = writing.now
    if believed and update.error_code:
        voucher.error_code, voucher.raw_code = update.error_code, update.raw_code
    _carry_out(writing, voucher, decision, unanswered=decision.ask_again)
    if AnomalyKind.CODE_REUSED in decision.anomalies:
        for holder in facts.holders_of_code(voucher, update):  # theirs may be the money that comes for ours
            anomalies.open_anomaly(AnomalyKind.CODE_REUSED, holder, None, holds_order=True, now=writing.now)
    if believed:
        for listed in update.refunds:
            _hear_listed_refund(writing, listed)
        _propose_refund(writing, decisions.proposed_refund(known, decision, writing.policy))
    return is_new


def _set_aside(writing: _Writing, update: PaymentUpdate, holders: Iterable[Voucher]) -> bool:
    """A payment that is another voucher's is nobody else's: its money is not counted twice, and people look at both."""
    voucher = writing.locked.voucher
    is_new = _remember(writing, update, believed=False)
    moves = ("lose",) if voucher.state == VoucherState.SUBMITTING else ()
    decision = decisions.Decision(moves=moves, anomalies=(AnomalyKind.CODE_REUSED,), why="answer_differs")
    _carry_out(writing, voucher, decision)
    for holder in holders:
        anomalies.open_anomaly(AnomalyKind.CODE_REUSED, holder, None, holds_order=True, now=writing.now)
    return is_new


def _propose_refund(writing: _Writing, reason: str) -> None:
    voucher = writing.locked.voucher
    if not reason or any(refund.voucher_id == voucher.pk for refund in writing.locked.refunds):
        return
    refund = reservations.reserve(
        writing.locked, amount=voucher.paid_amount, reason=reason, requested_by="system", now=writing.now
    )
    _carry_out(writing, refund, decisions.Decision(moves=("require_approval",), why=reason))


def _hear_listed_refund(writing: _Writing, update: RefundUpdate) -> None:
    locked = writing.locked
    locked.refund = find_refund(locked.refunds, update)
    if locked.refund is None and facts.is_known_refund(locked.voucher.account, update):
        conflict = AnomalyKind.STATUS_CONFLICT  # listed under this payment, and known as another order's
        anomalies.open_anomaly(conflict, locked.voucher, None, holds_order=False, now=writing.now)
        return
    if locked.refund is None:
        locked.refund = reservations.record_outside(locked, update, now=writing.now)
        if locked.refund is None:
            return
        for move in ("submit", "accept"):
            _move(writing, locked.refund, move, "started_outside")
        anomalies.open_anomaly(
            AnomalyKind.REFUND_STARTED_OUTSIDE, locked.voucher, locked.refund, holds_order=False, now=writing.now
        )
    _hear_refund(writing, update)
    locked.refund = None


def _hear_refund(writing: _Writing, update: RefundUpdate) -> bool:
    refund = writing.locked.refund
    if refund is None:
        raise LookupError("a refund statement was applied without its refund")
    is_new = _remember(writing, update, believed=decisions.is_believed(update, writing.policy))
    decision = decisions.decide_refund(facts.of_refund(refund), update, writing.policy)
    believed = decisions.is_believed(update, writing.policy)
    if believed and not refund.provider_reference:
        if facts.is_known_refund(refund.account, update):
            conflict = AnomalyKind.STATUS_CONFLICT
            anomalies.open_anomaly(conflict, refund.voucher, refund, holds_order=False, now=writing.now)
        else:
            refund.provider_reference = update.provider_reference
    if believed:
        refund.asked_at = writing.now
    if believed and update.error_code:
        refund.error_code, refund.raw_code = update.error_code, update.raw_code
    _carry_out(writing, refund, decision)
    return is_new


def _remember(writing: _Writing, update: PaymentUpdate | RefundUpdate, *, believed: bool) -> bool:
    event, is_new = ledger.record(
        update,
        writing.locked,
        source=writing.source,
        believed=believed,
        delivery_id=writing.evidence.delivery_id,
        request_id=writing.evidence.request_id,
        now=writing.now,
    )
    writing.event = event
    if event.digest != update.digest:
        anomalies.open_anomaly(
            AnomalyKind.EVENT_CONFLICT,
            writing.locked.voucher,
            writing.locked.refund,
            holds_order=False,
            now=writing.now,
        )
    return is_new


def _carry_out(
    writing: _Writing,
    row: Voucher | Refund,
    decision: decisions.Decision,
    *,
    unanswered: bool = False,
    retry_after: float | None = None,
) -> None:
    voucher = writing.locked.voucher
    refund = row if isinstance(row, Refund) else None
    for move in decision.moves:
        _move(writing, row, move, decision.why)
    for kind in decision.anomalies:
        holds = decisions.holds_order(kind, writing.policy)
        anomalies.open_anomaly(kind, voucher, refund, holds_order=holds, now=writing.now)
    anomalies.close_settled(decision.settled, voucher, refund, writing.now)
    if decision.moves:
        row.attempts = 0
        row.changed_at = writing.now
    schedule(
        row,
        claim=writing.evidence.claim,
        moved=bool(decision.moves),
        ask_now=decision.ask_now,
        unanswered=unanswered,
        retry_after=retry_after,
        now=writing.now,
    )
    row.save()
    if refund is not None and (decision.moves or refund.is_outside):
        ledger.sum_refunds(voucher, writing.locked.refunds)
        voucher.save()
        if voucher.reserved_amount + voucher.outside_amount > voucher.paid_amount:
            anomalies.open_anomaly(AnomalyKind.REFUNDED_TOO_MUCH, voucher, None, holds_order=False, now=writing.now)


def _move(writing: _Writing, row: Order | Voucher | Refund, move: str, why: str) -> None:
    change = _write_down(writing, row, move, why)
    writing.changes.append(change)
    OutboxMessage.objects.bulk_create(announcements_of(change))
    BuyerMessage.objects.bulk_create(messages_of(change, writing.locked), ignore_conflicts=True)
    seams.ring()


def _write_down(writing: _Writing, row: Order | Voucher | Refund, move: str, why: str) -> StateChange:
    before = str(row.state)
    getattr(row, move)()
    change = StateChange(
        subject=str(row._meta.model_name),
        order=writing.locked.order,
        voucher=row if isinstance(row, Voucher) else row.voucher if isinstance(row, Refund) else None,
        refund=row if isinstance(row, Refund) else None,
        from_state=before,
        to_state=row.state,
        transition=move,
        source=writing.source,
        actor=writing.actor,
        why=why,
        event=writing.event,
        at=writing.now,
    )
    change.save()
    return change


def _project_order(writing: _Writing) -> None:
    locked, order = writing.locked, writing.locked.order
    before: dict[str, Any] = {"paid": order.paid_amount, "refunded": order.refunded_amount}
    ledger.sum_order(order, locked.vouchers, locked.refunds)
    wanted = decisions.project_order(facts.of_order(locked))
    if wanted != order.state:
        if wanted in REFUNDED and order.state in UNPAID:  # the order's machine knows no shorter way
            _move(writing, order, "pay", "follows_vouchers_and_refunds")
        _move(writing, order, ORDER_MOVES[OrderState(wanted)], "follows_vouchers_and_refunds")
    elif before == {"paid": order.paid_amount, "refunded": order.refunded_amount}:
        return
    order.updated_at = writing.now
    order.save()
