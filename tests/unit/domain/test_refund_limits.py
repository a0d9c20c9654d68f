"""Which limit holds for whom, and how the settings write it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from pagoefectivo.conf_reading import SettingsProblem, refund_limits
from pagoefectivo.domain.refund_limits import LimitKind, limit_of, who_may
from pagoefectivo.domain.refund_reasons import REFUND_REASONS

LIMITS = refund_limits(
    {
        "support": {"REQUEST": {"PEN": "40.00"}},
        "heads": {"REQUEST": {"PEN": "500.00", "USD": "90.00"}, "APPROVE": {"PEN": "0"}},
        "key:erp": {"REQUEST": {"PEN": "9.00"}},
        "*": {"REQUEST": {"PEN": "5.00"}, "APPROVE_DAY": {"PEN": "7.00"}},
    },
    "",
)


@pytest.mark.parametrize(
    ("names", "kind", "currency", "limit"),
    [
        (["staff:ana", "support"], LimitKind.REQUEST, "PEN", "40.00"),
        (["staff:ana", "support", "heads"], LimitKind.REQUEST, "PEN", "500.00"),
        (["staff:ana", "support"], LimitKind.REQUEST, "USD", "0.00"),
        (["key:erp"], LimitKind.REQUEST, "PEN", "9.00"),
        (["staff:eva"], LimitKind.REQUEST, "PEN", "5.00"),
        (["staff:ana", "support"], LimitKind.APPROVE_DAY, "PEN", "7.00"),
        (["staff:rosa", "heads"], LimitKind.APPROVE, "PEN", "0.00"),
        (["staff:ana", "support"], LimitKind.APPROVE, "PEN", None),
    ],
)
def test_the_highest_limit_of_ones_groups_holds_else_that_of_everybody(
    names: list[str], kind: LimitKind, currency: str, limit: str | None
) -> None:
    assert limit_of(LIMITS, names, kind, currency) == (None if limit is None else Decimal(limit))


def test_who_may_do_more_is_named_by_group() -> None:
    assert who_may(LIMITS, LimitKind.REQUEST, "PEN", Decimal("40.00")) == ["support", "heads"]
    assert who_may(LIMITS, LimitKind.REQUEST, "PEN", Decimal("40.01")) == ["heads"]
    assert who_may(LIMITS, LimitKind.REQUEST, "USD", Decimal("91.00")) == []


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ([], "must be a dict"),
        ({"support": {"REQUESTS": {}}}, "Did you mean 'REQUEST'"),
        ({"support": {"REQUEST": "40.00"}}, "must be a dict"),
        ({"support": {"REQUEST": {"EUR": "40.00"}}}, "is not a currency"),
        ({"support": {"REQUEST": {"PEN": 40.5}}}, "is not an amount"),
        ({"support": {"REQUEST": {"PEN": "-1"}}}, "is not an amount"),
    ],
)
def test_a_limit_that_cannot_be_read_names_its_key(written: Any, said: str) -> None:
    with pytest.raises(SettingsProblem, match=said):
        refund_limits(written, "['REFUND_LIMITS']")


def test_the_codes_of_the_reasons_are_stable_and_fit_their_column() -> None:
    kept = {"buyer_request", "out_of_stock", "damaged", "duplicate_payment", "overpaid", "late_payment", "other"}
    assert kept <= set(REFUND_REASONS)
    assert max(map(len, REFUND_REASONS)) <= 40
    assert {code for code, reason in REFUND_REASONS.items() if reason.needs_note} == {"suspected_fraud", "other"}
