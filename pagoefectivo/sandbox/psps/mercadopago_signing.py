"""Mercado Pago's signature, written from its documents and deliberately not shared with the other side."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime


def x_signature(secret: str, data_id: str, request_id: str, ts: str) -> str:
    """Return the header: HMAC-SHA256 over a template of id, request id and time, each left out where it is empty."""
    template = ""
    if data_id:
        template += f"id:{data_id};"
    if request_id:
        template += f"request-id:{request_id};"
    template += f"ts:{ts};"
    digest = hmac.new(secret.encode("utf-8"), template.encode("utf-8"), hashlib.sha256).hexdigest()
    return f"ts={ts},v1={digest}"


def timestamp(moment: datetime, unit: str) -> str:
    """Return the time of a notification in seconds or in milliseconds; the documents show both."""
    factor = 1000 if unit == "milliseconds" else 1
    return str(int(moment.timestamp() * factor))
