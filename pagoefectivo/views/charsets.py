"""Requests that name a charset in which nothing can be read."""

from __future__ import annotations

from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.core.signals import request_started

# every byte, then what utf-7 and unicode_escape turn into half a character, which no database takes
_ANY_BYTES = bytes(range(256)) + b"+2AA-\\ud800"


def set_unreadable_charset_aside(environ: dict[str, Any] | None = None, **_: Any) -> None:
    """Let a request be answered as if its charset were unknown where Django could not build it, or read a form of it.

    Django takes the charset from the Content-Type before any middleware runs, and one like `hex`, `undefined` or
    `utf-8''%00` ends in an exception that the server answers with 500. A charset that nobody knows it passes over.
    Requests that it can read stay as they are.
    """
    if environ and ";" in environ.get("CONTENT_TYPE", "") and not _is_readable(environ):
        environ["CONTENT_TYPE"] = environ["CONTENT_TYPE"].partition(";")[0] + "; charset=unreadable"


def _is_readable(environ: dict[str, Any]) -> bool:
    try:
        charset = WSGIRequest(dict(environ)).encoding
        _ANY_BYTES.decode(charset or "utf-8", "replace").encode()
    except Exception:  # noqa: BLE001 - a parser of headers raises many kinds; each would end as a 500
        return False
    return True


request_started.connect(set_unreadable_charset_aside, dispatch_uid="pagoefectivo.unreadable-charset")
