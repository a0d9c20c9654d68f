"""Refunds by staff: what is left, every reason why not, one refund per form, two people above the threshold."""

from __future__ import annotations

import re
import threading
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from pagoefectivo import shop
from pagoefectivo.domain.exceptions import RuleRefused
from pagoefectivo.models import Order, Refund
from pagoefectivo.services import doubts
from pagoefectivo.services.actors import SHOP
from tests.integration.admin.conftest import everything, hidden, order_page, refund_page, text_of

pytestmark = pytest.mark.django_db(transaction=True)
ENGLISH = {"accept-language": "en"}


def filled_in(browser: Client, order: Order, amount: str = "30.00", **more: str) -> dict[str, str]:
    """The refund form as a person would send it from its preview, if there is one."""
    page = browser.get(order_page(order, "refund"))
    form = {"amount": amount, "reason": "damaged", "note": "", "nonce": hidden(page, "nonce")} | more
    looked_at = browser.post(order_page(order, "refund"), form)
    return form | ({"seen": hidden(looked_at, "seen")} if looked_at.status_code == 200 else {})


def ask(browser: Client, order: Order, amount: str = "30.00") -> Refund:
    """Ask for a refund through the form."""
    answer = browser.post(order_page(order, "refund"), filled_in(browser, order, amount))
    assert answer.status_code == 302, text_of(answer)
    return Refund.objects.latest("pk")


def test_the_form_says_what_is_left_and_that_nothing_is_sent_twice(at_desk: Any, paid_order: Any) -> None:
    page = text_of(at_desk("support_n2").get(order_page(paid_order(), "refund"), headers=ENGLISH))
    assert "Paid S/ 89.90, given back S/ 0.00." in page
    assert "At most S/ 89.90 can be given back in one refund now." in page
    assert "If the provider does not answer we will NOT send it again" in page


def test_a_refund_goes_out_once_and_says_that_it_is_not_confirmed(at_desk: Any, psp: Any, paid_order: Any) -> None:
    order, browser = paid_order(), at_desk("support_n2", "ana")
    answer = browser.post(order_page(order, "refund"), filled_in(browser, order), follow=True, headers=ENGLISH)
    refund = Refund.objects.get()
    assert (refund.state, refund.amount, refund.requested_by) == ("pending", Decimal("30.00"), "staff:ana")
    page = text_of(answer)
    assert "S/ 30.00: On its way: the provider has it and has not confirmed yet that the buyer got it." in page
    assert len(psp.refunds()) == 1


def test_why_nothing_can_be_refunded_is_said_before_any_form(at_desk: Any, open_order: Any) -> None:
    answer = at_desk("support_n2").get(order_page(open_order(), "refund"), headers=ENGLISH)
    page = text_of(answer)
    assert "Nothing has been paid, so nothing can be refunded." in page
    assert "(REFUND_NOT_PAID)" in page
    assert 'name="amount"' not in answer.content.decode()


@pytest.mark.parametrize(
    "amount", ["0", "-1.00", "1.001", "NaN", "1e400", "1,500", "1.234,50", ",50", "S/ 5", "", "१०", "9" * 40]
)
def test_E05_an_amount_that_has_to_be_guessed_is_refused(at_desk: Any, psp: Any, paid_order: Any, amount: str) -> None:
    order, browser = paid_order(), at_desk("support_n2")
    form, before = filled_in(browser, order, amount), everything()
    answer = browser.post(order_page(order, "refund"), form)
    assert answer.status_code == 422
    assert 'class="errorlist"' in answer.content.decode()
    assert everything() == before
    assert psp.refunds() == []


def test_one_comma_before_the_cents_is_read_as_people_in_peru_write_it(at_desk: Any, psp: Any, paid_order: Any) -> None:
    order, browser = paid_order(), at_desk("support_n2")
    assert (ask(browser, order, "44,95").amount, ask(browser, order, "3,5").amount) == (
        Decimal("44.95"),
        Decimal("3.50"),
    )
    answer = browser.post(order_page(order, "refund"), filled_in(browser, order, "1.000,50"), headers=ENGLISH)
    assert "Write only figures, with the cents after a point or a comma: 44.95" in text_of(answer)
    with pytest.raises(RuleRefused):
        shop.request_refund(reference="A-1042", amount="1,50", reason="damaged", actor=SHOP)


