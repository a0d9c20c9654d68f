"""Money that does not come as it should: late, twice, short, over, in another currency, for a withdrawn order."""

from __future__ import annotations

from typing import Any

import pytest

from pagoefectivo import shop
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import RuleRefused, StateConflict
from pagoefectivo.domain.states import Source
from pagoefectivo.models import Anomaly, Order, Refund, Voucher
from pagoefectivo.services import orders
from pagoefectivo.services.actors import SHOP
from tests.acceptance.journeys import declared, on
from tests.integration.ledger import cents, everything, moves, oddities, only_order, only_refund, only_voucher, outbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.servers]

POLICIES = {
    # policy: order, its moves, refunds drafted for approval
    "review": ("in_review", ["expire", "review"], []),
    "accept": ("paid", ["expire", "pay"], []),
    "refund": ("in_review", ["expire", "review"], [("late_payment", "awaiting_approval", cents("89.90"))]),
}


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("is_told", [True, False], ids=["told", "asked"])
@on("late money")
def test_D01_money_after_the_deadline_is_the_truth_and_the_account_says_what_follows(
    provider: str,
    policy: str,
    is_told: bool,
    psp: Any,
    listening: Any,
    account: Any,
    open_order: Any,
    world: Any,
    sweep: Any,
) -> None:
    account(LATE_PAYMENT=policy)
    if not is_told:
        psp.webhook_fault("lost", times=None)
    code = open_order().current_voucher.code
    psp.expire(code)
    world.advance(seconds=2)
    sweep()
    assert (only_voucher().state, only_order().state) == ("expired", "expired")

    psp.pay(code, late=True)
    assert psp.wait_idle()
    world.advance(hours=8)
    sweep()
    state, order_moves, drafts = POLICIES[policy]
    assert (only_voucher().state, only_voucher().paid_amount) == ("paid", cents("89.90"))
    assert (only_order().state, only_order().paid_amount) == (state, cents("89.90"))
    assert [move for move in moves("order") if move != "reopen"][-2:] == order_moves[-2:] or is_told
    assert moves("order")[-1] == order_moves[-1]
    assert oddities() == ["paid_late"]
    assert list(Refund.objects.values_list("reason", "state", "amount")) == drafts
    assert psp.refunds() == [], "a draft moves no money"


