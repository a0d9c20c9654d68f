"""JSON as money needs it: exact decimals both ways, and nothing that two readers could read differently."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NoReturn

from pagoefectivo.domain.exceptions import UnreadableMessage
from pagoefectivo.domain.money import CENT, LARGEST, ZERO

DEEPEST = 32
LARGEST_EXPONENT = 30
LONGEST_REFERENCE = 100  # the width of every column that keeps one
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)

Document = Mapping[str, Any]


def decode_object(body: bytes) -> Document:
    """Return the JSON object in `body`, fractions as Decimal.

    Raises UnreadableMessage for anything but UTF-8, an object, each key once, finite numbers of sane size, at most 32
    levels and text that a database can hold. The message names the fault, never the content.
    """
    document, fault = _decoded(body)
    if fault:  # raised here, not where it was caught: a decoding error carries the whole body
        raise UnreadableMessage(fault)
    if not isinstance(document, dict):
        raise UnreadableMessage("not a JSON object")
    return document


def encode(document: Document) -> bytes:
    """Return compact JSON in UTF-8 in which a Decimal stands as a number with exactly two decimals: `100.50`."""
    return _written(document).encode(errors="replace")


def text(document: Document, key: str, *, longest: int = LONGEST_REFERENCE) -> str:
    """Return a text or whole number as text, "" where it is not said; raises UnreadableMessage for anything else."""
    value = document.get(key)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise UnreadableMessage(f"{key} is not a text")
    written = str(value)
    if len(written) > longest:
        raise UnreadableMessage(f"{key} is too long")
    return written


def amount(document: Document, key: str) -> Decimal | None:
    """Return an amount with two decimals, None where it is not said; raises UnreadableMessage for anything else."""
    value = document.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not ZERO <= value <= LARGEST:
        raise UnreadableMessage(f"{key} is not an amount")
    exact = Decimal(value)
    rounded = exact.quantize(CENT)
    if rounded != exact:
        raise UnreadableMessage(f"{key} has more than two decimals")
    return abs(rounded)  # JSON has a minus zero


def instant(document: Document, key: str) -> datetime | None:
    """Return an instant in UTC, None where it is not said or not one that `parse_instant` reads."""
    return parse_instant(document.get(key))


def parse_instant(written: object) -> datetime | None:
    """Return an ISO 8601 instant (`Z`, `+0000`, `+00:00`, `-00:00`) of this century in UTC, None for anything else.

    One without an offset would be a guess, and at the ends of the calendar no other zone and no later date exists.
    """
    if not isinstance(written, str):
        return None
    try:
        read = datetime.fromisoformat(written)
        instant = read.astimezone(UTC) if read.tzinfo else None
    except (ValueError, OverflowError):
        return None
    return instant if instant and EARLIEST <= instant < LATEST else None


def part(document: Document, key: str) -> Document:
    """Return an object inside the object, empty where it is not said; raises UnreadableMessage for anything else."""
    value = document.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise UnreadableMessage(f"{key} is not an object")
    return value


def parts(document: Document, key: str) -> tuple[Document, ...]:
    """Return a list of objects, empty where it is not said; raises UnreadableMessage for anything else."""
    value = document.get(key)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise UnreadableMessage(f"{key} is not a list of objects")
    return tuple(value)


def _decoded(body: bytes) -> tuple[object, str]:
    try:
        document = json.loads(
            body.decode(), parse_float=_number, parse_constant=_refuse_constant, object_pairs_hook=_each_key_once
        )
        _inspect(document)
    except UnreadableMessage as fault:
        return None, str(fault)
    except RecursionError:
        return None, "nested too deeply"
    except (ValueError, ArithmeticError):
        return None, "not JSON in UTF-8"
    return document, ""


def _number(written: str) -> Decimal:
    number = Decimal(written)
    if abs(number.adjusted()) > LARGEST_EXPONENT:
        raise UnreadableMessage("a number of absurd size")
    return number


def _refuse_constant(name: str) -> NoReturn:
    raise UnreadableMessage(f"{name} is not JSON")


def _each_key_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise UnreadableMessage("a key occurs twice")
    return document


def _inspect(document: object) -> None:
    waiting = [(document, 1)]
    while waiting:
        node, depth = waiting.pop()
        if isinstance(node, str):
            if "\x00" in node:
                raise UnreadableMessage("a text with a null character")
            node.encode()  # a lone surrogate fails here
        elif isinstance(node, dict | list):
            if depth > DEEPEST:
                raise UnreadableMessage("nested too deeply")
            inside = [*node.keys(), *node.values()] if isinstance(node, dict) else node
            waiting.extend((each, depth + 1) for each in inside)


def _written(value: object) -> str:
    if isinstance(value, Decimal):
        if value != value.quantize(CENT):
            raise ValueError("an amount has two decimals")
        return f"{value:.2f}"
    if isinstance(value, float):
        raise TypeError("an amount is never a float")
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_written(key)}:{_written(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_written(each) for each in value) + "]"
    return json.dumps(value, ensure_ascii=False)
