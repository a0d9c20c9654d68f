"""One box for whatever is in hand: it says what it took it for, opens what is single, and leaves nothing in an address."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from pagoefectivo import shop
from pagoefectivo.domain.cases import CaseKind, LinkKind
from pagoefectivo.domain.clues import Kind, read
from pagoefectivo.models import Job, Order, RefundDestination
from pagoefectivo.models.digests import digest
from pagoefectivo.selectors import search
from pagoefectivo.services import cases, clues, jobs, proofs
from pagoefectivo.services.actors import SHOP, Actor, Permission, PermissionRefused
from pagoefectivo.services.cases import Opening
from tests.integration.admin.conftest import DESKS, look_for, order_page, refund_page, text_of
from tests.integration.admin.waiting import place_proof
from tests.integration.by_hand import ask_back
from tests.integration.conftest import PAYER
from tests.integration.pages.stage import place_order, place_voucher
from tests.integration.plans import unmeasured_tables

pytestmark = pytest.mark.django_db(transaction=True)

BOX = "admin:pagoefectivo_ownership_search"
ENGLISH = {"accept-language": "en"}
LETTER = "Buenas, pagué hoy S/ 89.90 y nada. Mi celular es {phone}, mi pedido {reference}. {email}"


def shown(browser: Any, clue: str) -> str:
    """What the page of results says."""
    answer = look_for(browser, clue)
    assert answer.status_code == 302
    return text_of(browser.get(answer.url, headers=ENGLISH))


def test_any_clue_that_names_one_order_opens_it_and_says_what_it_was_taken_for(at_desk: Any, paid_order: Any) -> None:
    stranger = replace(PAYER, email="otro@example.pe", phone="987000111", document_number="11223344")
    paid_order("B-7", "10.00", payer=stranger)
    order = paid_order("A-1042")
    refund = shop.request_refund(reference="A-1042", amount="5.00", reason="damaged", actor=SHOP)
    proof = place_proof(order, operation_number="0098 7123", operation_digest=proofs.operation_digest("00987123"))
    voucher, browser = order.current_voucher, at_desk("support_n2")
    for clue, kind, page in (
        (voucher.code, "a payment code", order_page(order)),
        (f"{voucher.code[:4]} {voucher.code[4:]}", "a payment code", order_page(order)),
        ("A-1042", "a reference", order_page(order)),
        ("A-10", "a reference", order_page(order)),
        ("Maria.Quispe@example.pe", "an e-mail address", order_page(order)),
        ("987 654 321", "a phone", order_page(order)),
        ("+51987654321", "a phone", order_page(order)),
        ("45678912", "a document", order_page(order)),
        (voucher.provider_reference, "a reference", order_page(order)),
        (voucher.public_id, "one attempt to issue a code", order_page(order)),
        (refund.public_id, "a refund", refund_page(refund)),
        (refund.provider_reference, "a reference", refund_page(refund)),
        ("00987123", "an operation number", order_page(order)),
        (proof.public_id, "the number of a receipt", order_page(order)),
    ):
        answer = look_for(browser, clue)
        assert (answer.status_code, answer.url) == (302, page), clue
        assert f"That looks like {kind}: 1 result, opened." in text_of(browser.get(page, headers=ENGLISH)), clue


def test_a_case_is_found_by_its_number_however_it_is_typed(at_desk: Any, paid_order: Any, monkeypatch: Any) -> None:
    monkeypatch.setitem(DESKS, "disputes", ["view_order", "view_case", "open_case"])
    order = paid_order()
    opener = Actor("staff:luz", frozenset({Permission.OPEN_CASES}), user_id=_person_id())
    case = cases.open_case(LinkKind.ORDER, order.pk, Opening(CaseKind.DISPUTE, "nothing arrived"), actor=opener)
    page = reverse("admin:pagoefectivo_case_change", args=[case.pk])
    for clue in (case.public_id, case.public_id.lower(), f" {case.public_id} "):
        assert look_for(at_desk("disputes"), clue).url == page, clue
        assert look_for(at_desk("support_n1"), clue).url == order_page(order), "who may see no case is led to its order"
    assert look_for(at_desk("disputes"), f"It is about {case.public_id}, thanks").url == page


def _person_id() -> int:
    return int(User.objects.create(username="luz", is_staff=True).pk)


def test_a_pasted_letter_opens_the_one_order_that_its_clues_name(at_desk: Any, open_order: Any) -> None:
    order = open_order()
    letter = LETTER.format(phone="+51 987 654 321", reference="A-1042", email="maria.quispe@example.pe")
    assert look_for(at_desk("support_n1"), letter).url == order_page(order)


def test_of_several_orders_the_page_says_which_clue_found_which_and_may_be_read_again(
    at_desk: Any, open_order: Any
) -> None:
    for reference in ("A-1", "A-2"):
        open_order(reference)
    browser = at_desk("support_n1")
    answer = look_for(browser, LETTER.format(phone="987654321", reference="Z-99", email="maria.quispe@example.pe"))
    for _ in range(2):
        text = text_of(browser.get(answer.url, headers=ENGLISH))
        assert "“987654321” looks like a phone: 2 results." in text
        assert "“maria.quispe@example.pe” looks like an e-mail address: 2 results." in text
        assert "“Z-99” may be a reference; nothing is known of it." in text
        assert "m••••@example.pe" in text
    assert at_desk("support_n2").get(answer.url).status_code == 302, "another person's search is none of theirs"


def test_small_and_capital_letters_are_the_same_to_the_search(at_desk: Any, paid_order: Any) -> None:
    capital, small = paid_order("F-86QTCL75"), paid_order("ord-77x")
    refund = shop.request_refund(reference="F-86QTCL75", amount="5.00", reason="damaged", actor=SHOP)
    proof = place_proof(capital)
    browser = at_desk("support_n2")
    for clue, page in (
        ("f-86qtcl75", order_page(capital)),
        ("f-86q", order_page(capital)),
        ("ORD-77X", order_page(small)),
        (refund.public_id.upper(), refund_page(refund)),
        (capital.current_voucher.public_id.upper(), order_page(capital)),
        (proof.public_id.lower(), order_page(capital)),
        ("Hola, es mi pedido f-86qtcl75, gracias", order_page(capital)),
    ):
        assert look_for(browser, clue).url == page, clue


def test_what_names_nothing_says_what_it_may_have_been(at_desk: Any, open_order: Any) -> None:
    open_order()
    browser = at_desk("support_n2")
    assert (
        "“99999999” may be a payment code, a document, an operation number or a reference; nothing is known of it."
        in shown(browser, "99999999")
    )
    for clue in ("nobody@example.pe", "%", "_", "rfd_x", "\u202e", "é" * 300, "x" * 20_000):
        assert "Nothing was found." in shown(browser, clue), clue
    for clue in ("", " ", "' OR 1=1 --", "\0", "a\0b"):
        answer = look_for(browser, clue)
        assert answer.url == reverse("admin:pagoefectivo_ownership_changelist"), clue
        page = browser.get(answer.url, headers=ENGLISH)
        assert '<li class="warning">Nothing in it can be looked for: nobody is found by name.' in page.content.decode()
    assert browser.get(reverse(BOX)).status_code == 302


def test_personal_data_is_in_no_address_and_in_the_session_only_encrypted(at_desk: Any, open_order: Any) -> None:
    for reference in ("A-1", "A-2"):
        open_order(reference)
    browser = at_desk("support_n1")
    answer = look_for(browser, "maria.quispe@example.pe")
    assert "maria" not in answer.url
    assert "@" not in answer.url
    kept = str(Session.objects.get(pk=browser.session.session_key).get_decoded())
    assert "pagoefectivo_searches" in kept
    assert "maria" not in kept
    page = browser.get(reverse("admin:pagoefectivo_order_changelist")).content.decode()
    assert f'action="{reverse(BOX)}"' in page
    assert 'id="changelist-search"' not in page
    for number in range(5):
        look_for(browser, f"{number}@example.pe " * 400)
    assert len(str(browser.session["pagoefectivo_searches"])) < 3500, "a session may be a cookie"


def test_G17_a_document_and_an_account_are_looked_for_only_by_those_who_may_see_them(
    at_desk: Any, paid_order: Any, by_hand: Any
) -> None:
    order = paid_order()
    refund = ask_back()
    assert RefundDestination.objects.get().tail_digest == digest(Kind.ACCOUNT, "9013")
    support, finance = at_desk("support_n1"), at_desk("finance")
    page = shown(support, "45678912")
    assert "“45678912” may be a document, which you may not look for. Who may: support 2, finance." in page
    assert "Nothing was found." not in page, "nobody has looked"
    assert "nothing is known" not in page
    page = shown(support, "9013")
    assert (
        "“9013”: the last digits of a phone cannot be looked for; ask for the whole phone, the e-mail or the code."
        in page
    )
    assert "may be the last four digits of an account, which you may not look for. Who may: finance." in page
    assert "view_bank_account" not in page
    assert "“9012”: the last digits of a phone cannot be looked for" in shown(finance, "9012")
    assert look_for(finance, "45678912").url == order_page(order)
    assert look_for(finance, "9013").url == order_page(order)
    assert refund.state == "awaiting_approval"
    assert at_desk("visitor").post(reverse(BOX), {"clue": "9013"}).status_code == 403
    with pytest.raises(PermissionRefused):
        search.find(read("A-1042"), actor=Actor("staff:x", frozenset()))
    found = search.find(read("45678912"), actor=Actor("staff:x", frozenset({Permission.READ_ORDERS})))
    assert not found.hits
    assert found.closed == {Kind.DOCUMENT}


def test_a_search_asks_one_question_whatever_it_is_for_and_a_page_of_results_a_fixed_number(
    at_desk: Any, open_order: Any, django_assert_num_queries: Any
) -> None:
    actor = Actor("staff:x", frozenset(Permission))
    letter = LETTER.format(phone="987654321", reference="A-1001", email="maria.quispe@example.pe")
    for number in range(3):
        open_order(f"A-100{number}")
    for clue in ("12345678", "A-10", "maria.quispe@example.pe", "0042", letter * 20):
        with django_assert_num_queries(1):
            search.find(read(clue), actor=actor)
    browser = at_desk("support_n2")
    answer = look_for(browser, "A-10")
    for queries in (8, 7):  # the first look is noted
        with CaptureQueriesContext(connection) as asked:
            browser.get(answer.url)
        assert len(asked) == queries


def test_P6_a_search_is_planned_for_what_is_looked_for_however_often_one_looks(db: None) -> None:
    connection.ensure_connection()
    before, connection.connection.prepare_threshold = connection.connection.prepare_threshold, 0
    try:
        Order.objects.filter(reference="A-1").exists()
        search.find(read("A-10"), actor=Actor("staff:x", frozenset(Permission)))
        with connection.cursor() as cursor:
            cursor.execute("SELECT statement FROM pg_prepared_statements WHERE from_sql = false")
            prepared = "".join(statement for (statement,) in cursor.fetchall())
    finally:
        connection.connection.prepare_threshold = before
    assert "pagoefectivo_order" in prepared, "or nothing is prepared here at all"
    assert "hit_kind" not in prepared


def test_every_place_that_is_looked_at_stands_on_an_index(db: None) -> None:
    clue_of_each = "12345678 987654321 maria@example.pe rfd_1 vch_1 C-ABCD2345 K-ABCD2345 A-1042 AB123456"
    parts = [*search.branches(read(clue_of_each)), *search.branches(read("0042")), *search.branches(read("A-10"))]
    assert {kind for kind, _ in parts} == set(Kind)
    with unmeasured_tables():
        plans = [(kind, part.explain()) for kind, part in parts]
    for kind, plan in plans:
        assert "Seq Scan" not in plan, (kind, plan)
        assert "Index Cond" in plan, (kind, plan)


def test_orders_of_an_older_release_become_findable_by_and_by_and_after_a_key_was_rotated(
    world: Any, settings: Any
) -> None:
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "ENCRYPTION_KEYS": ["old"]}
    order = place_voucher(place_order(payer_phone="+51 987 654 321")).order
    account = RefundDestination.objects.create(holder_name="M", account_number="1912", created_at=world.now())
    actor = Actor("staff:x", frozenset(Permission))

    def finds(clue: str) -> bool:
        return search.find(read(clue), actor=actor).order_ids == [order.pk]

    def catch_up() -> dict[str, Any]:
        list(jobs.due({clues.JOB: clues.EVERY}))
        clues.catch_up()
        outcome: dict[str, Any] = Job.objects.get(name=clues.JOB).outcome
        return outcome

    assert not finds("987654321")
    assert catch_up()["is_done"] is False
    assert finds("987654321")
    assert finds("45678912")
    account.refresh_from_db()
    assert account.tail_digest == digest(Kind.ACCOUNT, "1912")
    world.advance(days=1, minutes=1)
    assert catch_up()["is_done"] is True
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "ENCRYPTION_KEYS": ["new", "old"]}
    assert finds("45678912")
    assert catch_up()["is_done"] is False
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "ENCRYPTION_KEYS": ["new"]}
    kept = Order.objects.values_list("phone_digest", flat=True).get()
    assert kept == digest(Kind.PHONE, "987654321")
    assert finds("987654321")
