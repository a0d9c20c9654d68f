"""A provider that knows no key and finds nothing by our reference: codes that nobody saw made, and deadlines that move."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pagoefectivo import shop
from pagoefectivo.domain.exceptions import StateConflict
from pagoefectivo.links import notification_url
from pagoefectivo.models import ApiExchange, PaymentEvent, Voucher
from pagoefectivo.services.accounts import account_named
from pagoefectivo.testing.conformance.evidence import KeptEvidence
from tests.integration.ledger import calls_of, cents, moves, oddities, only_order, only_voucher, outbox
from tests.integration.services.direct import FACE, open_account

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def direct(sandbox: Any, account: Any, world: Any) -> None:
    open_account(sandbox, account)


@pytest.fixture
def lost(psp: Any, open_order: Any) -> dict[str, Any]:
    """A code that was made while its answer was lost, as the provider has it."""
    psp.fault("create", "timeout_after")
    voucher = open_order().current_voucher
    assert (voucher.state, voucher.code) == ("unknown", "")
    assert calls_of(psp, "create") == 1
    [orphan] = psp.payments()
    return dict(orphan)


def test_a_lost_code_is_never_made_again_by_itself_and_a_person_hears_of_it(
    lost: Any, psp: Any, world: Any, sweep: Any
) -> None:
    for _ in range(6):
        world.advance(hours=1)
        sweep()
    assert (calls_of(psp, "create"), len(psp.payments())) == (1, 1)
    assert (only_voucher().state, only_voucher().code, only_order().state) == ("unknown", "", "awaiting_payment")
    assert (oddities(), outbox()) == (["outcome_unknown"], [])


def test_while_it_may_be_under_way_nobody_gets_another_and_then_only_who_asks(
    lost: Any, psp: Any, world: Any, sweep: Any
) -> None:
    with pytest.raises(StateConflict):
        shop.reissue_voucher(reference="A-1042")
    assert Voucher.objects.count() == 1
    world.advance(minutes=3)
    sweep()
    assert Voucher.objects.count() == 1

    fresh = shop.reissue_voucher(reference="A-1042").current_voucher

    assert fresh is not None
    assert (fresh.state, fresh.attempt, fresh.code != lost["code"]) == ("issued", 2, True)
    assert list(Voucher.objects.exclude(code="").values_list("code", flat=True)) == [fresh.code], "one code is shown"
    psp.pay(fresh.code)
    world.advance(seconds=2)
    sweep()
    assert (only_order().state, only_order().paid_amount) == ("paid", cents("89.90"))


def test_a_message_about_a_lost_code_leads_to_its_payment(
    lost: Any, listening: Any, sandbox: Any, psp: Any, world: Any, sweep: Any
) -> None:
    sandbox.ledger.payment(lost["id"]).notification_url = notification_url("default")
    psp.pay(lost["code"])
    assert psp.wait_idle()
    world.advance(minutes=3)
    sweep()
    assert (only_voucher().state, only_voucher().code) == ("paid", lost["code"])
    assert (only_order().state, oddities(), moves("voucher")) == ("paid", [], ["submit", "lose", "issue", "pay"])
    told, read = PaymentEvent.objects.order_by("pk")
    assert [(each.proof, each.is_believed) for each in (told, read)] == [("hint", False), ("read", True)]
    assert ApiExchange.objects.get(request_id=read.request_id).operation == "fetch_payment"


def test_a_message_that_gives_another_orders_code_as_ours_leads_nowhere(
    lost: Any, listening: Any, psp: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    theirs = open_order("OTHER-1").current_voucher
    psp.pay(theirs.code)
    ours = Voucher.objects.get(code="")
    body = (
        f'{{"eventType":"cip.paid","operationNumber":"1","data":{{"cip":"{theirs.code}","currency":"PEN",'
        f'"amount":89.90,"transactionCode":"{ours.reference}"}}}}'
    )
    psp.inject(notification_url("default"), body, psp=FACE)
    world.advance(minutes=3)
    sweep()
    ours.refresh_from_db()
    assert (ours.state, ours.paid_amount) == ("unknown", 0)
    assert shop.get_order(reference="OTHER-1").state == "paid"


def test_an_expired_code_whose_deadline_was_moved_is_found_paid(
    psp: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    voucher = open_order(expires_in=timedelta(hours=24)).current_voucher
    world.advance(hours=25)
    sweep()
    assert (only_voucher().state, only_order().state) == ("expired", "expired")

    deadline = world.now() + timedelta(days=60)
    account_named("default").gateway(KeptEvidence()).extend_voucher(voucher.provider_reference, deadline)
    for _ in range(5):
        world.advance(days=10)
        sweep()
    assert only_voucher().state == "expired", "its waiting again changes nothing"
    assert only_voucher().expires_at == deadline.replace(microsecond=0)
    assert only_voucher().next_action_at > deadline

    psp.pay(voucher.code)
    world.advance(days=20)  # the wait of sixty days is stretched by up to a fifth, as every wait is
    sweep()
    assert (only_voucher().state, only_order().state, oddities()) == ("paid", "in_review", ["paid_late"])


def test_a_payment_is_believed_by_question_alone_and_a_replayed_message_only_asks(
    listening: Any, sandbox: Any, account: Any, psp: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    open_account(sandbox, account, CONFIRMATION="webhook")
    psp.fault("get_payment", "lag", times=1)
    psp.pay(open_order().current_voucher.code)
    assert psp.wait_idle()
    sweep()
    assert only_voucher().state == "issued", "nothing in the message is dated, so it alone is never enough"
    world.advance(seconds=2)
    sweep()
    assert (only_voucher().state, oddities()) == ("paid", [])


def test_a_withdrawn_order_is_withdrawn_there(psp: Any, open_order: Any) -> None:
    open_order()
    shop.cancel_order(reference="A-1042")
    assert (only_order().state, [each["state"] for each in psp.payments()]) == ("canceled", ["canceled"])
