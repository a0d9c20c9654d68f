"""What an account says of its contract that its provider's declaration cannot know: abilities and options."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, get_type_hints

from pagoefectivo import conf
from pagoefectivo.conf_reading import SettingsProblem, dict_at, duration, suggestion
from pagoefectivo.domain.business_days import BusinessDays
from pagoefectivo.providers.base import Capabilities, Provider

Reader = Callable[[object, str], Any]


def capabilities_of(config: conf.AccountConfig, provider: type[Provider]) -> Capabilities:
    """Return the declared abilities with the account's CAPABILITIES in their place; raises SettingsProblem.

    Only yes or no, durations, whole numbers and spans of business days can be set: limits and expiry have keys of
    their own.
    """
    settable = {name: _READERS[kind] for name, kind in get_type_hints(Capabilities).items() if kind in _READERS}
    return replace(provider.capabilities, **_read(config, "CAPABILITIES", config.capabilities, settable))


def expiry_of(config: conf.AccountConfig, able: Capabilities) -> tuple[timedelta, timedelta]:
    """Return the shortest and the longest time to pay that both the shop and its provider take; raises SettingsProblem."""
    shortest, longest = max(config.expiry[0], able.shortest_expiry), min(config.expiry[1], able.longest_expiry)
    if shortest > longest:
        where = f"['ACCOUNTS'][{config.name!r}]['EXPIRY']"
        raise SettingsProblem(
            where, f"the provider takes from {able.shortest_expiry} to {able.longest_expiry}, and so none of these."
        )
    return shortest, longest


def options_of(config: conf.AccountConfig, provider: type[Provider]) -> Mapping[str, Any]:
    """Return a value for each option that the provider declares; raises SettingsProblem."""
    known = {
        name: _renamed(value) if isinstance(value, dict) else _READERS[type(value)]
        for name, value in provider.options.items()
    }
    return {**provider.options, **_read(config, "OPTIONS", config.options, known)}


def _read(
    config: conf.AccountConfig, key: str, written: Mapping[str, Any], known: Mapping[str, Reader]
) -> dict[str, Any]:
    """Read what is written by the reader of each known name."""
    where = f"['ACCOUNTS'][{config.name!r}][{key!r}]"
    for name in written:
        if name not in known:
            raise SettingsProblem(f"{where}[{name!r}]", "this key does not exist.", suggestion(name, known))
    return {name: known[name](value, f"{where}[{name!r}]") for name, value in written.items()}


def _typed(kind: type, example: str) -> Reader:
    def read(value: object, where: str) -> Any:
        if type(value) is not kind or (isinstance(value, int) and value < 0):
            raise SettingsProblem(where, f"{value!r} does not fit.", f"Write for example {example}.")
        return value

    return read


def _texts(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
        raise SettingsProblem(where, f"{value!r} does not fit.", 'Write a list of texts, for example ["23"].')
    return tuple(value)


def _renamed(default: Mapping[str, str]) -> Reader:
    """Return a reader of other words for ours, no two of them the same; what is not written keeps our word."""

    def read(value: object, where: str) -> Mapping[str, str]:
        for name, word in dict_at(value, where).items():
            if name not in default:
                raise SettingsProblem(f"{where}[{name!r}]", "this key does not exist.", suggestion(str(name), default))
            if not isinstance(word, str) or not word or word != word.strip():
                raise SettingsProblem(f"{where}[{name!r}]", f"{word!r} does not fit.", "Write the word of the file.")
        words = {**default, **dict_at(value, where)}
        for name, word in words.items():
            if any(word == other and name != known for known, other in words.items()):
                raise SettingsProblem(f"{where}[{name!r}]", f"{word!r} stands for two of them.")
        return words

    return read


def _business_days(value: object, where: str) -> BusinessDays | None:
    match value:
        case None:
            return None
        case [int() as least, int() as most] if bool not in {type(least), type(most)} and 0 <= least <= most:
            return BusinessDays(least, most)
        case _:
            raise SettingsProblem(
                where,
                f"{value!r} does not fit.",
                "Write the least and the most, for example [1, 5]; None: nobody says.",
            )


_READERS: Mapping[object, Reader] = {
    bool: _typed(bool, "True"),
    int: _typed(int, "20"),
    str: _typed(str, '"Lima"'),
    timedelta: duration,
    tuple: _texts,
    BusinessDays | None: _business_days,
}
