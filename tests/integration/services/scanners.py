"""Scanners for stories: each looks for the same three letters, or fails in its own way."""

from __future__ import annotations

from typing import Any

HERE = "tests.integration.services.scanners"
seen: list[bytes] = []


def careful(upload: bytes) -> bool:
    seen.append(upload)
    return b"EVIL" not in upload


def down(upload: bytes) -> bool:
    raise TimeoutError(f"no answer about {upload!r}")


def forgetful(upload: bytes) -> Any:
    """Forgets to say anything."""
    seen.append(upload)


not_callable = "clean"
