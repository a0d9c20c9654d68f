"""What exchange rates worse than agreed took of a month, and the claim that is made of it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from pagoefectivo.models import Discrepancy, ExchangeRate, FeeSchedule, SettlementLine
from pagoefectivo.selectors.charges import charges_of
from pagoefectivo.selectors.claims import CLAIM_COLUMNS, claim_of, claim_row
from pagoefectivo.services import claims, discrepancies, seams
from pagoefectivo.services.actors import Actor, Permission
from tests.integration.planted_charges import AT_FOUR, NOVEMBER, paid, plant_exchanges
from tests.integration.settlement_files import Row, bring, file_of, of_voucher

pytestmark = pytest.mark.django_db(transaction=True)
MONTH = "default", NOVEMBER


@pytest.fixture(autouse=True)
def _in_december(psp: Any) -> Any:
    with seams.use(now=lambda: datetime(2026, 12, 9, 15, tzinfo=UTC)):
        yield


@pytest.fixture
def luz(admin_user: Any) -> Actor:
    """Somebody in finance."""
    return Actor("staff:luz", frozenset({Permission.WORK_DIFFERENCES, Permission.OPEN_CASES}), user_id=admin_user.pk)


def test_R17_an_exchange_that_took_more_than_agreed_is_claimed_as_a_cost(luz: Actor) -> None:
    theirs = plant_exchanges()
    (month,) = charges_of(*MONTH)
    assert month.exchanges is not None
    assert (month.exchanges.lines, month.exchanges.charged, month.is_claimed) == (2, Decimal("3.00"), True)
    assert month.total.claimed.lines == 0
    claim = claim_of(*MONTH)
    # 102 soles are 25.50 dollars by the day's rate, 25.00 with the margin, 24.00 by the file's; 100 are 25.00 at its own rate
    assert [(each.line.provider_reference, each.agreed, each.charged, each.difference) for each in claim.lines] == [
        (theirs["odd"], Decimal(0), Decimal("2.00"), Decimal("2.00")),
        (theirs["dear"], Decimal("0.50"), Decimal("1.50"), Decimal("1.00")),
    ]
    assert [(each.percent, each.is_exchange) for each in claim.agreements] == [(Decimal("2.00"), True)]
    rows = [dict(zip(CLAIM_COLUMNS, claim_row(each, in_full=True), strict=True)) for each in claim.lines]
    told = [(each["kind"], each["rate"], each["difference"], each["fee"], each["percent"]) for each in rows]
    assert told == [
        ("exchange", Decimal("4.000000"), Decimal("2.00"), None, None),
        ("exchange", Decimal("4.250000"), Decimal("1.00"), None, Decimal("2.0000")),
    ]
    letter = claims.letter(*MONTH, "en", actor=luz).text
    assert "exchanged at no more than 2 % above the rate of the day" in letter
    assert "rate 4.25 · rate of the day 4" in letter
    assert "agreed US$ 0.50 [1], charged US$ 1.50, too much US$ 1.00 (november.csv, line 5)" in letter
    assert (
        "settled US$ 23.00, by the rate that the line itself names US$ 25.00: US$ 2.00 lost (november.csv, line 6)"
        in letter
    )
    assert "USD: 2 lines, agreed US$ 0.50, charged US$ 3.50, too much US$ 3.00" in letter
    case = claims.open_case(*MONTH, actor=luz)
    assert set(Discrepancy.objects.filter(case=case).values_list("line__provider_reference", flat=True)) == {
        theirs["odd"], theirs["dear"],
    }  # fmt: skip


def test_R17_a_line_that_costs_too_much_in_two_ways_is_one_line(luz: Actor) -> None:
    plant_exchanges()
    bring(
        file_of([of_voucher(paid("102.00"), rate=Decimal("4.25"), fee=Decimal("-2.00"))], transfer="TR-2"), name="2.csv"
    )
    twice = [each for each in claim_of(*MONTH).lines if str(each.line.report) == "2.csv"]
    assert [(each.is_exchange, each.difference) for each in twice] == [
        (True, Decimal("1.00")),
        (False, Decimal("0.872941")),
    ]
    (total,) = claim_of(*MONTH).totals
    assert (total.lines, total.difference) == (3, Decimal("4.872941"))
    assert "3 lines above what was agreed" in claims.letter(*MONTH, "en", actor=luz).text
    assert "3 líneas" in claims.open_case(*MONTH, actor=luz).about


def test_R17_what_is_no_loss_by_its_exchange_is_not_claimed(luz: Actor) -> None:
    """An amount that is wrong itself, a fee of its own, a rate of four decimals, a day's rate that was corrected since."""
    dear = plant_exchanges()["dear"]
    wrong, rounded = paid("75.00"), paid("3000.00")
    rows = [
        of_voucher(wrong, amount=Decimal("750.00"), gross=Decimal("18.75"), fee=Decimal("-0.96"), **AT_FOUR),
        of_voucher(rounded, rate=Decimal("3.7513"), gross=Decimal("799.71"), fee=Decimal("-28.63")),
        Row("F-1", Decimal("-40.00"), kind="SETTLEMENT_FEE", gross=Decimal("-12.00"), fee=Decimal(0), **AT_FOUR),
    ]
    bring(file_of(rows, transfer="TR-2"), name="2.csv")
    assert set(SettlementLine.objects.filter(report__name="2.csv").values_list("verdict", flat=True)) == {
        "amount", "matched", "fee",
    }  # fmt: skip
    assert [each.line.report.name for each in claim_of(*MONTH).lines if each.is_exchange] == ["november.csv"] * 2
    ExchangeRate.objects.update(rate="4.200000")
    claim = claim_of(*MONTH)
    assert dear not in {each.line.provider_reference for each in claim.lines}
    assert claim.unfounded == 1


def test_R17_a_loss_by_exchange_that_was_settled_or_is_agreed_no_more_is_not_claimed(luz: Actor) -> None:
    theirs = plant_exchanges()
    odd = Discrepancy.objects.get(line__provider_reference=theirs["odd"])
    discrepancies.settle(odd.pk, "provider_pays", "They pay it in December.", actor=luz)
    assert [each.line.provider_reference for each in claim_of(*MONTH).lines] == [theirs["dear"]]
    FeeSchedule.objects.filter(name="2026").update(is_withdrawn=True, ended_at=datetime.now(UTC), ended_by="test")
    claim = claim_of(*MONTH)
    assert (claim.lines, claim.unfounded) == ([], 1)
