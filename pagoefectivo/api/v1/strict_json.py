"""Reading a body as JSON and nothing else: UTF-8, one object, each key once, finite numbers, no hidden characters."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Reason, RuleRefused

DEEPEST = 16


def parse_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object in a body, {} for none; raises RuleRefused(REQUEST_MALFORMED) for anything else."""
    if not body.strip():
        return {}
    try:
        document = json.loads(
            body.decode(), object_pairs_hook=_each_key_once, parse_constant=_refuse, parse_float=_finite
        )
    except (ValueError, RecursionError):
        _malformed()
    if not isinstance(document, dict) or not _is_clean(document, DEEPEST):
        _malformed()
    return document


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a key stands twice")
    return document


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _finite(written: str) -> float:
    number = float(written)
    if not math.isfinite(number):
        raise ValueError("a number beyond all measure")
    return number


def _is_clean(node: object, depth: int) -> bool:
    """Whether nothing nests too deeply and no text holds a null or half a character."""
    if depth == 0:
        return False
    if isinstance(node, str):
        return "\0" not in node and not any("\ud800" <= character <= "\udfff" for character in node)
    if isinstance(node, dict):
        return all(_is_clean(part, depth - 1) for pair in node.items() for part in pair)
    if isinstance(node, list):
        return all(_is_clean(part, depth - 1) for part in node)
    return True


def _malformed() -> NoReturn:
    raise RuleRefused(Reason(ErrorCode.REQUEST_MALFORMED)) from None
