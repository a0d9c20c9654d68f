"""Planted bugs: what a tired evening could do to the app. Each has to be noticed within 500 seeds."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from copy import copy
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from pagoefectivo import signals
from pagoefectivo.domain import decisions
from pagoefectivo.domain.decisions import Decision, payments
from pagoefectivo.domain.decisions import refunds as refund_decisions
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Ambiguous, InvalidSignature, NotSent
from pagoefectivo.domain.messages import Verb, Verification
from pagoefectivo.domain.states import PaymentStatus, Proof, RefundState, RefundStatus, VoucherState
from pagoefectivo.models import PaymentEvent, Refund, StateChange, Voucher
from pagoefectivo.providers import transport
from pagoefectivo.services import (
    announcements,
    exchanges,
    facts,
    ledger,
    lifecycle,
    quiet_polls,
    refunds,
    requests,
    reservations,
    seams,
    setbacks,
    submission,
    webhooks,
)
from tests.simulation.world import World

Plant = Callable[["Patch"], None]


class Patch:
    """Replaces names and puts them back."""

    def __init__(self) -> None:
        self._before: list[tuple[Any, str, Any]] = []
        self.ignores_checks = False

    def put(self, owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        """Replace `owner.name` by what `make` makes of it."""
        before = owner.__dict__[name] if isinstance(owner, type) else getattr(owner, name)
        self._before.append((owner, name, before))
        setattr(owner, name, make(before))

    def allow(self, model: type, move: str, source: str) -> None:
        """Let a machine move from a state that it forbids."""
        machine = getattr(model, move)._django_fsm
        kept = dict(machine.transitions)
        planted = copy(next(iter(kept.values())))
        planted.source = source
        machine.transitions[source] = planted
        self._before.append((machine, "transitions", kept))

    def without_checks(self) -> None:
        """The database no longer refuses: what is left is the app's own care."""
        self.ignores_checks = True
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA ignore_check_constraints = ON")

    def undo(self) -> None:
        for owner, name, before in reversed(self._before):
            setattr(owner, name, before)
        if self.ignores_checks:
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA ignore_check_constraints = OFF")


@dataclass(frozen=True, slots=True)
class Mutant:
    """One planted bug; `seed` noticed it last time and is tried first."""

    name: str
    plant: Plant
    seed: int

    @contextmanager
    def planted(self) -> Iterator[None]:
        patch = Patch()
        try:
            self.plant(patch)
            yield
        finally:
            patch.undo()


def _new_key_per_try(patch: Patch) -> None:
    for name in ("voucher_request", "refund_request"):
        patch.put(requests, name, lambda ask: lambda row: replace(ask(row), idempotency_key=seams.new_id()))


def _cap_ignores_in_flight(patch: Patch) -> None:
    patch.without_checks()
    patch.put(
        facts,
        "of_paid_voucher",
        lambda read: lambda voucher: replace(read(voucher), reserved_amount=voucher.refunded_amount),
    )


def _check_and_insert_apart(patch: Patch) -> None:
    patch.without_checks()

    def in_two(transact: Any) -> Any:
        def transacted(work: Any) -> Any:
            if "_reserve" not in work.__code__.co_names:
                return transact(work)

            def look() -> None:
                work()
                transaction.set_rollback(True)

            transact(look)
            with _nothing_refused():
                return transact(work)

        return transacted

    patch.put(seams, "transact", in_two)


@contextmanager
def _nothing_refused() -> Iterator[None]:
    kept = refunds.eligibility
    refunds.eligibility = lambda *_: ()
    try:
        yield
    finally:
        refunds.eligibility = kept


def _timeout_is_rejected(patch: Patch) -> None:
    def noting(_: Any) -> Any:
        def note(row: Any, error: Any, source: Any, claim: Any, **_kept: Any) -> None:
            verb = Verb.RETRY if isinstance(error, NotSent) else Verb.FAIL
            setbacks.note(row, error, verb=verb, source=source, claim=claim)

        return note

    patch.put(submission, "_note_setback", noting)


