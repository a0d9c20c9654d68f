"""Finding an order in seconds, at any table size, without seeing more of a buyer than one may."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from pagoefectivo.admin import paging, reading
from pagoefectivo.models import Order
from pagoefectivo.selectors import search as finding
from tests.integration.admin.conftest import text_of

pytestmark = pytest.mark.django_db(transaction=True)

ORDERS = "admin:pagoefectivo_order_changelist"


def search(browser: Any, term: str, of: str = ORDERS) -> str:
    return text_of(browser.get(reverse(of), {"q": term}, headers={"accept-language": "en"}))


def test_a_list_says_the_state_in_words_and_masks_the_buyer(at_desk: Any, open_order: Any) -> None:
    code = open_order().current_voucher.code
    page = text_of(at_desk("support_n1").get(reverse(ORDERS), headers={"accept-language": "en"}))
    assert "A-1042" in page
    assert "○ waiting for payment" in page
    assert "S/ 89.90" in page
    assert f"••••{code[-3:]}" in page
    assert code not in page
    assert "m••••@example.pe" in page
    assert "maria.quispe" not in page


@pytest.mark.parametrize("of", ["order", "voucher", "refund"])
def test_states_are_filtered_under_a_heading_of_ones_own_language(at_desk: Any, paid_order: Any, of: str) -> None:
    paid_order()
    address = reverse(f"admin:pagoefectivo_{of}_changelist")
    browser = at_desk("support_n1")
    assert "Por estado" in text_of(browser.get(address, headers={"accept-language": "es-PE"}))
    assert browser.get(address, {"state__exact": "paid"}).status_code == 200


def test_who_may_see_personal_data_sees_the_code_and_the_address(at_desk: Any, open_order: Any) -> None:
    code = open_order().current_voucher.code
    page = text_of(at_desk("support_n2").get(reverse(ORDERS)))
    assert code in page
    assert "maria.quispe@example.pe" in page


def test_one_box_finds_an_order_by_whatever_is_at_hand(at_desk: Any, paid_order: Any) -> None:
    from pagoefectivo import shop
    from pagoefectivo.services.actors import SHOP

    paid_order("B-7", "10.00")
    order = paid_order("A-1042")
    refund = shop.request_refund(reference="A-1042", amount="5.00", reason="damaged", actor=SHOP)
    voucher, browser = order.current_voucher, at_desk("support_n1")
    spaced = f"{voucher.code[:4]} {voucher.code[4:]}"
    for term, kind in {
        voucher.code: "a payment code",
        spaced: "a payment code",
        "A-1042": "a reference",
        "A-10": "a reference",
        voucher.provider_reference: "a reference",
        voucher.reference: "a reference",
        voucher.public_id: "one attempt to issue a code",
        refund.public_id: "a refund",
        refund.reference: "a reference",
        refund.provider_reference: "a reference",
    }.items():
        page = search(browser, term)
        assert f"looks like {kind}" in page, term
        assert "1 order" in page, term
        assert "B-7" not in page, term
    assert "2 orders" in search(browser, "Maria.Quispe@example.pe".lower())


def test_the_lists_below_find_what_belongs_to_the_order(at_desk: Any, paid_order: Any) -> None:
    paid_order("B-7", "10.00")
    code = paid_order("A-1042").current_voucher.code
    page = search(at_desk("support_n1"), code, "admin:pagoefectivo_voucher_changelist")
    assert "A-1042" in page
    assert "B-7" not in page


def test_a_search_that_finds_nothing_says_what_to_try(at_desk: Any, open_order: Any) -> None:
    open_order()
    for term in ("nobody@example.pe", "999999999", "%", "_", "' OR 1=1 --", "rfd_x", "\u202e", "é" * 300):
        page = search(at_desk("support_n1"), term)
        assert "0 orders" in page, term
        assert "Nothing was found" in page, term
    assert at_desk("support_n1").get(reverse(ORDERS), {"q": "a\0b"}).status_code == 200


@pytest.mark.parametrize(("term", "questions"), [("", 7), ("A-10", 8), ("maria.quispe@example.pe", 7), ("98765432", 5)])
def test_a_list_asks_at_most_eight_questions_and_never_scans(
    at_desk: Any, open_order: Any, term: str, questions: int
) -> None:
    for number in range(12):
        open_order(f"A-10{number:02}")
    browser = at_desk("support_n1")
    with CaptureQueriesContext(connection) as asked:
        answer = browser.get(reverse(ORDERS), {"q": term} if term else {})
    assert answer.status_code == 200
    assert len(asked) == questions
    for query in (each["sql"] for each in asked):
        assert not re.search(r"LIKE\s+(UPPER\()?'%", query), query
        assert "UPPER(" not in query
        if "COUNT(" in query:
            assert "LIMIT 10001" in query


def test_a_long_list_counts_only_its_newest_rows_and_says_so(
    at_desk: Any, open_order: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        open_order(f"A-{number}")
    monkeypatch.setattr(paging, "REACH", 3)
    page = text_of(at_desk("support_n1").get(reverse(ORDERS), headers={"accept-language": "en"}))
    assert "Only the newest 3 are listed" in page
    assert Order.objects.count() == 4


def test_a_prefix_of_many_orders_lists_some_and_asks_for_more(
    at_desk: Any, open_order: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        open_order(f"A-10{number}")
    monkeypatch.setattr(finding, "MOST", 3)
    monkeypatch.setattr(reading, "MOST", 3)
    page = search(at_desk("support_n1"), "A-10")
    assert "3 orders" in page
    assert "These are not all of them: type more of it." in page


def test_other_lists_stay_within_eight_questions(at_desk: Any, paid_order: Any) -> None:
    for number in range(3):
        paid_order(f"A-{number}")
    browser = at_desk("support_n1")
    for name in ("voucher", "refund", "anomaly", "apiexchange", "webhookdelivery", "paymentevent", "statechange"):
        with CaptureQueriesContext(connection) as asked:
            assert browser.get(reverse(f"admin:pagoefectivo_{name}_changelist")).status_code == 200
        assert len(asked) <= 8, (name, len(asked))
