"""The keyed hashes that providers sign with, and the only way a received one is compared."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable


def hmac_sha256(secret: str, message: bytes) -> str:
    """Return HMAC-SHA256 of `message` under the UTF-8 bytes of `secret`, as lowercase hex."""
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def index_of_match(expected: Iterable[str], received: str) -> int | None:
    """Return which of the expected signatures was received, None for none.

    Every candidate is compared, each in constant time, so that the time taken tells nothing of which one matched.
    """
    received_bytes = received.encode()
    matches = [hmac.compare_digest(each.encode(), received_bytes) for each in expected]
    return matches.index(True) if any(matches) else None
