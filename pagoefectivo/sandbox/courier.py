"""Carries one notification over HTTP and reports what the receiver said."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import requests

from pagoefectivo.sandbox.switches import Switches

KEPT_ANSWER_LENGTH = 2000
ACCEPTED = range(200, 300)


@dataclass(frozen=True)
class Parcel:
    """The exact bytes and headers of one notification."""

    url: str
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Attempt:
    """One try: the receiver's status and answer, or why there was none."""

    at: datetime
    status: int | None
    latency_ms: float
    answer: str
    headers: Mapping[str, str]
    error: str | None = None
    blocked: bool = False

    @property
    def accepted(self) -> bool:
        return self.status in ACCEPTED


class Courier:
    """Sends over kept-alive connections; leaves this machine only if the switch allows it."""

    def __init__(self, switches: Switches) -> None:
        self._switches = switches
        self._session = requests.Session()
        self._session.trust_env = False

    def carry(self, parcel: Parcel, now: datetime) -> Attempt:
        """Send the parcel once; never raises for what the receiver or the network does."""
        started = time.perf_counter()
        if self._switches.webhook_hosts == "loopback" and not is_loopback(parcel.url):
            return Attempt(
                now, None, 0.0, "", parcel.headers, "not sent: the sandbox only calls this machine", blocked=True
            )
        try:
            response = self._session.post(
                parcel.url,
                data=parcel.body,
                headers=dict(parcel.headers),
                timeout=self._switches.webhook_timeout,
                allow_redirects=False,
            )
        except (requests.RequestException, ValueError) as error:
            return Attempt(now, None, _milliseconds_since(started), "", parcel.headers, type(error).__name__)
        answer = response.content[:KEPT_ANSWER_LENGTH].decode(errors="replace")
        return Attempt(now, response.status_code, _milliseconds_since(started), answer, parcel.headers)

    def close(self) -> None:
        self._session.close()


def is_loopback(url: str) -> bool:
    """Return whether the address names this machine without asking any name server."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or host.endswith(".localhost") or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _milliseconds_since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 2)
