"""Giving money back: asynchronous, in parts, rejected, refused, and with every answer lost on the way."""

from __future__ import annotations

from typing import Any

import pytest

from pagoefectivo import shop
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import RuleRefused
from pagoefectivo.domain.states import Source
from pagoefectivo.models import ErrorOccurrence, Refund, StateChange
from pagoefectivo.sandbox.server import SandboxServer
from pagoefectivo.services import refunds
from pagoefectivo.services.actors import SHOP
from tests.acceptance.journeys import asked, declared, on, settle_all
from tests.integration.ledger import (
    calls_of,
    cents,
    everything,
    moves,
    oddities,
    only_order,
    only_refund,
    only_voucher,
    outbox,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.servers]


def ask_back(amount: str, reference: str = "A-1042") -> Refund:
    return shop.request_refund(reference=reference, amount=amount, reason="damaged", actor=SHOP)


def refusal_of(amount: str, reference: str = "A-1042") -> list[ErrorCode]:
    with pytest.raises(RuleRefused) as refused:
        ask_back(amount, reference)
    assert all(reason.message and reason.next_step for reason in refused.value.reasons)
    return [reason.code for reason in refused.value.reasons]


@on("slow refunds")
def test_a_refund_is_followed_to_the_end_and_only_then_is_the_order_refunded(
    provider: str, psp: Any, listening: Any, paid_order: Any, world: Any, sweep: Any, heard: list[str]
) -> None:
    paid_order()
    refund = ask_back("89.90")
    assert (refund.state, refund.provider_reference) == ("pending", psp.refunds()[0]["id"])
    for _ in range(3):
        world.advance(seconds=2)
        sweep()
    assert (only_refund().state, only_order().state, only_order().refunded_amount) == ("pending", "paid", 0)

    psp.settle_refund(refund.provider_reference)
    assert psp.wait_idle()
    assert only_refund().state == "pending", "told, not yet asked"
    sweep()
    assert (only_refund().state, only_order().state) == ("succeeded", "refunded")
    assert only_order().refunded_amount == cents("89.90")
    assert moves("refund") == ["ask", "submit", "accept", "succeed"]
    done = StateChange.objects.get(subject="refund", transition="succeed")
    assert done.event is not None
    assert (done.source, done.event.proof) == ("poll", "read")
    assert len(psp.refunds()) == psp.call_counts()["refund"] == 1
    assert outbox() == ["voucher_issued", "order_paid", "refund_succeeded", "order_refunded"] == heard


@on("refunds at once")
def test_a_refund_is_done_in_the_answer_and_the_order_is_refunded_once_it_was_read(
    provider: str, psp: Any, listening: Any, paid_order: Any, world: Any, sweep: Any, heard: list[str]
) -> None:
    paid_order()
    refund = ask_back("89.90")
    assert refund.provider_reference == psp.refunds()[0]["id"]
    assert psp.wait_idle()
    world.advance(seconds=2)
    sweep()
    assert (only_refund().state, only_order().state) == ("succeeded", "refunded")
    assert only_order().refunded_amount == cents("89.90")
    done = StateChange.objects.get(subject="refund", transition="succeed")
    assert done.event is not None
    assert len(psp.refunds()) == asked(psp)["refund"] == 1
    assert psp.totals(psp.payments()[0]["id"])["paid_out"] == "89.90"
    assert outbox() == ["voucher_issued", "order_paid", "refund_succeeded", "order_refunded"] == heard


@on("slow refunds", "partial refunds")
def test_a_refund_nobody_told_us_about_is_found_by_asking(
    provider: str, psp: Any, listening: Any, paid_order: Any, world: Any, sweep: Any
) -> None:
    paid_order()
    psp.webhook_fault("lost", times=None)
    psp.settle_refund(ask_back("20.00").provider_reference)
    world.advance(seconds=2)
    sweep()
    assert (only_refund().state, only_order().state) == ("succeeded", "partially_refunded")


@on("refunds")
def test_E01_a_refund_whose_answer_was_lost_is_one_refund_and_goes_back_once(
    provider: str, psp: Any, paid_order: Any, world: Any, sweep: Any
) -> None:
    paid_order()
    psp.configure(permissive=True)
    psp.fault("refund", "timeout_after")
    refund = ask_back("89.90")
    assert (refund.state, refund.error_code) == ("unknown", ErrorCode.REFUND_OUTCOME_UNKNOWN)
    assert only_voucher().reserved_amount == cents("89.90"), "what may have gone out stays reserved"
    assert refusal_of("0.01") == [ErrorCode.REFUND_AMOUNT_EXCEEDED]
    world.advance(minutes=3)
    sweep()
    settle_all(psp)
    world.advance(seconds=2)
    sweep()
    assert (only_refund().state, only_refund().provider_reference) == ("succeeded", psp.refunds()[0]["id"])
    assert (len(psp.refunds()), only_order().state, oddities()) == (1, "refunded", [])
    assert psp.totals(psp.payments()[0]["id"])["paid_out"] == "89.90"


