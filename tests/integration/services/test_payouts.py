"""A refund by bank transfer, from the request to the buyer's account: people do it, the provider is never asked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import NotFound, RuleRefused, StateConflict
from pagoefectivo.domain.states import Source
from pagoefectivo.models import ErrorOccurrence, Payout, Refund
from pagoefectivo.selectors import invariants
from pagoefectivo.services import doubts, payout_results, payouts, recovery, refunds
from tests.integration.by_hand import (
    ACCOUNT,
    ELSEWHERE,
    OTHER_CCI,
    approve,
    ask_back,
    hand_over,
    lines_of,
    paid,
    person,
    ready,
    today,
)
from tests.integration.ledger import cents, everything, moves, oddities, only_order, only_refund, only_voucher, outbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("by_hand")]


def violated() -> list[str]:
    return [finding.id for finding in invariants.check() if finding.count]


def refused(act: Any) -> list[ErrorCode]:
    """The reasons of a refusal; nothing was written."""
    before = everything()
    with pytest.raises(RuleRefused) as refusal:
        act()
    assert everything() == before
    return [reason.code for reason in refusal.value.reasons]


def test_a_refund_goes_from_the_request_to_the_buyers_account_by_hand(
    psp: Any, paid_order: Any, world: Any, sweep: Any
) -> None:
    paid_order()
    psp.clear_calls()
    refund = ask_back(to=None)
    assert (refund.state, outbox()[-1]) == ("awaiting_destination", "refund_needs_destination")
    assert only_voucher().reserved_amount == cents("89.90")
    refund = refunds.set_destination(refund.public_id, ACCOUNT, actor=person("ana"), source=Source.STAFF)
    assert refund.destination is not None
    assert (refund.state, refund.destination.bank_code) == ("awaiting_approval", "002")
    refund = approve(refund, by="luz", seen=doubts.seen_of(refund))
    assert (refund.state, refund.is_approved) == ("requested", True)
    payout = hand_over(by="beto")
    assert (only_refund().state, only_refund().payout_id) == ("pending", payout.pk)
    done = paid(refund, "00123456", by="luz")
    assert (done.state, done.provider_reference, only_order().state) == ("succeeded", "00123456", "refunded")
    assert moves("refund") == [
        "require_destination", "redirect", "require_approval", "release", "submit", "accept", "succeed",
    ]  # fmt: skip
    assert outbox()[-2:] == ["refund_succeeded", "order_refunded"]
    assert psp.call_counts() == {}
    assert violated() == []


def test_only_what_is_ready_gets_into_a_file_and_never_twice(paid_order: Any) -> None:
    for number in range(1, 6):
        paid_order(f"A-{number}")
    ask_back("A-1")
    ask_back("A-2", to=None)
    withdrawn = ready("A-3")
    refunds.cancel(withdrawn.public_id, actor=person("ana"), source=Source.STAFF)
    redirected = ready("A-4")
    refunds.set_destination(redirected.public_id, ELSEWHERE, actor=person("ana"), source=Source.STAFF)
    good = ready("A-5")
    payout = hand_over()
    assert list(payout.refunds.all()) == [good]
    assert refused(hand_over) == [ErrorCode.PAYOUT_NOTHING_READY]
    assert Payout.objects.count() == 1


def test_a_file_holds_one_currency(paid_order: Any) -> None:
    paid_order()
    ready()
    assert refused(lambda: hand_over(currency="USD")) == [ErrorCode.PAYOUT_NOTHING_READY]


def test_a_refund_that_the_rules_no_longer_allow_is_not_paid_out(psp: Any, paid_order: Any) -> None:
    from pagoefectivo import shop

    paid_order("A-1")
    paid_order("A-2")
    disputed, good = ready("A-1"), ready("A-2")
    psp.reverse(disputed.voucher.code)
    shop.refresh_order(reference="A-1")
    payout = hand_over()
    disputed.refresh_from_db()
    assert (list(payout.refunds.all()), disputed.state, disputed.error_code) == ([good], "failed", "REFUND_FROZEN")
    assert disputed.payout_id is None


def test_a_rejected_transfer_frees_its_money_and_is_tried_again_with_another_account(
    paid_order: Any, world: Any, sweep: Any
) -> None:
    paid_order()
    refund = ready()
    hand_over()
    failed = payout_results.mark_rejected(
        refund.public_id, code=ErrorCode.REFUND_HOLDER_MISMATCH, on=today(), actor=person("luz"), source=Source.STAFF
    )
    assert (failed.state, failed.error_code) == ("failed", "REFUND_HOLDER_MISMATCH")
    assert only_voucher().reserved_amount == 0
    assert ErrorOccurrence.objects.get().code == "REFUND_HOLDER_MISMATCH"
    again = refunds.retry(refund.public_id, actor=person("ana"), source=Source.STAFF)
    assert (again.state, again.destination) == ("awaiting_destination", None), "that account was wrong"
    refunds.set_destination(again.public_id, ELSEWHERE, actor=person("ana"), source=Source.STAFF)
    approve(again)
    second = hand_over()
    assert lines_of(payouts.file_of(second.reference, actor=person("beto")))[0]["cci"] == OTHER_CCI
    assert paid(again).state == "succeeded"
    assert violated() == []


def test_what_was_rejected_for_another_reason_keeps_its_account_and_needs_a_new_approval(paid_order: Any) -> None:
    paid_order()
    refund = ready()
    hand_over()
    payout_results.mark_rejected(
        refund.public_id, code=ErrorCode.REFUND_REJECTED, on=today(), actor=person("luz"), source=Source.STAFF
    )
    again = refunds.retry(refund.public_id, actor=person("ana"), source=Source.STAFF)
    assert (again.state, again.destination_id, again.approved_by) == ("awaiting_approval", refund.destination_id, "")


def test_E13_money_that_the_bank_sends_back_is_returned_and_free(paid_order: Any) -> None:
    paid_order()
    refund = ready()
    hand_over()
    paid(refund)
    back = payout_results.mark_returned(refund.public_id, on=today(), actor=person("luz"), source=Source.STAFF)
    assert (back.state, only_order().state, only_voucher().reserved_amount) == ("returned", "paid", 0)
    assert oddities() == ["refund_returned"]
    assert violated() == []


def test_one_transfer_is_not_used_for_two_refunds(paid_order: Any) -> None:
    paid_order("A-1")
    paid_order("A-2")
    first, second = ready("A-1"), ready("A-2")
    hand_over()
    paid(first, "00123456")
    for same in ("00123456", "123456", "123-456"):
        assert refused(lambda number=same: paid(second, number)) == [ErrorCode.PAYOUT_OPERATION_REUSED]
    assert paid(second, "00123457").state == "succeeded"


@pytest.mark.parametrize("number", ["", "0", "000", "-", "12 34", "=1+1", "1" * 41, "١٢٣"])
def test_an_operation_number_that_cannot_be_is_refused(paid_order: Any, number: str) -> None:
    paid_order()
    refund = ready()
    hand_over()
    assert refused(lambda: paid(refund, number)) == [ErrorCode.PAYOUT_RESULT_INVALID]


@pytest.mark.parametrize("days", [-1, 1])
def test_a_day_before_the_file_or_after_today_is_refused(paid_order: Any, days: int) -> None:
    paid_order()
    refund = ready()
    hand_over()
    assert refused(lambda: paid(refund, on=today() + timedelta(days=days))) == [ErrorCode.PAYOUT_RESULT_INVALID]


def test_nothing_is_recorded_of_what_is_not_with_the_bank(paid_order: Any) -> None:
    paid_order()
    refund = ready()
    assert refused(lambda: paid(refund)) == [ErrorCode.NOT_FOUND]
    hand_over()
    paid(refund)
    before = everything()
    for again in ("00123456", "777"):
        with pytest.raises(StateConflict):
            paid(refund, again)
    with pytest.raises(StateConflict):
        refunds.cancel(refund.public_id, actor=person("ana"), source=Source.STAFF)
    assert everything() == before


def test_L5_the_clock_never_asks_the_provider_and_tells_finance_once_when_the_bank_is_slow(
    psp: Any, paid_order: Any, world: Any, sweep: Any
) -> None:
    paid_order()
    waiting = ready("A-1042", "10.00")
    world.advance(days=3)
    sweep()
    assert (Refund.objects.get(pk=waiting.pk).state, ErrorOccurrence.objects.count()) == ("requested", 0)
    hand_over()
    psp.clear_calls()
    for _ in range(12):
        world.advance(days=1)
        report = sweep()
        assert report.failures == 0
        assert report.refunds <= 1
    assert [(each.code, each.refund_id) for each in ErrorOccurrence.objects.all()] == [
        ("REFUND_PENDING_TOO_LONG", waiting.pk)
    ]
    assert "refund" not in "".join(psp.call_counts())
    assert only_refund().next_action_at is not None
    paid(waiting)
    assert only_refund().next_action_at is None, "nothing is left to find out"
    world.advance(days=40)
    sweep()
    assert "refund" not in "".join(psp.call_counts())
    assert violated() == []


def test_F16_no_file_is_made_while_a_restored_backup_is_read_and_what_waited_then_is_left_out(
    paid_order: Any, world: Any
) -> None:
    paid_order("A-1")
    paid_order("A-2")
    doubtful = ready("A-1")
    world.advance(minutes=1)
    recovery.start(["default"], by="shell:ops", why="restored")
    assert refused(hand_over) == [ErrorCode.PAYOUT_STOPPED]
    assert [each.unread_refunds for each in recovery.status()] == [1], "it ends only by a person's hand"
    recovery.finish(by="shell:ops", force=True)
    later = ready("A-2")
    assert list(hand_over().refunds.all()) == [later], "the other may have been paid before the backup"
    refunds.cancel(doubtful.public_id, actor=person("ana"), source=Source.STAFF)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"holder_name": ""}, ErrorCode.REFUND_DESTINATION_INVALID),
        ({"holder_name": "María\nQuispe"}, ErrorCode.REFUND_DESTINATION_INVALID),
        ({"document_number": ""}, ErrorCode.REFUND_DESTINATION_INVALID),
        ({"document_type": "PAPER"}, ErrorCode.REFUND_DESTINATION_INVALID),
        ({"document_number": "123"}, ErrorCode.REFUND_DESTINATION_INVALID),
        ({"account_number": "0021930012345678901"}, ErrorCode.REFUND_ACCOUNT_INVALID),
        ({"account_number": "0021930012345678901A"}, ErrorCode.REFUND_ACCOUNT_INVALID),
        ({"bank_code": "011"}, ErrorCode.REFUND_BANK_MISMATCH),
    ],
)
def test_bank_details_that_cannot_be_are_refused_with_the_request_and_after_it(
    paid_order: Any, changes: dict[str, str], code: ErrorCode
) -> None:
    from dataclasses import replace

    paid_order()
    wrong = replace(ACCOUNT, **changes)
    assert refused(lambda: ask_back(to=wrong)) == [code]
    waiting = ask_back(to=None)
    assert refused(
        lambda: refunds.set_destination(waiting.public_id, wrong, actor=person("ana"), source=Source.STAFF)
    ) == [code]


def test_a_drafted_refund_is_approved_first_and_again_for_the_account(psp: Any, account: Any, open_order: Any) -> None:
    from pagoefectivo import shop

    account(LATE_PAYMENT="refund")
    code = open_order().current_voucher.code
    psp.expire(code)
    shop.refresh_order(reference="A-1042")
    psp.pay(code, late=True)
    shop.refresh_order(reference="A-1042")
    drafted = only_refund()
    assert (drafted.state, drafted.requested_by, drafted.destination) == ("awaiting_approval", "system", None)
    assert approve(drafted).state == "awaiting_destination"
    assert only_refund().approved_by == ""
    refunds.set_destination(drafted.public_id, ACCOUNT, actor=person("ana"), source=Source.STAFF)
    assert approve(drafted).state == "requested"


def test_the_accounts_of_others_do_not_exist_for_somebody_bound_to_one(paid_order: Any) -> None:
    from dataclasses import replace

    paid_order()
    ready()
    stranger = replace(person("eva"), accounts=frozenset({"another"}))
    with pytest.raises(NotFound):
        payouts.make("default", "PEN", actor=stranger, source=Source.STAFF)
    payout = hand_over()
    with pytest.raises(NotFound):
        payouts.file_of(payout.reference, actor=stranger)
    review = payout_results.record_file(
        f"reference,result\n{only_refund().reference},paid".encode(), actor=stranger, source=Source.STAFF, dry_run=True
    )
    assert [verdict.refusal.code for verdict in review.refusals if verdict.refusal] == [ErrorCode.NOT_FOUND]
