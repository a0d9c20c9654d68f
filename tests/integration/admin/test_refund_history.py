"""What people did to a refund stands in its history: who asked, who approved what, which account took another's place."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils.translation import override

from pagoefectivo import shop
from pagoefectivo.domain.states import Source
from pagoefectivo.models import AccessLog, Order, Refund, StateChange
from pagoefectivo.models.audit import SEALED
from pagoefectivo.selectors import invariants
from pagoefectivo.selectors.timeline import timeline_of
from pagoefectivo.services import refunds
from tests.integration.admin.conftest import order_page, refund_page, text_of
from tests.integration.admin.test_payouts import payout_page
from tests.integration.admin.test_refund_acts import ask
from tests.integration.by_hand import (
    ACCOUNT,
    CCI,
    ELSEWHERE,
    OTHER_CCI,
    approve,
    ask_back,
    hand_over,
    paid,
    person,
    ready,
)
from tests.integration.ledger import moves, only_refund, outbox

pytestmark = pytest.mark.django_db(transaction=True)
ENGLISH = {"accept-language": "en"}


def told(order: Order) -> list[str]:
    """The sentences of an order's timeline, as its bundles have them."""
    with override("en"):
        return [entry.sentence.replace("\N{NO-BREAK SPACE}", " ") for entry in timeline_of(order)]


def redirect(refund: Refund, to: shop.Destination, by: str = "ana") -> Refund:
    return refunds.set_destination(refund.public_id, to, actor=person(by), source=Source.STAFF)


def test_another_account_in_the_place_of_one_is_a_sealed_line_with_who_and_both_ends(
    by_hand: None, at_desk: Any, paid_order: Any
) -> None:
    order, waiting = paid_order(), ask_back()
    redirect(waiting, ELSEWHERE, by="ana")
    line = StateChange.objects.get(transition="redirect")
    assert (line.from_state, line.to_state) == ("awaiting_approval", "awaiting_approval")
    assert (line.actor, line.source, line.why) == ("staff:ana", "staff", "account_changed account=063 before=013")
    assert "statechange" in SEALED
    said = "Bank account of the refund changed: ••••013 → ••••063"
    assert said in told(order)
    for page in (refund_page(waiting), order_page(order), order_page(order) + "?show=people"):
        read = text_of(at_desk("support_n1").get(page, headers=ENGLISH))
        assert (said in read, CCI in read, OTHER_CCI in read) == (True, False, False), page
    assert [each.id for each in invariants.check() if each.count] == []


def test_an_account_that_is_given_neither_prolongs_its_time_nor_tells_anybody_again(
    by_hand: None, paid_order: Any
) -> None:
    order, waiting = paid_order(), ask_back(to=None)
    announced = outbox()
    redirect(waiting, ACCOUNT)
    redirect(only_refund(), ELSEWHERE)
    assert moves("refund") == ["require_destination", "redirect", "require_approval", "redirect"]
    assert outbox() == announced
    assert "Bank account of the refund given: ••••013" in told(order)
    assert [each.id for each in invariants.check() if each.count] == []


def test_who_asked_for_a_refund_that_needs_nobody_else_is_a_line(at_desk: Any, paid_order: Any) -> None:
    order, browser = paid_order(), at_desk("support_n2", "ana")
    refund = ask(browser, order, "40.00")
    line = StateChange.objects.filter(refund=refund).earliest("pk")
    assert (line.transition, line.actor, line.why) == ("ask", "staff:ana", "asked amount=40.00 currency=PEN")
    people = text_of(browser.get(order_page(order) + "?show=people", headers=ENGLISH))
    for page in (people, text_of(browser.get(refund_page(refund), headers=ENGLISH))):
        assert "Refund asked for: S/ 40.00" in page
    assert [each.id for each in invariants.check() if each.count] == []


def test_an_approval_is_called_one_with_who_how_much_and_where_to(by_hand: None, at_desk: Any, paid_order: Any) -> None:
    order, refund = paid_order(), ready()
    said = "Refund approved: S/ 89.90, to the account ••••013"
    page = text_of(at_desk("support_n1").get(refund_page(refund), headers=ENGLISH))
    assert f"luz · staff {said}" in page
    assert said in told(order)


def test_an_approval_of_what_a_provider_refunds_is_a_line_too_and_leaves_at_once(
    at_desk: Any, account: Any, psp: Any, paid_order: Any
) -> None:
    order = paid_order()
    account(REFUND_APPROVAL_OVER="20.00")
    refund = approve(ask(at_desk("support_n2", "ana"), order))
    assert (refund.state, moves("refund")) == ("pending", ["require_approval", "approve", "submit", "accept"])
    line = StateChange.objects.get(transition="approve")
    assert (line.actor, line.why) == ("staff:luz", "approval_given amount=30.00 currency=PEN")
    assert "Refund approved: S/ 30.00" in told(order)
    assert [each.id for each in invariants.check() if each.count] == []


def test_an_approved_refund_by_transfer_waits_for_finance_and_says_so_on_its_order(
    by_hand: None, at_desk: Any, paid_order: Any
) -> None:
    order, refund = paid_order(), ready()
    browser = at_desk("support_n1")

    def read() -> str:
        return text_of(browser.get(order_page(order), headers=ENGLISH))

    assert "Finance pays it: make the payout file and hand it to the bank. Who acts: finance." in read()
    assert "Reaches the buyer: 1 to 3 business days after finance hands the payout file to the bank" in read()
    hand_over()
    assert "Finance records what the bank did with it. Who acts: finance." in read()
    paid(refund)
    assert "All is as it should be" in read()


def test_an_approved_account_that_is_not_the_buyers_is_doubted_on_the_order(
    by_hand: None, at_desk: Any, paid_order: Any
) -> None:
    order = paid_order()
    approve(ask_back(to=ELSEWHERE))
    page = text_of(at_desk("support_n1").get(order_page(order), headers=ENGLISH))
    step = page.partition("Next:")[2].partition("Who acts")[0]
    for said in (
        "Look closely: The account is not in the name of the buyer.",
        "Whoever asked for the refund entered this account.",
    ):
        assert said in step, step
    assert "All is as it should be" not in page


def test_a_payout_file_is_not_handed_out_unnoted_and_the_page_asks_what_for(
    by_hand: None, at_desk: Any, paid_order: Any
) -> None:
    paid_order()
    ready()
    payout, beto = hand_over(by="beto"), at_desk("treasury", "beto")
    assert 'name="why" id="pe-why" required' in beto.get(payout_page(payout)).content.decode()
    assert beto.get(payout_page(payout, "file"), {"why": "Friday's transfers"}).status_code == 200
    entry = AccessLog.objects.get(subject=payout.reference, kind="export")
    assert (entry.actor, entry.why, entry.page, entry.remote_ip) == (
        "staff:beto",
        "Friday's transfers",
        "pagoefectivo_payout_file",
        "127.0.0.1",
    )