def test_a_provider_of_whole_payments_fixes_the_amount_before_it_is_typed(
    at_desk: Any, account: Any, psp: Any, paid_order: Any
) -> None:
    order, browser = paid_order(), at_desk("support_n2")
    account(CAPABILITIES={"partial_refunds": False})
    answer = browser.get(order_page(order, "refund") + "?amount=9.00", headers=ENGLISH)
    assert "gives back only the whole payment, so the amount is fixed: S/ 89.90." in text_of(answer)
    field = re.search(r'<input[^>]*name="amount"[^>]*>', answer.content.decode())
    assert field is not None
    assert ("readonly" in field[0], 'value="89.90"' in field[0]) == (True, True)
    assert ask(browser, order, "89.90").state == "pending"


def test_more_than_is_left_is_refused_with_what_is_left(at_desk: Any, psp: Any, paid_order: Any) -> None:
    order, browser = paid_order(), at_desk("support_n2")
    form, before = filled_in(browser, order, "89.91"), everything()
    answer = browser.post(order_page(order, "refund"), form, headers=ENGLISH)
    assert answer.status_code == 422
    assert "Only S/ 89.90 is left to refund. Lower the amount. (REFUND_AMOUNT_EXCEEDED)" in text_of(answer)
    assert 'value="89.91"' in answer.content.decode()
    assert everything() == before
    assert psp.refunds() == []


def test_E02_two_people_at_once_refund_the_whole_amount_once(at_desk: Any, psp: Any, paid_order: Any) -> None:
    order = paid_order()
    browsers = [at_desk("support_n2", name) for name in ("ana", "beto")]
    forms = [filled_in(browser, order, "89.90") for browser in browsers]
    start, answers = threading.Barrier(2), []

    def click(browser: Client, form: dict[str, str]) -> None:
        start.wait()
        try:
            answers.append(browser.post(order_page(order, "refund"), form).status_code)
        finally:
            connection.close()

    clicks = [threading.Thread(target=click, args=pair) for pair in zip(browsers, forms, strict=True)]
    for each in clicks:
        each.start()
    for each in clicks:
        each.join(30)
    assert sorted(answers) == [302, 422]
    assert Refund.objects.count() == 1
    assert len(psp.refunds()) == 1


def test_E03_refresh_back_and_double_click_make_one_refund(at_desk: Any, psp: Any, paid_order: Any) -> None:
    order, browser = paid_order(), at_desk("support_n2")
    form = filled_in(browser, order)
    answers = [browser.post(order_page(order, "refund"), form) for _ in range(3)]
    assert {answer.url for answer in answers} == {refund_page(Refund.objects.get())}
    changed = browser.post(order_page(order, "refund"), form | {"amount": "59.90"}, follow=True, headers=ENGLISH)
    assert "This form had been sent before: its refund of S/ 30.00 is below. Nothing new was asked for." in text_of(
        changed
    )
    assert len(psp.refunds()) == 1


def test_E03_a_double_click_at_the_same_instant_makes_one_refund(at_desk: Any, psp: Any, paid_order: Any) -> None:
    order, browser = paid_order(), at_desk("support_n2")
    form = filled_in(browser, order)
    start, answers = threading.Barrier(2), []

    def click() -> None:
        start.wait()
        try:
            answers.append(browser.post(order_page(order, "refund"), form).status_code)
        finally:
            connection.close()

    clicks = [threading.Thread(target=click) for _ in range(2)]
    for each in clicks:
        each.start()
    for each in clicks:
        each.join(30)
    assert answers == [302, 302]
    assert len(psp.refunds()) == Refund.objects.count() == 1


def test_a_form_of_another_order_or_a_damaged_one_asks_for_nothing_of_that_order(at_desk: Any, paid_order: Any) -> None:
    first, second, browser = paid_order("A-1"), paid_order("A-2"), at_desk("support_n2")
    form = filled_in(browser, first)
    browser.post(order_page(first, "refund"), form)
    browser.post(order_page(second, "refund"), filled_in(browser, second, nonce=form["nonce"]))
    assert [refund.order.reference for refund in Refund.objects.order_by("pk")] == ["A-1", "A-2"]
    before = everything()
    for nonce in ("", "x", "retry:rfd_1", "a" * 500):
        assert browser.post(order_page(first, "refund"), form | {"nonce": nonce}).status_code == 422
    assert everything() == before


