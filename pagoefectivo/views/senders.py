"""Who sent a request, and how many of them one sender may make. The cache counts; without it everybody passes."""

from __future__ import annotations

import hashlib
import logging
import time
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.core.cache import cache
from django.http import HttpRequest

from pagoefectivo import conf

WINDOW = 60  # seconds
MOST_REMEMBERED = 10_000

logger = logging.getLogger("pagoefectivo.limits")


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` events of one kind by one sender in a minute.

    The first `untold` of them a process keeps to itself: nobody is near a limit by them, and most senders stop there.
    So several processes may together let through a few more than `most`, and a first visit costs no round trip.
    """

    name: str
    most: int
    untold: int = 0

    def is_exceeded_by(self, sender: str) -> bool:
        """Count one event; whether it is one too many. A cache that fails counts nothing and lets everybody pass."""
        digest = hashlib.sha256(sender.encode()).hexdigest()[:32]
        key = f"pagoefectivo:{self.name}:{int(time.time() // WINDOW)}:{digest}"
        known = _seen_here.add(key) if self.untold else 0
        if 0 < known <= self.untold:
            return False
        try:
            return _counted(key, by=known if known == self.untold + 1 else 1) > self.most
        except Exception:  # noqa: BLE001 - whatever the cache's client raises, a limit is not worth an outage
            logger.warning("The cache does not answer; limits are not counted.")
            return False


class Banned:
    """Senders over a limit, remembered by this process until the window ends, so that asking costs nothing."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def add(self, sender: str) -> None:
        """Remember a sender for the rest of the window; the oldest are forgotten when there are too many."""
        now = time.monotonic()
        if len(self._until) >= MOST_REMEMBERED:
            self._until = {}
        self._until[sender] = now + WINDOW

    def __contains__(self, sender: str) -> bool:
        return self._until.get(sender, 0.0) > time.monotonic()

    def forget(self) -> None:
        """Let everybody in again."""
        self._until = {}


def remote_ip(request: HttpRequest) -> str | None:
    """Return the sender's address, or None where the server knows none.

    With TRUSTED_PROXIES = n the n nearest entries of X-Forwarded-For were written by proxies of our own; what stands
    left of them is the sender's invention and is never read. A header that is too short was not written by them.
    """
    proxies = conf.current().trusted_proxies
    chain = [entry.strip() for entry in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if entry.strip()]
    if 0 < proxies <= len(chain) and (named := _address(chain[-proxies])) is not None:
        return str(named)
    peer = _address(request.META.get("REMOTE_ADDR", ""))
    return None if peer is None else str(peer)


def network_of(ip: str | None) -> str:
    """Return what counts as one sender: an IPv4 address, or the /64 that one IPv6 customer is given."""
    if ip is None:
        return "unknown"
    return str(ip_network(f"{ip}/64", strict=False)) if ":" in ip else ip


class _Seen:
    """How often this process saw each key; all is forgotten when there are too many."""

    def __init__(self) -> None:
        self._times: dict[str, int] = {}

    def add(self, key: str) -> int:
        if len(self._times) >= MOST_REMEMBERED:
            self._times = {}
        self._times[key] = times = self._times.get(key, 0) + 1
        return times


_seen_here = _Seen()


def _counted(key: str, *, by: int = 1) -> int:
    try:
        return int(cache.incr(key, by))
    except ValueError:
        return by if cache.add(key, by, 2 * WINDOW) else int(cache.incr(key, by))


def _address(written: str) -> IPv4Address | IPv6Address | None:
    bare = written.partition("%")[0]
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        address = ip_address(bare)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
