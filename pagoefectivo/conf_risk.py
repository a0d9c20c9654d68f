"""The setting RISK: from how many on, within which time, a rule flags an order. None turns a rule off."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.core.signals import setting_changed

from pagoefectivo.conf import read_settings
from pagoefectivo.conf_reading import SettingsProblem, amount, dict_at, duration, suggestion, with_defaults
from pagoefectivo.domain.money import SYMBOLS
from pagoefectivo.domain.risk import Rule, Threshold

DEFAULTS: dict[str, Any] = {
    "SMALL_BURST": {"COUNT": 5, "WITHIN": "1h", "AMOUNT": {"PEN": "20.00", "USD": "5.00"}},
    "UNPAID": {"COUNT": 5, "WITHIN": "7d"},
    "BY_PHONE": {"COUNT": 10, "WITHIN": "24h"},
    "BY_DOCUMENT": {"COUNT": 10, "WITHIN": "24h"},
    "BY_ADDRESS": {"COUNT": 10, "WITHIN": "24h"},
}
FEWEST, MOST = 2, 10_000
_WHERE = "['RISK']"


@lru_cache(maxsize=1)
def current() -> Mapping[Rule, Threshold]:
    """Return the rules that are on; raises the first SettingsProblem."""
    keys = with_defaults(dict_at(read_settings().get("RISK", {}), _WHERE), DEFAULTS, _WHERE)
    return {Rule(name.lower()): _threshold(name, keys[name]) for name in DEFAULTS if keys[name] is not None}


def _threshold(name: str, written: object) -> Threshold:
    where = f"{_WHERE}[{name!r}]"
    keys = with_defaults(dict_at(written, where), DEFAULTS[name], where)
    count = keys["COUNT"]
    if not isinstance(count, int) or isinstance(count, bool) or not FEWEST <= count <= MOST:
        raise SettingsProblem(f"{where}['COUNT']", f"{count!r} is not a whole number from {FEWEST} to {MOST}.")
    return Threshold(count, duration(keys["WITHIN"], f"{where}['WITHIN']"), _small(keys.get("AMOUNT"), where))


def _small(written: object, where: str) -> dict[str, Decimal]:
    if written is None:
        return {}
    where = f"{where}['AMOUNT']"
    for currency in dict_at(written, where):
        if currency not in SYMBOLS:
            raise SettingsProblem(where, f"{currency!r} is not a currency we hold.", suggestion(str(currency), SYMBOLS))
    return {currency: amount(each, where) for currency, each in dict_at(written, where).items()}


def _forget_on_change(*, setting: str, **_: object) -> None:
    if setting in {"PAGOEFECTIVO", "DEBUG"}:
        current.cache_clear()


setting_changed.connect(_forget_on_change, dispatch_uid="pagoefectivo.conf_risk")
