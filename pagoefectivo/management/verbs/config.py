"""Show the effective settings, each with where it comes from; secrets are masked.

A problem in the settings is named with the key and what to write instead, and ends with code 1.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.management.base import OutputWrapper

from pagoefectivo import conf, conf_messages, storefront

FROM_DEFAULT, FROM_SETTINGS = "default", "settings"
SHOWN_AT_THE_END = 4
LONG_ENOUGH = 16  # below, four characters would give away a quarter of the secret or more
DOTS = "••••"
GROUPS = {
    "BRAND": storefront.BRAND_DEFAULTS,
    "TIMING": conf.TIMING_DEFAULTS,
    "RETENTION_DAYS": conf.RETENTION_DEFAULTS,
    "MESSAGES": {key: default for key, default in conf_messages.DEFAULTS.items() if key != "CHANNELS"},
}
SECRET_KEYS = {"CREDENTIALS", "ENCRYPTION_KEYS", "OPTIONS", "EVIDENCE_KEY"}

Row = tuple[tuple[str, ...], Any, str]


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help='one object: {"PATH.TO.KEY": {"value", "origin"}, …}')


def run(options: Mapping[str, Any], out: OutputWrapper) -> int:
    """Print every key; raises the first SettingsProblem instead where there is one."""
    effective = conf.current()
    storefront.current()
    conf_messages.current()
    rows = list(_rows(conf.read_settings(), effective))
    if options["json"]:
        found = {".".join(path): {"value": value, "origin": origin} for path, value, origin in rows}
        out.write(json.dumps(found, ensure_ascii=False) + "\n")
        return 0
    width = max(len(".".join(path)) for path, _, _ in rows)
    out.writelines(f"{'.'.join(path):<{width}}  {origin:<8}  {_written(value)}\n" for path, value, origin in rows)
    if not effective.enabled:
        out.write("pagoefectivo is disabled: ACCOUNTS is empty.\n")
    return 0


def _rows(written: Mapping[str, Any], effective: conf.Config) -> Iterator[Row]:
    for key, default in conf.DEFAULTS.items():
        if key in GROUPS:
            yield from _of_dict((key,), written.get(key, {}), GROUPS[key])
            if key == "MESSAGES":
                yield from _channels(written.get(key, {}))
        elif key == "ACCOUNTS" and isinstance(written.get(key), dict):
            for name, account in written[key].items():
                yield from _of_dict((key, name), account, conf.ACCOUNT_DEFAULTS)
        else:
            yield _row((key,), written.get(key, default), is_written=key in written)
    if isinstance(written.get("ACCOUNTS"), str):
        for name, found in effective.accounts.items():
            for key in ("provider", "environment", "base_url"):
                yield _row(("ACCOUNTS", name, key.upper()), getattr(found, key), is_written=True)
            yield from _secrets(("ACCOUNTS", name, "CREDENTIALS"), found.credentials, is_written=True)


def _channels(written: Mapping[str, Any]) -> Iterator[Row]:
    channels = written.get("CHANNELS", conf_messages.DEFAULTS["CHANNELS"])
    for name, entry in channels.items():
        yield from _of_dict(("MESSAGES", "CHANNELS", name), entry, conf_messages.CHANNEL_DEFAULTS)


def _of_dict(path: tuple[str, ...], written: Mapping[str, Any], defaults: Mapping[str, Any]) -> Iterator[Row]:
    for key, default in defaults.items():
        value = written.get(key, default)
        if key in SECRET_KEYS:
            yield from _secrets((*path, key), value, is_written=key in written)
        else:
            yield _row((*path, key), value, is_written=key in written)


def _secrets(path: tuple[str, ...], held: Mapping[str, Any], *, is_written: bool) -> Iterator[Row]:
    for name, secret in held.items():
        yield _row((*path, name), _masked(secret), is_written=is_written)


def _row(path: tuple[str, ...], value: Any, *, is_written: bool) -> Row:
    shown = _masked(value) if path[-1] in SECRET_KEYS else value
    return path, shown if _is_plain(shown) else str(shown), FROM_SETTINGS if is_written else FROM_DEFAULT


def _masked(secret: Any) -> Any:
    if isinstance(secret, list | tuple):
        return [_masked(each) for each in secret]
    written = str(secret or "")
    if not written:
        return ""
    return DOTS + (written[-SHOWN_AT_THE_END:] if len(written) >= LONG_ENOUGH else "")


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | bool | list | tuple | dict)
