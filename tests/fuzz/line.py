"""A line to a provider that ends in a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

import requests


class Reply:
    """As much of an answer as the transport looks at."""

    def __init__(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.status_code, self.headers = status, dict(headers or {})
        self.raw = self
        self._body = BytesIO(body)

    def read1(self, size: int, *, decode_content: bool) -> bytes:
        return b"" if decode_content else self._body.read(size)

    def close(self) -> None:
        self._body.close()


class ScriptedLine(requests.Session):
    """A session that ends in a function instead of a network; the real transport sends through it."""

    def __init__(self, answer: Callable[[str, str, bytes], Reply | Exception]) -> None:
        super().__init__()
        self._answer = answer

    def get_adapter(self, url: str) -> Any:
        return self

    def send(self, request: requests.PreparedRequest, **_: Any) -> Any:
        """Answer one request, or lose it."""
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        outcome = self._answer(str(request.method), str(request.url), bytes(body))
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def one_after_another(work: Callable[[Any], None], items: list[Any], _width: int) -> None:
    """What the services do side by side, in an order that a seed repeats."""
    for item in items:
        work(item)
