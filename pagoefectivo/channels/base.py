"""What a channel promises, and finding the one that a setting names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from django.utils.module_loading import import_string

from pagoefectivo.domain.exceptions import ConfigurationError
from pagoefectivo.domain.sending import Address, RenderedMessage, SendOutcome

BUILT_IN = {
    "email": "pagoefectivo.channels.email.Email",
    "apprise": "pagoefectivo.channels.apprise.Apprise",
    "apprise_sms": "pagoefectivo.channels.apprise.AppriseSms",
}


class Channel(Protocol):
    """One way to reach a buyer, built with the OPTIONS of its entry in the settings."""

    address: Address

    def send(self, message: RenderedMessage) -> SendOutcome:
        """Try once, within seconds, and say truly what became of it.

        *not sent* only where it surely did not leave; whatever leaves that open is *uncertain*, and so is an exception.
        """
        ...


def channel_named(backend: str, options: Mapping[str, Any]) -> Channel:
    """Return the channel behind a built-in name or a dotted path; raises ConfigurationError where there is none."""
    path = BUILT_IN.get(backend, backend)
    if "." not in path:
        known = ", ".join(sorted(BUILT_IN))
        raise ConfigurationError(f"{backend!r} is no channel. Known: {known}, or the dotted path of a class.")
    try:
        channel: Channel = import_string(path)(**options)
    except ImportError as error:
        raise ConfigurationError(f"The channel {backend!r} cannot be imported: {error}.") from error
    except TypeError as error:
        raise ConfigurationError(f"The channel {backend!r} does not take these OPTIONS.") from error
    return channel
