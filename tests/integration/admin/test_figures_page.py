"""The figures are what the rows say: counted by hand on a small shop, drawn, put in a table, and handed out as a file."""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from pagoefectivo import shop
from pagoefectivo.domain.localtime import LIMA
from pagoefectivo.selectors import periods
from pagoefectivo.selectors.periods import Period
from pagoefectivo.selectors.service_levels import Reading, totals
from pagoefectivo.services import seams
from pagoefectivo.services.actors import SHOP
from tests.integration.admin.conftest import text_of
from tests.integration.pages.stage import address, place_order, place_voucher

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "admin:pagoefectivo_figures_changelist"
QUERIES = 14


@pytest.fixture
def analyst(at_desk: Any, person: Any) -> Any:
    browser = at_desk("support_n1", headers={"accept-language": "en"})
    person("support_n1").user_permissions.add(Permission.objects.get(codename="view_figures"))
    return browser


def lately(**length: float) -> Reading:
    now = seams.now()
    return Reading(Period(now - timedelta(**(length or {"days": 1})), now + timedelta(minutes=1)), now)


def test_figures_are_what_happened(
    psp: Any, listening: Any, open_order: Any, world: Any, sweep: Any, client: Any, settings: Any
) -> None:
    told = open_order("TOLD-1").current_voucher
    psp.pay(told.code)
    assert psp.wait_idle()
    world.advance(seconds=40)
    sweep()
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "PUBLIC_BASE_URL": "http://127.0.0.1:9"}  # nothing arrives there
    found = open_order("FOUND-1").current_voucher
    psp.pay(found.code)
    open_order("OPEN-1")
    world.advance(minutes=20)
    sweep()
    refund = shop.request_refund(reference="TOLD-1", amount="10.00", reason="other", actor=SHOP)
    psp.settle_refund(refund.provider_reference)
    world.advance(minutes=2)
    sweep()
    psp.fault("create", "503", times=1)
    open_order("LATE-1")
    read = lately()
    told_first, found_first, within = totals(read.confirmations)
    assert (told_first, found_first) == (1, 1)
    assert within[0] == 1, "the told one was known within a minute"
    assert within[2:] == (1, 2, 2, 2), "the other within the hour, not within a quarter of it"
    slowest = max(row.p95 for row in read.confirmations if row.p95 is not None)
    assert 600 < slowest.total_seconds() < 1260
    (heard,) = read.notifications
    assert (heard.received, heard.rejected) == (1, 0)
    assert heard.longest is not None
    assert 40 <= heard.longest.total_seconds() < 60
    issuing = next(row for row in read.operations if row.operation == "issue_voucher")
    assert (issuing.calls, issuing.refused, issuing.unanswered) == (4, 1, 0)
    assert sum(row.calls for row in read.calls) == sum(row.calls for row in read.operations)
    assert [(row.days, row.in_time + row.late + row.unpromised) for row in read.refunds] == [(0, 1)]
    codes = read.codes
    assert (codes.asked, codes.issued, codes.seen, codes.paid) == (4, 3, 0, 2)
    assert codes.survival[0] == (0, 3, 3, 1.0)
    assert all(row.watched == 0 for row in codes.survival if row.hours), "none is an hour old"
    assert {row.code for row in read.failures} == {"CREATE_OUTCOME_UNKNOWN"}
    client.get(address(told.order, "status/"))
    client.get(address(shop.get_order(reference="OPEN-1"), "status/"))
    assert lately().codes.seen == 1, "the page of a code that can be paid was open in a browser"
    other = Reading(Period(read.period.since, read.period.until, "another"), read.now)
    assert (other.confirmations, other.calls, other.codes.asked) == ([], [], 0)


