"""Hundreds of damaged settlement files: refused with line and reason, or read so that every amount is in the file."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.fuzz import settlements
from tests.unit.providers.reports_stage import SAMPLES, read

INPUTS = 600
MOST_KIB = 32 * 1024


def test_a_damaged_file_is_refused_or_read_to_the_cent() -> None:
    figures = settlements.run(1, INPUTS)
    assert figures.failures == []
    assert figures.answers.keys() == {"refused", "read"}
    assert min(figures.answers.values()) > 50
    assert figures.kinds.keys() == settlements.MUTATIONS.keys()
    assert figures.grown_kib < MOST_KIB


@pytest.mark.parametrize("lie", [{"amount": Decimal("100.51")}, {"settled_amount": Decimal(0)}])
def test_the_judge_notices_an_invented_amount(lie: dict[str, Any]) -> None:
    content = (SAMPLES / "dlocal" / "settlement_transactions_comma.csv").read_bytes()
    (row,) = read("dlocal", content)
    assert settlements.objections(content, [row]) == []
    assert settlements.objections(content, [row._replace(facts=replace(row.facts, **lie))])


def test_the_judge_notices_a_lost_row() -> None:
    content = (SAMPLES / "mercadopago" / "settlement_release.csv").read_bytes()
    assert settlements.objections(content, read("mercadopago", content)[1:])
