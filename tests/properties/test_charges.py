"""Any month of costs: what the lines differ by is what was charged less what was agreed, to the millionth."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from pagoefectivo.domain.charges import DIFFERING, MILLIONTH, Standing
from pagoefectivo.domain.settlements import TOLERANCE, UNCOUNTED
from pagoefectivo.models import FeeSchedule, FeeTier, SettlementLine
from pagoefectivo.selectors.charges import Wanted, charges_of, differing_lines
from pagoefectivo.selectors.claims import claim_of
from tests.integration.settlement_files import Row, bring, file_of
from tests.properties.test_settlement_months import EXAMPLES, account, files, sold

__all__ = ["account"]
pytestmark = pytest.mark.django_db
NOVEMBER = date(2026, 11, 1)

percents = st.integers(0, 100_000).map(lambda number: Decimal(number).scaleb(-4))
sums = st.integers(0, 500).map(lambda number: Decimal(number).scaleb(-2))
terms = st.fixed_dictionaries(
    {"percent": percents, "fixed": sums, "minimum": sums, "risk_fee": sums, "refund_fee": sums, "dispute_fee": sums}
)


@settings(EXAMPLES, max_examples=30)
@given(files, terms, st.booleans())
def test_R17_line_by_line_and_all_at_once_come_to_the_same(
    month: list[list[Row]], agreed: dict[str, Any], has_tier: bool
) -> None:
    with transaction.atomic():
        sold()
        _agree(agreed, has_tier=has_tier)
        for number, rows in enumerate(month):
            bring(file_of(rows, transfer=f"TR-{number}"))
        kept = SettlementLine.objects.filter(month=NOVEMBER).exclude(verdict__in=UNCOUNTED)
        charged, differences = Decimal(0), Decimal(0)
        for line in kept.exclude(kind="payout"):
            cost = -_taken(line)
            charged += cost
            if line.cost_expected is not None:
                difference = cost + line.cost_expected
                differences += difference
                is_beyond = line.cost_difference is not None
                assert is_beyond == (abs(difference) > TOLERANCE) or abs(abs(difference) - TOLERANCE) <= MILLIONTH
                assert not is_beyond or abs(difference + line.cost_difference) <= MILLIONTH
        found = charges_of("default", NOVEMBER)
        known = [each.total.known for each in found]
        assert sum((each.difference for each in known), Decimal(0)) == differences
        assert sum((each.total.charged for each in found), Decimal(0)) == charged
        for each in found:
            parts = [each.total.of(standing) for standing in (*DIFFERING, Standing.AGREED)]
            assert sum((part.difference for part in parts), Decimal(0)) == each.total.known.difference
            assert sum(part.lines for part in parts) == each.total.known.lines
            wanted = Wanted(currency=each.currency)
            assert differing_lines("default", NOVEMBER, wanted).count() == each.total.differing.lines
        claim = claim_of("default", NOVEMBER)
        assert claim.unfounded == 0
        claimed = {each.currency: each.total.claimed for each in found if each.total.claimed.lines}
        assert {each.currency: (each.lines, each.difference) for each in claim.totals} == {
            currency: (each.lines, each.difference) for currency, each in claimed.items()
        }
        transaction.set_rollback(True)


def _agree(agreed: dict[str, Any], *, has_tier: bool) -> None:
    schedule = FeeSchedule.objects.create(
        account="default", name="2026", currency="PEN", settlement_currency="USD", market="local", created_by="test",
        valid_from=date(2020, 1, 1), created_at=datetime(2026, 1, 2, tzinfo=UTC), **agreed,
    )  # fmt: skip
    if has_tier:
        FeeTier.objects.create(schedule=schedule, from_payments=1, percent="0.50", fixed="0.10")


def _taken(line: SettlementLine) -> Decimal:
    """What a line takes, by what is written in its own columns."""
    if line.kind in {"fee", "tax"}:
        return line.net if line.net is not None else line.amount or Decimal(0)
    return (line.fee or Decimal(0)) + (line.tax or Decimal(0))