@on(lacking="late money")
def test_D01_money_after_the_deadline_that_the_provider_keeps_for_the_payer_never_was_the_shops(
    provider: str, psp: Any, listening: Any, account: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    account(LATE_PAYMENT="accept")
    code = open_order().current_voucher.code
    psp.expire(code)
    world.advance(seconds=2)
    sweep()
    psp.pay(code, late=True)
    assert psp.wait_idle()
    world.advance(days=30)
    sweep()
    assert (only_voucher().state, only_order().state, only_order().paid_amount) == ("expired", "expired", 0)
    assert (oddities(), psp.payments()[0]["received"]) == ([], "0.00")


@on("late money")
def test_D02_paid_on_two_codes_both_are_kept_and_the_second_is_drafted_to_go_back(
    provider: str, psp: Any, listening: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    old = open_order().current_voucher.code
    shop.reissue_voucher(reference="A-1042")
    new = Voucher.objects.get(attempt=2).code
    assert (old != new, len(psp.payments())) == (True, 2)
    psp.pay(new)
    assert psp.wait_idle()
    sweep()
    assert only_order().state == "paid"

    psp.pay(old, late=declared(provider).cancel_voucher)  # where it was withdrawn, the agent took the cash before
    assert psp.wait_idle()
    world.advance(seconds=2)
    sweep()
    assert list(Voucher.objects.order_by("pk").values_list("state", "paid_amount")) == [("paid", cents("89.90"))] * 2
    assert (only_order().state, only_order().paid_amount) == ("paid", cents("179.80"))
    assert oddities() == ["paid_twice"]
    draft = only_refund()
    assert (draft.voucher.code, draft.amount, draft.reason, draft.state) == (
        old, cents("89.90"), "duplicate_payment", "awaiting_approval",
    )  # fmt: skip
    assert outbox().count("order_paid") == 1


@on("double money", "refunds")
def test_D02_the_same_code_paid_twice_leaves_the_surplus_refundable(
    provider: str, psp: Any, listening: Any, open_order: Any, sweep: Any
) -> None:
    psp.pay(open_order().current_voucher.code, twice=True)
    assert psp.wait_idle()
    sweep()
    assert (only_voucher().paid_amount, only_order().paid_amount) == (cents("179.80"), cents("179.80"))
    assert oddities() == ["overpaid"]
    sent = shop.request_refund(reference="A-1042", amount="179.80", reason="overpaid", actor=SHOP)
    assert (sent.error_code, psp.totals(psp.payments()[0]["id"])["refunded"]) == ("", "179.80")


@pytest.mark.parametrize(
    ("paid", "oddity"), [("89.89", "underpaid"), ("50.00", "underpaid"), ("89.91", "overpaid"), ("100.00", "overpaid")]
)
@on("other amounts")
def test_D03_D04_short_or_over_is_never_silently_paid(
    provider: str, paid: str, oddity: str, psp: Any, listening: Any, open_order: Any, sweep: Any
) -> None:
    psp.pay(open_order().current_voucher.code, amount=paid)
    assert psp.wait_idle()
    sweep()
    assert (only_voucher().state, only_voucher().paid_amount) == ("paid", cents(paid))
    assert (only_order().state, only_order().paid_amount) == ("in_review", cents(paid))
    assert oddities() == [oddity]
    assert outbox() == ["voucher_issued", "order_in_review"]

    psp.clear_calls()
    with pytest.raises(RuleRefused) as refused:
        shop.request_refund(reference="A-1042", amount=cents(paid) + cents("0.01"), reason="other", actor=SHOP)
    assert [reason.code for reason in refused.value.reasons] == [ErrorCode.REFUND_AMOUNT_EXCEEDED]
    assert (psp.call_counts(), Refund.objects.count()) == ({}, 0)

    accepted = orders.accept_payment("A-1042", note="the buyer agreed", actor=SHOP, source=Source.STAFF)
    assert (accepted.state, accepted.paid_amount) == ("paid", cents(paid))
    assert Anomaly.objects.get().closed_by == "shop"


@on("other currencies")
def test_D05_money_in_another_currency_is_kept_apart_and_frozen(
    provider: str, psp: Any, listening: Any, open_order: Any, sweep: Any
) -> None:
    psp.pay(open_order().current_voucher.code, amount="89.90", currency="USD")
    assert psp.wait_idle()
    sweep()
    voucher = only_voucher()
    assert (voucher.state, voucher.paid_amount, voucher.paid_currency) == ("paid", cents("89.90"), "USD")
    assert (only_order().state, only_order().paid_amount) == ("in_review", cents("0.00"))
    assert oddities() == ["currency_mismatch"]
    psp.clear_calls()
    before = everything()
    with pytest.raises(RuleRefused) as refused:
        shop.request_refund(reference="A-1042", amount="89.90", reason="other", actor=SHOP)
    assert ErrorCode.REFUND_FROZEN in [reason.code for reason in refused.value.reasons]
    assert (psp.call_counts(), everything()) == ({}, before)


@on("late money")
def test_D06_money_for_a_withdrawn_order_proposes_a_refund_that_a_person_approves(
    provider: str, psp: Any, listening: Any, open_order: Any, sweep: Any, heard: list[str]
) -> None:
    code = open_order().current_voucher.code
    canceled = shop.cancel_order(reference="A-1042")
    assert (canceled.state, only_voucher().state) == ("canceled", "canceled")
    sweep()
    assert heard == ["voucher_issued", "stock_release_due"]

    psp.pay(code, late=declared(provider).cancel_voucher)
    assert psp.wait_idle()
    sweep()
    assert (only_voucher().state, only_order().state) == ("paid", "in_review")
    assert oddities() == ["paid_after_cancel"]
    assert (only_refund().state, only_refund().amount) == ("awaiting_approval", cents("89.90"))
    assert psp.refunds() == []


@on()
def test_an_order_paid_a_moment_ago_is_not_withdrawn(
    provider: str, psp: Any, open_order: Any, heard: list[str], sweep: Any
) -> None:
    psp.pay(open_order().current_voucher.code)
    with pytest.raises(StateConflict) as conflict:
        shop.cancel_order(reference="A-1042")
    assert conflict.value.code is ErrorCode.ORDER_ALREADY_PAID
    sweep()
    assert (only_voucher().state, "stock_release_due" in heard) == ("paid", False)
    assert Order.objects.get().paid_amount == cents("89.90")