def _server_error_frees_the_amount(patch: Patch) -> None:
    def noting(note: Any) -> Any:
        def noted(row: Any, error: Any, source: Any, claim: Any, **kept: Any) -> None:
            if isinstance(error, Ambiguous) and (error.fault.http_status or 0) >= 500:
                setbacks.note(row, error, verb=Verb.FAIL, source=source, claim=claim)
                return
            note(row, error, source, claim, **kept)

        return noted

    patch.put(submission, "_note_setback", noting)


def _answers_before_it_stores(patch: Patch) -> None:
    def storing(store: Any) -> Any:
        def stored(*arguments: Any) -> None:
            with suppress(BaseException):
                store(*arguments)

        return stored

    patch.put(webhooks, "_store", storing)


def _trusts_every_letter(patch: Patch) -> None:
    for module in (decisions, payments, refund_decisions):
        patch.put(module, "is_believed", lambda _: lambda *_: True)


def _takes_forged_letters(patch: Patch) -> None:
    def accepting(accept: Any) -> Any:
        def accepted(letter: Any) -> None:
            try:
                accept(letter)
            except InvalidSignature:
                webhooks._store(letter, Verification(0, covers_body=False), seams.now())

        return accepted

    patch.put(webhooks, "accept", accepting)


def _stale_letters_are_fresh(patch: Patch) -> None:
    patch.put(webhooks, "_verdict", lambda _: lambda *_: "verified")


def _regresses_a_voucher(patch: Patch) -> None:
    patch.allow(Voucher, "doubt", "paid")

    def deciding(decide: Any) -> Any:
        def decided(voucher: Any, update: Any, *more: Any) -> Any:
            if voucher.state is VoucherState.PAID and update.status is PaymentStatus.PENDING:
                return Decision(moves=("doubt",), why="says_pending")
            return decide(voucher, update, *more)

        return decided

    patch.put(decisions, "decide_payment", deciding)


def _regresses_a_refund(patch: Patch) -> None:
    patch.allow(Refund, "accept", "succeeded")

    def deciding(decide: Any) -> Any:
        def decided(refund: Any, update: Any, policy: Any) -> Any:
            if refund.state is RefundState.SUCCEEDED and update.status is RefundStatus.PENDING:
                return Decision(moves=("accept",), why="says_pending")
            return decide(refund, update, policy)

        return decided

    patch.put(decisions, "decide_refund", deciding)


def _optimistic_about_refunds(patch: Patch) -> None:
    def deciding(decide: Any) -> Any:
        def decided(refund: Any, update: Any, policy: Any) -> Any:
            if update.proof is Proof.ANSWER and refund.state in {RefundState.SUBMITTING, RefundState.UNKNOWN}:
                return Decision(moves=("succeed",), why="accepted_is_good_enough")
            return decide(refund, update, policy)

        return decided

    patch.put(decisions, "decide_refund", deciding)


def _only_the_bell_wakes(patch: Patch) -> None:
    patch.put(World, "_wake_idle", lambda _: lambda _self: None)


def _never_looks_up(patch: Patch) -> None:
    patch.put(submission, "_find_or_send", lambda _: lambda row, _account, gateway: submission._send(row, gateway))


def _no_grace(patch: Patch) -> None:
    patch.put(submission, "resend_bounds", lambda ask: lambda account: (timedelta(0), ask(account)[1]))


def _keys_live_for_ever(patch: Patch) -> None:
    patch.put(submission, "resend_bounds", lambda ask: lambda account: (ask(account)[0], timedelta(days=999)))


def _calls_inside_a_transaction(patch: Patch) -> None:
    def sending(send: Any) -> Any:
        def sent(*arguments: Any) -> Any:
            with transaction.atomic():
                return send(*arguments)

        return sent

    patch.put(exchanges, "refuse_inside_transaction", lambda _: lambda: None)
    patch.put(submission, "_send", sending)


