"""Bugs in sums, caps and approvals."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from pagoefectivo.domain.payouts import Outcome
from pagoefectivo.domain.states import PaymentStatus, RefundState, RefundStatus
from pagoefectivo.models import Refund
from pagoefectivo.services import (
    doubts,
    facts,
    ledger,
    payout_results,
    payouts,
    refund_requests,
    refunds,
    reservations,
    seams,
    submission,
)
from pagoefectivo.services.claiming import Claim
from tests.simulation.planting import Patch


def cap_ignores_in_flight(patch: Patch) -> None:
    patch.without_checks()
    patch.put(
        facts,
        "of_paid_voucher",
        lambda read: lambda voucher: replace(read(voucher), reserved_amount=voucher.refunded_amount),
    )


def check_and_insert_apart(patch: Patch) -> None:
    patch.without_checks()
    inserting: ContextVar[bool] = ContextVar("inserting", default=False)  # each greenlet has its own

    def in_two(transact: Any) -> Any:
        def transacted(work: Any) -> Any:
            if "_reserve" not in work.__code__.co_names:
                return transact(work)

            def look() -> None:
                work()
                transaction.set_rollback(True)

            transact(look)
            inserting.set(True)
            try:
                return transact(work)
            finally:
                inserting.set(False)

        return transacted

    patch.put(seams, "transact", in_two)
    patch.put(refund_requests, "eligibility", lambda ask: lambda *asked: () if inserting.get() else ask(*asked))


def ignores_the_currency(patch: Patch) -> None:
    def counting(count: Any) -> Any:
        def counted(voucher: Any, update: Any) -> None:
            count(voucher, update)
            voucher.paid_currency = voucher.paid_currency and voucher.currency

        return counted

    patch.put(ledger, "count_payments", counting)


def approval_of_anything(patch: Patch) -> None:
    patch.put(Refund, "binding", lambda _: property(lambda self: self.public_id))
    patch.put(doubts, "seen_of", lambda _: lambda refund: refund.public_id)


def approves_for_oneself(patch: Patch) -> None:
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


def refunds_outside_do_not_count(patch: Patch) -> None:
    patch.put(reservations, "record_outside", lambda _: lambda *_, **__: None)


def outside_lowers_nothing(patch: Patch) -> None:
    def summing(add_up: Any) -> Any:
        def summed(voucher: Any, rows: Any) -> None:
            add_up(voucher, rows)
            voucher.outside_amount = Decimal(0)

        return summed

    patch.put(ledger, "sum_refunds", summing)


def surplus_is_hidden(patch: Patch) -> None:
    def counting(count: Any) -> Any:
        def counted(voucher: Any, update: Any) -> None:
            count(voucher, update)
            voucher.paid_amount = min(voucher.paid_amount, voucher.amount)

        return counted

    patch.put(ledger, "count_payments", counting)


def payments_are_added_up(patch: Patch) -> None:
    def counting(count: Any) -> Any:
        def counted(voucher: Any, update: Any) -> None:
            before = voucher.paid_amount
            count(voucher, update)
            if update.status is PaymentStatus.PAID and before:
                voucher.paid_amount = before + (update.amount or 0)

        return counted

    patch.put(ledger, "count_payments", counting)


def key_of_the_failed_refund(patch: Patch) -> None:
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


def unknown_frees_the_amount(patch: Patch) -> None:
    patch.without_checks()
    patch.put(ledger, "FREED_REFUND", lambda freed: freed | {RefundState.UNKNOWN})


def sends_what_no_longer_fits(patch: Patch) -> None:
    patch.put(submission, "objection_to", lambda _: lambda _row: None)


def pays_out_what_is_with_the_bank(patch: Patch) -> None:
    patch.put(payouts, "ready", lambda _: lambda account, currency: _approved(account, currency).order_by("pk"))


def _approved(account: str, currency: str) -> QuerySet[Refund]:
    unsettled = Refund.objects.filter(state__in=(RefundState.REQUESTED, RefundState.PENDING))
    return unsettled.filter(account=account, currency=currency, destination__isnull=False).exclude(approved_by="")


def what_the_bank_refused_is_paid(patch: Patch) -> None:
    patch.put(payout_results, "_STATUS", lambda status: {**status, Outcome.REJECTED: RefundStatus.SUCCEEDED})


def no_fencing(patch: Patch) -> None:
    patch.put(Claim, "is_for", lambda _: Claim.concerns)
