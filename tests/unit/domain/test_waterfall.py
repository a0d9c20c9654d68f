"""The waterfall: bars hang together, stand inside their picture and are as long as their amounts."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

from hypothesis import given

from pagoefectivo.domain.month import Flow, Step
from pagoefectivo.domain.waterfall import LEFT, RIGHT, WHOLE, WIDTH, waterfall
from tests.months import any_flow, month_report


def test_each_bar_of_a_month_leads_from_amount_to_amount() -> None:
    drawn = waterfall(month_report().flows[0])
    assert [(bar.figure.step, bar.start, bar.end) for bar in drawn.bars] == [
        (Step.GROSS, Decimal(0), Decimal("148230.50")),
        (Step.FEES, Decimal("148230.50"), Decimal("144228.28")),
        (Step.TAX, Decimal("144228.28"), Decimal("143507.88")),
        (Step.REFUNDS, Decimal("143507.88"), Decimal("141196.98")),
        (Step.DISPUTES, Decimal("141196.98"), Decimal("140807.98")),
        (Step.ADJUSTMENTS, Decimal("140807.98"), Decimal("140820.33")),
        (Step.NET, Decimal(0), Decimal("140820.33")),
        (Step.BANK, Decimal(0), Decimal("139820.33")),
    ]
    assert [bar.kind for bar in drawn.bars] == ["whole", "less", "less", "less", "less", "more", "whole", "whole"]
    assert (drawn.bars[0].x_from, drawn.bars[0].x_to) == (Decimal(LEFT), Decimal(WIDTH - RIGHT))


def test_a_thread_leads_to_the_bank_where_all_of_it_arrived() -> None:
    soles, dollars = map(waterfall, month_report().flows)
    assert len(soles.threads) == 6, "a part of it has not arrived"
    assert len(dollars.threads) == 7


def test_a_month_without_money_is_drawn_without_bars() -> None:
    drawn = waterfall(Flow("PEN", ()))
    assert len(drawn.bars) == len(Step)
    assert {bar.width for bar in drawn.bars} == {Decimal(0)}


@given(any_flow("PEN"))
def test_each_bar_begins_where_the_last_ended_and_none_leaves_the_picture(flow: Flow) -> None:
    drawn = waterfall(flow)
    for before, bar in pairwise(drawn.bars):
        if bar.figure.step in WHOLE:
            assert (bar.start, bar.x_from) == (Decimal(0), drawn.zero)
        else:
            assert (bar.start, bar.x_from) == (before.end, before.x_to)
        assert bar.top == before.top + drawn.row
    for bar in drawn.bars:
        assert bar.end - bar.start == bar.figure.amount
        assert LEFT <= bar.x <= bar.x + bar.width <= WIDTH - RIGHT
        assert bar.top < bar.word < bar.y < bar.y + drawn.thick <= bar.top + drawn.row <= drawn.height
    net = next(bar for bar in drawn.bars if bar.figure.step is Step.NET)
    last = next(bar for bar in drawn.bars if bar.figure.step is Step.ADJUSTMENTS)
    assert (net.end, net.x_to) == (last.end, last.x_to), "the sum is where the steps have led"