def _forgets_that_it_sent(patch: Patch) -> None:
    def beginning(begin: Any) -> Any:
        def begun(*arguments: Any) -> Any:
            found = begin(*arguments)
            return None if found is None else (found[0], True)

        return begun

    patch.put(submission, "_begin", beginning)


def _a_timeout_was_never_sent(patch: Patch) -> None:
    patch.put(transport, "when_unclear", lambda _: lambda _operation: NotSent)


def _expires_by_our_clock(patch: Patch) -> None:
    def deciding(decide: Any) -> Any:
        def decided(voucher: Any, update: Any, policy: Any, now: Any) -> Any:
            over = voucher.expires_at is not None and now > voucher.expires_at
            if over and voucher.state is VoucherState.ISSUED and update.status is PaymentStatus.PENDING:
                return Decision(moves=("expire",), why="our_clock")
            return decide(voucher, update, policy, now)

        return decided

    patch.put(decisions, "decide_payment", deciding)
    patch.put(quiet_polls, "postpone", lambda _: lambda _heard: set())


def _not_found_is_failed(patch: Patch) -> None:
    def deciding(decide: Any) -> Any:
        def decided(refund: Any, command: Any, now: Any) -> Any:
            lost = command.error_code is ErrorCode.POLL_NOT_FOUND and refund.state is RefundState.PENDING
            return Decision(moves=("fail",), why="not_found") if lost else decide(refund, command, now)

        return decided

    patch.put(decisions, "decide_refund_command", deciding)


def _unknown_is_pending(patch: Patch) -> None:
    def deciding(decide: Any) -> Any:
        def decided(voucher: Any, update: Any, *more: Any) -> Any:
            if update.status is PaymentStatus.UNRECOGNISED:
                update = replace(update, status=PaymentStatus.PENDING)
            return decide(voucher, update, *more)

        return decided

    patch.put(decisions, "decide_payment", deciding)


def _ignores_the_currency(patch: Patch) -> None:
    def counting(count: Any) -> Any:
        def counted(voucher: Any, update: Any) -> None:
            count(voucher, update)
            voucher.paid_currency = voucher.paid_currency and voucher.currency

        return counted

    patch.put(ledger, "count_payments", counting)


def _announces_before_the_commit(patch: Patch) -> None:
    def meaning(announcements_of: Any) -> Any:
        def told(change: Any) -> Any:
            rows = announcements_of(change)
            for row in rows:
                subject = {"order": change.order} if row.signal.startswith(("order_", "stock_")) else {}
                subject = subject or {name: getattr(change, name) for name in ("voucher", "refund")}
                known = {name: value for name, value in subject.items() if value is not None}
                signal = signals.BY_NAME[row.signal]
                signal.send(type(next(iter(known.values()))), source="x", occurred_at=change.at, **known)
            return rows

        return told

    patch.put(lifecycle, "announcements_of", meaning)


def _announces_again_to_all(patch: Patch) -> None:
    def keeping(keep: Any) -> Any:
        def kept(claim: Any, **columns: Any) -> None:
            columns.pop("delivered_to", None)
            if columns:
                keep(claim, **columns)

        return kept

    patch.put(announcements, "_keep", keeping)


def _announces_nothing(patch: Patch) -> None:
    patch.put(announcements, "_receivers", lambda _: lambda *_: [])


def _approval_of_anything(patch: Patch) -> None:
    patch.put(Refund, "binding", lambda _: property(lambda self: self.public_id))


def _approves_for_oneself(patch: Patch) -> None:
    patch.without_checks()

    def approving(approve: Any) -> Any:
        def approved(found: Any, actor: Any, *more: Any) -> None:
            if found.requested_by != actor.name:
                approve(found, actor, *more)
                return
            approve(found, replace(actor, name="staff:nobody"), *more)
            Refund.objects.filter(pk=found.pk).update(approved_by=actor.name)

        return approved

    patch.put(refunds, "_approve", approving)