def test_survival_counts_only_codes_that_are_old_enough_and_never_rises(psp: Any) -> None:
    now = seams.now()
    for hours, paid_after in ((50, 1), (50, 30), (50, None), (5, None), (2, 1)):
        begun = now - timedelta(hours=hours)
        paid_at = None if paid_after is None else begun + timedelta(hours=paid_after)
        place_voucher(place_order(), created_at=begun, paid_at=paid_at)
    survival = lately(days=3).codes.survival
    by_hours = {row.hours: (row.watched, row.unpaid, round(row.share, 6)) for row in survival}
    assert (by_hours[1], by_hours[3], by_hours[24], by_hours[36], by_hours[48], by_hours[72]) == (
        (5, 3, 0.6), (3, 3, 0.6), (2, 2, 0.6), (2, 1, 0.3), (1, 1, 0.3), (0, 0, 0.3),
    )  # fmt: skip
    assert [row.share for row in survival] == sorted((row.share for row in survival), reverse=True)


def test_the_page_draws_each_figure_with_its_table_and_asks_a_fixed_number_of_questions(
    analyst: Any, paid_order: Any
) -> None:
    counts = []
    for number in range(2):
        paid_order(f"A-{number}")
        with CaptureQueriesContext(connection) as asked:
            answer = analyst.get(reverse(PAGE))
        counts.append(len(asked))
    page = answer.content.decode()
    assert counts == [QUERIES, QUERIES]
    assert page.count('<svg class="pe-chart"') == page.count("<title id=") == page.count("<desc id=") == 6, (
        "no refund, no notification and no failure: a sentence instead of a picture"
    )
    assert "style=" not in page[page.index('class="pe-figures"') :], "a strict policy forbids it"
    words = text_of(answer)
    assert "A notification came first for 0 payments, a query for 2 (100%)." in words
    assert words.count("Nothing happened in these days.") == 3
    assert not re.search(r"A-\d|maria|89\.90", page), "no reference, no name, no amount"


def test_a_file_holds_what_the_table_shows(analyst: Any, paid_order: Any) -> None:
    paid_order()
    day = f"{seams.now().astimezone(LIMA):%Y-%m-%d}"
    address_of_file = reverse("admin:pagoefectivo_figures_file", args=["told-first"])
    answer = analyst.get(address_of_file, {"since": day, "until": day, "account": "default"})
    assert answer["Content-Disposition"] == f'attachment; filename="told-first-{day}-{day}.csv"'
    (row,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""))
    assert (row["told by a notification"], row["found by a query"]) == ("0", "1")
    assert datetime.strptime(row["hour (Lima)"], "%Y-%m-%d %H:%M:%S").minute == 0  # noqa: DTZ007 - Lima's, as written
    assert analyst.get(reverse("admin:pagoefectivo_figures_file", args=["no-such"])).status_code == 404


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"since": "2026-11-20", "until": "2026-11-19"}, "The first day must not be after the last."),
        ({"since": "2024-01-01", "until": "2026-01-01"}, "Choose a year at most."),
        ({"since": "yesterday"}, "Enter a valid date."),
        ({"until": "31/12/2026x"}, "Enter a valid date."),
        ({"account": "another"}, "Select a valid choice."),
    ],
)
def test_days_that_cannot_be_shown_say_so(analyst: Any, psp: Any, asked: dict[str, str], said: str) -> None:
    answer = analyst.get(reverse(PAGE), asked)
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert b"pe-chart" not in answer.content


def test_what_takes_too_long_is_stopped_and_says_so(
    analyst: Any, paid_order: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    paid_order()
    monkeypatch.setattr(periods, "PATIENCE", timedelta(milliseconds=100))
    monkeypatch.setattr(
        "pagoefectivo.selectors.service_levels.failures", lambda _: connection.cursor().execute("SELECT pg_sleep(5)")
    )
    answer = analyst.get(reverse(PAGE))
    assert answer.status_code == 422
    assert "These days hold more than can be counted while you wait. Choose fewer of them." in text_of(answer)
    assert analyst.get(reverse("admin:pagoefectivo_figures_file", args=["failures"])).status_code == 422
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",), "the limit ended with the question"


def test_G17_nobody_sees_figures_without_the_permission(at_desk: Any, paid_order: Any) -> None:
    paid_order()
    browser = at_desk("auditor")
    assert browser.get(reverse(PAGE)).status_code == 403
    assert browser.get(reverse("admin:pagoefectivo_figures_file", args=["funnel"])).status_code == 403
