"""How a bug is planted into a sound provider."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

from pagoefectivo.providers.base import Account, Gateway, Recorder, WebhookReader, Wire
from pagoefectivo.testing.conformance import ProviderConformance

Promises = type[ProviderConformance]


@dataclasses.dataclass(frozen=True)
class Bug:
    """A provider with one bug, the sound one's promises, and the promise that it breaks."""

    broken: ProviderConformance
    sound: ProviderConformance
    promise: Callable[[Any], object]


def bug(
    promises: Promises,
    promise: Callable[[Any], object],
    *,
    gateway: type[Gateway] | None = None,
    reader: type[WebhookReader] | None = None,
    broken: Promises | None = None,
    **declared: Any,
) -> Bug:
    """Plant a gateway, a reader or other declarations; `broken` are promises whose hooks the bug reaches into."""
    sound: Any = promises.provider

    class WithBug(sound):  # type: ignore[misc]
        @classmethod
        def gateway(cls, account: Account, recorder: Recorder, wire: Wire) -> Gateway:
            made: Any = gateway or sound.gateway
            opened: Gateway = made(account, recorder, wire)
            return opened

        @classmethod
        def webhook_reader(cls, account: Account) -> WebhookReader:
            made: Any = reader or sound.webhook_reader
            listening: WebhookReader = made(account)
            return listening

    for name, value in declared.items():
        setattr(WithBug, name, value)
    planted: Any = type("Promises", (broken or promises,), {"provider": WithBug})
    return Bug(planted(), promises(), promise)


def sends(sound: Any, change: Callable[[dict[str, str], bytes], tuple[dict[str, str], bytes]]) -> type[Gateway]:
    """Return a gateway whose finished headers and body are changed on their way out."""

    class Changes(sound):  # type: ignore[misc]
        def __init__(self, account: Account, recorder: Recorder, wire: Wire) -> None:
            super().__init__(account, recorder, wire)
            send = self._transport.send
            self._transport.send = lambda operation, method, path, headers, body=b"": send(
                operation, method, path, *change(headers, body)
            )

    changes: type[Gateway] = Changes
    return changes


def written_anew(headers: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
    """Read the JSON and write it again: the same to a person, other bytes to a signature."""
    return headers, json.dumps(json.loads(body)).encode() if body else b""
