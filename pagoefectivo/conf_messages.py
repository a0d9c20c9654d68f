"""The setting MESSAGES: over which channels a buyer is told what, from which address, and when nobody is reminded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from functools import lru_cache
from typing import Any

from django.core.signals import setting_changed

from pagoefectivo.conf import read_settings
from pagoefectivo.conf_reading import SettingsProblem, dict_at, suggestion, with_defaults
from pagoefectivo.domain.buyer_messages import MessageKind, QuietHours

DEFAULTS: dict[str, Any] = {
    "CHANNELS": {"email": {}},
    "KINDS": None,
    "FROM": None,
    "QUIET_HOURS": ["21:00", "08:00"],
}
CHANNEL_DEFAULTS: dict[str, Any] = {"BACKEND": None, "KINDS": None, "OPTIONS": {}}
_WHERE = "['MESSAGES']"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,15}", re.ASCII)
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class ChannelConfig:
    """One channel: a name of `pagoefectivo.channels` or a dotted path, the kinds it carries, and its own options."""

    name: str
    backend: str
    kinds: frozenset[MessageKind]
    options: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class MessagesConfig:
    """What takes effect. `sender` None is Django's DEFAULT_FROM_EMAIL; `quiet` None knows no night."""

    channels: Mapping[str, ChannelConfig]
    sender: str | None
    quiet: QuietHours | None

    def mails(self, kind: MessageKind) -> bool:
        """Whether messages of a kind go out by e-mail."""
        return "email" in self.channels and kind in self.channels["email"].kinds


@lru_cache(maxsize=1)
def current() -> MessagesConfig:
    """Return the effective settings; raises the first SettingsProblem."""
    keys = with_defaults(dict_at(read_settings().get("MESSAGES", {}), _WHERE), DEFAULTS, _WHERE)
    kinds = _kinds(keys["KINDS"], f"{_WHERE}['KINDS']")
    channels = dict_at(keys["CHANNELS"], f"{_WHERE}['CHANNELS']")
    return MessagesConfig(
        channels={name: _channel(name, entry, kinds) for name, entry in channels.items()},
        sender=_sender(keys["FROM"]),
        quiet=_quiet(keys["QUIET_HOURS"]),
    )


def _channel(name: str, entry: object, kinds: frozenset[MessageKind]) -> ChannelConfig:
    where = f"{_WHERE}['CHANNELS'][{name!r}]"
    if not _NAME.fullmatch(str(name)):
        raise SettingsProblem(where, "a channel's name has 1–16 small letters, digits and _.")
    keys = with_defaults(dict_at(entry, where), CHANNEL_DEFAULTS, where)
    return ChannelConfig(
        name=name,
        backend=str(keys["BACKEND"] or name),
        kinds=kinds & _kinds(keys["KINDS"], f"{where}['KINDS']"),
        options=dict_at(keys["OPTIONS"], f"{where}['OPTIONS']"),
    )


def _kinds(written: object, where: str) -> frozenset[MessageKind]:
    if written is None:
        return frozenset(MessageKind)
    if not isinstance(written, list | tuple | set | frozenset):
        raise SettingsProblem(where, "it must be a list of kinds.", "None means all of them, [] none.")
    known = {kind.value: kind for kind in MessageKind}
    for kind in written:
        if kind not in known:
            raise SettingsProblem(where, f"{kind!r} is no kind of message.", suggestion(str(kind), known))
    return frozenset(known[kind] for kind in written)


def _sender(written: object) -> str | None:
    if written is not None and (not isinstance(written, str) or "@" not in written or "\n" in written):
        raise SettingsProblem(f"{_WHERE}['FROM']", "it is no address.", 'Write "Shop <orders@shop.example>".')
    return written


def _quiet(written: object) -> QuietHours | None:
    if written is None:
        return None
    times = [_CLOCK.fullmatch(str(each)) for each in written] if isinstance(written, list | tuple) else []
    begins, ends = times if len(times) == 2 else (None, None)  # noqa: PLR2004 - from and to
    if begins is None or ends is None or begins[0] == ends[0]:
        raise SettingsProblem(
            f"{_WHERE}['QUIET_HOURS']",
            "it must be two different times of day in Lima.",
            'Write for example ["21:00", "08:00"]; None lets reminders out at any hour.',
        )
    return QuietHours(time(int(begins[1]), int(begins[2])), time(int(ends[1]), int(ends[2])))


def _forget_on_change(*, setting: str, **_: object) -> None:
    if setting in {"PAGOEFECTIVO", "DEBUG"}:
        current.cache_clear()


setting_changed.connect(_forget_on_change, dispatch_uid="pagoefectivo.conf_messages")