@on("refunds", lacking="keys")
def test_E01_a_refund_without_a_key_that_never_arrived_is_not_sent_again_and_a_person_is_told(
    provider: str, psp: Any, paid_order: Any, world: Any, sweep: Any
) -> None:
    paid_order()
    psp.fault("refund", "timeout_before")
    assert ask_back("89.90").state == "unknown"
    for hours in (1, 4, 24):
        world.advance(hours=hours)
        sweep()
    assert (only_refund().state, psp.refunds(), calls_of(psp, "refund")) == ("unknown", [], 1)
    assert (only_voucher().reserved_amount, oddities()) == (cents("89.90"), ["outcome_unknown"])


def test_E01_a_refund_that_timed_out_after_acceptance_is_one_refund(
    psp: Any, sandbox: SandboxServer, paid_order: Any, world: Any, sweep: Any
) -> None:
    paid_order()
    psp.configure(permissive=True)
    psp.fault("refund", "timeout_after")
    refund = ask_back("89.90")
    assert (refund.state, refund.error_code) == ("unknown", ErrorCode.REFUND_OUTCOME_UNKNOWN)
    assert only_voucher().reserved_amount == cents("89.90"), "what may have gone out stays reserved"
    assert refusal_of("0.01") == [ErrorCode.REFUND_AMOUNT_EXCEEDED]

    for face in sandbox.company.faces.values():
        face.reset()  # dLocal forgets every idempotency key
    world.advance(seconds=2)
    sweep()
    assert (only_refund().state, only_refund().provider_reference) == ("pending", psp.refunds()[0]["id"])
    assert (len(psp.refunds()), calls_of(psp, "refund")) == (1, 1), "found by asking, never sent again"
    psp.settle_refund(psp.refunds()[0]["id"])
    world.advance(seconds=2)
    sweep()
    assert only_order().state == "refunded"
    assert psp.totals(psp.payments()[0]["id"])["paid_out"] == "89.90"


@on("refunds", "keys")
def test_E01_a_refund_that_timed_out_before_it_arrived_is_sent_again_with_its_key(
    provider: str, psp: Any, paid_order: Any, world: Any, sweep: Any
) -> None:
    paid_order()
    psp.fault("refund", "timeout_before")
    assert ask_back("89.90").state == "unknown"
    world.advance(seconds=2)
    sweep()
    assert (only_refund().state, calls_of(psp, "refund")) == ("unknown", 1), "it may still be under way there"
    world.advance(minutes=3)
    sweep()
    assert (only_refund().provider_reference, calls_of(psp, "refund")) == (psp.refunds()[0]["id"], 2)
    key = only_refund().idempotency_key
    assert [key in call["headers"].values() for call in psp.calls("refund")] == [True, True]
    assert len(psp.refunds()) == 1


@on("slow refunds")
def test_E06_rejected_after_pending_frees_the_amount_and_says_why(
    provider: str, psp: Any, listening: Any, paid_order: Any, sweep: Any, heard: list[str]
) -> None:
    paid_order()
    refund = ask_back("89.90")
    assert refusal_of("89.90") == [ErrorCode.REFUND_AMOUNT_EXCEEDED]
    psp.settle_refund(refund.provider_reference, "reject", reason="Invalid bank account")
    assert psp.wait_idle()
    sweep()
    failed = only_refund()
    assert failed.state == "failed"
    assert failed.error_code in {ErrorCode.REFUND_REJECTED, ErrorCode.REFUND_CANCELLED}, "EBANX has one word for both"
    assert (only_voucher().reserved_amount, only_order().state, only_order().refunded_amount) == (0, "paid", 0)
    assert moves("refund") == ["ask", "submit", "accept", "fail"]
    assert heard == ["voucher_issued", "order_paid", "refund_failed"], "nobody was told of a refund"

    again = refunds.retry(failed.public_id, actor=SHOP, source=Source.API)
    assert (again.state, again.pk != failed.pk) == ("pending", True)
    assert again.idempotency_key != failed.idempotency_key
    assert again.reference != failed.reference


