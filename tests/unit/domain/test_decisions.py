"""The rules as stories; that no answer ever leaves the machines is proven beside the properties."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from pagoefectivo.domain.decisions import (
    DOUBT_AFTER,
    AfterSilence,
    Decision,
    LatePayment,
    OrderFacts,
    Policy,
    RefundFacts,
    VoucherFacts,
    after_absence,
    decide_payment,
    decide_refund,
    holds_order,
    project_order,
    proposed_refund,
)
from pagoefectivo.domain.messages import PaymentUpdate, RefundUpdate
from pagoefectivo.domain.states import (
    AnomalyKind,
    OrderState,
    PaymentStatus,
    Proof,
    RefundState,
    RefundStatus,
    VoucherState,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PRICE, NOTHING = Decimal("89.90"), Decimal("0.00")
VOUCHER = VoucherFacts(
    VoucherState.ISSUED, PRICE, "PEN", code="0123456789", expires_at=NOW + timedelta(days=1), changed_at=NOW
)
PENDING = PaymentUpdate(
    PaymentStatus.PENDING, "PENDING", Proof.READ, provider_reference="D-1", amount=PRICE, currency="PEN",
    code="0123456789",
)  # fmt: skip
REFUND = RefundFacts(RefundState.PENDING, PRICE, "PEN", provider_reference="REF1", changed_at=NOW)
SUCCEEDED = RefundUpdate(
    RefundStatus.SUCCEEDED, "SUCCESS", Proof.READ, provider_reference="REF1", amount=PRICE, currency="PEN"
)


def said(status: PaymentStatus, proof: Proof = Proof.READ, *, paid_at: datetime | None = None) -> PaymentUpdate:
    return replace(PENDING, status=status, raw_status=status.upper(), proof=proof, paid_at=paid_at)


def decided(
    voucher: VoucherFacts, update: PaymentUpdate, *, paid: Decimal = NOTHING, policy: Policy | None = None
) -> Decision:
    facts = replace(voucher, paid_amount=paid, paid_currency="PEN") if paid else voucher
    return decide_payment(facts, update, policy or Policy(), NOW)


def test_R4_a_webhook_only_announces_and_a_read_confirms() -> None:
    hint = decided(VOUCHER, said(PaymentStatus.PAID, Proof.SIGNED_BODY))
    assert (hint.moves, hint.ask_now) == (("begin_confirming",), True)
    confirming = replace(VOUCHER, state=VoucherState.CONFIRMING)
    assert decided(confirming, said(PaymentStatus.PAID), paid=PRICE).moves == ("pay",)


def test_R4_a_shop_that_says_so_believes_the_signed_body() -> None:
    policy = Policy(webhook_is_enough=True)
    assert decided(VOUCHER, said(PaymentStatus.PAID, Proof.SIGNED_BODY), paid=PRICE, policy=policy).moves == ("pay",)


def test_A06_a_message_out_of_time_moves_nothing_and_brings_the_question_forward() -> None:
    stale = decided(VOUCHER, said(PaymentStatus.PAID, Proof.HINT), policy=Policy(webhook_is_enough=True))
    assert (stale.moves, stale.anomalies, stale.ask_now) == ((), (), True)


def test_C04_a_lagging_copy_does_not_take_the_payment_back_and_is_doubted_after_half_an_hour() -> None:
    fresh = replace(VOUCHER, state=VoucherState.CONFIRMING)
    assert decided(fresh, PENDING).moves == ()
    old = replace(fresh, changed_at=NOW - DOUBT_AFTER)
    doubted = decided(old, PENDING)
    assert (doubted.moves, doubted.anomalies) == (("doubt",), (AnomalyKind.WEBHOOK_UNCONFIRMED,))


@pytest.mark.parametrize(
    "status", [PaymentStatus.REVERSED, PaymentStatus.CANCELED, PaymentStatus.EXPIRED, PaymentStatus.REJECTED]
)
def test_C09_a_payment_taken_back_is_an_anomaly_and_rewrites_nothing(status: PaymentStatus) -> None:
    paid = replace(VOUCHER, state=VoucherState.PAID)
    decision = decided(paid, said(status), paid=PRICE)
    assert (decision.moves, decision.anomalies) == ((), (AnomalyKind.PAYMENT_REVERSED,))


def test_C04_a_lagging_copy_that_repeats_what_was_said_before_the_payment_is_asked_again_for_half_an_hour() -> None:
    fresh = replace(VOUCHER, state=VoucherState.PAID, said_before=True, changed_at=NOW - DOUBT_AFTER / 2)
    assert decided(fresh, said(PaymentStatus.EXPIRED), paid=PRICE) == Decision(ask_again=True)
    old = replace(fresh, changed_at=NOW - DOUBT_AFTER)
    assert decided(old, said(PaymentStatus.EXPIRED), paid=PRICE).anomalies == (AnomalyKind.PAYMENT_REVERSED,)
    assert decided(fresh, said(PaymentStatus.REVERSED), paid=PRICE).anomalies == (AnomalyKind.PAYMENT_REVERSED,)


@pytest.mark.parametrize("status", [PaymentStatus.REVERSED, PaymentStatus.EXPIRED])
def test_A03_an_overtaken_letter_that_speaks_against_a_payment_only_brings_a_question(status: PaymentStatus) -> None:
    paid, trusting = replace(VOUCHER, state=VoucherState.PAID), Policy(webhook_is_enough=True)
    decision = decided(paid, said(status, Proof.SIGNED_BODY), paid=PRICE, policy=trusting)
    assert decision == Decision(ask_now=True)


def test_C04_the_answer_to_a_cancel_that_is_heard_after_the_payment_only_brings_a_question() -> None:
    paid = replace(VOUCHER, state=VoucherState.PAID)
    assert decided(paid, said(PaymentStatus.CANCELED, Proof.ANSWER), paid=PRICE) == Decision(ask_now=True)


@pytest.mark.parametrize("state", [VoucherState.UNKNOWN, VoucherState.ISSUED])
def test_B01_a_code_found_dead_leaves_nobody_waiting_for_its_answer(state: VoucherState) -> None:
    decision = decided(replace(VOUCHER, state=state), said(PaymentStatus.EXPIRED))
    assert decision.moves[-1] == "expire"
    assert AnomalyKind.NOT_FOUND_AT_PROVIDER in decision.settled
    assert (AnomalyKind.OUTCOME_UNKNOWN in decision.settled) is (state is VoucherState.UNKNOWN)


@pytest.mark.parametrize("state", [VoucherState.ISSUED, VoucherState.CONFIRMING, VoucherState.UNKNOWN])
def test_C06_a_word_nobody_knows_is_held_for_a_person(state: VoucherState) -> None:
    decision = decided(replace(VOUCHER, state=state), said(PaymentStatus.UNRECOGNISED))
    assert (decision.moves, decision.anomalies) == ((), (AnomalyKind.STATUS_UNRECOGNISED,))


@pytest.mark.parametrize(
    ("paid", "kind"), [("89.89", AnomalyKind.UNDERPAID), ("89.91", AnomalyKind.OVERPAID), ("89.90", None)]
)
def test_D03_D04_another_sum_than_asked_is_paid_and_odd(paid: str, kind: AnomalyKind | None) -> None:
    decision = decided(VOUCHER, said(PaymentStatus.PAID), paid=Decimal(paid))
    assert decision.moves == ("pay",)
    assert decision.anomalies == ((kind,) if kind else ())


def test_D05_another_currency_is_odd_whatever_the_sum() -> None:
    facts = replace(VOUCHER, paid_amount=PRICE, paid_currency="USD")
    decision = decide_payment(facts, said(PaymentStatus.PAID), Policy(), NOW)
    assert (decision.moves, decision.anomalies) == (("pay",), (AnomalyKind.CURRENCY_MISMATCH,))
    assert proposed_refund(facts, decision, Policy(late_payment=LatePayment.REFUND)) == ""


def test_D01_late_money_is_taken_and_told_by_three_signs() -> None:
    expired = decided(replace(VOUCHER, state=VoucherState.EXPIRED), said(PaymentStatus.PAID), paid=PRICE)
    after = decided(VOUCHER, said(PaymentStatus.PAID, paid_at=NOW + timedelta(days=2)), paid=PRICE)
    unanswered = replace(VOUCHER, state=VoucherState.UNKNOWN, expires_at=None, code="")
    told = replace(said(PaymentStatus.PAID, paid_at=NOW), expires_at=NOW - timedelta(hours=1))
    stated = decided(unanswered, told, paid=PRICE)
    for decision in (expired, after, stated):
        assert decision.moves[-1] == "pay"
        assert decision.anomalies == (AnomalyKind.PAID_LATE,)


@pytest.mark.parametrize(
    ("policy", "holds", "proposal"),
    [(LatePayment.REVIEW, True, ""), (LatePayment.ACCEPT, False, ""), (LatePayment.REFUND, True, "late_payment")],
)
def test_D01_what_becomes_of_late_money_is_the_shops_choice(policy: LatePayment, holds: bool, proposal: str) -> None:
    late = Decision(moves=("pay",), anomalies=(AnomalyKind.PAID_LATE,))
    assert holds_order(AnomalyKind.PAID_LATE, Policy(late_payment=policy)) is holds
    assert proposed_refund(replace(VOUCHER, paid_amount=PRICE), late, Policy(late_payment=policy)) == proposal


def test_D02_a_second_payment_is_recorded_and_its_refund_proposed() -> None:
    second = replace(VOUCHER, others_paid=True)
    decision = decided(second, said(PaymentStatus.PAID), paid=PRICE)
    assert (decision.moves, decision.anomalies) == (("pay",), (AnomalyKind.PAID_TWICE,))
    assert proposed_refund(replace(second, paid_amount=PRICE), decision, Policy()) == "duplicate_payment"


@pytest.mark.parametrize("state", [VoucherState.ISSUED, VoucherState.CANCELED])
def test_D06_money_for_a_withdrawn_order_is_recorded_and_its_refund_proposed(state: VoucherState) -> None:
    unwanted = replace(VOUCHER, state=state, cancel_wanted=True)
    decision = decided(unwanted, said(PaymentStatus.PAID), paid=PRICE)
    assert (decision.moves, decision.anomalies) == (("pay",), (AnomalyKind.PAID_AFTER_CANCEL,))
    assert proposed_refund(replace(unwanted, paid_amount=PRICE), decision, Policy()) == "late_payment"


def test_B07_B09_an_answer_about_other_money_shows_no_code() -> None:
    sent = replace(VOUCHER, state=VoucherState.SUBMITTING, code="")
    for other in (replace(PENDING, amount=PRICE + 1), replace(PENDING, currency="USD"), replace(PENDING, code="")):
        decision = decided(sent, other)
        assert (decision.moves, decision.anomalies) == (("lose",), (AnomalyKind.CREATE_MISMATCH,))
    assert decided(sent, PENDING).moves == ("issue",)


def test_B10_a_code_that_another_order_has_is_not_shown() -> None:
    sent = replace(VOUCHER, state=VoucherState.SUBMITTING, code="", code_taken=True)
    assert decided(sent, PENDING).anomalies == (AnomalyKind.CODE_REUSED,)


def test_B17_a_code_that_nobody_wants_any_more_is_issued_and_withdrawn() -> None:
    sent = replace(VOUCHER, state=VoucherState.SUBMITTING, cancel_wanted=True)
    assert decided(sent, PENDING).moves == ("issue", "cancel")


def test_A12_a_payment_announced_before_its_code_was_known_is_confirmed_at_once() -> None:
    sent = replace(VOUCHER, state=VoucherState.SUBMITTING, hinted_paid=True)
    decision = decided(sent, PENDING)
    assert (decision.moves, decision.ask_now) == (("issue", "begin_confirming"), True)


@pytest.mark.parametrize("proof", [Proof.HINT, Proof.SIGNED_BODY, Proof.ANSWER])
def test_R8_only_a_read_ends_a_refund(proof: Proof) -> None:
    decision = decide_refund(REFUND, replace(SUCCEEDED, proof=proof), Policy(webhook_is_enough=True))
    assert decision.moves == ()
    assert decision.ask_now
    assert decide_refund(REFUND, SUCCEEDED, Policy()).moves == ("succeed",)


@pytest.mark.parametrize("other", [{"amount": PRICE - 1}, {"currency": "USD"}, {"provider_reference": "REF2"}])
def test_E15_a_refund_that_names_other_money_is_held(other: dict[str, object]) -> None:
    decision = decide_refund(REFUND, replace(SUCCEEDED, **other), Policy())  # type: ignore[arg-type]
    assert (decision.moves, decision.anomalies) == ((), (AnomalyKind.REFUND_AMOUNT_MISMATCH,))


def test_E06_a_rejection_after_pending_frees_the_amount() -> None:
    for status in (RefundStatus.FAILED, RefundStatus.CANCELED, RefundStatus.RETURNED):
        assert decide_refund(REFUND, replace(SUCCEEDED, status=status), Policy()).moves == ("fail",)


def test_E13_a_refund_that_comes_back_is_returned_and_odd() -> None:
    done = replace(REFUND, state=RefundState.SUCCEEDED)
    decision = decide_refund(done, replace(SUCCEEDED, status=RefundStatus.RETURNED), Policy())
    assert (decision.moves, decision.anomalies) == (("bounce",), (AnomalyKind.REFUND_RETURNED,))


@pytest.mark.parametrize(
    ("age", "proves", "follows"),
    [
        (timedelta(minutes=1), True, AfterSilence.WAIT),
        (timedelta(minutes=1), False, AfterSilence.WAIT),
        (timedelta(minutes=2), True, AfterSilence.GIVE_UP),
        (timedelta(minutes=2), False, AfterSilence.SEND_AGAIN),
        (timedelta(hours=24), False, AfterSilence.ASK_ON),
        (timedelta(hours=24), True, AfterSilence.GIVE_UP),
    ],
)
def test_B03_E01_E16_what_follows_when_the_provider_knows_nothing(
    age: timedelta, proves: bool, follows: AfterSilence
) -> None:
    found = after_absence(
        NOW - age, NOW, proves_never=proves, in_flight=timedelta(minutes=2), key_life=timedelta(hours=24)
    )
    assert found is follows


def order(*vouchers: VoucherFacts, refunds: tuple[RefundFacts, ...] = (), **facts: bool) -> OrderFacts:
    return OrderFacts(OrderState.AWAITING_PAYMENT, vouchers, refunds, **facts)


def test_an_expired_old_code_does_not_touch_an_order_whose_newer_one_lives() -> None:
    old = replace(VOUCHER, state=VoucherState.EXPIRED, replaced=True)
    assert project_order(order(old, VOUCHER)) is OrderState.AWAITING_PAYMENT
    dead = replace(VOUCHER, state=VoucherState.EXPIRED)
    assert project_order(order(old, dead)) is OrderState.EXPIRED


@pytest.mark.parametrize(
    ("state", "amount", "expected"),
    [
        (RefundState.PENDING, PRICE, OrderState.PAID),
        (RefundState.UNKNOWN, PRICE, OrderState.PAID),
        (RefundState.FAILED, PRICE, OrderState.PAID),
        (RefundState.RETURNED, PRICE, OrderState.PAID),
        (RefundState.SUCCEEDED, PRICE - 1, OrderState.PARTIALLY_REFUNDED),
        (RefundState.SUCCEEDED, PRICE, OrderState.REFUNDED),
    ],
)
def test_R8_an_order_is_refunded_only_by_money_that_arrived(
    state: RefundState, amount: Decimal, expected: OrderState
) -> None:
    paid = replace(VOUCHER, state=VoucherState.PAID, paid_amount=PRICE)
    assert project_order(order(paid, refunds=(RefundFacts(state, amount, "PEN"),))) is expected


def test_an_order_under_review_is_not_paid_and_one_that_was_paid_stays_so() -> None:
    paid = replace(VOUCHER, state=VoucherState.PAID, paid_amount=PRICE)
    assert project_order(order(paid, under_review=True)) is OrderState.IN_REVIEW
    was_paid = replace(order(paid, under_review=True), state=OrderState.PAID)
    assert project_order(was_paid) is OrderState.PAID
