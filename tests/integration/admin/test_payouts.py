"""The payout desk: entering an account, making and taking a file, saying what the bank did, each at its own door."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from pagoefectivo import shop
from pagoefectivo.models import BuyerView, Payout, Refund, RefundDestination
from pagoefectivo.services import destinations, doubts
from tests.integration.admin.conftest import DESKS, everything, hidden, order_page, refund_page, text_of
from tests.integration.admin.test_refund_acts import ask
from tests.integration.by_hand import ACCOUNT, CCI, ask_back, hand_over, lines_of, paid, ready, today

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("by_hand")]
ENGLISH = {"accept-language": "en"}
READY, RESULTS = "admin:pagoefectivo_payout_ready", "admin:pagoefectivo_payout_results"
TYPED = {
    "holder_name": "María Quispe",
    "document_type": "DNI",
    "document_number": "05678912",
    "account_number": "002-193-001234567890-13",
}


def typed(refund: Refund, **changes: str) -> dict[str, str]:
    """What somebody types in who looks at the refund as it is."""
    return {**TYPED, "seen": refund.binding, **changes}


def payout_page(payout: Payout, act: str = "change") -> str:
    return reverse(f"admin:pagoefectivo_payout_{act}", args=[payout.pk])


def test_a_refund_by_hand_from_the_first_click_to_the_banks_number(at_desk: Any, psp: Any, paid_order: Any) -> None:
    order = paid_order()
    psp.clear_calls()
    ana, luz, beto, eva = (at_desk(desk, name) for desk, name in (
        ("support_n2", "ana"), ("finance", "luz"), ("treasury", "beto"), ("treasury", "eva"),
    ))  # fmt: skip
    page = text_of(ana.get(order_page(order, "refund"), headers=ENGLISH))
    assert "people pay it by bank transfer, after another person approved it." in page
    assert "we will NOT send it again" not in page
    refund = ask(ana, order, "30.00")
    page = text_of(ana.get(refund_page(refund), headers=ENGLISH))
    assert "needs bank details S/ 30.00: Nothing has been sent" in page
    assert "Enter the bank account …" in page
    told = text_of(ana.post(refund_page(refund, "account"), typed(refund), follow=True, headers=ENGLISH))
    assert "another person has to approve it first" in told
    assert CCI not in told
    seen = hidden(luz.get(refund_page(refund, "approve")), "seen")
    told = text_of(luz.post(refund_page(refund, "approve"), {"seen": seen}, follow=True, headers=ENGLISH))
    assert "Approved: it goes into the next payout file. Nothing has been paid yet." in told
    assert "ready to be paid out" in told
    page = beto.get(reverse(READY), headers=ENGLISH)
    assert "Make the payout file: 1 transfer, S/ 30.00" in text_of(page)
    chosen = {"account": hidden(page, "account"), "currency": hidden(page, "currency")}
    page = text_of(beto.post(reverse(READY), chosen, follow=True, headers=ENGLISH))
    payout = Payout.objects.get()
    assert "The payout file is made." in page
    assert payout.sha256 in page
    assert "another person records it" in page
    answers = [beto.get(payout_page(payout, "file")) for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert hashlib.sha256(answers[0].content).hexdigest() == payout.sha256
    assert "no-store" in answers[0]["Cache-Control"]
    assert answers[0]["Content-Type"] == "text/csv; charset=utf-8"
    assert lines_of(answers[0].content)[0]["cci"] == CCI
    page = text_of(eva.get(payout_page(payout), headers=ENGLISH))
    assert "Paid out … · Rejected …" in page
    said = {"operation_number": "00123456", "on": today().isoformat()}
    told = text_of(eva.post(refund_page(refund, "paid"), said, follow=True, headers=ENGLISH))
    assert "S/ 30.00: Given back: the bank paid it out, operation 00123456." in told
    refund.refresh_from_db()
    assert (refund.state, shop.get_order(reference="A-1042").state) == ("succeeded", "partially_refunded")
    assert psp.call_counts() == {}


def test_a_cci_that_looks_mistyped_is_kept_only_once_somebody_compared_it(at_desk: Any, paid_order: Any) -> None:
    paid_order()
    refund, ana = ask_back(to=None), at_desk("support_n2", "ana")
    mistyped = typed(refund, account_number="00219300123456789014")
    answer = ana.post(refund_page(refund, "account"), mistyped, headers=ENGLISH)
    assert (answer.status_code, RefundDestination.objects.count()) == (422, 0)
    assert "The last two digits do not fit the others" in text_of(answer)
    assert "I compared it with what the buyer sent." in text_of(answer)
    assert ana.post(refund_page(refund, "account"), mistyped | {"is_checked": "on"}).status_code == 302
    assert RefundDestination.objects.get().entered_by == "staff:ana"


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"account_number": "123"}, "The account number is not valid"),
        ({"document_number": "1"}, "The bank details are not complete, or not valid"),
        ({"holder_name": ""}, "This field is required."),
        ({"document_type": ""}, "This field is required."),
    ],
)
def test_an_account_that_cannot_be_is_said_beside_its_field(
    at_desk: Any, paid_order: Any, changes: dict[str, str], complaint: str
) -> None:
    paid_order()
    refund, ana = ask_back(to=None), at_desk("support_n2", "ana")
    before = everything()
    answer = ana.post(refund_page(refund, "account"), typed(refund, **changes), headers=ENGLISH)
    assert (answer.status_code, complaint in text_of(answer)) == (422, True)
    assert everything() == before


def test_an_account_that_the_buyer_gave_meanwhile_is_not_overwritten(at_desk: Any, paid_order: Any) -> None:
    paid_order()
    refund, ana = ask_back(to=None), at_desk("support_n2", "ana")
    seen = hidden(ana.get(refund_page(refund, "account")), "seen")
    destinations.give(refund, ACCOUNT, seen=refund.binding)
    before = everything()
    answer = ana.post(refund_page(refund, "account"), typed(refund, seen=seen), headers=ENGLISH)
    assert (answer.status_code, "Somebody changed this first." in text_of(answer)) == (422, True)
    assert everything() == before
    page = text_of(ana.get(refund_page(refund), headers=ENGLISH))
    assert "the buyer" in page
    assert "The document is not that of the buyer." in page


def test_G05_a_new_link_is_given_by_those_who_may_and_seen_by_those_who_see_people(
    at_desk: Any, paid_order: Any
) -> None:
    paid_order()
    refund, ana = ask_back(to=None), at_desk("support_n2", "ana")
    shown = ana.get(refund_page(refund)).content.decode()
    assert refund.page_url not in shown
    assert refund_page(refund, "as_buyer") in shown
    assert "noreferrer" not in shown  # a browser would send the form without its origin, and Django refuse it
    assert refund_page(refund, "as_buyer") not in at_desk("finance").get(refund_page(refund)).content.decode()
    before = everything()
    for desk in ("auditor", "treasury", "finance"):
        assert at_desk(desk).post(refund_page(refund, "as_buyer")).status_code == 403
    assert ana.get(refund_page(refund, "link")).status_code == 200
    assert at_desk("finance").post(refund_page(refund, "link")).status_code == 403
    assert everything() == before
    opened = ana.post(refund_page(refund, "as_buyer"))
    assert (opened.status_code, opened["Location"]) == (302, refund.page_url)
    ana.post(refund_page(refund, "link"))
    fresh = Refund.objects.get()
    assert fresh.page_url != refund.page_url
    assert Client().get(refund.page_url.removeprefix("http://127.0.0.1:9")).status_code == 404
    assert Client().get(fresh.page_url.removeprefix("http://127.0.0.1:9")).status_code == 200


def test_the_buyers_own_data_stand_in_the_form_for_those_who_may_see_them(at_desk: Any, paid_order: Any) -> None:
    paid_order()
    refund = ask_back(to=None)
    assert 'value="María Quispe"' in at_desk("support_n2").get(refund_page(refund, "account")).content.decode()
    assert b"Quispe" not in at_desk("treasury").get(refund_page(refund, "account")).content


def test_G18_who_entered_the_account_is_told_so_and_has_no_button(at_desk: Any, paid_order: Any) -> None:
    paid_order()
    refund, boss = ask_back(to=None), at_desk("everything", "boss")
    boss.post(refund_page(refund, "account"), typed(refund))
    page = boss.get(refund_page(refund), headers=ENGLISH)
    assert refund_page(refund, "approve") not in page.content.decode()
    assert "You asked for this refund, entered its account" in text_of(page)
    before = everything()
    answer = boss.post(refund_page(refund, "approve"), {"seen": doubts.seen_of(refund)}, headers=ENGLISH)
    assert (answer.status_code, "(APPROVAL_OWN_ACCOUNT)" in text_of(answer)) == (422, True)
    assert everything() == before


@pytest.mark.parametrize("page", [order_page, refund_page], ids=["of the order", "of the refund"])
def test_G18_who_opened_the_buyers_page_approves_no_refund_of_that_order(
    at_desk: Any, paid_order: Any, page: Any
) -> None:
    order = paid_order()
    refund, boss, luz = ask_back(), at_desk("everything", "boss"), at_desk("finance", "luz")
    seen = hidden(boss.get(refund_page(refund, "approve")), "seen")
    for _ in range(2):
        boss.post(page(order if page is order_page else refund, "as_buyer"))
    assert list(BuyerView.objects.values_list("order", "actor")) == [(order.pk, "staff:boss")]
    shown = boss.get(refund_page(refund), headers=ENGLISH)
    assert refund_page(refund, "approve") not in shown.content.decode()
    assert "opened the buyer’s page, so another person has to approve it" in text_of(shown)
    before = everything()
    answer = boss.post(refund_page(refund, "approve"), {"seen": seen}, headers=ENGLISH)
    assert (answer.status_code, "(APPROVAL_AS_BUYER)" in text_of(answer)) == (422, True)
    assert everything() == before
    assert luz.post(refund_page(refund, "approve"), {"seen": seen}).status_code == 302
    assert Refund.objects.get().approved_by == "staff:luz"


def test_E18_a_page_that_shows_the_old_account_approves_nothing(at_desk: Any, paid_order: Any) -> None:
    paid_order()
    refund, luz = ask_back(), at_desk("finance", "luz")
    seen = hidden(luz.get(refund_page(refund, "approve")), "seen")
    at_desk("support_n2", "ana").post(refund_page(refund, "account"), typed(refund, holder_name="Rosa Huamán"))
    before = everything()
    answer = luz.post(refund_page(refund, "approve"), {"seen": seen}, headers=ENGLISH)
    assert (answer.status_code, "(APPROVAL_STALE)" in text_of(answer)) == (422, True)
    assert everything() == before


def test_G18_a_superuser_who_made_the_file_does_not_settle_it(admin_client: Client, paid_order: Any) -> None:
    paid_order()
    refund = ready()
    page = admin_client.get(reverse(READY))
    admin_client.post(reverse(READY), {name: hidden(page, name) for name in ("account", "currency")})
    before = everything()
    said = {"operation_number": "7", "on": today().isoformat(), "code": "REFUND_REJECTED"}
    for act in ("paid", "rejected"):
        answer = admin_client.post(refund_page(refund, act), said, headers=ENGLISH)
        assert (answer.status_code, "(PAYOUT_SELF)" in text_of(answer)) == (422, True)
    assert everything() == before
    assert refund_page(refund, "paid") not in admin_client.get(refund_page(refund)).content.decode()


def test_two_clicks_on_make_are_one_file(at_desk: Any, paid_order: Any) -> None:
    paid_order()
    ready()
    beto = at_desk("treasury", "beto")
    page = beto.get(reverse(READY))
    chosen = {name: hidden(page, name) for name in ("account", "currency")}
    assert [beto.post(reverse(READY), chosen).status_code for _ in range(2)] == [302, 422]
    assert Payout.objects.count() == 1
    assert "No refund is ready to be paid out." in text_of(beto.get(reverse(READY), headers=ENGLISH))


def test_a_rejection_says_what_the_bank_said_and_what_to_do(at_desk: Any, paid_order: Any) -> None:
    paid_order()
    refund, eva = ready(), at_desk("treasury", "eva")
    hand_over()
    said = {"code": "REFUND_ACCOUNT_CLOSED", "on": today().isoformat()}
    page = text_of(eva.post(refund_page(refund, "rejected"), said, follow=True, headers=ENGLISH))
    assert "Not given back" in page
    assert "The account is closed or blocked. What to do: Ask the buyer for another account" in page


def test_money_that_came_back_is_recorded_from_the_refunds_page(at_desk: Any, paid_order: Any) -> None:
    paid_order()
    refund, eva = ready(), at_desk("treasury", "eva")
    hand_over()
    paid(refund)
    assert refund_page(refund, "returned") in eva.get(refund_page(refund)).content.decode()
    page = eva.post(refund_page(refund, "returned"), {"on": today().isoformat()}, follow=True, headers=ENGLISH)
    assert "The bank sent it back." in text_of(page)


def test_results_are_looked_at_first_and_recorded_with_a_second_click(at_desk: Any, paid_order: Any) -> None:
    paid_order("A-1")
    paid_order("A-2")
    refunds = [ready("A-1"), ready("A-2")]
    hand_over()
    eva, before = at_desk("treasury", "eva"), everything()
    lines = "\n".join(f"{refund.reference},paid,10{number},{today()}" for number, refund in enumerate(refunds))
    file = SimpleUploadedFile("results.csv", f"reference,result,operation_number,date\n{lines}".encode())
    page = eva.post(reverse(RESULTS), {"file": file}, headers=ENGLISH)
    assert "Nothing is recorded yet. This is what would be:" in text_of(page)
    assert everything() == before
    kept = page.content.decode().split('<textarea name="lines" hidden>')[1].split("</textarea>")[0]
    page = eva.post(reverse(RESULTS), {"lines": kept, "record": "yes"}, follow=True, headers=ENGLISH)
    assert "Recorded: 2 results." in text_of(page)
    assert set(Refund.objects.values_list("state", flat=True)) == {"succeeded"}


def test_a_file_with_a_wrong_line_has_no_button_and_records_nothing(at_desk: Any, paid_order: Any) -> None:
    paid_order()
    refund, eva = ready(), at_desk("treasury", "eva")
    hand_over()
    before = everything()
    lines = f"reference,result,operation_number,date\n{refund.reference},paid,7,{today()}\n<b>R-9</b>,paid,8,{today()}"
    for extra in ({}, {"record": "yes"}):
        page = eva.post(reverse(RESULTS), {"lines": lines, **extra}, headers=ENGLISH)
        assert "1 line cannot be recorded, so none is. Nothing was changed." in text_of(page)
        assert 'name="record"' not in page.content.decode()
        assert "<b>R-9</b>" not in page.content.decode()
    for unreadable in ("reference,result\nR-1,perhaps", ""):
        answer = eva.post(reverse(RESULTS), {"lines": unreadable}, headers=ENGLISH)
        assert answer.status_code == 422
    assert everything() == before


@pytest.mark.parametrize("desk", [*DESKS])
def test_G17_a_payout_act_without_its_permission_is_refused_and_changes_nothing(
    at_desk: Any, paid_order: Any, desk: str
) -> None:
    paid_order("A-1")
    paid_order("A-2")
    refund, waiting = ready("A-1"), ask_back("A-2", to=None)
    payout = hand_over(by="carla")
    browser, before = at_desk(desk), everything()
    needed = {
        reverse(READY): "make_payout",
        payout_page(payout, "file"): "download_payout",
        reverse(RESULTS): "settle_payout",
        refund_page(refund, "paid"): "settle_payout",
        refund_page(refund, "rejected"): "settle_payout",
        refund_page(refund, "returned"): "settle_payout",
        refund_page(waiting, "account"): "request_refund",
    }
    for address, permission in needed.items():
        if permission in DESKS[desk]:
            continue
        assert browser.get(address).status_code == 403, address
        assert browser.post(address, {}).status_code in {403, 405}, address
    assert everything() == before


def test_the_account_is_masked_in_every_page_but_for_those_who_may_see_it(at_desk: Any, paid_order: Any) -> None:
    paid_order()
    refund = ready()
    for browser, sees in ((at_desk("treasury"), False), (at_desk("everything"), True)):
        assert (CCI in browser.get(reverse(READY)).content.decode()) == sees
    payout = hand_over()
    for browser, sees in ((at_desk("treasury"), False), (at_desk("everything"), True)):
        for address in (payout_page(payout), refund_page(refund)):
            assert (CCI in browser.get(address).content.decode()) == sees
            assert (ACCOUNT.holder_name in browser.get(address).content.decode()) == sees
