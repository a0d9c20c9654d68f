"""Refunds when the provider, the bank or the order of things is against us: one refund there, the truth here."""

from __future__ import annotations

from typing import Any

import pytest

from pagoefectivo import shop
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import RuleRefused, StateConflict
from pagoefectivo.domain.states import Source
from pagoefectivo.models import Anomaly, ErrorOccurrence, Refund, WebhookDelivery
from pagoefectivo.sandbox.server import SandboxServer
from pagoefectivo.sandbox.wire import json_answer
from pagoefectivo.services import doubts, refunds, seams
from pagoefectivo.services.actors import SHOP, Actor, Permission
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

pytestmark = pytest.mark.django_db(transaction=True)

BOSS = Actor("staff:boss", frozenset(Permission))


def ask_back(amount: str = "89.90") -> Refund:
    return shop.request_refund(reference="A-1042", amount=amount, reason="other", actor=SHOP)


def test_E07_a_notification_ahead_of_our_own_answer_finds_its_refund(
    psp: Any, listening: Any, paid_order: Any, world: Any, sweep: Any
) -> None:
    psp.webhook_fault("lost", subject="payment")
    paid_order()
    psp.webhook_fault("before_answer", subject="refund")
    states_when_read: list[str] = []

    def work_at_once() -> None:
        if not states_when_read and WebhookDelivery.objects.exists():
            states_when_read.append(only_refund().state)
            sweep()

    with seams.use(ring=work_at_once):
        ask_back()
    assert states_when_read == ["submitting"]
    assert WebhookDelivery.objects.get().refund == only_refund(), "matched by our own reference"
    world.advance(seconds=2)
    sweep()
    assert (only_refund().state, only_order().state) == ("succeeded", "refunded")
    assert moves("refund") == ["ask", "submit", "accept", "succeed"]
    assert (len(psp.refunds()), psp.call_counts()["refund"]) == (1, 1)
    assert outbox().count("refund_succeeded") == outbox().count("order_refunded") == 1


@pytest.mark.parametrize("order", ["webhook, poll, webhook", "poll, webhook", "webhook, webhook", "poll, poll"])
def test_E08_answer_poll_and_notification_in_any_order_end_the_same(
    order: str, psp: Any, listening: Any, paid_order: Any, world: Any, sweep: Any
) -> None:
    paid_order()
    refund = ask_back()
    if "webhook" not in order.split(", ", maxsplit=1)[0]:
        psp.webhook_fault("delayed", subject="refund", seconds=60.0)
    psp.settle_refund(refund.provider_reference)
    for heard in order.split(", "):
        if heard == "webhook":
            deliveries = psp.deliveries(refund.provider_reference)
            psp.resend(deliveries[0]["id"])
            assert psp.wait_idle()
        world.advance(seconds=2)
        sweep()
    assert (only_refund().state, only_order().state) == ("succeeded", "refunded")
    assert moves("refund") == ["ask", "submit", "accept", "succeed"]
    assert outbox() == ["voucher_issued", "order_paid", "refund_succeeded", "order_refunded"]


def test_E10_an_empty_balance_is_later_not_never(psp: Any, paid_order: Any, world: Any, sweep: Any) -> None:
    paid_order()
    psp.configure(balance="10.00")
    refund = ask_back()
    assert (refund.state, refund.error_code) == ("submitting", ErrorCode.REFUND_INSUFFICIENT_FUNDS)
    assert (only_voucher().reserved_amount, psp.refunds()) == (cents("89.90"), [])
    psp.configure(balance="1000.00")
    world.advance(seconds=2)
    sweep()
    assert (only_refund().state, len(psp.refunds()), calls_of(psp, "refund")) == ("pending", 1, 2)
    assert moves("refund") == ["ask", "submit", "accept"]


def test_E10_what_is_not_settled_is_refused_with_that_reason(psp: Any, account: Any, paid_order: Any) -> None:
    account(REFUND_REQUIRES="settled")
    paid_order()
    psp.clear_calls()
    before = everything()
    with pytest.raises(RuleRefused) as refused:
        ask_back()
    assert [reason.code for reason in refused.value.reasons] == [ErrorCode.REFUND_NOT_SETTLED]
    assert (everything(), psp.call_counts()) == (before, {})


def test_E11_a_frozen_payment_is_not_refundable(psp: Any, paid_order: Any, world: Any, sweep: Any) -> None:
    paid_order()
    psp.reverse(only_voucher().code)
    shop.refresh_order(reference="A-1042")
    assert (only_voucher().state, only_order().state, oddities()) == ("paid", "paid", ["payment_reversed"])
    psp.clear_calls()
    before = everything()
    with pytest.raises(RuleRefused) as refused:
        ask_back()
    assert [reason.code for reason in refused.value.reasons] == [ErrorCode.REFUND_FROZEN]
    assert (everything(), psp.call_counts()) == (before, {})