@on("slow refunds", "partial refunds")
def test_partial_refunds_reach_the_last_cent_and_not_one_further(
    provider: str, psp: Any, listening: Any, paid_order: Any, sweep: Any
) -> None:
    paid_order()
    for part in ("30.00", "30.00", "29.89"):
        psp.settle_refund(ask_back(part).provider_reference)
    assert psp.wait_idle()
    sweep()
    assert (only_order().state, only_order().refunded_amount) == ("partially_refunded", cents("89.89"))
    assert refusal_of("0.02") == [ErrorCode.REFUND_AMOUNT_EXCEEDED]
    psp.settle_refund(ask_back("0.01").provider_reference)
    assert psp.wait_idle()
    sweep()
    assert (only_order().state, only_order().refunded_amount) == ("refunded", cents("89.90"))
    assert psp.totals(psp.payments()[0]["id"]) == {"received": "89.90", "refunded": "89.90", "paid_out": "89.90"}
    assert moves("order") == ["pay", "refund_partly", "refund"]
    assert refusal_of("0.01") == [ErrorCode.REFUND_AMOUNT_EXCEEDED]


@on("refunds", "partial refunds")
def test_E04_too_much_is_refused_before_any_call(provider: str, psp: Any, paid_order: Any) -> None:
    paid_order()
    psp.configure(permissive=True)
    ask_back("60.00")
    psp.clear_calls()
    before = everything()
    assert refusal_of("29.91") == [ErrorCode.REFUND_AMOUNT_EXCEEDED]
    assert (psp.call_counts(), everything()) == ({}, before)
    assert ask_back("29.90").state == "pending"
    assert psp.totals(psp.payments()[0]["id"])["refunded"] == "89.90"


@on()
def test_E04_more_than_was_paid_is_refused_before_any_call(provider: str, psp: Any, paid_order: Any) -> None:
    paid_order()
    psp.clear_calls()
    before = everything()
    assert refusal_of("89.91") == [ErrorCode.REFUND_AMOUNT_EXCEEDED]
    assert (psp.call_counts(), everything()) == ({}, before)


@on()
def test_E11_unpaid_and_expired_are_not_refundable(
    provider: str, psp: Any, listening: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    open_order("UNPAID-1")
    psp.expire(open_order("EXPIRED-1").current_voucher.code)
    assert psp.wait_idle()
    world.advance(seconds=2)
    sweep()
    assert shop.get_order(reference="EXPIRED-1").state == "expired"
    psp.clear_calls()
    before = everything()
    assert refusal_of("10.00", "UNPAID-1") == [ErrorCode.REFUND_NOT_PAID]
    assert refusal_of("10.00", "EXPIRED-1") == [ErrorCode.REFUND_NOT_PAID]
    assert (psp.call_counts(), everything()) == ({}, before)


@on()
def test_E09_past_the_window_is_refused_with_its_date_before_any_call(
    provider: str, psp: Any, paid_order: Any, world: Any
) -> None:
    paid_order()
    paid_at, window = only_voucher().paid_at, declared(provider).refund_window
    assert paid_at is not None
    world.advance(seconds=window.total_seconds() + 60)
    psp.clear_calls()
    before = everything()
    with pytest.raises(RuleRefused) as refused:
        ask_back("89.90")
    [reason] = refused.value.reasons
    assert (reason.code, reason.values["date"]) == (ErrorCode.REFUND_WINDOW_CLOSED, f"{paid_at + window:%d/%m/%Y}")
    assert (psp.call_counts(), everything()) == ({}, before)


def test_E09_the_providers_own_closed_window_is_final(psp: Any, paid_order: Any) -> None:
    paid_order()
    psp.configure(refund_window_days=0.0)
    refund = ask_back("89.90")
    assert (refund.state, refund.error_code, refund.raw_code) == ("failed", ErrorCode.REFUND_WINDOW_CLOSED, "5020")
    assert (only_voucher().reserved_amount, psp.refunds()) == (0, [])
    [error] = ErrorOccurrence.objects.all()
    assert (error.code, error.refund_id, error.http_status) == (ErrorCode.REFUND_WINDOW_CLOSED, refund.pk, 400)
    assert oddities() == []


@pytest.mark.parametrize("provider", ["ebanx"])
def test_a_refund_from_outside_is_known_beside_an_unanswered_one_of_the_same_amount_where_ours_bear_our_reference(
    provider: str, psp: Any, paid_order: Any, world: Any, sweep: Any
) -> None:
    voucher = paid_order().current_voucher
    psp.fault("refund", "timeout_before")
    ours = ask_back("20.00")
    assert ours.state == "unknown"
    theirs = psp.dashboard_refund(voucher.code, amount="20.00")
    shop.refresh_order(reference="A-1042")
    outside = Refund.objects.get(is_outside=True)
    assert (outside.provider_reference, outside.amount) == (theirs["id"], ours.amount)
    ours.refresh_from_db()
    assert (ours.state, ours.provider_reference) == ("unknown", ""), "a person decides what became of ours"
    assert only_voucher().outside_amount == ours.amount
