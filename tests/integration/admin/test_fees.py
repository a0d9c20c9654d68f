"""The desk of fees: entering, ending and withdrawing schedules, a month's costs, and what another month would cost."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from pagoefectivo.domain.fees import Market, Schedule, Tier
from pagoefectivo.domain.localtime import LIMA
from pagoefectivo.domain.states import VoucherState
from pagoefectivo.models import FeeSchedule
from pagoefectivo.services import fees
from pagoefectivo.services.actors import SHOP
from pagoefectivo.services.fees import Agreement
from tests.integration.admin.conftest import DESKS, everything, text_of
from tests.integration.pages.stage import place_order, place_voucher

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal
JUNE = date(2026, 6, 1)
LIST, COSTS, QUOTE = (f"admin:pagoefectivo_{name}_changelist" for name in ("feeschedule", "costs", "feequote"))
BEGIN = "admin:pagoefectivo_feeschedule_begin"
SEES = ["view_feeschedule", "view_costs", "view_feequote"]
TYPED = {
    "account": "default",
    "name": "Contract 12",
    "currency": "PEN",
    "settlement_currency": "PEN",
    "market": "local",
    "valid_from": "2026-06-01",
    "valid_until": "",
    "percent": "3,5",
    "fixed": "1.00",
    "tax_percent": "18",
    "why": "signed",
    "tier-TOTAL_FORMS": "6",
    "tier-INITIAL_FORMS": "0",
    "tier-0-from_payments": "500",
    "tier-0-percent": "3",
    "tier-0-fixed": "0,80",
    "tier-1-from_payments": "100",
    "tier-1-percent": "3.25",
}
ASKED = {"payments": "100", "average": "100", "currency": "PEN", "day": "2026-06-15"}


@pytest.fixture
def keeper(at_desk: Any, psp: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setitem(DESKS, "keeper", [*SEES, "keep_fees"])
    return at_desk("keeper", headers={"accept-language": "en"})


@pytest.fixture
def reader(at_desk: Any, psp: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setitem(DESKS, "reader", SEES)
    return at_desk("reader", headers={"accept-language": "en"})


def begin(**changes: Any) -> FeeSchedule:
    terms = {"currency": "PEN", "percent": D("3.5"), "fixed": D("1.00"), **changes.pop("terms", {})}
    wanted = {"account": "default", "name": "Contract 12", "market": Market.LOCAL, "valid_from": JUNE, **changes}
    return fees.begin(Agreement(terms=Schedule(**terms), **wanted), why="signed", actor=SHOP)


def of(row: FeeSchedule, act: str = "change") -> str:
    return reverse(f"admin:pagoefectivo_feeschedule_{act}", args=[row.pk])


def test_a_schedule_is_typed_in_with_its_tiers_in_any_order(keeper: Any) -> None:
    assert reverse(BEGIN) in keeper.get(reverse(LIST)).content.decode()
    answer = keeper.post(reverse(BEGIN), TYPED, follow=True)
    row = FeeSchedule.objects.get()
    assert row.terms == Schedule(
        currency="PEN",
        settlement_currency="PEN",
        percent=D("3.5"),
        fixed=D("1.00"),
        tiers=(Tier(100, D("3.25")), Tier(500, D(3), D("0.80"))),
    )
    assert (row.created_by, row.why) == ("staff:keeper", "signed")
    told = text_of(answer)
    assert "The fee schedule is entered." in told
    assert "3.5 % + S/ 1.00" in told
    assert "from 500 payments a month on: 3 % + S/ 0.80" in told


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"percent": "101"}, "Ensure this value is less than or equal to 100."),
        ({"percent": "-1"}, "Ensure this value is greater than or equal to 0."),
        ({"fixed": "0.001"}, "Ensure that there are no more than 2 decimal places."),
        ({"fixed": "abc"}, "Enter a number."),
        ({"valid_until": "2026-05-31"}, "The first day must not be after the last."),
        ({"why": ""}, "This field is required."),
        ({"tier-0-from_payments": "100"}, "Two tiers begin at the same number of payments."),
        ({"tier-0-from_payments": ""}, "Say from how many payments on."),
        ({"account": "another"}, "Select a valid choice."),
        ({"valid_from": "2026-09-01"}, "Another fee schedule of this account and currency holds on some of these days"),
    ],
)
def test_what_cannot_be_is_said_beside_what_was_typed_and_nothing_is_kept(
    keeper: Any, typed: dict[str, str], said: str
) -> None:
    begin(valid_from=date(2026, 10, 1))
    before = everything()
    answer = keeper.post(reverse(BEGIN), {**TYPED, **typed})
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert 'value="Contract 12"' in answer.content.decode(), "nobody types it again"
    assert everything() == before


def test_one_is_ended_and_the_next_begins_with_its_terms(keeper: Any) -> None:
    row = begin(terms={"tiers": (Tier(500, D(3), D("0.80")),)})
    page = keeper.get(of(row)).content.decode()
    assert of(row, "end") in page
    assert of(row, "withdraw") in page
    assert keeper.post(of(row, "end"), {"last_day": "2026-05-01", "why": "x"}).status_code == 422
    assert keeper.post(of(row, "end"), {"last_day": "2026-06-30", "why": "new contract"}).status_code == 302
    row.refresh_from_db()
    assert (row.valid_until, row.ended_by) == (date(2026, 6, 30), "staff:keeper")
    assert of(row, "end") not in keeper.get(of(row)).content.decode()
    assert "FEES_ENDED" in text_of(keeper.post(of(row, "withdraw"), {"why": "x"}))
    form = keeper.get(reverse(BEGIN), {"after": row.pk}).content.decode()
    for value in ("2026-07-01", "3.5", "500", "0.80"):
        assert f'value="{value}"' in form


def test_a_wrong_one_is_withdrawn_and_stays_readable(keeper: Any) -> None:
    row = begin(terms={"percent": D(35)})
    assert "counts for no day" in text_of(keeper.get(of(row, "withdraw")))
    assert keeper.post(of(row, "withdraw"), {"why": "a comma too far"}).status_code == 302
    told = text_of(keeper.get(of(row)))
    assert "! withdrawn" in told
    assert "a comma too far" in told
    assert "Contract 12" not in text_of(keeper.get(reverse(LIST), {"is": "valid"}))
    assert "Contract 12" in text_of(keeper.get(reverse(LIST), {"is": "withdrawn"}))


def test_G17_who_may_only_look_changes_nothing_and_others_do_not_even_look(at_desk: Any, reader: Any) -> None:
    row = begin()
    before = everything()
    for page in (reverse(LIST), of(row), reverse(COSTS), reverse(QUOTE)):
        assert reader.get(page).status_code == 200
        assert "begin" not in reader.get(page).content.decode()
        assert at_desk("finance").get(page).status_code == 403
    for act in (reverse(BEGIN), of(row, "end"), of(row, "withdraw")):
        refused = reader.post(act, {**TYPED, "last_day": "2026-06-30"})
        assert refused.status_code == 403
        assert "“Can enter and end fee schedules”. Who may: finance." in text_of(refused)
    assert everything() == before
    for page in (reverse(COSTS), reverse(QUOTE)):
        assert reader.post(page).status_code == 405
        assert reader.get(f"{page}1/change/").status_code == 404


def test_a_months_costs_are_drawn_and_written_with_a_fixed_number_of_queries(keeper: Any) -> None:
    begin()
    counts = []
    for number in range(2):
        at = datetime(2026, 6, 10 + number, 12, tzinfo=LIMA)
        order = place_order(created_at=at)
        place_voucher(order, VoucherState.PAID, created_at=at - timedelta(hours=1), paid_at=at)
        with CaptureQueriesContext(connection) as asked:
            answer = keeper.get(reverse(COSTS), {"month": "2026-06"})
        counts.append(len(asked))
    assert counts == [14, 14]
    told, page = text_of(answer), answer.content.decode()
    assert "default · PEN" in told
    assert "Each paid code costs S/ 4.90: 5.45 % of what buyers paid." in told
    assert "S/ 50.00 – S/ 99.99 2 S/ 179.80 S/ 8.30 S/ 1.50 S/ 4.90" in told
    assert page.count('<svg class="pe-chart"') == 1
    assert "style=" not in page[page.index('id="content-main"') :], "a strict policy forbids it"
    assert "Nothing was paid" in text_of(keeper.get(reverse(COSTS), {"month": "2026-05"}))
    assert keeper.get(reverse(COSTS), {"month": "May"}).status_code == 422


def test_payments_without_a_schedule_are_named_with_the_way_to_add_one(keeper: Any) -> None:
    at = datetime(2026, 6, 10, 12, tzinfo=LIMA)
    place_voucher(place_order(created_at=at), VoucherState.PAID, created_at=at, paid_at=at)
    answer = keeper.get(reverse(COSTS), {"month": "2026-06"})
    assert "1 payment fell on a day without a fee schedule" in text_of(answer)
    assert f"{reverse(BEGIN)}?account=default&amp;currency=PEN" in answer.content.decode()
    assert "pe-chart" not in answer.content.decode()


def test_accounts_are_compared_and_the_cheapest_is_marked(keeper: Any, settings: Any) -> None:
    account = settings.PAGOEFECTIVO["ACCOUNTS"]["default"]
    settings.PAGOEFECTIVO = {
        **settings.PAGOEFECTIVO,
        "ACCOUNTS": dict.fromkeys(("default", "abroad", "bare"), account),
    }
    begin()
    begin(account="abroad", market=Market.CROSS_BORDER, terms={"percent": D(2), "cross_border_percent": D(1)})
    assert "Side by side" not in text_of(keeper.get(reverse(QUOTE)))
    answer = keeper.get(reverse(QUOTE), ASKED)
    told, page = text_of(answer), answer.content.decode()
    assert "Cheapest is abroad: S/ 472.00 a month, S/ 4.72 for each paid code." in told
    assert told.count("✓ cheapest") == 1
    assert "bare (dLocal) has no fee schedule for this currency and day." in told
    assert f"{reverse(BEGIN)}?account=bare&amp;currency=PEN" in page
    assert page.count('<svg class="pe-chart"') == 1
    told = text_of(keeper.get(reverse(QUOTE), {**ASKED, "cross_border": "50,5", "refunded": "2,5"}))
    assert "Cross-border S/ 0.00 S/ 50.50" in told
    with CaptureQueriesContext(connection) as asked:
        keeper.get(reverse(QUOTE), ASKED)
    assert len(asked) == 6


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"payments": "0"}, "Ensure this value is greater than or equal to 1."),
        ({"average": "0"}, "This is not an amount."),
        ({"unpaid": "100"}, "Where no code is paid, nothing can be reckoned for each paid one."),
        ({"refunded": "101"}, "Ensure this value is less than or equal to 100."),
        ({"cross_border": "many"}, "Enter a number."),
        ({"day": "someday"}, "Enter a valid date."),
    ],
)
def test_what_cannot_be_quoted_says_so(keeper: Any, asked: dict[str, str], said: str) -> None:
    begin()
    answer = keeper.get(reverse(QUOTE), {**ASKED, **asked})
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert "pe-chart" not in answer.content.decode()
