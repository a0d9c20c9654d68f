"""How the company writes and reads JSON, and what travels through its door."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NoReturn

ASKED_FOR = "Refused because the console asked for it."


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it arrived; `path` is without the face's prefix, header names are lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; `manner` says how it leaves: whole, slow (over `seconds`), silence (close) or reset."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    manner: str = "whole"
    seconds: float = 0.0


def json_answer(status: int, document: object, headers: Mapping[str, str] | None = None) -> Answer:
    """Return `document` as a JSON answer."""
    return Answer(status, encode(document).encode(), headers=headers or {})


def number(code: str) -> int | str:
    """Return a code as PSPs that number theirs write it; a word stays one."""
    return int(code) if code.isascii() and code.isdecimal() else code


def encode(value: object) -> str:
    """Return `value` as compact JSON; a Decimal becomes a number with two decimals, as PSPs print money."""
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{encode(str(key))}:{encode(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(encode(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def decode(body: bytes) -> object:
    """Return the JSON in `body` with Decimal numbers; ValueError for anything that is not plain JSON."""
    try:
        return json.loads(body.decode(), parse_float=Decimal, parse_constant=_refuse_constant)
    except RecursionError as error:
        message = "nested too deeply"
        raise ValueError(message) from error


def _refuse_constant(name: str) -> NoReturn:
    message = f"{name} is not JSON"
    raise ValueError(message)
