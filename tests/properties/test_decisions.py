"""The rules, asked everything: no answer may name a move that its machine refuses, and none may take money back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product

import pytest

from pagoefectivo.domain import decisions
from pagoefectivo.domain.decisions import OrderFacts, Policy, RefundFacts, VoucherFacts
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.messages import Command, PaymentUpdate, RefundUpdate, Verb
from pagoefectivo.domain.states import (
    FREED_REFUND,
    LIVE_VOUCHER,
    OrderState,
    PaymentStatus,
    Proof,
    RefundState,
    RefundStatus,
    VoucherState,
)
from pagoefectivo.models import Order, Refund, Voucher
from pagoefectivo.models.machines import ORDER_MOVES
from tests.properties.machines import table_of, walk

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PRICE = Decimal("89.90")
ORDERS, VOUCHERS, REFUNDS = table_of(Order), table_of(Voucher), table_of(Refund)
BOTH = (False, True)
POLICIES = (Policy(), Policy(webhook_is_enough=True))


def paid_or_not(state: VoucherState, status: PaymentStatus, *, believed: bool, paid: Decimal) -> Decimal:
    """The money facts that go with a state: a paid voucher has some, and so has one just said to be paid."""
    has_money = state is VoucherState.PAID or (believed and status is PaymentStatus.PAID)
    return paid if has_money else Decimal("0.00")


@pytest.mark.parametrize("policy", POLICIES, ids=["query", "webhook"])
@pytest.mark.parametrize("state", VoucherState)
def test_no_statement_about_a_payment_asks_for_a_move_that_the_machine_forbids(
    state: VoucherState, policy: Policy
) -> None:
    asked = 0
    for status, proof, wanted, replaced, hinted, taken, others, paid, complete, age in product(
        PaymentStatus, Proof, BOTH, BOTH, BOTH, BOTH, BOTH, (PRICE, PRICE / 2), BOTH, (0, 10_000)
    ):
        update = PaymentUpdate(status, status.upper(), proof, amount=PRICE, currency="PEN")
        if complete:
            update = replace(update, code="123", provider_reference="D-1", paid_at=NOW)
        believed = decisions.is_believed(update, policy)
        voucher = VoucherFacts(
            state, PRICE, "PEN",
            paid_amount=paid_or_not(state, status, believed=believed, paid=paid), paid_currency="PEN",
            expires_at=NOW - timedelta(hours=1), changed_at=NOW - timedelta(seconds=age),
            cancel_wanted=wanted, replaced=replaced, hinted_paid=hinted, code_taken=taken, others_paid=others,
        )  # fmt: skip
        decision = decisions.decide_payment(voucher, update, policy, NOW)
        after = walk(VOUCHERS, state, decision.moves)
        asked += 1

        if state is VoucherState.PAID:
            assert after == VoucherState.PAID, "money that came never unhappens"
        if after == VoucherState.PAID and state is not VoucherState.PAID:
            assert believed, "only a believed statement pays"
            assert status is PaymentStatus.PAID
        if believed and status is PaymentStatus.PAID:
            assert after == VoucherState.PAID, "believed money is never refused"
        moved = replace(voucher, state=VoucherState(after), changed_at=NOW if decision.moves else voucher.changed_at)
        again = decisions.decide_payment(moved, update, policy, NOW)
        settles = walk(VOUCHERS, after, again.moves)
        assert settles == after or (after, settles) == (VoucherState.ISSUED, VoucherState.CANCELED), "said twice"
    assert asked == len(PaymentStatus) * len(Proof) * 2**8


@pytest.mark.parametrize("state", RefundState)
def test_no_statement_about_a_refund_asks_for_a_move_that_the_machine_forbids(state: RefundState) -> None:
    for status, proof, amount, currency, reference, known, policy in product(
        RefundStatus, Proof, (None, PRICE, PRICE / 2), ("", "PEN", "USD"), ("", "REF1", "REF2"), ("", "REF1"), POLICIES
    ):
        update = RefundUpdate(
            status, status.upper(), proof, amount=amount, currency=currency, provider_reference=reference
        )
        refund = RefundFacts(state, PRICE, "PEN", provider_reference=known, changed_at=NOW)
        decision = decisions.decide_refund(refund, update, policy)
        after = RefundState(walk(REFUNDS, state, decision.moves))

        if after is RefundState.SUCCEEDED and state is not RefundState.SUCCEEDED:
            assert proof is Proof.READ, "only the provider's authenticated word ends a refund"
            assert amount in {None, PRICE}
            assert currency in {"", "PEN"}
        if state in FREED_REFUND:
            assert after is state, "what was freed stays freed"
        if after in FREED_REFUND and state not in FREED_REFUND:
            assert proof is Proof.READ, "an amount is freed only by a read"
        again = decisions.decide_refund(replace(refund, state=after), update, policy)
        assert walk(REFUNDS, after, again.moves) == after, "said twice"


def test_a_refund_that_ended_well_leaves_that_state_only_by_coming_back() -> None:
    for status, proof in product(RefundStatus, Proof):
        update = RefundUpdate(status, status.upper(), proof)
        decision = decisions.decide_refund(RefundFacts(RefundState.SUCCEEDED, PRICE, "PEN"), update, Policy())
        assert decision.moves in {(), ("bounce",)}


@pytest.mark.parametrize("verb", Verb)
def test_no_command_asks_for_a_move_that_the_machine_forbids(verb: Verb) -> None:
    command = Command(verb, why="test", error_code=ErrorCode.POLL_NOT_FOUND, attempts=9)
    for state, wanted in product(VoucherState, BOTH):
        voucher = VoucherFacts(state, PRICE, "PEN", cancel_wanted=wanted, changed_at=NOW - timedelta(days=1))
        walk(VOUCHERS, state, decisions.decide_voucher_command(voucher, command, NOW).moves)
    for refund_state, approved in product(RefundState, BOTH):
        refund = RefundFacts(refund_state, PRICE, "PEN", changed_at=NOW, is_approved=approved)
        walk(REFUNDS, refund_state, decisions.decide_refund_command(refund, command, NOW).moves)


def test_an_unapproved_refund_is_not_sent() -> None:
    refund = RefundFacts(RefundState.AWAITING_APPROVAL, PRICE, "PEN")
    assert decisions.decide_refund_command(refund, Command(Verb.SUBMIT), NOW).moves == ()
    approved = replace(refund, is_approved=True)
    assert decisions.decide_refund_command(approved, Command(Verb.SUBMIT), NOW).moves == ("submit",)


Standing = tuple[OrderState, tuple[VoucherState, bool], tuple[VoucherState, bool], RefundState | None, bool, bool]


def test_an_order_can_follow_its_vouchers_and_refunds_wherever_one_step_leads_them() -> None:
    """From a fresh order, every state below it that machine moves reach, walked breadth first."""
    start: Standing = (
        OrderState.AWAITING_PAYMENT, (VoucherState.REQUESTED, False), (VoucherState.REQUESTED, False), None, False,
        False,
    )  # fmt: skip
    seen, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        for there in _steps(here):
            wanted = decisions.project_order(_facts(there))
            if wanted is not here[0]:
                move = ORDER_MOVES[wanted]
                assert (here[0], move) in ORDERS, f"{here} → {there}: no {move!r} from {here[0]!r}"
            reached = (wanted, *there[1:])
            if reached not in seen:
                seen.add(reached)
                waiting.append(reached)
    assert {standing[0] for standing in seen} == set(OrderState), "the walk met every state an order has"


def _steps(here: Standing) -> list[Standing]:
    order, first, second, refund, review, wanted = here
    there: list[Standing] = [
        (order, first, second, refund, True, wanted),
        (order, first, second, refund, False, wanted),
    ]
    if _paid(first, second) == 0 and not wanted:
        there.append((order, first, second, refund, review, True))
    for (state, _), target in VOUCHERS.items():
        if first[0] == state and not (target == VoucherState.CANCELED and not (wanted or first[1])):
            there.append((order, (VoucherState(target), first[1]), second, refund, review, wanted))
        if second[0] == state and first[1] and not (target == VoucherState.CANCELED and not wanted):
            there.append((order, first, (VoucherState(target), second[1]), refund, review, wanted))
    if not first[1] and _paid(first, second) == 0 and not wanted and first[0] not in {"submitting", "unknown"}:
        there.append((order, (first[0], True), second, refund, review, wanted))
    if refund is None and _paid(first, second) > 0:
        there.append((order, first, second, RefundState.REQUESTED, review, wanted))
    for (state, _), target in REFUNDS.items():
        if refund == state:
            there.append((order, first, second, RefundState(target), review, wanted))
    return there


def _paid(*vouchers: tuple[VoucherState, bool]) -> int:
    return sum(state is VoucherState.PAID for state, _ in vouchers)


def _facts(standing: Standing) -> OrderFacts:
    """Two vouchers, the second there only once the first was replaced; one refund of a whole payment."""
    order, first, second, refund, review, wanted = standing
    there = (first, second) if first[1] else (first,)
    vouchers = tuple(
        VoucherFacts(
            state, PRICE, "PEN", replaced=replaced,
            paid_amount=PRICE if state is VoucherState.PAID else Decimal("0.00"),
        )
        for state, replaced in there
    )  # fmt: skip
    refunds = (RefundFacts(refund, PRICE, "PEN"),) if refund else ()
    return OrderFacts(order, vouchers, refunds, under_review=review, cancel_wanted=wanted)


def test_an_order_is_never_let_go_while_one_of_its_codes_can_still_be_paid() -> None:
    for state, other, replaced, wanted in product(VoucherState, VoucherState, BOTH, BOTH):
        order = OrderFacts(
            OrderState.AWAITING_PAYMENT,
            (VoucherFacts(other, PRICE, "PEN", replaced=replaced), VoucherFacts(state, PRICE, "PEN")),
            cancel_wanted=wanted,
        )
        if state in LIVE_VOUCHER or (other in LIVE_VOUCHER and not replaced):
            assert decisions.project_order(order) not in {OrderState.EXPIRED, OrderState.CANCELED}
