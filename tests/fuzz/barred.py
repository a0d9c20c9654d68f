"""Letters refused by what the request is, before or whatever its signature says."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime

from tests.fuzz.letters import LARGEST, How, Letter, a_body, any_body, having, signed


def _an_unknown_account(chance: random.Random, now: datetime) -> Letter:
    account = chance.choice(("nobody", "DEFAULT", "default-2", "0", "x" * 300, "-", "_"))
    return replace(signed(any_body(chance), now), account=account, answers=frozenset({404}))


def _an_unknown_path(chance: random.Random, now: datetime) -> Letter:
    door = chance.choice(
        ("/pagoefectivo/webhooks/", "/pagoefectivo/webhooks/default/x/", "/pagoefectivo/webhooks/é/", "//")
    )
    door = chance.choice((door, "/pagoefectivo/webhooks/\xff\xfe/", "/pagoefectivo/webhooks/default%00/", "/%2e%2e/"))
    return replace(signed(any_body(chance), now), door=door, answers=frozenset({404}))


def _another_method(chance: random.Random, now: datetime) -> Letter:
    method = chance.choice(("GET", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", "BREW", "POSTS"))
    return replace(signed(any_body(chance), now), method=method, answers=frozenset({405}))


def _compressed(chance: random.Random, now: datetime) -> Letter:
    encoding = chance.choice(("gzip", "br", "deflate", "identity, gzip", "x", "\xff"))
    return having(replace(signed(any_body(chance), now), answers=frozenset({415})), Content_Encoding=encoding)


def _a_length_that_lies(chance: random.Random, now: datetime) -> Letter:
    made = signed(a_body(chance), now)
    short, long = str(chance.randrange(1, len(made.body))), str(len(made.body) + chance.randrange(1, 1000))
    if chance.random() < 0.4:  # the server reads no further than the length: what is left is not what was signed
        return replace(made, length=short, body=made.body, answers=frozenset({401, 429}))
    length = chance.choice((long, "-1", "1e3", "0x10", "+5", " 5", "5,5", "9" * 19, "9" * 5000, "5.0", "\xb2", "_1"))
    return replace(made, length=length, answers=frozenset({400, 413}))


def _a_length_without_end(chance: random.Random, now: datetime) -> Letter:
    made = having(signed(a_body(chance), now), Transfer_Encoding="chunked")
    return replace(made, length="", answers=frozenset({411}))


def _too_large(chance: random.Random, now: datetime) -> Letter:
    made = signed(b"{}", now)
    if chance.random() < 0.9:
        return replace(made, length=str(LARGEST + chance.randrange(1, 10**12)), answers=frozenset({413}))
    return replace(signed(b"{" + b" " * LARGEST + b"}", now), answers=frozenset({413}))


WAYS: tuple[How, ...] = (
    *(_an_unknown_account, _an_unknown_path, _another_method, _compressed, _a_length_that_lies, _a_length_without_end),
    _too_large,
)