def test_an_unknown_outcome_says_that_it_is_not_sent_again(at_desk: Any, psp: Any, paid_order: Any) -> None:
    order, browser = paid_order(), at_desk("support_n2")
    psp.fault("refund", "timeout_after")
    page = text_of(browser.post(order_page(order, "refund"), filled_in(browser, order), follow=True, headers=ENGLISH))
    assert Refund.objects.get().state == "unknown"
    assert "We do not know yet whether it went out. It will NOT be sent again" in page
    assert len(psp.refunds()) == 1


def test_above_the_threshold_another_person_approves_what_they_saw(
    at_desk: Any, psp: Any, account: Any, paid_order: Any
) -> None:
    order = paid_order()
    account(REFUND_APPROVAL_OVER="20.00")
    refund = ask(at_desk("support_n2", "ana"), order)
    assert (refund.state, psp.refunds()) == ("awaiting_approval", [])
    luz = at_desk("finance", "luz")
    page = luz.get(refund_page(refund, "approve"), headers=ENGLISH)
    assert "S/ 30.00" in text_of(page)
    assert "Asked for by ana" in text_of(page)
    answer = luz.post(refund_page(refund, "approve"), {"seen": hidden(page, "seen")}, follow=True, headers=ENGLISH)
    assert "On its way" in text_of(answer)
    refund.refresh_from_db()
    assert (refund.state, refund.approved_by) == ("pending", "staff:luz")
    again = luz.post(refund_page(refund, "approve"), {"seen": hidden(page, "seen")}, headers=ENGLISH)
    assert (again.status_code, "STATE_CONFLICT" in text_of(again)) == (422, True)
    assert len(psp.refunds()) == 1


def test_G18_nobody_approves_their_own_refund_not_even_a_superuser(
    at_desk: Any, psp: Any, account: Any, paid_order: Any, person: Any
) -> None:
    order = paid_order()
    account(REFUND_APPROVAL_OVER="20.00")
    ana = person("support_n2", "ana")
    ana.is_superuser = True
    ana.save()
    browser = at_desk("support_n2", "ana")
    refund = ask(browser, order)
    page = browser.get(refund_page(refund, "approve"), headers=ENGLISH)
    assert "You cannot approve what you asked for yourself." in text_of(page)
    assert "<button" not in page.content.decode().split('id="content-main"')[1]
    before = everything()
    answer = browser.post(refund_page(refund, "approve"), {"seen": doubts.seen_of(refund)}, headers=ENGLISH)
    assert (answer.status_code, "APPROVAL_SELF" in text_of(answer)) == (422, True)
    assert everything() == before
    assert psp.refunds() == []


def test_G18_splitting_below_the_threshold_does_not_pass(at_desk: Any, psp: Any, account: Any, paid_order: Any) -> None:
    order, browser = paid_order(), at_desk("support_n2")
    account(REFUND_APPROVAL_OVER="20.00")
    states = [ask(browser, order, "15.00").state for _ in range(2)]
    assert states == ["pending", "awaiting_approval"]
    assert len(psp.refunds()) == 1


def test_E18_an_approval_of_something_else_than_was_seen_is_void(
    at_desk: Any, psp: Any, account: Any, paid_order: Any
) -> None:
    order = paid_order()
    account(REFUND_APPROVAL_OVER="20.00")
    refund = ask(at_desk("support_n2", "ana"), order)
    luz, before = at_desk("finance", "luz"), everything()
    answer = luz.post(refund_page(refund, "approve"), {"seen": "0" * 64}, headers=ENGLISH)
    assert (answer.status_code, "APPROVAL_STALE" in text_of(answer)) == (422, True)
    assert luz.post(refund_page(refund, "approve")).status_code == 422
    assert everything() == before
    assert psp.refunds() == []


