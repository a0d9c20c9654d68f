"""What the docs say of the providers, from what each declares."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from datetime import timedelta
from typing import Any

from tooling import docs_meanings

_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


def abilities() -> tuple[list[str], Iterator[list[str]]]:
    """Return the heads and rows of the table: one row per ability, one column per provider."""
    from pagoefectivo.providers.base import Capabilities

    providers = _providers()
    rows = (
        [docs_meanings.ABILITIES[each.name], f"`{each.name}`", *_said(each.name, providers)]
        for each in fields(Capabilities)
    )
    return ["ability", "name", *(provider.name for provider in providers)], rows


def settings_meanings() -> dict[str, str]:
    """Return the meanings of the settings that name what the providers here are."""
    providers = _providers()
    slugs = ", ".join(f"`{provider.slug}`" for provider in providers)
    return {
        "ACCOUNTS.<name>.PROVIDER": f"The PSP: {slugs}, or the dotted path of a Provider class of your own.",
        "ACCOUNTS.<name>.CREDENTIALS": ". ".join(
            f"`{provider.slug}`: {_credentials(provider)}" for provider in providers
        )
        + ". With a *: may be a list while it is rotated.",
    }


def _providers() -> list[Any]:
    from pagoefectivo.providers.registry import provider_named, provider_slugs

    return [provider_named(slug) for slug in provider_slugs()]


def _said(ability: str, providers: list[Any]) -> Iterator[str]:
    return (_written(getattr(provider.capabilities, ability)) for provider in providers)


def _written(value: Any) -> str:
    from pagoefectivo.domain.business_days import BusinessDays

    match value:
        case None:
            return "not known"
        case BusinessDays():
            return f"{value.least} to {value.most}"
        case bool():
            return "yes" if value else "no"
        case timedelta():
            return _duration(value)
        case dict():
            return ", ".join(f"{currency} {low} to {high}" for currency, (low, high) in value.items())
        case frozenset():
            return ", ".join(sorted(value)) or "none"
        case str():
            return docs_meanings.REFUND_MODES[value]
        case _:
            return str(value)


def _duration(value: timedelta) -> str:
    for unit, name in ((_DAY, "days"), (_HOUR, "hours"), (timedelta(minutes=1), "minutes")):
        count, rest = divmod(value, unit)
        if count and not rest:
            return f"{count} {name if count > 1 else name[:-1]}"
    return str(value) if value else "none"


def _credentials(provider: Any) -> str:
    def written(field: str) -> str:
        return f"`{field}`" + ("*" if field in provider.secret_list_fields else "")

    order = list(provider.credential_fields)
    choices = [
        " and ".join(written(field) for field in sorted(each, key=order.index)) for each in provider.credential_choices
    ]
    always = [written(field) for field, required in provider.credential_fields.items() if required]
    return "; ".join([*([f"either {' or '.join(choices)}"] if choices else []), ", ".join(always)])
