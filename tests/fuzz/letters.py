"""What a letter to the letterbox is, and how one is signed."""

from __future__ import annotations

import hashlib
import hmac
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from io import BytesIO
from typing import Any

from tests.fuzz import documents
from tests.fuzz.grammar import bent, damaged, weighted, written

LOGIN, SECRET, OLD_SECRET = "sandbox_login", "sandbox_secret_key", "the_secret_of_last_month"
OTHER_LOGIN, OTHER_SECRET = "other_login", "the_secret_of_the_other_account"
TRANS_KEY = "sandbox_trans_key"
DOOR = "/pagoefectivo/webhooks/{}/"
LARGEST = 256 * 1024
SECRETS = {"default": (LOGIN, (SECRET, OLD_SECRET)), "second": (OTHER_LOGIN, (OTHER_SECRET,))}
ACCOUNTS = {
    name: {
        "PROVIDER": "dlocal",
        "ENVIRONMENT": "sandbox",
        "CREDENTIALS": {"login": login, "trans_key": TRANS_KEY, "secret_key": list(secrets)},
        "BASE_URL": "http://127.0.0.1:9/dlocal",
    }
    for name, (login, secrets) in SECRETS.items()
}

FRESH, STALE = "verified", "stale"
ANY = frozenset({200, 401, 429})


@dataclass(frozen=True)
class Letter:
    """One request. `answers` are the only statuses it may get; `verdict` is what its row must say once it is stored."""

    kind: str
    body: bytes
    headers: dict[str, str]
    account: str = "default"
    method: str = "POST"
    sender: str = "203.0.113.7"
    length: str | None = None
    door: str = ""
    query: str = ""
    answers: frozenset[int] = frozenset({401, 429})
    verdict: str = ""
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def environ(self) -> dict[str, Any]:
        """The request as a WSGI server hands it over; header values are Latin-1 text, as the protocol has it."""
        named = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in self.headers.items()}
        return {
            "REQUEST_METHOD": self.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": self.door or DOOR.format(self.account),
            "QUERY_STRING": self.query,
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": self.sender,
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(self.body)) if self.length is None else self.length,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(self.body),
            "wsgi.errors": BytesIO(),
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            **named,
            **self.extra,
        }


def hexdigest(login: str, date: str, body: bytes, secret: str) -> str:
    """DLocal's signature, worked out here from its description and by nothing of ours."""
    return hmac.new(secret.encode(), login.encode() + date.encode("latin-1") + body, hashlib.sha256).hexdigest()


def is_truly_signed(made: Letter) -> bool:
    """Whether the body that a server would read bears a signature of the account's, whatever else is wrong with it."""
    if made.account not in SECRETS:
        return False
    login, secrets = SECRETS[made.account]
    headers = {name.lower(): value.strip() for name, value in made.headers.items()}
    if headers.get("x-login", login) != login:
        return False
    digits = headers.get("authorization", "").lower()[-64:]
    return any(digits == hexdigest(login, headers.get("x-date", ""), made.body, secret) for secret in secrets)


def x_date(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def signed(body: bytes, now: datetime, *, date: str = "", login: str = LOGIN, secret: str = SECRET) -> Letter:
    date = date or x_date(now)
    authorization = f"V2-HMAC-SHA256, Signature: {hexdigest(login, date, body, secret)}"
    headers = {"X-Date": date, "X-Login": login, "Authorization": authorization, "User-Agent": "dLocal"}
    return Letter("", body, headers)


def stored(made: Letter, verdict: str = FRESH) -> Letter:
    return replace(made, answers=frozenset({200}), verdict=verdict)


def having(made: Letter, **headers: str | None) -> Letter:
    changed = {**made.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return replace(made, headers={name: value for name, value in changed.items() if value is not None})


def subject(chance: random.Random) -> dict[str, Any]:
    """Half of them name something of ours: `tests.fuzz.stage` puts it there."""
    at = chance.randrange(8)
    ours = {"id": f"D-4-{at}", "order_id": f"F-{at}-1", "amount": 89.9}
    strange = {"id": f"D-4-x{chance.randrange(1000)}", "order_id": f"X-{chance.randrange(1000)}"}
    kind = weighted(chance, (("payment", 6), ("refund", 3), ("chargeback", 1)))
    who = chance.choice((ours, strange, {}))
    if kind == "payment":
        return documents.payment(chance, **who)
    about = {"payment_id": who.get("id", "D-4-x"), "order_refund_id": f"R-{at}", "id": f"REF-{at}"}
    return documents.refund(chance, **about) if kind == "refund" else documents.chargeback(**{**about, "id": "CBK-1"})


def a_body(chance: random.Random) -> bytes:
    return written({**subject(chance), "nonce": chance.getrandbits(60)})


def any_body(chance: random.Random) -> bytes:
    how = chance.randrange(4)
    if how == 0:
        return a_body(chance)
    return bent(subject(chance), chance) if how < 3 else damaged(a_body(chance), chance)


How = Callable[[random.Random, datetime], Letter]
