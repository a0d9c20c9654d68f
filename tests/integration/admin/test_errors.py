"""The desk for errors: the catalogue, a page per code, one error, and what is done about many."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from pagoefectivo import shop
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.models import CodeMapping, ErrorMark, ErrorOccurrence, ErrorTally
from pagoefectivo.services.actors import SHOP
from tests.integration.admin.conftest import everything, text_of

pytestmark = pytest.mark.django_db(transaction=True)

CATALOGUE = reverse("admin:pagoefectivo_errortally_changelist")
LIST = reverse("admin:pagoefectivo_erroroccurrence_changelist")
ENGLISH = {"accept-language": "en"}


@pytest.fixture
def clerk() -> Callable[..., Client]:
    """Somebody of the back office with just these permissions."""

    def hired(*codenames: str, name: str = "luz") -> Client:
        user, _ = User.objects.get_or_create(username=name, defaults={"is_staff": True})
        wanted = Permission.objects.filter(content_type__app_label="pagoefectivo", codename__in=codenames)
        assert wanted.count() == len(codenames)
        user.user_permissions.set(wanted)
        browser = Client(headers=ENGLISH)
        browser.force_login(user)
        return browser

    return hired


@pytest.fixture
def failures(psp: Any, paid_order: Any, open_order: Any) -> list[ErrorOccurrence]:
    """A refund for which the balance is too low, one that was answered with a code nobody knows, a code refused."""
    paid_order("A-1")
    for code in ("5012", "7777"):
        psp.fault("refund", "refused", code=code)
        shop.request_refund(reference="A-1", amount="5.00", reason="damaged", actor=SHOP)
    psp.fault("create", "refused", code="5001")
    open_order("A-2")
    return list(ErrorOccurrence.objects.order_by("pk"))


def code_page(code: str) -> str:
    return reverse("admin:pagoefectivo_errortally_code", args=[code])


def error_page(error: ErrorOccurrence) -> str:
    return reverse("admin:pagoefectivo_erroroccurrence_change", args=[error.pk])


def unfolded(answer: Any) -> str:
    """What is read on a page without opening anything."""
    shown = re.sub(r"<details.*?</details>", " ", answer.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", shown))


def test_R14_the_catalogue_says_all_of_every_code_and_how_often_it_came(clerk: Any, failures: Any) -> None:
    page = text_of(clerk("view_erroroccurrence").get(CATALOGUE))
    assert [code for code in ErrorCode if code not in page] == []
    assert re.search(
        r"REFUND_INSUFFICIENT_FUNDS Your balance at the provider is too low for this refund\. "
        r"Add funds and retry the refund\. finance again by itself ✓ the money is safe 1 1 1 \d\d/",
        page,
    )
    assert "Nobody has said what these mean default, request_refund: 1 times" in page
    assert re.search(r"PAID_TWICE .* money moved: somebody has to look 0 0 0 – –", page)


@pytest.mark.parametrize(
    ("term", "found", "not_found"),
    [
        ("insufficient", "REFUND_INSUFFICIENT_FUNDS", "PAID_TWICE"),
        ("5012", "REFUND_INSUFFICIENT_FUNDS", "PAID_TWICE"),
        ("7777", "PSP_UNMAPPED", "PAID_TWICE"),
        ("saldo", "REFUND_INSUFFICIENT_FUNDS", "PAID_TWICE"),
        ("余额", "REFUND_INSUFFICIENT_FUNDS", "PAID_TWICE"),
        ("paid twice", "PAID_TWICE", "REFUND_INSUFFICIENT_FUNDS"),
        ("no such words", "No code has these words", "PAID_TWICE"),
    ],
)
def test_R14_a_code_is_found_by_its_name_a_raw_code_or_words(
    clerk: Any, failures: Any, term: str, found: str, not_found: str
) -> None:
    page = text_of(clerk("view_erroroccurrence").get(CATALOGUE, {"q": term}))
    assert found in page
    assert not_found not in page


def test_a_codes_page_has_its_trend_its_raw_codes_and_its_newest(clerk: Any, failures: Any) -> None:
    answer = clerk("view_erroroccurrence").get(code_page("REFUND_INSUFFICIENT_FUNDS"))
    page = text_of(answer)
    assert "1 in 24 hours, 1 in 7 days, 1 ever." in page
    assert answer.content.decode().count("<rect") == 14
    assert "The providers' own codes dLocal request_refund: 5012" in page
    assert "default request_refund A-1" in page
    assert "It has never come." in text_of(clerk("view_erroroccurrence").get(code_page("PAID_TWICE")))
    assert clerk("view_erroroccurrence").get(code_page("NO_SUCH_CODE")).status_code == 404


def test_no_word_of_the_provider_is_read_without_opening_it(clerk: Any, failures: Any) -> None:
    browser = clerk("view_erroroccurrence", "follow_error", "map_error")
    pages = [CATALOGUE, LIST, code_page("PSP_UNMAPPED"), code_page("REFUND_INSUFFICIENT_FUNDS")]
    pages += [error_page(each) for each in failures]
    pages.append(reverse("admin:pagoefectivo_errortally_meaning", args=[ErrorTally.objects.get(raw_code="7777").pk]))
    for address in pages:
        shown = unfolded(browser.get(address))
        assert [word for word in ("5012", "7777", "5001", "Refused because") if word in shown] == [], address


def test_one_error_says_what_to_do_and_what_to_quote(clerk: Any, failures: list[ErrorOccurrence]) -> None:
    page = text_of(clerk("view_erroroccurrence").get(error_page(failures[0])))
    assert "Your balance at the provider is too low for this refund. What to do: Add funds" in page
    assert f"request id {failures[0].request_id}" in page
    assert "Nothing yet." in page
    assert "Mark as seen" not in page


def test_R14_an_unknown_code_is_explained_by_who_may_and_nothing_moves(clerk: Any, failures: Any) -> None:
    tally = ErrorTally.objects.get(raw_code="7777")
    address = reverse("admin:pagoefectivo_errortally_meaning", args=[tally.pk])
    form = {"code": "REFUND_ACCOUNT_CLOSED", "note": "inquiry 815"}
    before = everything()
    assert clerk("view_erroroccurrence", "follow_error").post(address, form).status_code == 403
    browser = clerk("view_erroroccurrence", "map_error")
    assert browser.post(address, {**form, "note": ""}).status_code == 422
    assert everything() == before
    told = text_of(browser.post(address, form, follow=True))
    assert "It reads as REFUND_ACCOUNT_CLOSED from now on" in told
    assert "1 ever." in told
    assert CodeMapping.objects.get().mapped_by == "staff:luz"
    after = {**everything(), "CodeMapping": [], "ErrorTally": before["ErrorTally"]}
    assert after == before
    page = text_of(browser.get(error_page(failures[1])))
    assert "The account is closed or blocked." in page
    assert "never sent again: it is asked about" in page
    assert "not known until the provider has answered" in page


def test_chosen_errors_are_asked_for_acted_on_and_told_row_by_row(clerk: Any, failures: list[ErrorOccurrence]) -> None:
    browser = clerk("view_erroroccurrence", "follow_error", "view_order")
    chosen = {"action": "ask_again", "_selected_action": [each.pk for each in failures]}
    question = browser.post(LIST, chosen, follow=True)
    assert "Nothing is sent again. Chosen: 3." in text_of(question)
    address = question.redirect_chain[-1][0]
    told = text_of(browser.post(address, {"note": "asked by phone"}))
    assert "Done: 0. Not done: 3." in told
    assert told.count("There is nothing that the provider could be asked about here.") == 3
    assert ErrorMark.objects.count() == 3
    assign = reverse("admin:pagoefectivo_erroroccurrence_assign")
    assert browser.post(f"{assign}?ids={failures[0].pk}", {"owner": "nobody"}).status_code == 422
    done = text_of(browser.post(f"{assign}?ids={failures[0].pk}", {"owner": "luz", "note": ""}))
    assert "Done: 1. Not done: 0." in done
    mine = text_of(browser.get(LIST, {"is": "mine"}))
    assert ("1 error" in mine, "REFUND_INSUFFICIENT_FUNDS" in mine) == (True, True)
    assert "0 errors" in text_of(browser.get(LIST, {"is": "unseen"}))
    assert browser.get(f"{assign}?ids=x,,1e9,٣").status_code == 302, "what are no ids are none"


def test_G17_without_the_permission_no_act_is_offered_or_taken(clerk: Any, failures: list[ErrorOccurrence]) -> None:
    browser = clerk("view_erroroccurrence")
    assert 'name="action"' not in browser.get(LIST).content.decode()
    before = everything()
    for act in ("seen", "assign", "ask", "retry"):
        address = f"{reverse(f'admin:pagoefectivo_erroroccurrence_{act}')}?ids={failures[0].pk}"
        assert browser.get(address).status_code == 403
        assert browser.post(address, {"note": "x", "owner": "luz"}).status_code == 403
    stranger = clerk("view_order", name="eva")
    for address in (CATALOGUE, code_page("PAID_TWICE"), LIST, error_page(failures[0])):
        assert stranger.get(address).status_code == 403
    assert everything() == before


@pytest.mark.parametrize(
    ("address", "questions"),
    [
        (CATALOGUE, 6),
        (f"{CATALOGUE}?q=5012", 6),
        (code_page("PSP_UNMAPPED"), 8),
        (LIST, 7),
        (f"{LIST}?q=PSP_UNMAPPED", 8),
        (f"{LIST}?is=unseen", 7),
    ],
)
def test_P6_each_page_asks_a_pinned_number_of_questions(
    clerk: Any, failures: Any, address: str, questions: int
) -> None:
    browser = clerk("view_erroroccurrence", "follow_error", "map_error")
    browser.get(address)
    with CaptureQueriesContext(connection) as asked:
        assert browser.get(address).status_code == 200
    assert len(asked) == questions, "\n".join(each["sql"] for each in asked)