def test_what_waits_for_approval_can_be_declined_or_withdrawn(
    at_desk: Any, psp: Any, account: Any, paid_order: Any
) -> None:
    order, ana = paid_order(), at_desk("support_n2", "ana")
    account(REFUND_APPROVAL_OVER="20.00")
    declined = ask(ana, order)
    assert at_desk("finance", "luz").post(refund_page(declined, "decline")).status_code == 302
    withdrawn = ask(ana, order)
    assert ana.post(refund_page(withdrawn, "cancel")).status_code == 302
    assert list(Refund.objects.values_list("state", flat=True)) == ["canceled", "canceled"]
    assert order.vouchers.get().reserved_amount == 0
    assert psp.refunds() == []


def test_what_the_provider_has_can_no_longer_be_withdrawn(at_desk: Any, paid_order: Any) -> None:
    order, browser = paid_order(), at_desk("support_n2")
    refund = ask(browser, order)
    before = everything()
    answer = browser.post(refund_page(refund, "cancel"), headers=ENGLISH)
    assert (answer.status_code, "(REFUND_ALREADY_SENT)" in text_of(answer)) == (422, True)
    assert everything() == before


def test_a_rejected_refund_says_why_and_is_asked_for_again_once(
    at_desk: Any, psp: Any, paid_order: Any, world: Any, sweep: Any
) -> None:
    order, browser = paid_order(), at_desk("support_n2")
    refund = ask(browser, order)
    psp.settle_refund(refund.provider_reference, "reject")
    world.advance(seconds=3)
    sweep()
    page = text_of(browser.get(refund_page(refund), headers=ENGLISH))
    assert "Not given back: it was refused. The money is free again" in page
    assert "What went wrong" in page
    assert "Who acts: support. REFUND_REJECTED" in page
    assert "Refund again …" in page
    for _ in range(2):
        assert browser.post(refund_page(refund, "retry")).status_code == 302
    assert list(Refund.objects.order_by("pk").values_list("state", flat=True)) == ["failed", "pending"]
    assert len(psp.refunds()) == 2


def test_a_rejection_says_what_is_known_and_who_corrects_what_and_once_repeated_leads_to_the_new_one(
    at_desk: Any, psp: Any, paid_order: Any, world: Any, sweep: Any
) -> None:
    order, browser = paid_order(), at_desk("support_n2")
    refund = ask(browser, order)
    psp.webhook_fault("lost", subject="refund")
    psp.settle_refund(refund.provider_reference, "reject")
    world.advance(seconds=3)
    sweep()
    html = browser.get(refund_page(refund), headers=ENGLISH).content.decode()
    known = "The provider gave no reason that we know."
    mend = "Ask the buyer to check the bank details that they gave to dLocal, then refund again."
    for page in (html, browser.get(order_page(order), headers=ENGLISH).content.decode()):
        assert (known in page, mend in page, "correct the account" in page) == (True, True, False)
    assert "The provider says: failed" in html.split("Every try at the provider")[1]
    browser.post(refund_page(refund, "retry"))
    newest = Refund.objects.latest("pk")
    answer = browser.get(refund_page(refund), headers=ENGLISH)
    assert f"It was asked for again: {newest.reference} → on its way" in text_of(answer)
    assert refund_page(newest) in answer.content.decode()
    assert (mend in text_of(answer), refund_page(refund, "retry") in answer.content.decode()) == (False, False)
    again = text_of(browser.get(refund_page(refund, "retry"), headers=ENGLISH))
    assert f"It was asked for again already: {newest.reference}." in again
    assert mend not in text_of(browser.get(order_page(order), headers=ENGLISH))


def test_a_bank_account_is_masked_unless_one_may_see_it(at_desk: Any, paid_order: Any) -> None:
    paid_order()
    destination = shop.Destination("María Quispe", "DNI", "45678912", "002", "00219300123456789012", "C")
    refund = shop.request_refund(reference="A-1042", amount="5.00", reason="other", actor=SHOP, destination=destination)
    row = reverse("admin:pagoefectivo_refunddestination_change", args=[refund.destination_id])
    shown = {
        desk: [at_desk(desk).get(page).content.decode() for page in pages]
        for desk, pages in {"support_n2": [refund_page(refund)], "auditor": [refund_page(refund), row]}.items()
    }
    for page in (page for pages in shown.values() for page in pages):
        assert "••••012" in page
        assert "00219300123456789012" not in page
    assert "00219300123456789012" in at_desk("finance").get(refund_page(refund)).content.decode()
