"""A code that is lost where nobody can look it up: noted once, given up by a person, and still worth its money."""

from __future__ import annotations

from typing import Any

import pytest

from pagoefectivo import shop
from pagoefectivo.domain.exceptions import StateConflict
from pagoefectivo.links import notification_url
from pagoefectivo.models import Anomaly, ErrorOccurrence, Refund, StateChange, Voucher
from tests.integration.ledger import calls_of, everything, oddities, only_order, only_voucher, outbox
from tests.integration.services.direct import open_account

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def provider() -> str:
    return "pagoefectivo_direct"


@pytest.fixture
def lost(sandbox: Any, account: Any, psp: Any, world: Any, open_order: Any, sweep: Any) -> dict[str, Any]:
    """A code that was made while its answer was lost, hours ago, as the provider has it."""
    open_account(sandbox, account)
    psp.fault("create", "html", work=True)
    assert open_order().current_voucher.state == "unknown"
    for _ in range(5):
        world.advance(hours=1)
        sweep()
    [orphan] = psp.payments()
    return dict(orphan)


def announced(psp: Any, sandbox: Any, lost: dict[str, Any]) -> None:
    """The buyer pays the lost code, and the provider says so."""
    sandbox.ledger.payment(lost["id"]).notification_url = notification_url("default")
    psp.pay(lost["code"])
    assert psp.wait_idle()


def test_waiting_is_noted_once_and_not_every_hour(lost: Any, psp: Any, world: Any, sweep: Any) -> None:
    first, silence = ErrorOccurrence.objects.order_by("pk")
    assert (first.request_id != "", silence.request_id, silence.operation) == (True, "", "find_payment")
    world.advance(days=3)
    sweep()
    assert (ErrorOccurrence.objects.count(), calls_of(psp, "create"), oddities()) == (2, 1, ["outcome_unknown"])


def test_while_it_may_be_found_out_nobody_gives_a_code_up(psp: Any, open_order: Any) -> None:
    psp.fault("create", "html", work=True)
    assert open_order().current_voucher.state == "unknown"
    before = everything()
    with pytest.raises(StateConflict):
        shop.give_up_voucher(reference="A-1042")
    assert everything() == before


def test_a_code_that_is_there_is_not_given_up(open_order: Any) -> None:
    open_order()
    before = everything()
    with pytest.raises(StateConflict):
        shop.give_up_voucher(reference="A-1042")
    assert everything() == before


def test_an_order_whose_lost_code_is_given_up_gets_a_new_one(
    lost: Any, psp: Any, world: Any, open_order: Any, sweep: Any
) -> None:
    given_up = shop.give_up_voucher(reference="A-1042")
    assert (given_up.state, only_voucher().state, only_voucher().next_action_at) == ("awaiting_payment", "failed", None)
    last = StateChange.objects.latest("pk")
    assert (last.transition, last.why, last.actor) == ("fail", "given_up", "shop")
    closed = Anomaly.objects.get()
    assert (closed.kind, closed.closed_by, closed.resolution) == ("outcome_unknown", "shop", "given up")

    fresh = open_order().current_voucher
    assert (fresh.state, fresh.attempt, fresh.code != lost["code"]) == ("issued", 2, True)
    world.advance(hours=5)
    sweep()
    assert (ErrorOccurrence.objects.count(), oddities(), outbox()) == (2, [], ["voucher_issued"])


def test_an_order_that_is_being_withdrawn_ends_when_its_lost_code_is_given_up(
    lost: Any, world: Any, sweep: Any
) -> None:
    assert shop.cancel_order(reference="A-1042").state == "awaiting_payment", "the code may be paid"
    world.advance(days=1)
    sweep()
    assert only_order().state == "awaiting_payment"
    assert shop.give_up_voucher(reference="A-1042").state == "canceled"
    sweep()
    assert outbox() == ["stock_release_due"]


@pytest.mark.parametrize("withdrawn", [False, True], ids=["open", "withdrawn"])
def test_money_for_a_code_that_was_given_up_is_taken_and_shown_to_a_person(
    lost: Any, listening: Any, sandbox: Any, psp: Any, world: Any, sweep: Any, *, withdrawn: bool
) -> None:
    if withdrawn:
        shop.cancel_order(reference="A-1042")
    shop.give_up_voucher(reference="A-1042")
    psp.fault("get_payment", "500")
    announced(psp, sandbox, lost)
    sweep()
    assert only_order().paid_amount == 0, "the one question failed, and is asked again"
    world.advance(seconds=2)
    sweep()
    assert (only_voucher().state, only_voucher().code, only_order().state) == ("paid", lost["code"], "in_review")
    assert (oddities(), Refund.objects.get().state) == (["paid_after_cancel"], "awaiting_approval")


def test_money_for_a_code_that_was_given_up_pays_the_order_whose_new_code_waits(
    lost: Any, listening: Any, sandbox: Any, psp: Any, world: Any, sweep: Any
) -> None:
    shop.give_up_voucher(reference="A-1042")
    shop.reissue_voucher(reference="A-1042")
    announced(psp, sandbox, lost)
    world.advance(seconds=2)
    sweep()
    assert only_order().state == "paid"
    old, new = Voucher.objects.order_by("pk")
    assert (old.state, old.replaced_at is not None, new.state) == ("paid", True, "issued")


def test_a_message_that_gives_anothers_payment_for_a_given_up_code_leads_nowhere(
    lost: Any, listening: Any, psp: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    shop.give_up_voucher(reference="A-1042")
    theirs = open_order("OTHER-1").current_voucher
    psp.pay(theirs.code)
    ours = Voucher.objects.get(code="")
    body = (
        f'{{"eventType":"cip.paid","operationNumber":"1","data":{{"cip":"{theirs.code}","currency":"PEN",'
        f'"amount":89.90,"transactionCode":"{ours.reference}"}}}}'
    )
    psp.inject(notification_url("default"), body, psp="pagoefectivo_direct")
    world.advance(minutes=1)
    sweep()
    ours.refresh_from_db()
    assert (ours.state, ours.paid_amount, ours.next_action_at, ours.lease_until) == ("failed", 0, None, None)
    assert shop.get_order(reference="OTHER-1").state == "paid"
