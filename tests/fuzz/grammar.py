"""How documents and bytes go wrong: seeded, so that a number names the same oddity for ever."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


class Raw(bytes):
    """JSON as it will be written, whether or not it is any."""

    __slots__ = ()


@dataclass
class Members:
    """An object whose keys may stand more than once."""

    pairs: list[tuple[str, Any]] = field(default_factory=list)


ODD_NUMBERS = tuple(
    Raw(written.encode())
    for written in (
        *("0", "-0", "-0.0", "0.0", "-1", "0.001", "0.005", "100.505", "1e400", "-1e400", "1e-400", "1E2", "1.0050e2"),
        *("NaN", "Infinity", "-Infinity", "1e30", "1e31", "1e-30", "9999999999.99", "9999999999.991", "10000000000"),
        *("00.5", "+1", "1.", ".5", "0x10", "1_000", "9" * 4300, "9" * 5000, "1." + "0" * 500, "0." + "0" * 500 + "1"),
        *(
            "9223372036854775808",
            "-9223372036854775809",
            "1e9999999999999999999",
            "0e99999999",
            "100.500000000000000001",
        ),
    )
)
ODD_TEXTS = (
    *("", " ", "\t", "\n", "\r\nX-Injected: 1", "null", "true", "PAID", "paid", "PAID ", " PAID", "ＰＡＩＤ", "PΑID"),
    *("\x00", "a\x00b", "\x7f", "\u202e", "\ufeff", "\U0001f6d2", "é" * 100, "e\u0301", "ñ", "١٠٠٫٥٠", "１００", "٣"),
    *("A" * 65, "A" * 101, "A" * 501, "A" * 20_000, "../../etc/passwd", "..", ".", "%00", "%2e%2e", "?refund=x", "#"),
    *("'; DROP TABLE pagoefectivo_order; --", '"><script>alert(1)</script>', "{{ 7*7 }}", "%s%n", "=cmd|' /C calc'!A0"),
    *(
        "0",
        "1",
        "-1",
        "100.50",
        "100,50",
        "1e2",
        "NaN",
        "PEN",
        "pen",
        "USD",
        "PE",
        "PENN",
        "XXX",
        "€",
        "SUCCESS",
        "REFUNDED",
    ),
    *("https://shop.example/h?refund=%00", "https://shop.example/h?refund=" + "R" * 300, "http://[", "x?refund=%ff%fe"),
    *("https://shop.example/h?refund=a&refund=b", "javascript:alert(1)", "REF", "REF-", "D-4-1", "4000", "5000"),
)
ODD_INSTANTS = (
    *("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-23:59"),
    *(
        "0001-01-01T00:00:00-23:59",
        "1970-01-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-11-22T24:00:00Z",
        "2026-W47-7",
    ),
    *("2026-11-22", "2026-11-22T14:05:06", "20261122T140506Z", "2026-11-22T14:05:60Z", "2026-11-22T14:05:06+24:00"),
    *("2026-11-22T14:05:06.123456789Z", "２０２６-11-22T14:05:06Z", "10000-01-01T00:00:00Z", "-0001-01-01T00:00:00Z"),
)
ODD_FRAGMENTS = tuple(
    Raw(written)
    for written in (
        *(b"null", b"true", b"false", b"[]", b"{}", b"[[]]", b'[{"id": 1}]', b'{"a": {"a": {}}}', b'{"": ""}'),
        *(b'"\\ud800"', b'"\\udc00\\ud800"', b'"\\u0000"', b'"\xff\xfe"', b'"\xc0\x80"', b'"\xed\xa0\x80"', b'"\\x41"'),
        *(b"[" * 33 + b"]" * 33, b"[" * 5000 + b"]" * 5000, b'{"a":' * 40 + b"1" + b"}" * 40, b"undefined", b"'PAID'"),
        *(b"", b"1 2", b'"a" "b"', b"/* */ 1", b'"\n"', b"[1,]", b'{"a":1,}', b'{"a": 1, "a": 2}'),
    )
)
STRANGE_KEYS = ("", "ID", "Id", "id\x00", "__proto__", "status ", "payment_id", "id_payment", "order_refund_id", "é")
HTML = b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


def dice(seed: int, number: int) -> random.Random:
    """The chances of one input, independent of every other."""
    return random.Random(f"{seed}:{number}")


def odd_value(chance: random.Random) -> Any:
    """Something that nobody expects in a field."""
    return chance.choice(chance.choice((ODD_NUMBERS, ODD_TEXTS, ODD_INSTANTS, ODD_FRAGMENTS)))


def written(node: Any) -> bytes:
    """JSON of a node, with whatever is odd about it."""
    if isinstance(node, Raw):
        return bytes(node)
    if isinstance(node, Members):
        return b"{" + b",".join(json.dumps(key).encode() + b":" + written(value) for key, value in node.pairs) + b"}"
    if isinstance(node, list):
        return b"[" + b",".join(map(written, node)) + b"]"
    if isinstance(node, str):
        return json.dumps(node, ensure_ascii=False).encode(errors="surrogatepass")
    return json.dumps(node).encode()


def opened(node: Any) -> Any:
    """A document as a tree that can be bent."""
    if isinstance(node, Mapping):
        return Members([(key, opened(value)) for key, value in node.items()])
    return [opened(each) for each in node] if isinstance(node, list) else node


def bent(document: Mapping[str, Any], chance: random.Random) -> bytes:
    """A document with one to four things wrong, still JSON more often than not."""
    tree = opened(document)
    for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 4))):
        _bend(_some_object(tree, chance), chance)
    return written(tree)


def _some_object(tree: Members, chance: random.Random) -> Members:
    inside: list[Members] = []
    for _, value in tree.pairs:
        inside += [value] if isinstance(value, Members) else []
        inside += [each for each in value if isinstance(each, Members)] if isinstance(value, list) else []
    return _some_object(chance.choice(inside), chance) if inside and chance.random() < 0.35 else tree


def _bend(node: Members, chance: random.Random) -> None:
    if not node.pairs:
        node.pairs.append((chance.choice(STRANGE_KEYS), odd_value(chance)))
        return
    at = chance.randrange(len(node.pairs))
    key, value = node.pairs[at]
    match chance.randrange(11):
        case 0 | 1 | 2 | 3:
            node.pairs[at] = (key, odd_value(chance))
        case 4:
            del node.pairs[at]
        case 5:
            node.pairs.insert(chance.randrange(len(node.pairs) + 1), (key, chance.choice((value, odd_value(chance)))))
        case 6:
            node.pairs[at] = (chance.choice(STRANGE_KEYS), value)
        case 7:
            node.pairs.append((chance.choice(STRANGE_KEYS), odd_value(chance)))
        case 8:
            node.pairs[at] = (key, chance.choice(([value], Members([("value", value)]))))
        case 9:
            other = chance.randrange(len(node.pairs))
            node.pairs[at], node.pairs[other] = (key, node.pairs[other][1]), (node.pairs[other][0], value)
        case _:
            node.pairs[at] = (key, _retyped(value))


def _retyped(value: Any) -> Any:
    if isinstance(value, str):
        return Raw(value.encode()) if value.isascii() and value.isdigit() else value.lower()
    return written(value).decode(errors="replace")


def damaged(body: bytes, chance: random.Random) -> bytes:
    """Bytes that something on the way got its hands on."""
    return chance.choice(_DAMAGES)(body, chance)


def _cut(body: bytes, chance: random.Random) -> bytes:
    return body[: chance.randrange(len(body) + 1)]


def _with_noise(body: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(body) + 1)
    return body[:at] + chance.randbytes(chance.randrange(1, 20)) + body[at:]


def _with_a_hole(body: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(body) + 1)
    return body[:at] + body[at + chance.randrange(1, 40) :]


def _stuttering(body: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(body) + 1)
    return body[: at + chance.randrange(1, 40)] + body[at:]


def _in_another_encoding(body: bytes, chance: random.Random) -> bytes:
    return body.decode(errors="replace").encode(chance.choice(("utf-16", "utf-32", "utf-7", "utf-8-sig")))


def _replaced(body: bytes, chance: random.Random) -> bytes:
    return chance.choice((HTML, b"", b"null", b"[]", b'"ok"', b"OK", b"true", b"0", b" ", b"\x00", HTML + body))


def _wrapped(body: bytes, chance: random.Random) -> bytes:
    blank = b" " * chance.randrange(1, 50) + body + b"\r\n" * chance.randrange(1, 5)
    return chance.choice((b"[" + body + b"]", body + body, blank))


def _noise(_: bytes, chance: random.Random) -> bytes:
    return chance.randbytes(chance.randrange(1, 300))


def flipped(body: bytes, chance: random.Random) -> bytes:
    """The same bytes but for one bit; an empty body gains a byte."""
    if not body:
        return b"\x00"
    at = chance.randrange(len(body))
    return body[:at] + bytes([body[at] ^ 1 << chance.randrange(8)]) + body[at + 1 :]


_DAMAGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    *(
        flipped,
        flipped,
        _cut,
        _with_noise,
        _with_a_hole,
        _stuttering,
        _in_another_encoding,
        _replaced,
        _wrapped,
        _wrapped,
    ),
    _noise,
)


def weighted(chance: random.Random, weights: Sequence[tuple[str, int]]) -> str:
    """One of the names, as often as its weight says."""
    return chance.choices([name for name, _ in weights], [weight for _, weight in weights])[0]
