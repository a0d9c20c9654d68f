"""The wire between the two companies: a session that the real transport sends through, and everything that befalls it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from io import BytesIO
from typing import Any

import requests
from django.db import connection

from tests.simulation.database import rows
from tests.simulation.invariants import money
from tests.simulation.psp import Declined, Document, Payment, Psp, Refund
from tests.simulation.world import Violation, World

READ_TIMEOUT = 10.0
SLOW_FOR, OFTEN = 1800.0, 0.7  # a provider that is slow once is slow again soon
HOST = "https://psp.example"

ROOM = """
    SELECT voucher.paid_amount, voucher.reserved_amount + COALESCE((
        SELECT SUM(other.amount) FROM pagoefectivo_refund other
        WHERE other.voucher_id = mine.voucher_id AND other.is_outside AND other.state NOT IN ('failed', 'canceled', 'returned')
        AND (SELECT MIN(id) FROM pagoefectivo_statechange WHERE refund_id = other.id)
          < (SELECT MIN(id) FROM pagoefectivo_statechange WHERE refund_id = mine.id AND transition = 'submit')), 0)
    FROM pagoefectivo_refund mine JOIN pagoefectivo_voucher voucher ON voucher.id = mine.voucher_id
    WHERE mine.reference = ?"""


class Reply:
    """As much of a response as the transport looks at."""

    def __init__(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.status_code, self.headers = status, dict(headers or {})
        self.raw = self
        self._body = BytesIO(body)

    def read1(self, size: int, *, decode_content: bool) -> bytes:
        return b"" if decode_content else self._body.read(size)

    def close(self) -> None:
        self._body.close()


class SimulatedSession(requests.Session):
    """Carries one request to the PSP's model and its answer back, or loses either."""

    def __init__(self, world: World, psp: Psp) -> None:
        super().__init__()
        self._world, self._psp = world, psp
        self._slow_until = 0.0

    def get_adapter(self, url: str) -> Any:
        return self

    def send(self, request: requests.PreparedRequest, **_: Any) -> Any:
        """What an adapter is asked for."""
        data = request.body.encode() if isinstance(request.body, str) else request.body
        return self.request(request.method, request.url, data, headers=request.headers)

    def request(self, method: Any, url: Any, data: Any = None, headers: Any = None, **_: Any) -> Any:  # type: ignore[override]
        """What a session is asked for."""
        world, path = self._world, url.removeprefix(HOST)
        self._require_evidence(method, url, data)
        world.tell(f"  → {method} {path}")
        world.point("before the request", may_stall=False)
        self._lose_on_the_way(method, path, data, headers)
        refusal = self._turn_away()
        if refusal:
            return refusal
        status, document = self._execute(method, path, data, headers)
        world.tell(f"  ← {status} {document.get('status', document.get('code', ''))}")
        world.point("executed")
        return self._answer(method, status, document)

    def _require_evidence(self, method: str, url: str, data: bytes | None) -> None:
        if connection.in_atomic_block:
            raise Violation("I10", f"{method} {url} inside a transaction")
        if any(canary in url for canary in self._world.canaries):
            raise Violation("I14", "a URL carries a secret")
        written = rows(
            "SELECT count(*) FROM pagoefectivo_apiexchange WHERE outcome = 'sending' "
            "AND (method = ? AND url = ? OR ? = 'GET' AND method = '' AND url = '')",  # announced with its batch
            method, url, method,
        )  # fmt: skip
        if not written[0][0]:
            raise Violation("I8", f"{method} {url} leaves without its evidence")
        if method == "POST" and data:
            asked = json.loads(data)
            table = "refund" if url.endswith("/refunds") else "voucher"
            sent = rows(f"SELECT state FROM pagoefectivo_{table} WHERE reference = ?", asked["reference"])  # noqa: S608
            if not sent or sent[0][0] in {"requested", "awaiting_approval", "awaiting_destination"}:
                raise Violation("I10", f"{method} {url} without a committed intent: {sent}")
            if table == "refund":
                self._require_room(asked["reference"])

    def _require_room(self, reference: str) -> None:
        """What was known to be gone when a refund was submitted is not sent out once more."""
        ((paid, needed),) = rows(ROOM, reference)
        if money(needed) > money(paid):
            raise Violation("I2", f"{reference} leaves, and {needed} would go back of {paid}")

    def _lose_on_the_way(self, method: str, path: str, data: bytes | None, headers: Mapping[str, str]) -> None:
        world = self._world
        if world.strikes("refused"):
            world.sleep(3)
            raise requests.ConnectTimeout
        if world.strikes("lost_request"):
            world.sleep(READ_TIMEOUT)
            raise requests.ReadTimeout
        if method == "POST" and world.strikes("late_execution", OFTEN if world.time < self._slow_until else None):
            self._slow_until = world.time + SLOW_FOR
            late = world.dice("late").uniform(READ_TIMEOUT, self._psp.profile.latest)
            world.later(late, lambda: self._execute_unseen(method, path, data, headers))
            world.sleep(READ_TIMEOUT)
            raise requests.ReadTimeout
        world.sleep(world.dice("latency").uniform(0.05, 0.8))

    def _execute_unseen(self, method: str, path: str, data: bytes | None, headers: Mapping[str, str]) -> None:
        self._world.tell(f"PSP: late {method} {path}")
        self._execute(method, path, data, headers)

    def _turn_away(self) -> Reply | None:
        world = self._world
        if world.strikes("rate_limited"):
            wait = world.dice("rate_limited").choice(({}, {"Retry-After": "45"}))
            return Reply(429, b"{}", wait)
        if world.strikes("unavailable"):
            return Reply(503, b"", {"Retry-After": "120"})
        if world.strikes("denied"):
            return Reply(401, b"{}")
        if world.strikes("unlisted"):
            return Reply(422, b'{"code": "E-4711", "message": "see manual"}')
        return Reply(500, b"") if world.strikes("server_error", 0.05) else None

    def _execute(self, method: str, path: str, data: bytes | None, headers: Mapping[str, str]) -> tuple[int, Document]:
        asked = json.loads(data) if data else {}
        try:
            if method == "POST":
                return 200, self._move(path, asked, headers.get("X-Key", ""))
            return 200, self._read(path)
        except Declined as declined:
            return declined.status, {"code": declined.code}

    def _move(self, path: str, asked: Document, key: str) -> Document:
        row: Payment | Refund
        if path == "/refunds":
            row = self._psp.refund(asked, key)
        elif path == "/payments":
            row = self._psp.issue(asked, key)
        else:
            row = self._psp.cancel(self._psp.payments[path.split("/")[2]])
        return self._psp.document(row)

    def _read(self, path: str) -> Document:
        psp, world = self._psp, self._world
        lag = 0.0
        if psp.profile.longest_lag and world.strikes("lagging_read"):
            lag = world.dice("lag").uniform(0, psp.profile.longest_lag)
        if world.strikes("not_found") and not path.startswith("/search"):
            raise Declined(404, "not_found")
        _, kind, name, *rest = path.split("/")
        if kind == "search":
            found: list[Any] = psp.refunds_of(rest[0]) if rest else psp.payments_of(name)
            return {"found": [psp.document(each, lag=lag) for each in found if each.born_at <= world.time - lag]}
        if kind == "batch":
            there = [psp.payments[each] for each in name.split(",") if each in psp.payments]
            return {"found": [psp.document(each, lag=lag) for each in there if each.born_at <= world.time - lag]}
        books: Mapping[str, Payment | Refund] = psp.payments if kind == "payments" else psp.refunds
        if name not in books:
            raise Declined(404, "not_found")
        document = psp.document(books[name], lag=lag)
        if world.strikes("unknown_status"):
            document["status"] = "LIMBO"
        return document

    def _answer(self, method: str, status: int, document: Document) -> Reply:
        world = self._world
        if world.strikes("lost_response"):
            world.sleep(READ_TIMEOUT)
            raise requests.ReadTimeout
        if world.strikes("broken"):
            raise requests.ConnectionError("reset")
        if world.strikes("garbled"):
            return Reply(200, b"<html>maintenance</html>")
        if world.strikes("server_error", 0.05):
            return Reply(502, b"")
        world.sleep(world.dice("latency").uniform(0.05, 0.8))
        world.point("before the answer is read")
        return Reply(status, written(document))


def written(document: Document) -> bytes:
    """JSON with amounts as numbers of two decimals, as the PSP writes it."""
    return json.dumps(document, default=_plain, sort_keys=True).encode()


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(type(value).__name__)