def _evidence_after_the_send(patch: Patch) -> None:
    def answering(answered: Any) -> Any:
        def late(self: Any, call: Any, answer: Any) -> None:
            before(self, call)
            answered(self, call, answer)

        return late

    before = exchanges.ExchangeRecorder.sending
    patch.put(
        exchanges.ExchangeRecorder, "sending", lambda _: lambda self, call: setattr(self, "request_id", call.request_id)
    )
    patch.put(exchanges.ExchangeRecorder, "answered", answering)


def _refunds_outside_do_not_count(patch: Patch) -> None:
    patch.put(reservations, "record_outside", lambda _: lambda *_, **__: None)


def _outside_lowers_nothing(patch: Patch) -> None:
    def summing(add_up: Any) -> Any:
        def summed(voucher: Any, rows: Any) -> None:
            add_up(voucher, rows)
            voucher.outside_amount = Decimal(0)

        return summed

    patch.put(ledger, "sum_refunds", summing)


def _late_money_is_dropped(patch: Patch) -> None:
    def deciding(decide: Any) -> Any:
        def decided(voucher: Any, update: Any, *more: Any) -> Any:
            dead = voucher.state in {VoucherState.EXPIRED, VoucherState.CANCELED}
            return Decision() if dead and update.status is PaymentStatus.PAID else decide(voucher, update, *more)

        return decided

    patch.put(decisions, "decide_payment", deciding)


def _surplus_is_hidden(patch: Patch) -> None:
    def counting(count: Any) -> Any:
        def counted(voucher: Any, update: Any) -> None:
            count(voucher, update)
            voucher.paid_amount = min(voucher.paid_amount, voucher.amount)

        return counted

    patch.put(ledger, "count_payments", counting)


def _payments_are_added_up(patch: Patch) -> None:
    def counting(count: Any) -> Any:
        def counted(voucher: Any, update: Any) -> None:
            before = voucher.paid_amount
            count(voucher, update)
            if update.status is PaymentStatus.PAID and before:
                voucher.paid_amount = before + (update.amount or 0)

        return counted

    patch.put(ledger, "count_payments", counting)


def _key_of_the_failed_refund(patch: Patch) -> None:
    def reserving(reserve: Any) -> Any:
        def reserved(locked: Any, **asked: Any) -> Any:
            refund = reserve(locked, **asked)
            dead = [each for each in locked.refunds if each.state == RefundState.FAILED and each.idempotency_key]
            if dead:
                refund.idempotency_key = dead[-1].idempotency_key
                refund.save()
            return refund

        return reserved

    patch.put(reservations, "reserve", reserving)


def _unknown_frees_the_amount(patch: Patch) -> None:
    patch.without_checks()
    patch.put(ledger, "FREED_REFUND", lambda freed: freed | {RefundState.UNKNOWN})


def _moves_without_a_trace(patch: Patch) -> None:
    def saving(save: Any) -> Any:
        def saved(self: Any, *arguments: Any, **options: Any) -> None:
            if self.to_state != VoucherState.EXPIRED:
                save(self, *arguments, **options)

        return saved

    patch.put(lifecycle, "announcements_of", lambda tell: lambda change: tell(change) if change.pk else [])
    patch.put(StateChange, "save", lambda _: saving(super(StateChange, StateChange).save))


def _says_who_the_buyer_is(patch: Patch) -> None:
    def noting(note: Any) -> Any:
        def noted(row: Any, *arguments: Any, **options: Any) -> None:
            logging.getLogger("pagoefectivo").warning("A call for %s failed.", row.order.payer_email)
            note(row, *arguments, **options)

        return noted

    patch.put(setbacks, "note", noting)


def _forgets_what_is_due(patch: Patch) -> None:
    patch.without_checks()

    def scheduling(schedule: Any) -> Any:
        def scheduled(row: Any, **options: Any) -> None:
            schedule(row, **options)
            if options.get("retry_after"):
                row.next_action_at = None

        return scheduled

    patch.put(lifecycle, "schedule", scheduling)


