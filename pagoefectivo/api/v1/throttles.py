"""So many requests a minute for each key. Counted in the cache; a cache that does not answer limits nothing."""

from __future__ import annotations

import logging
import time
from typing import Any

from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

WINDOW_SECONDS = 60

logger = logging.getLogger("pagoefectivo.api")


class KeyThrottle(BaseThrottle):
    """A fixed window of one minute, shared by all processes. Reading and writing are counted apart."""

    limits = {"read": 600, "write": 300}

    def allow_request(self, request: Request, view: Any) -> bool:  # noqa: ARG002 - the framework's signature
        """Count one request of this key; False once the minute's share is used up."""
        if request.auth is None:
            return True
        scope = "read" if request.method in {"GET", "HEAD"} else "write"
        return self._count(f"pagoefectivo:api:{scope}:{request.auth}") <= self.limits[scope]

    def wait(self) -> float:
        """Return the seconds until the next minute begins."""
        return WINDOW_SECONDS - time.time() % WINDOW_SECONDS

    def _count(self, name: str) -> int:
        key = f"{name}:{int(time.time() // WINDOW_SECONDS)}"
        try:
            cache.add(key, 0, 2 * WINDOW_SECONDS)
            return int(cache.incr(key))
        except Exception:  # noqa: BLE001 - whatever the cache's client raises, requests go on
            logger.warning("The request limit could not be counted; the request was let through.")
            return 0
