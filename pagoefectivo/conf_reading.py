"""Reading one value of the settings: what it must be, or the problem with its key and a hint."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from datetime import time, timedelta
from decimal import Decimal
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pagoefectivo.domain.cycles import WEEKDAYS, Cycle
from pagoefectivo.domain.exceptions import ConfigurationError, RuleRefused
from pagoefectivo.domain.money import SYMBOLS, ZERO, parse_amount
from pagoefectivo.domain.refund_limits import Amounts, LimitKind, Limits

MOST_DAYS = 36500
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_HOUR = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)
_DURATION = re.compile(r"(\d+)([smhd])", re.ASCII)


class SettingsProblem(ConfigurationError):
    """One key that cannot be used, and what to write instead."""

    def __init__(self, key: str, problem: str, hint: str = "") -> None:
        self.key, self.problem, self.hint = key, problem, hint
        super().__init__(f"PAGOEFECTIVO{key}: {problem} {hint}".strip())


def duration(written: object, key: str) -> timedelta:
    """Read `"90s"`, `"5m"`, `"48h"` or `"7d"`; anything else is a SettingsProblem."""
    match = _DURATION.fullmatch(written) if isinstance(written, str) else None
    if not match or int(match[1]) == 0:
        raise SettingsProblem(key, f"{written!r} is not a duration.", 'Write for example "30s", "5m" or "48h".')
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def with_defaults(written: Mapping[str, Any], defaults: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return the keys as written, the others by default; raises SettingsProblem for one that does not exist."""
    for key in written:
        if key not in defaults:
            raise SettingsProblem(f"{where}[{key!r}]", "this key does not exist.", suggestion(str(key), defaults))
    return {**defaults, **written}


def dict_at(value: object, where: str) -> dict[str, Any]:
    """Return a value that must be a dict; raises SettingsProblem."""
    if not isinstance(value, dict):
        raise SettingsProblem(where, "it must be a dict.")
    return value


def is_loopback(url: str) -> bool:
    """Whether a URL points at this very machine."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def suggestion(name: str, known: Mapping[str, Any]) -> str:
    """Return "Did you mean …?" for a misspelt name, or the list of the known ones."""
    close = difflib.get_close_matches(name, known, n=1)
    return f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(sorted(known))}."


def one_of(value: object, allowed: tuple[object, ...], where: str) -> None:
    """Raise SettingsProblem for a value that is none of those allowed."""
    if value not in allowed:
        raise SettingsProblem(where, f"{value!r} is not one of {', '.join(str(each) for each in allowed)}.")


def pair(value: object, where: str, example: str) -> tuple[object, object]:
    """Return both halves of a list of two; raises SettingsProblem with the example."""
    if not isinstance(value, list | tuple) or len(value) != 2:  # noqa: PLR2004 - a pair has two
        raise SettingsProblem(where, "it must have two values.", f"Write for example {example}.")
    return value[0], value[1]


def days(written: object, where: str) -> timedelta | None:
    """Read a whole number of days, None for ever; anything else is a SettingsProblem."""
    if written is None:
        return None
    if not isinstance(written, int) or isinstance(written, bool) or not 1 <= written <= MOST_DAYS:
        raise SettingsProblem(
            where, f"{written!r} is not a whole number of days from 1 to {MOST_DAYS}.", "None keeps it for ever."
        )
    return timedelta(days=written)


def dotted_path(written: object, where: str) -> str | None:
    """Read `"shop.uploads.scan"` or None; anything else is a SettingsProblem. It is not imported here."""
    if written is None or (isinstance(written, str) and "." in written.strip(".")):
        return written
    raise SettingsProblem(where, f"{written!r} is no dotted path.", 'Write for example "shop.uploads.scan".')


def hour(written: object, where: str) -> time | None:
    """Read `"14:00"`, an hour in Lima, or None; anything else is a SettingsProblem."""
    if written is None:
        return None
    if not isinstance(written, str) or not _HOUR.fullmatch(written):
        raise SettingsProblem(
            where, f"{written!r} is not an hour.", 'Write one of Lima, for example "14:00"; None: midnight.'
        )
    return time.fromisoformat(written)


def cycle(written: object, where: str) -> Cycle | None:
    """Read `"T+1"`, `"weekly friday+2"` or None; anything else is a SettingsProblem."""
    try:
        return None if written is None else Cycle.parse(str(written))
    except ValueError:
        examples = dict.fromkeys(["T+1", "T+3", *(f"weekly {day}+2" for day in WEEKDAYS)])
        raise SettingsProblem(
            where,
            f"{written!r} is not a settlement cycle.",
            f'Write for example "T+1" or "weekly friday+2", in business days. {suggestion(str(written), examples)}',
        ) from None


def folder(written: object, where: str) -> Path | None:
    """Read the absolute path of a folder, which need not be there yet; anything else but None is a SettingsProblem."""
    if written is None:
        return None
    if not isinstance(written, str | Path) or not Path(written).is_absolute():
        raise SettingsProblem(where, f"{written!r} is not an absolute path.", 'Write for example "/srv/settlements".')
    return Path(written)


def amount(written: object, where: str) -> Decimal:
    """Read an amount above zero with at most two decimals; anything else is a SettingsProblem."""
    try:
        return parse_amount(written)
    except RuleRefused:
        raise SettingsProblem(
            where, f"{written!r} is not an amount.", 'Write a string with two decimals, for example "2.00".'
        ) from None


def refund_limits(written: object, where: str) -> Limits:
    """Read the limits of refunds by group, kind and currency; anything else is a SettingsProblem."""
    return {
        str(name): dict(_kinds(dict_at(entry, f"{where}[{name!r}]"), f"{where}[{name!r}]"))
        for name, entry in dict_at(written, where).items()
    }


def _kinds(entry: Mapping[str, Any], where: str) -> Iterator[tuple[LimitKind, Amounts]]:
    known = {kind.name: kind for kind in LimitKind}
    for name, amounts in entry.items():
        at = f"{where}[{name!r}]"
        if name not in known:
            raise SettingsProblem(at, "there is no such limit.", suggestion(str(name), known))
        for currency in dict_at(amounts, at):
            if currency not in SYMBOLS:
                raise SettingsProblem(
                    at, f"{currency!r} is not a currency we hold.", suggestion(str(currency), SYMBOLS)
                )
        yield known[name], {currency: _or_nothing(each, at) for currency, each in amounts.items()}


def _or_nothing(written: object, where: str) -> Decimal:
    """An amount, or zero: nothing at all."""
    return ZERO if str(written) in {"0", "0.00"} else amount(written, where)
