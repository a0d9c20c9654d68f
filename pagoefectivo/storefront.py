"""What a shop sets of the pages that its buyers see: its looks, where codes can be paid, who may renew them. Read strictly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from django.core.signals import setting_changed

from pagoefectivo.conf import DEFAULTS, read_settings
from pagoefectivo.conf_reading import SettingsProblem, is_loopback, suggestion
from pagoefectivo.domain.colours import LEAST_CONTRAST, contrast, is_colour
from pagoefectivo.domain.exceptions import RuleRefused
from pagoefectivo.domain.money import parse_amount
from pagoefectivo.domain.payment_channels import CHANNELS, THE_SHOP, Ceiling, Channel, Way
from pagoefectivo.domain.renewals import NewCodes

LIGHT_GROUNDS = ("#ffffff", "#f3f4f6")
DARK_GROUNDS = ("#1c1f24", "#121417")
BRAND_DEFAULTS: dict[str, Any] = {
    "LOGO": None,
    "COLOR": "#0b4fa8",
    "DARK_COLOR": "#8ebcff",
    "RETURN_URL": None,
}
CHANNEL_DEFAULTS: dict[str, Any] = {"NAME": None, "WAYS": None, "CEILING": None, "VERIFIED_ON": None}


@dataclass(frozen=True, slots=True)
class Brand:
    """How the pages look: `logo` a path on the shop's own host, colours with enough contrast, where "back" leads."""

    logo: str
    color: str
    dark_color: str
    return_url: str


@dataclass(frozen=True, slots=True)
class Storefront:
    """The effective settings of the buyers' pages."""

    brand: Brand
    channels: tuple[Channel, ...]
    new_code_by_buyer: NewCodes


@lru_cache(maxsize=1)
def current() -> Storefront:
    """Return the effective settings; raises the first SettingsProblem."""
    keys = {**DEFAULTS, **read_settings()}
    new_codes = keys["NEW_CODE_BY_BUYER"]
    if new_codes not in tuple(NewCodes):
        raise SettingsProblem("['NEW_CODE_BY_BUYER']", f"{new_codes!r} is not one of {', '.join(NewCodes)}.")
    return Storefront(_brand(keys["BRAND"]), _channels(keys["PAYMENT_CHANNELS"]), NewCodes(new_codes))


def _forget_on_change(*, setting: str, **_: object) -> None:
    if setting in {"PAGOEFECTIVO", "DEBUG"}:
        current.cache_clear()


setting_changed.connect(_forget_on_change, dispatch_uid="pagoefectivo.storefront")


def _brand(written: object) -> Brand:
    keys = _read(written, BRAND_DEFAULTS, "['BRAND']")
    return Brand(
        logo=_logo(keys["LOGO"]),
        color=_color(keys["COLOR"], LIGHT_GROUNDS, "['BRAND']['COLOR']"),
        dark_color=_color(keys["DARK_COLOR"], DARK_GROUNDS, "['BRAND']['DARK_COLOR']"),
        return_url=_return_url(keys["RETURN_URL"]),
    )


def _logo(written: object) -> str:
    if written is None:
        return ""
    if not isinstance(written, str) or not written.startswith("/") or written.startswith("//"):
        raise SettingsProblem(
            "['BRAND']['LOGO']",
            f"{written!r} is not a path on the shop's own host.",
            'Write for example "/static/shop/logo.svg": the page loads nothing from elsewhere.',
        )
    return written


def _color(written: object, grounds: tuple[str, ...], where: str) -> str:
    if not is_colour(written):
        raise SettingsProblem(where, f"{written!r} is not a colour.", 'Write for example "#0b4fa8".')
    color = str(written).lower()
    least = min(contrast(color, ground) for ground in grounds)
    if least < LEAST_CONTRAST:
        kind = "darker" if grounds is LIGHT_GROUNDS else "lighter"
        raise SettingsProblem(
            where,
            f"{color} has a contrast of {least:.1f} : 1 on the page, and text needs {LEAST_CONTRAST} : 1.",
            f"Choose a {kind} one.",
        )
    return color


def _return_url(written: object) -> str:
    if written is None:
        return ""
    is_safe = isinstance(written, str) and (written.startswith("https://") or is_loopback(written))
    if not is_safe or urlsplit(str(written)).scheme not in {"http", "https"}:
        raise SettingsProblem("['BRAND']['RETURN_URL']", f"{written!r} is not an https address.")
    return str(written)


def _channels(written: object) -> tuple[Channel, ...]:
    known: dict[str, Channel] = dict(CHANNELS)
    for name, entry in _dict(written, "['PAYMENT_CHANNELS']").items():
        where = f"['PAYMENT_CHANNELS'][{name!r}]"
        if entry is None:
            if known.pop(name, None) is None:
                raise SettingsProblem(where, "there is no such channel to hide.", suggestion(str(name), CHANNELS))
        else:
            known[name] = _channel(known.get(name), _read(entry, CHANNEL_DEFAULTS, where), where)
    return tuple(known.values())


def _channel(before: Channel | None, keys: dict[str, Any], where: str) -> Channel:
    """A channel as the shop knows it; what it does not say of a known one stays, but for the ceiling."""
    if before is None and not (keys["NAME"] and keys["WAYS"]):
        raise SettingsProblem(where, "a channel of your own needs NAME and WAYS.")
    channel = before or Channel(str(keys["NAME"]), frozenset())
    return replace(
        channel,
        name=str(keys["NAME"] or channel.name),
        ways=channel.ways if keys["WAYS"] is None else _ways(keys["WAYS"], where),
        ceiling=None if keys["CEILING"] is None else _ceiling(keys["CEILING"], where),
        source=THE_SHOP,
        verified_on=_day(keys["VERIFIED_ON"], where),
    )


def _ways(written: object, where: str) -> frozenset[Way]:
    try:
        ways = frozenset(Way(each) for each in written) if isinstance(written, list | tuple | set) else frozenset()
    except ValueError:
        ways = frozenset()
    if not ways:
        raise SettingsProblem(f"{where}['WAYS']", f"{written!r} is no list of {', '.join(Way)}.")
    return ways


def _ceiling(written: object, where: str) -> Ceiling:
    try:
        amount: Decimal = parse_amount(written)
    except RuleRefused:
        raise SettingsProblem(
            f"{where}['CEILING']", f"{written!r} is not an amount.", 'Write a string, for example "500.00".'
        ) from None
    return Ceiling(amount, THE_SHOP, is_verified=True)


def _day(written: object, where: str) -> date:
    try:
        return date.fromisoformat(str(written))
    except ValueError:
        raise SettingsProblem(
            f"{where}['VERIFIED_ON']", "the day you looked is missing.", 'Write for example "2026-11-27".'
        ) from None


def _read(written: object, defaults: Mapping[str, Any], where: str) -> dict[str, Any]:
    keys = _dict(written, where)
    for key in keys:
        if key not in defaults:
            raise SettingsProblem(f"{where}[{key!r}]", "this key does not exist.", suggestion(str(key), defaults))
    return {**defaults, **keys}


def _dict(written: object, where: str) -> dict[str, Any]:
    if not isinstance(written, dict):
        raise SettingsProblem(where, "it must be a dict.")
    return written