def _reads_every_answer_as_quiet(patch: Patch) -> None:
    from pagoefectivo.services import polling

    def waiting(_: Any) -> Any:
        def still(question: Any) -> Any:
            answer = question.answer
            known = PaymentEvent.objects.filter(voucher=question.voucher).first()
            if known is None or isinstance(answer, Exception) or answer is None:
                return None
            return question.voucher, question.claim, replace(answer, event_identity=known.event_identity)

        return still

    patch.put(polling, "_still_waiting", waiting)


_ALL: tuple[tuple[str, Plant, int], ...] = (
    ("a new key at every try", _new_key_per_try, 0),
    ("the cap ignores refunds in flight", _cap_ignores_in_flight, 0),
    ("check and insert in two transactions", _check_and_insert_apart, 0),
    ("a timeout is a rejection", _timeout_is_rejected, 0),
    ("a server error frees the amount", _server_error_frees_the_amount, 0),
    ("answers a letter before it is stored", _answers_before_it_stores, 0),
    ("trusts the body of every letter", _trusts_every_letter, 0),
    ("takes letters with a wrong signature", _takes_forged_letters, 0),
    ("takes an old letter for a fresh one", _stale_letters_are_fresh, 0),
    ("a paid voucher goes back", _regresses_a_voucher, 0),
    ("a refund that succeeded goes back", _regresses_a_refund, 0),
    ("an accepted refund counts as refunded", _optimistic_about_refunds, 0),
    ("only the bell wakes a worker", _only_the_bell_wakes, 0),
    ("sends again without looking up", _never_looks_up, 0),
    ("no grace before it is sent again", _no_grace, 0),
    ("sends again when the key is forgotten", _keys_live_for_ever, 0),
    ("calls inside a transaction", _calls_inside_a_transaction, 0),
    ("forgets that it has sent", _forgets_that_it_sent, 0),
    ("a timeout means that nothing was sent", _a_timeout_was_never_sent, 0),
    ("expires by our own clock", _expires_by_our_clock, 0),
    ("not found is failed", _not_found_is_failed, 0),
    ("an unknown status is pending", _unknown_is_pending, 0),
    ("ignores the currency", _ignores_the_currency, 0),
    ("announces before the commit", _announces_before_the_commit, 0),
    ("announces again to who has heard it", _announces_again_to_all, 0),
    ("marks as announced what nobody heard", _announces_nothing, 0),
    ("an approval is bound to nothing", _approval_of_anything, 0),
    ("who asks may approve", _approves_for_oneself, 0),
    ("evidence is written after the call", _evidence_after_the_send, 0),
    ("refunds from outside are ignored", _refunds_outside_do_not_count, 0),
    ("refunds from outside leave the sum alone", _outside_lowers_nothing, 0),
    ("late money is dropped", _late_money_is_dropped, 0),
    ("a surplus is hidden", _surplus_is_hidden, 0),
    ("payments are added, not recomputed", _payments_are_added_up, 0),
    ("a new refund under a dead one's key", _key_of_the_failed_refund, 0),
    ("an unknown refund frees its amount", _unknown_frees_the_amount, 0),
    ("a state changes without a trace", _moves_without_a_trace, 0),
    ("the log names the buyer", _says_who_the_buyer_is, 0),
    ("a row is forgotten", _forgets_what_is_due, 0),
    ("every answer counts as nothing new", _reads_every_answer_as_quiet, 0),
)
MUTANTS = tuple(Mutant(*each) for each in _ALL)
EQUIVALENT = {
    "a lease without fencing": "the second holder asks before it sends, and what both bring is applied as fact",
    "the letter's own key or algorithm is used": "each provider's reader; its conformance tests and vectors prove it",
    "the live or test flag is ignored": "each provider's reader and the start-up checks; not seen by one account alone",
    "a settlement file sets a state": "there is no settlement import yet",
    "get_or_create becomes create": "the unique constraint answers both the same way",
}
