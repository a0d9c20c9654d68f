"""What a provider may answer to a question or an instruction of ours. A number names one answer for ever."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from pagoefectivo.providers.base import Operation
from tests.fuzz import documents
from tests.fuzz.grammar import HTML, bent, damaged, dice, weighted, written
from tests.unit.providers.stage import PAYMENT, REFUND, VOUCHER

REFUND_ID = "REF-1"
CANARY = "rosa.canary@example.pe 998877665544"
OPERATIONS = tuple(each for each in Operation if each not in {Operation.AUTHORIZE, Operation.EXTEND_VOUCHER})
STATUSES = (400, 401, 402, 403, 404, 405, 409, 410, 413, 418, 422, 425, 429, 451, 499)
SERVER_ERRORS = (500, 501, 502, 503, 504, 520, 524, 599)
OTHER_STATUSES = (204, 206, 226, 300, 301, 302, 304, 307, 308)
RETRY_AFTER = (
    *("0", "1", "120", "86400", "999999999999999999999", "-1", "1.5", "soon", "", " 7 ", "٣", "1e3", "0x10", "\x00"),
    *(
        "Mon, 23 Nov 2026 12:00:00 GMT",
        "Mon, 99999999999999999999 Nov 2026 12:00:00 GMT",
        "23 Nov 2026 12:00:00 +9999999999",
    ),
    *(
        "1 Jan 1 00:00:00 +2359",
        "31 Dec 9999 23:59:59 -2359",
        "Mon, 23 Nov 20260 12:00:00 GMT",
        "23",
        "Nov",
        ", , ,",
        "-",
    ),
    *(
        "23 Nov 2026 99:99:99 GMT",
        "Thu, 01 Jan 0001 00:00:00 GMT",
        "99999999999999999999 99999999999999999999 1 1:1:1 +1",
    ),
)
HEADERS = (
    *(
        "text/html; charset",
        "text/html; charset=",
        "text/html; charset*=bogus''x",
        ";;",
        "\xff",
        "application/json; a=b; " * 50,
    ),
    *("text/html; charset=utf-16", "multipart/mixed; boundary=x", "", "application/problem+json"),
)


@dataclass(frozen=True)
class Exchange:
    """One operation and what comes back. `followed_by` is the second answer, where two questions are asked."""

    kind: str
    operation: Operation
    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...]
    followed_by: bytes = b""
    wire: bytes | None = None


def exchange(seed: int, number: int) -> Exchange:
    """The exchange of that number."""
    chance = dice(seed, number)
    operation = chance.choice(OPERATIONS)
    kind = weighted(chance, KINDS)
    status, body = _ANSWERS[kind](chance, operation)
    second = _true(chance, Operation.FETCH_PAYMENT)
    if chance.random() < 0.5:
        second = bent(_document(chance, Operation.FETCH_PAYMENT), chance)
    return Exchange(kind, operation, status, body, _headers(chance), second)


def on_the_wire(seed: int, number: int) -> Exchange:
    """The exchange of that number, its answer as the bytes of HTTP, which something on the way got its hands on."""
    made, chance = exchange(seed, number), dice(seed + 1_000_003, number)
    headers = "".join(f"{name}: {value}\r\n" for name, value in made.headers if "\x00" not in value)
    framed = _framed(made.body, chance)
    head = f"HTTP/1.1 {made.status} {chance.choice(('OK', '', 'Not OK', 'x' * 300))}\r\n{headers}"
    message = head.encode("latin-1", "replace") + framed
    kind = "wire: whole"
    if chance.random() < 0.6:
        kind, message = "wire: damaged", _damaged_message(message, chance)
    return Exchange(kind, made.operation, made.status, made.body, made.headers, made.followed_by, message)


def _framed(body: bytes, chance: random.Random) -> bytes:
    size = len(body)
    framings: tuple[bytes, ...] = (
        *(b"Content-Length: %d\r\n\r\n" % size + body,) * 4,
        b"\r\n" + body,
        b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % size + body + b"\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % (size + 5) + body,
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + body,
        b"Transfer-Encoding: chunked\r\n\r\n-1\r\n" + body,
        b"Content-Length: %d\r\n\r\n" % (size + 10) + body,
        b"Content-Length: %d\r\n\r\n" % max(size - 3, 0) + body,
        b"Content-Length: -5\r\n\r\n" + body,
        b"Content-Length: 5, 6\r\n\r\n" + body,
        b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n" + body,
        b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % size + body,
        b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n" % size + body,
        b"Set-Cookie: =;;; expires=never\r\nContent-Length: %d\r\n\r\n" % size + body,
        b"X: 1\r\n" * 150 + b"\r\n" + body,
        b"X: " + b"y" * 70_000 + b"\r\n\r\n" + body,
    )
    return chance.choice(framings)


def _damaged_message(message: bytes, chance: random.Random) -> bytes:
    first, _, rest = message.partition(b"\r\n")
    match chance.randrange(8):
        case 0:
            return b""
        case 1:
            return message[: chance.randrange(len(message))]
        case 2:
            return chance.randbytes(chance.randrange(1, 200)) + message
        case 3:
            odd = (
                b"HTTP/0.9 200",
                b"HTTP/1.1",
                b"HTTP/1.1 abc",
                b"HTTP/1.1 99 x",
                b"HTTP/1.1 1000 x",
                b"HTTP/2 200",
                b"ICY 200",
            )
            return chance.choice(odd) + b"\r\n" + rest
        case 4:
            return b"HTTP/1.1 100 Continue\r\n\r\n" * chance.randrange(1, 4) + message
        case 5:
            return (
                first + b"\r\n" + chance.choice((b" folded\r\n", b"no colon\r\n", b": x\r\n", b"\xff: \xfe\r\n")) + rest
            )
        case 6:
            return message.replace(b"\r\n", b"\n")
        case _:
            return damaged(message, chance)


# ---- answers


def _document(chance: random.Random, operation: Operation) -> dict[str, object]:
    match operation:
        case Operation.ISSUE_VOUCHER | Operation.FETCH_PAYMENT | Operation.CANCEL_VOUCHER:
            return documents.payment(chance, id=PAYMENT)
        case Operation.FIND_PAYMENT:
            return documents.order(order_id=VOUCHER.reference, payment_id=PAYMENT)
        case Operation.FIND_REFUND:
            return documents.payment(chance, id=PAYMENT)
    return documents.refund(chance, id=REFUND_ID, payment_id=PAYMENT, order_refund_id=REFUND.reference)


def _true(chance: random.Random, operation: Operation) -> bytes:
    return written(_document(chance, operation))


def _good(chance: random.Random, operation: Operation) -> tuple[int, bytes]:
    return chance.choice((200, 200, 201, 202)), _true(chance, operation)


def _bent(chance: random.Random, operation: Operation) -> tuple[int, bytes]:
    return 200, bent(_document(chance, operation), chance)


def _damaged(chance: random.Random, operation: Operation) -> tuple[int, bytes]:
    return 200, damaged(_true(chance, operation), chance)


def _of_something_else(chance: random.Random, _: Operation) -> tuple[int, bytes]:
    return 200, _true(chance, chance.choice(OPERATIONS))


def _complaint_in_success(chance: random.Random, _: Operation) -> tuple[int, bytes]:
    return 200, written(documents.complaint(chance))


def _complaint(chance: random.Random, _: Operation) -> tuple[int, bytes]:
    said = {**documents.complaint(chance), "message": f"cannot {CANARY}"}
    return chance.choice(STATUSES + SERVER_ERRORS), written(said)


def _bent_complaint(chance: random.Random, _: Operation) -> tuple[int, bytes]:
    return chance.choice(STATUSES + SERVER_ERRORS), bent(documents.complaint(chance), chance)


def _damaged_complaint(chance: random.Random, _: Operation) -> tuple[int, bytes]:
    return chance.choice(STATUSES + SERVER_ERRORS), damaged(written(documents.complaint(chance)), chance)


def _page(chance: random.Random, _: Operation) -> tuple[int, bytes]:
    return chance.choice((200, *STATUSES, *SERVER_ERRORS)), HTML


def _good_in_failure(chance: random.Random, operation: Operation) -> tuple[int, bytes]:
    return chance.choice(STATUSES + SERVER_ERRORS + OTHER_STATUSES), _true(chance, operation)


def _other_status(chance: random.Random, operation: Operation) -> tuple[int, bytes]:
    return chance.choice(OTHER_STATUSES), chance.choice((b"", _true(chance, operation)))


def _headers(chance: random.Random) -> tuple[tuple[str, str], ...]:
    headers = [("Content-Type", "application/json" if chance.random() < 0.7 else chance.choice(HEADERS))]
    if chance.random() < 0.25:
        headers.append((chance.choice(("Retry-After", "retry-after", "RETRY-AFTER")), chance.choice(RETRY_AFTER)))
    if chance.random() < 0.1:
        headers.append(
            (chance.choice(("Location", "Set-Cookie", "Date", "X-Request-Id")), chance.choice(HEADERS + RETRY_AFTER))
        )
    return tuple(headers)


KINDS = (
    *(
        ("good", 8),
        ("bent", 34),
        ("damaged", 12),
        ("of something else", 4),
        ("complaint in success", 4),
        ("complaint", 14),
    ),
    *(("bent complaint", 8), ("damaged complaint", 6), ("page", 3), ("good in failure", 4), ("other status", 3)),
)
_ANSWERS: dict[str, Callable[[random.Random, Operation], tuple[int, bytes]]] = {
    "good": _good,
    "bent": _bent,
    "damaged": _damaged,
    "of something else": _of_something_else,
    "complaint in success": _complaint_in_success,
    "complaint": _complaint,
    "bent complaint": _bent_complaint,
    "damaged complaint": _damaged_complaint,
    "page": _page,
    "good in failure": _good_in_failure,
    "other status": _other_status,
}
