"""D10: what a line would be before its costs, what it costs, and what it changes in the balance."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from pagoefectivo.domain.messages import SettlementFacts, SettlementKind
from pagoefectivo.domain.settlements import booked_of, cost_of, gross_of


def said(kind: SettlementKind = SettlementKind.PAYMENT, **amounts: str) -> SettlementFacts:
    told: dict[str, Any] = {name: Decimal(amount) for name, amount in amounts.items()}
    return SettlementFacts(kind=kind, raw_kind="", **told)


@pytest.mark.parametrize(
    ("line", "gross", "cost", "booked"),
    [
        (said(amount="100.00", fee="-2.00", tax="-0.36", net="97.64"), "100.00", "-2.36", "97.64"),
        (said(fee="-2.00", tax="-0.36", net="97.64"), "100.00", "-2.36", "97.64"),
        (said(amount="100.00", fee="-2.00", tax="-0.36"), "100.00", "-2.36", "97.64"),
        (said(amount="375.00", settled_amount="100.00", fee="-2.00"), "375.00", "-2.00", "98.00"),
        (said(amount="375.00", settled_amount="0.00"), "375.00", "0", "0.00"),
        (said(SettlementKind.REFUND, amount="-50.00"), "-50.00", "0", "-50.00"),
        (said(SettlementKind.FEE, fee="-2.00"), None, "-2.00", "-2.00"),
        (said(SettlementKind.ADJUSTMENT), None, "0", "0"),
        (said(SettlementKind.BALANCE, amount="900.00", net="900.00"), "900.00", "0", "0"),
        (said(SettlementKind.NOTICE, amount="10.00", fee="-1.00"), "10.00", "-1.00", "0"),
    ],
)
def test_D10_a_line_comes_to_its_net_or_to_what_makes_one(
    line: SettlementFacts, gross: str | None, cost: str, booked: str
) -> None:
    assert gross_of(line) == (None if gross is None else Decimal(gross))
    assert cost_of(line) == Decimal(cost)
    assert booked_of(line) == Decimal(booked)
