"""Bugs in what is believed, and what follows from it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

from pagoefectivo.domain import decisions
from pagoefectivo.domain.decisions import Decision, payments
from pagoefectivo.domain.decisions import refunds as refund_decisions
from pagoefectivo.domain.exceptions import InvalidSignature
from pagoefectivo.domain.messages import Verification
from pagoefectivo.domain.states import PaymentStatus, Proof, RefundState, RefundStatus, VoucherState
from pagoefectivo.domain.timing import WATCH_AFTER_PAID
from pagoefectivo.models import PaymentEvent, Refund, Voucher
from pagoefectivo.services import (
    quiet_polls,
    scheduling,
    seams,
    webhooks,
)
from tests.simulation.planting import Patch


def answers_before_it_stores(patch: Patch) -> None:
    def storing(store: Any) -> Any:
        def stored(*arguments: Any) -> None:
            with suppress(BaseException):
                store(*arguments)

        return stored

    patch.put(webhooks, "_store", storing)


def trusts_every_letter(patch: Patch) -> None:
    for module in (decisions, payments, refund_decisions):
        patch.put(module, "is_believed", lambda _: lambda *_: True)


def takes_forged_letters(patch: Patch) -> None:
    def accepting(accept: Any) -> Any:
        def accepted(letter: Any) -> None:
            try:
                accept(letter)
            except InvalidSignature:
                webhooks._store(letter, Verification(0, covers_body=False), seams.now())

        return accepted

    patch.put(webhooks, "accept", accepting)


def stale_letters_are_fresh(patch: Patch) -> None:
    patch.put(webhooks, "_verdict", lambda _: lambda *_: "verified")


def regresses_a_voucher(patch: Patch) -> None:
    patch.allow(Voucher, "doubt", "paid")

    def deciding(decide: Any) -> Any:
        def decided(voucher: Any, update: Any, *more: Any) -> Any:
            if voucher.state is VoucherState.PAID and update.status is PaymentStatus.PENDING:
                return Decision(moves=("doubt",), why="says_pending")
            return decide(voucher, update, *more)

        return decided

    patch.put(decisions, "decide_payment", deciding)


def regresses_a_refund(patch: Patch) -> None:
    patch.allow(Refund, "accept", "succeeded")

    def deciding(decide: Any) -> Any:
        def decided(refund: Any, update: Any, policy: Any) -> Any:
            if refund.state is RefundState.SUCCEEDED and update.status is RefundStatus.PENDING:
                return Decision(moves=("accept",), why="says_pending")
            return decide(refund, update, policy)

        return decided

    patch.put(decisions, "decide_refund", deciding)


def optimistic_about_refunds(patch: Patch) -> None:
    def deciding(decide: Any) -> Any:
        def decided(refund: Any, update: Any, policy: Any) -> Any:
            if update.proof is Proof.ANSWER and refund.state in {RefundState.SUBMITTING, RefundState.UNKNOWN}:
                return Decision(moves=("succeed",), why="accepted_is_good_enough")
            return decide(refund, update, policy)

        return decided

    patch.put(decisions, "decide_refund", deciding)


def expires_by_our_clock(patch: Patch) -> None:
    def deciding(decide: Any) -> Any:
        def decided(voucher: Any, update: Any, policy: Any, now: Any) -> Any:
            over = voucher.expires_at is not None and now > voucher.expires_at
            if over and voucher.state is VoucherState.ISSUED and update.status is PaymentStatus.PENDING:
                return Decision(moves=("expire",), why="our_clock")
            return decide(voucher, update, policy, now)

        return decided

    patch.put(decisions, "decide_payment", deciding)
    patch.put(quiet_polls, "postpone", lambda _: lambda _heard: set())


def unknown_is_pending(patch: Patch) -> None:
    def deciding(decide: Any) -> Any:
        def decided(voucher: Any, update: Any, *more: Any) -> Any:
            if update.status is PaymentStatus.UNRECOGNISED:
                update = replace(update, status=PaymentStatus.PENDING)
            return decide(voucher, update, *more)

        return decided

    patch.put(decisions, "decide_payment", deciding)


def late_money_is_dropped(patch: Patch) -> None:
    def deciding(decide: Any) -> Any:
        def decided(voucher: Any, update: Any, *more: Any) -> Any:
            dead = voucher.state in {VoucherState.EXPIRED, VoucherState.CANCELED}
            return Decision() if dead and update.status is PaymentStatus.PAID else decide(voucher, update, *more)

        return decided

    patch.put(decisions, "decide_payment", deciding)


def reads_every_answer_as_quiet(patch: Patch) -> None:
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


def questions_use_up_the_watch(patch: Patch) -> None:
    def asking(ask: Any) -> Any:
        def asked(state: Any, *, attempt: int, now: Any, **more: Any) -> Any:
            if state is not VoucherState.PAID:
                return ask(state, attempt=attempt, now=now, **more)
            return now + WATCH_AFTER_PAID[attempt] if attempt < len(WATCH_AFTER_PAID) else None

        return asked

    patch.put(scheduling, "ENDED", lambda _: frozenset())
    patch.put(scheduling, "next_ask_for_voucher", asking)