@pytest.mark.parametrize("status", [409, 400])
def test_E12_refund_in_progress_is_looked_up_and_never_sent_with_a_new_key(
    status: int,
    psp: Any,
    sandbox: SandboxServer,
    paid_order: Any,
    world: Any,
    sweep: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    paid_order()
    face = sandbox.company.faces["dlocal"]
    handle = face.handle
    code = {409: 5099, 400: 5010}[status]  # one that no table explains, and "timed out inside"

    def busy(operation: str, request: Any) -> Any:
        answer = handle(operation, request)
        return json_answer(status, {"code": code, "message": "In progress"}) if operation == "refund" else answer

    monkeypatch.setattr(face, "handle", busy)
    assert ask_back().state == "unknown"
    world.advance(seconds=2)
    sweep()
    assert (only_refund().state, len(psp.refunds()), calls_of(psp, "refund")) == ("pending", 1, 1)


def test_E13_a_refund_that_the_bank_sent_back_is_returned_and_free_again(
    psp: Any, listening: Any, paid_order: Any, sweep: Any
) -> None:
    paid_order()
    refund = ask_back()
    psp.settle_refund(refund.provider_reference)
    assert psp.wait_idle()
    sweep()
    assert only_order().state == "refunded"
    psp.settle_refund(refund.provider_reference, "return", reason="Account closed")
    assert psp.wait_idle()
    sweep()
    assert (only_refund().state, only_order().state, only_order().refunded_amount) == ("returned", "paid", 0)
    assert (oddities(), only_voucher().reserved_amount) == (["refund_returned"], 0)
    assert outbox().count("order_paid") == 1, "going back is no news of a payment"


def test_E14_a_refund_from_the_dashboard_lowers_what_is_left_at_once(
    psp: Any, listening: Any, paid_order: Any, sweep: Any
) -> None:
    paid_order()
    outside = psp.dashboard_refund(only_voucher().code, amount="60.00")
    psp.settle_refund(outside["id"])
    assert psp.wait_idle()
    sweep()
    found = only_refund()
    assert (found.is_outside, found.state, found.amount, found.requested_by) == (
        True, "succeeded", cents("60.00"), "provider",
    )  # fmt: skip
    assert (only_order().state, only_order().refunded_amount) == ("partially_refunded", cents("60.00"))
    assert oddities() == ["refund_started_outside"]
    psp.clear_calls()
    with pytest.raises(RuleRefused):
        ask_back("29.91")
    assert psp.call_counts() == {}
    assert ask_back("29.90").state == "pending"


def test_E14_a_refund_that_waited_is_not_sent_once_its_money_went_back_elsewhere(
    psp: Any, account: Any, paid_order: Any, world: Any, sweep: Any
) -> None:
    psp.configure(permissive=True)
    account(REFUND_APPROVAL_OVER="0.00")
    paid_order()
    waiting = ask_back("40.00")
    psp.settle_refund(psp.dashboard_refund(only_voucher().code, amount="60.00")["id"])
    shop.refresh_order(reference="A-1042")
    refunds.approve(waiting.public_id, seen=doubts.seen_of(waiting), actor=BOSS, source=Source.STAFF)
    refund = Refund.objects.get(pk=waiting.pk)
    assert (refund.state, refund.error_code) == ("failed", "REFUND_AMOUNT_EXCEEDED")
    assert (calls_of(psp, "refund"), len(psp.refunds())) == (0, 1)
    assert only_voucher().reserved_amount == cents("0.00")
    with pytest.raises(RuleRefused):
        refunds.retry(waiting.public_id, actor=BOSS, source=Source.STAFF)


def test_E11_a_refund_that_waited_is_not_sent_once_the_payment_is_disputed(
    psp: Any, account: Any, paid_order: Any
) -> None:
    account(REFUND_APPROVAL_OVER="0.00")
    paid_order()
    waiting = ask_back()
    psp.reverse(only_voucher().code)
    shop.refresh_order(reference="A-1042")
    refunds.approve(waiting.public_id, seen=doubts.seen_of(waiting), actor=BOSS, source=Source.STAFF)
    assert (only_refund().state, only_refund().error_code) == ("failed", "REFUND_FROZEN")
    assert calls_of(psp, "refund") == 0


def test_E16_what_the_provider_does_not_know_is_not_sent_again_once_its_money_went_back_elsewhere(
    psp: Any, paid_order: Any, world: Any, sweep: Any
) -> None:
    psp.configure(permissive=True)
    paid_order()
    psp.fault("refund", "drop_before", times=1)
    assert ask_back("40.00").state == "unknown"
    psp.settle_refund(psp.dashboard_refund(only_voucher().code, amount="60.00")["id"])
    shop.refresh_order(reference="A-1042")
    sent = calls_of(psp, "refund")
    for _ in range(12):
        world.advance(minutes=10)
        sweep()
    assert (calls_of(psp, "refund"), len(psp.refunds())) == (sent, 1)
    assert Refund.objects.get(is_outside=False).state == "unknown", "only the provider can say that it never arrived"


def test_E14_more_refunded_outside_than_was_paid_is_written_down(
    psp: Any, listening: Any, paid_order: Any, world: Any, sweep: Any
) -> None:
    psp.configure(permissive=True)
    paid_order()
    ask_back("80.00")
    psp.dashboard_refund(only_voucher().code, amount="60.00")
    world.advance(days=2)
    sweep()
    assert only_voucher().outside_amount == cents("60.00")
    assert oddities() == ["refund_started_outside", "refunded_too_much"]
    assert refunds.refundable(only_order()).amount == 0


def test_E15_another_amount_than_ours_freezes(psp: Any, paid_order: Any, world: Any, sweep: Any) -> None:
    paid_order()
    psp.fault("get_refund", "wrong_amount", times=1, amount="1.00")
    refund = ask_back("50.00")
    psp.settle_refund(refund.provider_reference)
    world.advance(seconds=2)
    sweep()
    assert (only_refund().state, oddities()) == ("pending", ["refund_amount_mismatch"])
    assert only_voucher().reserved_amount == cents("50.00")
    with pytest.raises(RuleRefused) as refused:
        ask_back("10.00")
    assert [reason.code for reason in refused.value.reasons] == [ErrorCode.REFUND_FROZEN]


def test_E16_a_key_the_provider_has_forgotten_is_never_sent_again(
    psp: Any, paid_order: Any, world: Any, sweep: Any
) -> None:
    paid_order()
    psp.fault("refund", "timeout_before")
    assert ask_back().state == "unknown"
    psp.fault("get_payment", "500", times=None)
    for hours in (5, 20):
        world.advance(hours=hours)
        sweep()
    psp.clear_faults()
    world.advance(hours=1)
    sweep()
    assert (only_refund().state, calls_of(psp, "refund"), psp.refunds()) == ("unknown", 1, [])
    assert oddities() == ["outcome_unknown"], "a person decides"
    assert only_voucher().reserved_amount == cents("89.90")


def test_E02_E03_one_nonce_is_one_refund(psp: Any, paid_order: Any) -> None:
    paid_order()
    wanted: dict[str, Any] = {
        "amount": cents("20.00"),
        "reason": "other",
        "actor": SHOP,
        "source": Source.STAFF,
        "nonce": "form-1",
    }
    first = refunds.request("A-1042", **wanted)
    again = refunds.request("A-1042", **wanted)
    assert (first.pk, Refund.objects.count(), len(psp.refunds())) == (again.pk, 1, 1)


def test_what_waits_for_approval_is_reserved_unsent_and_freed_when_declined(
    psp: Any, account: Any, paid_order: Any, world: Any, sweep: Any
) -> None:
    account(REFUND_APPROVAL_OVER="50.00")
    paid_order()
    assert ask_back("40.00").state == "pending"
    waiting = ask_back("11.00")
    assert waiting.state == "awaiting_approval", "the sum counts, not the part"
    world.advance(days=1)
    sweep()
    assert (len(psp.refunds()), only_voucher().reserved_amount) == (1, cents("51.00"))
    with pytest.raises(RuleRefused) as refused:
        refunds.approve(waiting.public_id, seen=doubts.seen_of(waiting), actor=SHOP, source=Source.STAFF)
    assert refused.value.code is ErrorCode.APPROVAL_SELF
    refunds.decline(waiting.public_id, actor=BOSS, source=Source.STAFF)
    assert only_voucher().reserved_amount == cents("40.00")
    with pytest.raises(StateConflict):
        refunds.approve(waiting.public_id, seen=doubts.seen_of(waiting), actor=BOSS, source=Source.STAFF)
    assert len(psp.refunds()) == 1


def test_an_approved_refund_leaves_exactly_once(psp: Any, account: Any, paid_order: Any) -> None:
    account(REFUND_APPROVAL_OVER="0.00")
    paid_order()
    waiting = ask_back("89.90")
    sent = refunds.approve(waiting.public_id, seen=doubts.seen_of(waiting), actor=BOSS, source=Source.STAFF)
    assert (sent.state, len(psp.refunds())) == ("pending", 1)
    with pytest.raises(StateConflict):
        refunds.approve(waiting.public_id, seen=doubts.seen_of(waiting), actor=BOSS, source=Source.STAFF)
    assert psp.call_counts()["refund"] == 1


@pytest.mark.parametrize("amount", ["0", "-1", "NaN", "10.001", "1e2", "Infinity", "99999999999", ""])
def test_E05_impossible_amounts_are_refused(amount: str, psp: Any, paid_order: Any) -> None:
    paid_order()
    psp.clear_calls()
    before = everything()
    with pytest.raises(RuleRefused) as refused:
        ask_back(amount)
    assert refused.value.code is ErrorCode.REQUEST_AMOUNT_INVALID
    assert (everything(), psp.call_counts()) == (before, {})


def test_a_refund_that_is_told_less_than_it_gave_is_done_and_shown(
    psp: Any, listening: Any, paid_order: Any, sweep: Any
) -> None:
    paid_order()
    psp.settle_refund(ask_back("50.00").provider_reference, amount="48.50")
    assert psp.wait_idle()
    sweep()
    assert (only_refund().state, only_refund().error_code) == ("succeeded", ErrorCode.REFUND_NET_DIFFERS)
    assert Anomaly.objects.get().kind == "refund_amount_mismatch"
    assert ErrorOccurrence.objects.count() == 0
