"""Letters that a secret of the account has signed, over exactly these bytes."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from tests.fuzz.grammar import bent, damaged
from tests.fuzz.letters import (
    OLD_SECRET,
    OTHER_LOGIN,
    OTHER_SECRET,
    STALE,
    How,
    Letter,
    a_body,
    any_body,
    having,
    signed,
    stored,
    subject,
    x_date,
)


def _plain(chance: random.Random, now: datetime) -> Letter:
    return stored(signed(a_body(chance), now))


def _bent_document(chance: random.Random, now: datetime) -> Letter:
    return stored(signed(bent(subject(chance), chance), now))


def _damaged_bytes(chance: random.Random, now: datetime) -> Letter:
    return stored(signed(damaged(a_body(chance), chance), now))


def _nothing_at_all(chance: random.Random, now: datetime) -> Letter:
    return stored(signed(chance.choice((b"", b" ", b"{}", b"null", b"\x00")), now))


def _by_the_older_secret(chance: random.Random, now: datetime) -> Letter:
    return stored(signed(any_body(chance), now, secret=OLD_SECRET))


def _of_another_account(chance: random.Random, now: datetime) -> Letter:
    made = signed(any_body(chance), now, login=OTHER_LOGIN, secret=OTHER_SECRET)
    return stored(replace(made, account="second"))


def _old_or_future(chance: random.Random, now: datetime) -> Letter:
    apart = timedelta(seconds=chance.choice((400, 4_000, 90_000, 10_000_000, 300_000_000)))
    return stored(signed(any_body(chance), now, date=x_date(chance.choice((now - apart, now + apart)))), STALE)


def _with_a_date_that_is_none(chance: random.Random, now: datetime) -> Letter:
    dates = (
        "yesterday",
        "0",
        "2026-11-22",
        "2026-02-30T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59Z",
    )
    others = ("0001-01-01T00:00:00Z", "-", "9" * 64, "2026-11-22T14:05:06", "Sun, 22 Nov 2026 14:05:06 GMT", "1" * 20)
    return stored(signed(any_body(chance), now, date=chance.choice((*dates, *others))), STALE)


def _in_other_clothes(chance: random.Random, now: datetime) -> Letter:
    made = stored(signed(any_body(chance), now))
    shown = made.headers["Authorization"]
    clothes: tuple[Callable[[], Letter], ...] = (
        lambda: having(made, Authorization=shown[:-64] + shown[-64:].upper()),
        lambda: having(made, Authorization=shown.replace(" ", "")),
        lambda: having(made, Authorization=f"  {shown} "),
        lambda: having(made, X_Login=None),
        lambda: having(made, Accept="*/*", Cookie="sessionid=x; csrftoken=y", X_CSRFToken="z"),
        lambda: having(made, User_Agent="\x00\x1b[31m", Referer="\xff\xfe", X_Forwarded_For="1.2.3.4, junk, ,"),
        lambda: having(made, Accept_Language="xx-" + "y" * 500, X_Secret_Key="mine", Alg="none"),
        lambda: replace(made, extra={"CONTENT_TYPE": chance.choice(CONTENT_TYPES)}),
        lambda: having(made, Content_Encoding=chance.choice(("identity", "Identity", ""))),
    )
    return chance.choice(clothes)()


UNREADABLE = ("hex", "rot13", "base64", "zlib", "undefined", "idna", "punycode", "utf-7", "unicode_escape")
CONTENT_TYPES = (
    *("", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=x"),
    *("application/json; charset=utf-16", "application/json; charset=latin-1", "application/json; charset=x-none"),
    *(
        "application/json; charset=\xff",
        ";;;",
        "a/b; " + "c=d; " * 400,
        'application/json; charset="',
        "text/html; charset",
    ),
    *(f"application/json; charset={name}" for name in UNREADABLE),
    *("a/b; charset*=bogus''x", "a/b; charset*=utf-8''%00", "a/b; other*=bogus''x", 'a/b; charset="a\x00b"'),
)


WAYS: tuple[How, ...] = (
    *(_plain, _bent_document, _bent_document, _bent_document, _damaged_bytes, _nothing_at_all, _by_the_older_secret),
    *(_of_another_account, _old_or_future, _with_a_date_that_is_none, _in_other_clothes),
)
