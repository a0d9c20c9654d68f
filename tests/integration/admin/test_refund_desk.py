"""The refund desk by its pages: the preview, the way of a refund, what came from outside, and many at once by file."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from pagoefectivo.models import Anomaly, Refund, RefundFile
from tests.integration.admin.conftest import everything, hidden, order_page, refund_page, text_of
from tests.integration.admin.test_refund_acts import ask, filled_in
from tests.integration.by_hand import ask_back

pytestmark = pytest.mark.django_db(transaction=True)
ENGLISH = {"accept-language": "en"}
NEW_FILE = "admin:pagoefectivo_refundfile_new"


def previewed(browser: Client, order: Any, **changes: str) -> Any:
    """The preview of a refund of 30.00, or of what is changed."""
    form = {key: value for key, value in filled_in(browser, order, **changes).items() if key != "seen"}
    return browser.post(order_page(order, "refund"), form, headers=ENGLISH)


def test_a_preview_says_what_it_comes_to_and_leaves_no_trace(
    at_desk: Any, account: Any, paid_order: Any, psp: Any
) -> None:
    order, browser = paid_order(), at_desk("support_n2", "ana")
    account(REFUND_APPROVAL_OVER="40.00")
    ask(browser, order, "20.00")
    before, calls = everything(), psp.call_counts()
    answer = previewed(browser, order)
    page = text_of(answer)
    for sentence in (
        "S/ 30.00 of order A-1042: another person has to approve it. Nothing is sent now.",
        "Nothing is asked for yet. This is what it would come to:",
        "Left to give back now S/ 69.90",
        "Left afterwards S/ 39.90",
        "Other refunds under way S/ 20.00 (on its way)",
        "Settled to the shop",
        "Second person yes: above S/ 40.00 in all, on this payment or for this buyer today",
        "Goes to the provider asks the buyer for it",
        "Reaches the buyer 1 to 5 business days after the buyer gives their bank details to dLocal, which writes to them",
        "The buyer is told refund on its way → refund given back",
        "The buyer reads as the reason What you got was damaged, or something else.",
        "Fee that is kept not known",
        "Time for refunds of this payment 179 of 180 days left",
        "we will NOT send it again",
        "Ask for the refund of S/ 30.00",
    ):
        assert sentence in page, sentence
    assert (everything(), psp.call_counts()) == (before, calls)
    changing = {**filled_in(browser, order, note="ñandú"), "change": "yes"}
    form = browser.post(order_page(order, "refund"), changing, headers=ENGLISH).content.decode()
    assert ('value="30.00"' in form, "ñandú</textarea>" in form, "errorlist" in form) == (True, True, False)
    assert everything() == before


def test_a_reason_that_needs_words_is_not_taken_without(at_desk: Any, paid_order: Any) -> None:
    order, browser = paid_order(), at_desk("support_n2")
    before = everything()
    for reason in ("other", "suspected_fraud"):
        answer = previewed(browser, order, reason=reason, note="  ")
        assert (answer.status_code, "REFUND_NOTE_MISSING" in text_of(answer)) == (422, True)
    assert previewed(browser, order, reason="other", note="the bell fell off").status_code == 200
    assert everything() == before


def test_the_account_of_an_earlier_refund_is_offered_masked_and_used_again(
    by_hand: None, at_desk: Any, paid_order: Any
) -> None:
    order, browser = paid_order(), at_desk("everything", "ana")
    earlier = ask_back(amount="10.00")
    form = browser.get(order_page(order, "refund")).content.decode()
    assert ("••••013" in form, "00219300123456789013" in form) == (True, False)
    used = str(earlier.destination_id)
    assert "Goes to ••••013" in text_of(previewed(browser, order, to=used))
    assert browser.post(order_page(order, "refund"), filled_in(browser, order, to=used)).status_code == 302
    newest = Refund.objects.latest("pk")
    assert (newest.state, newest.destination_id) == ("awaiting_approval", earlier.destination_id)
    answer = browser.post(order_page(order, "refund"), filled_in(browser, order, "5.00", to="type"))
    assert answer.url == refund_page(Refund.objects.latest("pk"), "account")
    assert previewed(browser, order, to="999999").status_code == 422


def test_a_refused_refund_shows_every_try_and_one_thing_to_do(
    at_desk: Any, psp: Any, paid_order: Any, world: Any, sweep: Any
) -> None:
    order, browser = paid_order(), at_desk("support_n2", "ana")
    psp.configure(balance="10.00")
    refund = ask(browser, order)
    assert refund.state == "submitting"
    psp.configure(balance="1000.00")
    world.advance(seconds=3)
    sweep()
    refund.refresh_from_db()
    psp.settle_refund(refund.provider_reference, "reject", reason="Account closed")
    world.advance(seconds=3)
    sweep()
    answer = browser.get(refund_page(refund), headers=ENGLISH)
    page, html = text_of(answer), answer.content.decode()
    assert "requested" in page
    assert 'aria-current="step"' in html
    assert len(re.findall(r"<tr>", html.split("Every try at the provider")[1])) >= 3
    assert "REFUND_INSUFFICIENT_FUNDS" in page
    main = re.findall(r'pe-button--main"[^>]*>([^<]+)<', html)
    assert main == ["Refund again …"]
    shown = html.split("<details>")[0]
    assert "Account closed" not in shown


def test_an_unknown_outcome_offers_to_ask_now_and_to_write_and_nothing_else(
    at_desk: Any, psp: Any, paid_order: Any
) -> None:
    order, browser = paid_order(), at_desk("support_n2", "ana")
    psp.fault("refund", "timeout_after")
    refund = ask(browser, order)
    assert refund.state == "unknown"
    html = browser.get(refund_page(refund), headers=ENGLISH).content.decode()
    assert refund_page(refund, "ask") in html
    for act in ("retry", "cancel", "approve"):
        assert refund_page(refund, act) not in html, act
    letter = text_of(browser.get(refund_page(refund, "letter"), headers=ENGLISH))
    for said in (refund.reference, refund.voucher.provider_reference, "S/ 30.00", "request_refund", "UTC"):
        assert said in letter, said
    for personal in ("María", "45678912", "example.pe", "987654321", refund.voucher.code):
        assert personal not in letter, personal
    sent = psp.call_counts()["refund"]
    answer = browser.post(refund_page(refund, "ask"), follow=True, headers=ENGLISH)
    refund.refresh_from_db()
    assert (refund.state, psp.call_counts()["refund"], len(psp.refunds())) == ("pending", sent, 1)
    assert "On its way" in text_of(answer)
    again = browser.post(refund_page(refund, "ask"), follow=True, headers=ENGLISH)
    assert "The provider was asked: nothing changed." in text_of(again)
    assert at_desk("visitor").post(refund_page(refund, "ask")).status_code == 403


def test_a_refund_from_outside_stays_open_until_somebody_owns_it(
    at_desk: Any, psp: Any, paid_order: Any, listening: Any, sweep: Any
) -> None:
    order = paid_order()
    for amount in ("20.00", "10.00"):
        outside = psp.dashboard_refund(order.vouchers.get().code, amount=amount)
        psp.settle_refund(outside["id"])
    assert psp.wait_idle()
    sweep()
    first, second = Refund.objects.order_by("pk")
    support, finance = at_desk("support_n2", "ana"), at_desk("finance", "luz")
    unknown = {"outside": "unknown"}
    listed = reverse("admin:pagoefectivo_refund_changelist")
    page = text_of(at_desk("support_n1").get(order_page(order), headers=ENGLISH))
    assert (
        "say on the refund&#x27;s page whose it is. Who acts: support or finance. REFUND_STARTED_OUTSIDE Say whose it is …"
        in page
    )
    page = text_of(support.get(refund_page(first), headers=ENGLISH))
    assert ("We heard of a refund that was started at the provider, not here" in page, "heard of" in page) == (
        True,
        True,
    )
    assert ("sending to the provider" in page, "sent out" in page) == (False, False)
    assert "2 refunds" in text_of(finance.get(listed, unknown, headers=ENGLISH))
    assert "Do you know it?" in text_of(support.get(refund_page(first), headers=ENGLISH))
    before = everything()
    for act in ("own", "disown"):
        assert support.post(refund_page(first, act), {"reason": "damaged", "note": "x"}).status_code == 403
        assert finance.post(refund_page(first, act), {"reason": "damaged", "note": "  "}).status_code == 422
    assert everything() == before
    owned = {"reason": "damaged", "note": "I did it in their panel"}
    assert finance.post(refund_page(first, "own"), owned).status_code == 302
    first.refresh_from_db()
    assert (first.owned_by, first.reason, first.note) == ("staff:luz", "damaged", "I did it in their panel")
    assert "Known by luz" in text_of(finance.get(refund_page(first), headers=ENGLISH))
    assert "1 refund" in text_of(finance.get(listed, unknown, headers=ENGLISH))
    answer = finance.post(refund_page(second, "disown"), {"note": "nobody here"}, follow=True, headers=ENGLISH)
    assert "nobody here" in text_of(answer)
    noted = {each.refund_id: (each.closed_by, each.resolution) for each in Anomaly.objects.all()}
    assert noted == {first.pk: ("staff:luz", "I did it in their panel"), second.pk: ("", "nobody here")}
    before = everything()
    again = finance.post(refund_page(first, "own"), owned, headers=ENGLISH)
    assert (again.status_code, "STATE_CONFLICT" in text_of(again)) == (422, True)
    assert everything() == before


def test_a_file_is_looked_at_line_by_line_then_asked_for_once(
    at_desk: Any, psp: Any, paid_order: Any, world: Any, sweep: Any
) -> None:
    for number in (1, 2, 3):
        paid_order(f"A-{number}")
    browser, before = at_desk("support_n2", "ana"), everything()
    content = (
        "reference,amount,reason,note\n"
        "A-1,60.00,damaged,\n"
        "A-1,60.00,damaged,twice too much\n"
        "A-2,89.90,other,\n"
        "A-9,5.00,damaged,\n"
        "A-3,=1+1,damaged,\n"
        "A-3,89.90,late_payment,\n"
    )
    upload = SimpleUploadedFile("lunes.csv", content.encode(), "text/csv")
    looked_at = browser.post(reverse(NEW_FILE), {"file": upload}, headers=ENGLISH)
    page = text_of(looked_at)
    assert "2 of 6 lines would ask for a refund" in page
    for code in ("REFUND_AMOUNT_EXCEEDED", "REFUND_NOTE_MISSING", "NOT_FOUND", "REQUEST_AMOUNT_INVALID"):
        assert page.count(f"({code})") == 1, code
    assert everything() == before
    seen = hidden(looked_at, "seen")
    stale = browser.post(reverse(NEW_FILE), {"lines": content, "seen": "0" * 64}, headers=ENGLISH)
    assert (stale.status_code, "REFUND_PREVIEW_STALE" in text_of(stale)) == (422, True)
    assert everything() == before
    typed = {"lines": content.replace("\n", "\r\n"), "name": "lunes.csv", "seen": seen}
    answer = browser.post(reverse(NEW_FILE), typed, follow=True, headers=ENGLISH)
    assert "2 of 6 lines asked for a refund. Come to an end: 0." in text_of(answer)
    assert [(each.order.reference, each.state, each.requested_by) for each in Refund.objects.order_by("pk")] == [
        ("A-1", "requested", "staff:ana"),
        ("A-3", "requested", "staff:ana"),
    ]
    assert (RefundFile.objects.get().name, psp.refunds()) == ("lunes.csv", [])
    sweep()
    assert (len(psp.refunds()), set(Refund.objects.values_list("state", flat=True))) == (2, {"pending"})
    before = everything()
    again = browser.post(reverse(NEW_FILE), {"lines": content}, headers=ENGLISH)
    assert "0 of 6 lines would ask for a refund" in text_of(again)
    assert text_of(again).count("asked for before") == 2
    browser.post(reverse(NEW_FILE), {"lines": content, "seen": hidden(again, "seen")})
    assert (everything(), len(psp.refunds())) == (before, 2)


def test_a_file_that_cannot_be_read_says_where(at_desk: Any, psp: Any) -> None:
    browser, before = at_desk("support_n2"), everything()
    latin = SimpleUploadedFile("x.csv", b"reference,amount,reason,note\nA-1,5.00,damaged,caf\xe9\n")
    answer = browser.post(reverse(NEW_FILE), {"file": latin}, headers=ENGLISH)
    assert (answer.status_code, "Line 2: The file is not written in UTF-8." in text_of(answer)) == (422, True)
    assert at_desk("finance").post(reverse(NEW_FILE), {"lines": "x"}).status_code == 403
    assert everything() == before


def test_the_pages_of_the_desk_ask_a_pinned_number_of_questions(
    at_desk: Any, account: Any, psp: Any, paid_order: Any
) -> None:
    order = paid_order()
    ana, luz = at_desk("support_n2", "ana"), at_desk("finance", "luz")
    psp.fault("refund", "timeout_after")
    lost = ask(ana, order, "10.00")
    account(REFUND_APPROVAL_OVER="20.00")
    waiting = ask(ana, order)
    lines = "reference,amount,reason\nA-1042,1.00,damaged\n"
    seen = hidden(ana.post(reverse(NEW_FILE), {"lines": lines}), "seen")
    ana.post(reverse(NEW_FILE), {"lines": lines, "seen": seen})
    file = RefundFile.objects.get()
    pages = {
        order_page(order, "refund"): (ana, 8),
        refund_page(lost): (ana, 8),
        refund_page(waiting): (ana, 6),
        refund_page(waiting, "approve"): (luz, 5),
        refund_page(lost, "letter"): (ana, 7),
        reverse("admin:pagoefectivo_refundfile_change", args=[file.pk]): (ana, 6),
        reverse(NEW_FILE): (ana, 4),
    }
    asked = {}
    for address, (browser, _questions) in pages.items():
        with CaptureQueriesContext(connection) as questions:
            assert browser.get(address).status_code == 200
        asked[address] = len(questions)
    assert asked == {address: questions for address, (_browser, questions) in pages.items()}
