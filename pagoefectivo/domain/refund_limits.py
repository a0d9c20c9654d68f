"""How much money one person may ask to be given back, and approve, in one act and in one day of Lima."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from enum import StrEnum

from pagoefectivo.domain.money import ZERO

Amounts = Mapping[str, Decimal]  # by currency
EVERYBODY = "*"


class LimitKind(StrEnum):
    """What is limited; the settings write the same words in capitals."""

    REQUEST = "request"
    REQUEST_DAY = "request_day"
    APPROVE = "approve"
    APPROVE_DAY = "approve_day"


Limits = Mapping[str, Mapping[LimitKind, Amounts]]  # by the name of a group, of a key, or `*`


def limit_of(limits: Limits, names: Collection[str], kind: LimitKind, currency: str) -> Decimal | None:
    """Return the limit of who bears `names`: the highest of theirs, else that of `*`; None where nobody wrote one.

    A limit that is written counts for every currency: of one that it does not name, nothing may be given back.
    """
    mine = [limits[name][kind] for name in names if kind in limits.get(name, {})]
    others = [limits[EVERYBODY][kind]] if kind in limits.get(EVERYBODY, {}) else []
    return max((amounts.get(currency, ZERO) for amounts in mine or others), default=None)


def who_may(limits: Limits, kind: LimitKind, currency: str, wanted: Decimal) -> list[str]:
    """Return the groups whose limit lets `wanted` pass, as the settings write them."""
    groups = (name for name in limits if name != EVERYBODY and not name.startswith("key:"))
    return [name for name in groups if kind in limits[name] and limits[name][kind].get(currency, ZERO) >= wanted]
