"""The timeline as staff read it: filtered, with gaps and marks, in chapters, and word for word for who may."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pagoefectivo.models import ApiExchange, Order, StateChange, WebhookDelivery
from pagoefectivo.selectors.timeline import PAGE
from tests.integration.admin.conftest import order_page, text_of
from tests.integration.plans import unmeasured_tables

pytestmark = pytest.mark.django_db(transaction=True)
ENGLISH = {"accept-language": "en"}


def timeline(browser: Any, order: Order, query: str = "") -> str:
    """The timeline's part of the page."""
    answer = browser.get(order_page(order) + query, headers=ENGLISH)
    assert answer.status_code == 200
    return str(answer.content.decode()).partition('id="timeline"')[2]


def kinds(page: str) -> set[str]:
    return set(re.findall(r'<li class="pe-timeline__(\w+)" id="', page))


def test_filters_work_by_address_and_nonsense_is_everything(at_desk: Any, listening: Any, psp: Any, open_order: Any, world: Any, sweep: Any) -> None:  # fmt: skip
    order, browser = open_order(), at_desk("support_n2", "luz")
    psp.pay(order.current_voucher.code)
    assert psp.wait_idle()
    world.advance(seconds=20)
    sweep()
    browser.post(order_page(order, "note"), {"text": "angry"})
    assert kinds(timeline(browser, order)) == {"exchange", "delivery", "event", "state_change", "message", "note"}
    assert kinds(timeline(browser, order, "?show=changes")) == {"state_change"}
    assert kinds(timeline(browser, order, "?show=calls")) == {"exchange", "delivery"}
    assert kinds(timeline(browser, order, "?show=messages")) == {"message"}
    assert kinds(timeline(browser, order, "?show=people")) == {"note"}
    everything = kinds(timeline(browser, order))
    for nonsense in (
        "?show=nonsense",
        "?chapter=0",
        "?chapter=-1",
        "?chapter=9999999",
        "?chapter=x",
        "?raw=exchange-x",
    ):
        assert kinds(timeline(browser, order, nonsense)) == everything


def test_marks_gaps_and_the_instant_in_utc(at_desk: Any, psp: Any, open_order: Any, world: Any, sweep: Any) -> None:
    psp.fault("create", "503")
    order = open_order()
    world.advance(hours=18, minutes=5)
    sweep()
    page = timeline(at_desk("support_n1"), order)
    told = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert "18 hours without activity" in told
    assert re.search(r"\(make a code\): answered HTTP 503 \d+ ms", told)
    assert re.search(r"\(make a code\): answered HTTP 200 \d+ ms try 2", told)
    assert re.search(r'<time class="pe-moment" datetime="\S+Z" title="\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC">', page)
    assert "without activity" not in timeline(at_desk("support_n1"), order, "?show=calls")


def test_hundreds_of_entries_are_read_in_chapters_that_lose_none(at_desk: Any, open_order: Any) -> None:
    order, browser = open_order(), at_desk("support_n1")
    began = timezone.now() - timedelta(days=30)
    row = {"subject": "order", "order": order, "from_state": "expired", "to_state": "awaiting_payment"}
    StateChange.objects.bulk_create(
        StateChange(
            **row, transition="reopen", source="clock", actor="system", at=began + timedelta(minutes=number // 3)
        )
        for number in range(2 * PAGE + 10)
    )
    seen: list[str] = []
    query, chapters = "?show=changes", 0
    while query:
        with CaptureQueriesContext(connection) as asked:
            page = timeline(browser, order, query)
        assert len(asked) == 8
        seen += re.findall(r'<li class="pe-timeline__state_change" id="state_change-(\d+)"', page)
        chapters += 1
        older = re.search(r'href="(\?[^"]+)#timeline">Older<', page)
        query = older[1].replace("&amp;", "&") if older else ""
    assert chapters == 3
    assert len(seen) == len(set(seen)) == StateChange.objects.filter(order=order).count()
    assert "Newer" in page


def test_a_row_is_shown_word_for_word_in_its_place_to_who_may_and_masked(
    at_desk: Any, listening: Any, psp: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    order = open_order()
    psp.pay(order.current_voucher.code)
    assert psp.wait_idle()
    world.advance(seconds=20)
    sweep()
    call, letter = ApiExchange.objects.earliest("pk"), WebhookDelivery.objects.earliest("pk")
    auditor, support = at_desk("auditor"), at_desk("support_n2")
    for row, words in ((f"exchange-{call.pk}", '"notification_url"'), (f"delivery-{letter.pk}", '"status": "PAID"')):
        closed = timeline(auditor, order)
        assert f"?raw={row}#{row}" in closed
        assert "<pre" not in closed
        opened = timeline(auditor, order, f"?raw={row}")
        assert opened.count("<details open>") == 1
        assert words in opened.replace("&quot;", '"')
        for secret in (
            order.current_voucher.code,
            "maria.quispe",
            "45678912",
            "sandbox_trans_key",
            "sandbox_secret_key",
        ):
            assert secret not in opened
        refused = timeline(support, order, f"?raw={row}")
        assert "<pre" not in refused
        assert "raw=" not in refused
    other = open_order("A-2")
    assert "<pre" not in timeline(auditor, other, f"?raw=exchange-{call.pk}"), "a row of another order"
    assert "raw status" in text_of(auditor.get(order_page(order), headers=ENGLISH))
    assert "raw status" not in text_of(support.get(order_page(order), headers=ENGLISH))


def test_P6_every_part_of_the_page_stands_on_an_index(at_desk: Any, paid_order: Any) -> None:
    order = paid_order()
    with CaptureQueriesContext(connection) as asked:
        timeline(at_desk("support_n1"), order)
    unions = [each["sql"] for each in asked if " UNION ALL " in each["sql"]]
    assert len(unions) == 2
    with unmeasured_tables() as cursor:
        for sql in unions:
            cursor.execute(f"EXPLAIN {sql}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
            assert "Seq Scan" not in plan, plan
            scans = plan.count(" Scan using ") + plan.count(" Bitmap Index Scan on ")
            assert scans == plan.count("Index Cond") > 0, plan
