"""The setting RISK: what it means, and what is said of one that cannot be used."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.checks import run_checks

from pagoefectivo import conf_risk
from pagoefectivo.conf_reading import SettingsProblem
from pagoefectivo.domain.risk import Rule

SHOP = {"PUBLIC_BASE_URL": "https://shop.example", "ACCOUNTS": {}}


def with_risk(settings: Any, **risk: Any) -> Any:
    settings.PAGOEFECTIVO = {**SHOP, "RISK": risk}
    return conf_risk.current()


def test_without_a_word_every_rule_is_on(settings: Any) -> None:
    rules = with_risk(settings)
    assert set(rules) == set(Rule)
    burst = rules[Rule.SMALL_BURST]
    assert (burst.count, burst.within, burst.small["PEN"]) == (5, timedelta(hours=1), Decimal("20.00"))


def test_a_rule_is_changed_in_part_or_turned_off(settings: Any) -> None:
    rules = with_risk(settings, UNPAID={"COUNT": 3}, BY_PHONE=None)
    assert (rules[Rule.UNPAID].count, rules[Rule.UNPAID].within) == (3, timedelta(days=7))
    assert Rule.BY_PHONE not in rules


@pytest.mark.parametrize(
    ("risk", "said"),
    [
        ({"UNPAYED": {}}, "Did you mean 'UNPAID'?"),
        ({"UNPAID": {"COUNTS": 3}}, "Did you mean 'COUNT'?"),
        ({"UNPAID": {"COUNT": 1}}, "1 is not a whole number from 2 to 10000"),
        ({"UNPAID": {"COUNT": True}}, "True is not a whole number"),
        ({"UNPAID": {"WITHIN": "a week"}}, "'a week' is not a duration"),
        ({"UNPAID": {"AMOUNT": {"PEN": "1.00"}}}, "this key does not exist"),
        ({"SMALL_BURST": {"AMOUNT": {"EUR": "1.00"}}}, "'EUR' is not a currency we hold"),
        ({"SMALL_BURST": {"AMOUNT": {"PEN": 20.0}}}, "20.0 is not an amount"),
        ({"BY_PHONE": []}, "it must be a dict"),
    ],
)
def test_what_cannot_be_used_is_said_at_start_up_with_its_key(settings: Any, risk: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsProblem, match="RISK"):
        with_risk(settings, **risk)
    found = [f"{each.msg} {each.hint}" for each in run_checks() if each.id == "pagoefectivo.E002"]
    assert len(found) == 1
    assert said in found[0]
