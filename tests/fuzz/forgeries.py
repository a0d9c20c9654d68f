"""Letters over whose bytes no secret of the account was used."""

from __future__ import annotations

import hashlib
import hmac
import random
from dataclasses import replace
from datetime import datetime, timedelta

from tests.fuzz.grammar import ODD_TEXTS, damaged, flipped, odd_value, written
from tests.fuzz.letters import (
    ANY,
    LOGIN,
    OTHER_LOGIN,
    OTHER_SECRET,
    SECRET,
    STALE,
    TRANS_KEY,
    How,
    Letter,
    a_body,
    any_body,
    having,
    signed,
    x_date,
)


def _a_flipped_bit(chance: random.Random, now: datetime) -> Letter:
    made = signed(a_body(chance), now)
    return replace(made, body=flipped(made.body, chance))


def _a_damaged_body(chance: random.Random, now: datetime) -> Letter:
    made = signed(a_body(chance), now)
    body = damaged(made.body, chance)
    return replace(made, body=body if body != made.body else body + b" ")


def _a_body_written_anew(chance: random.Random, now: datetime) -> Letter:
    made = signed(a_body(chance), now)
    return replace(made, body=made.body.replace(b":", b": ", 1))


def _a_flipped_signature(chance: random.Random, now: datetime) -> Letter:
    made = signed(any_body(chance), now)
    shown, at = made.headers["Authorization"], -chance.randrange(1, 65)
    other = chance.choice([digit for digit in "0123456789abcdef" if digit != shown[at]])
    return having(made, Authorization=f"{shown[:at]}{other}{shown[at + 1 :] if at != -1 else ''}")


def _another_secret(chance: random.Random, now: datetime) -> Letter:
    secrets = ("", " ", "sandbox_secret", SECRET.upper(), SECRET + " ", TRANS_KEY, LOGIN, OTHER_SECRET, "None", "\x00")
    return signed(any_body(chance), now, secret=chance.choice(secrets))


def _another_login(chance: random.Random, now: datetime) -> Letter:
    login = chance.choice((OTHER_LOGIN, "", LOGIN.upper(), LOGIN + ",", f"{LOGIN}, {LOGIN}", "\xff", "x" * 4000))
    if chance.random() < 0.5:
        return having(signed(any_body(chance), now), X_Login=login)
    return having(signed(any_body(chance), now, login="other_login"), X_Login=login)


def _another_date(chance: random.Random, now: datetime) -> Letter:
    made = signed(any_body(chance), now)
    dates = (x_date(now + timedelta(milliseconds=1)), x_date(now + timedelta(days=1)), "", "\xff", "2" * 65, "0")
    return having(made, X_Date=chance.choice(dates))


def _the_algorithm_of_the_sender(chance: random.Random, now: datetime) -> Letter:
    made = signed(any_body(chance), now)
    digits = made.headers["Authorization"][-64:]
    shown = chance.choice(
        (
            *(
                f"{name}, Signature: {digits}"
                for name in ("none", "NONE", "V2-HMAC-SHA1", "v2-hmac-sha256", "V1-HMAC", "")
            ),
            *(
                digits,
                f"Bearer {digits}",
                f"Signature: {digits}",
                f"V2-HMAC-SHA256, Signature: {digits}, Signature: {digits}",
            ),
            *(f"V2-HMAC-SHA256, Signature: {digits}00", f"V2-HMAC-SHA256, Signature: {digits[:-2]}", "V2-HMAC-SHA256"),
            *(
                f"V2-HMAC-SHA256,  Signature:  {digits}",
                f"V2-HMAC-SHA256; Signature={digits}",
                "V2-HMAC-SHA256, Signature: ",
            ),
            *("V2-HMAC-SHA256, Signature: " + "0" * 64, "V2-HMAC-SHA256, Signature: " + "\xb2" * 64, "\x00" * 64),
        )
    )
    # a server joins a header that stands twice with a comma
    doubled = f"{made.headers['Authorization']},{made.headers['Authorization']}"
    return having(made, Authorization=chance.choice((shown, shown, doubled)))


def _a_weaker_hash(chance: random.Random, now: datetime) -> Letter:
    made = signed(any_body(chance), now)
    message = f"{LOGIN}{made.headers['X-Date']}".encode() + made.body
    digits = chance.choice(
        (
            hmac.new(SECRET.encode(), message, chance.choice(("md5", "sha1", "sha512", "sha3_256"))).hexdigest(),
            hashlib.sha256(SECRET.encode() + message).hexdigest(),
            hashlib.sha256(message).hexdigest(),
            hmac.new(SECRET.encode(), made.body, "sha256").hexdigest(),
            hmac.new(message[:64], SECRET.encode(), "sha256").hexdigest(),
        )
    )
    return having(made, Authorization=f"V2-HMAC-SHA256, Signature: {digits}")


def _bytes_moved_over_the_seam(chance: random.Random, now: datetime) -> Letter:
    """Login, date and body are hashed without separators: what leaves one must not be taken for the other."""
    made = signed(a_body(chance), now)
    date = made.headers["X-Date"]
    if chance.random() < 0.5:
        return replace(having(made, X_Date=date[:-1]), body=date[-1:].encode() + made.body, verdict=STALE, answers=ANY)
    return having(made, X_Login=LOGIN[:-1], X_Date=LOGIN[-1] + date)


def _a_header_missing(chance: random.Random, now: datetime) -> Letter:
    name = chance.choice(("X-Date", "Authorization"))
    made = signed(any_body(chance), now)
    headers = {key: value for key, value in made.headers.items() if key != name}
    return replace(
        made, headers={**headers, **chance.choice(({}, {name: ""}, {name: "  "}, {name.replace("-", ""): "x"}))}
    )


def _odd_headers(chance: random.Random, now: datetime) -> Letter:
    texts = [text for text in ODD_TEXTS if text.isascii()]
    headers = {
        name: chance.choice(texts)[:8000] for name in ("X-Date", "X-Login", "Authorization", "User-Agent", "Accept")
    }
    return Letter("", any_body(chance), headers)


def _a_letter_of_the_other_account(chance: random.Random, now: datetime) -> Letter:
    made = signed(any_body(chance), now)
    return (
        replace(made, account="second")
        if chance.random() < 0.5
        else having(replace(made, account="second"), X_Login=None)
    )


def _another_letters_signature(chance: random.Random, now: datetime) -> Letter:
    return replace(signed(a_body(chance), now), body=a_body(chance))


def _noise(chance: random.Random, now: datetime) -> Letter:
    size = chance.choice((0, 1, 50, 5_000, 60_000))
    return Letter("", chance.randbytes(size), {"X-Noise": chance.randbytes(20).decode("latin-1")})


def _odd_document_unsigned(chance: random.Random, now: datetime) -> Letter:
    return Letter(
        "", written([odd_value(chance)]), {"Authorization": "V2-HMAC-SHA256, Signature: " + "a" * 64, "X-Date": "1"}
    )


WAYS: tuple[How, ...] = (
    *(_a_flipped_bit, _a_damaged_body, _a_body_written_anew, _a_flipped_signature, _another_secret, _another_login),
    *(_another_date, _the_algorithm_of_the_sender, _a_weaker_hash, _bytes_moved_over_the_seam, _a_header_missing),
    *(_odd_headers, _a_letter_of_the_other_account, _another_letters_signature, _noise, _odd_document_unsigned),
)
