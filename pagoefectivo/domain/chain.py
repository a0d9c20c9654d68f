"""The hash chain over the evidence: what is digested of a row, how entries hang together. Pure functions of facts.

A row's digest and an entry's seal are keyed (HMAC), so that who can write to the database but does not hold the key can
neither alter a row nor reseal it. An entry's hash is plain SHA-256: it may be kept and compared outside, by anybody.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

GENESIS = "0" * 64
DIGEST_BYTES = 32
_ID_BYTES = 8
_NO_BODY = bytes(DIGEST_BYTES)


@dataclass(frozen=True, slots=True)
class Body:
    """What stands in an encrypted column; what cannot be decrypted is taken as it lies there."""

    content: bytes
    is_readable: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """One evidence row as it is now: its sealed columns by name, its encrypted bodies apart, in their fixed order."""

    row_id: int
    columns: Mapping[str, object]
    bodies: tuple[Body | None, ...] = ()


@dataclass(frozen=True, slots=True)
class SealedRow:
    """What an entry keeps of one row. A body has a digest of its own, so that it can be erased and the rest checked."""

    row_id: int
    digest: bytes
    bodies: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """The content of one entry of the chain; `manifest` is what it keeps of each row, packed."""

    position: int
    kind: str
    table: str
    first_id: int
    last_id: int
    count: int
    closed_to: int
    manifest: bytes
    sealed_at: datetime
    previous_hash: str
    key_id: str
    columns: tuple[str, ...] = ()
    bodies: tuple[str, ...] = ()
    actor: str = ""
    why: str = ""


def seal_key(secret: str) -> bytes:
    """Derive the key of digests and seals from one of the shop's encryption keys."""
    return hashlib.sha256(f"pagoefectivo audit\0{secret}".encode()).digest()


def key_id(key: bytes) -> str:
    """Name a key without telling it."""
    return hashlib.sha256(b"pagoefectivo audit key\0" + key).hexdigest()[:16]


def seal_row(key: bytes, table: str, row: Row) -> SealedRow:
    """Digest a row as it is now."""
    bodies = tuple(_body_digest(key, body) for body in row.bodies)
    return SealedRow(row.row_id, _row_digest(key, table, row, bodies), bodies)


def agrees(key: bytes, table: str, row: Row, sealed: SealedRow, *, may_be_erased: bool) -> bool:
    """Whether a row is still what was sealed. An empty body stands for the sealed one where erasure is accounted for."""
    found = tuple(_body_digest(key, body) for body in row.bodies)
    if may_be_erased:
        found = tuple(
            before if body is not None and not body.content else now
            for now, before, body in zip(found, sealed.bodies, row.bodies, strict=True)
        )
    digest = _row_digest(key, table, row, found)
    return found == sealed.bodies and hmac.compare_digest(digest, sealed.digest)


def pack(rows: Iterable[SealedRow]) -> bytes:
    """Write rows one after the other: id, digest, digests of the bodies."""
    return b"".join(
        row.row_id.to_bytes(_ID_BYTES, "big", signed=True) + row.digest + b"".join(row.bodies) for row in rows
    )


def unpack(manifest: bytes, bodies: int) -> Iterator[SealedRow]:
    """Read what `pack` wrote of a table with so many bodies; raises ValueError where it is cut."""
    for record in _records(manifest, _ID_BYTES + DIGEST_BYTES * (1 + bodies)):
        digests = [record[at : at + DIGEST_BYTES] for at in range(_ID_BYTES, len(record), DIGEST_BYTES)]
        yield SealedRow(_row_id(record), digests[0], tuple(digests[1:]))


def pack_ids(row_ids: Iterable[int]) -> bytes:
    """Write ids alone, as an erasure or removal names its rows."""
    return b"".join(row_id.to_bytes(_ID_BYTES, "big", signed=True) for row_id in row_ids)


def ids(manifest: bytes, bodies: int | None) -> Iterator[int]:
    """Read the ids of a seal over a table with so many bodies, or (None) of an erasure or removal."""
    width = _ID_BYTES if bodies is None else _ID_BYTES + DIGEST_BYTES * (1 + bodies)
    return map(_row_id, _records(manifest, width))


def seal(key: bytes, link: Link) -> str:
    """Return the keyed digest of an entry, which binds its content to its place in the chain."""
    return hmac.new(key, b"seal\0" + _content(link), hashlib.sha256).hexdigest()


def is_sealed_by(key: bytes, link: Link, digest: str) -> bool:
    """Whether an entry's keyed digest is right, compared in constant time."""
    return hmac.compare_digest(seal(key, link).encode(), digest.encode())


def link_hash(link: Link, digest: str) -> str:
    """Return SHA-256 over the hash before, the content and its keyed digest: the head that is kept outside."""
    return hashlib.sha256(link.previous_hash.encode() + b"\0" + _content(link) + b"\0" + digest.encode()).hexdigest()


def _content(link: Link) -> bytes:
    return _written(
        [
            link.position, link.kind, link.table, link.columns, link.bodies, link.first_id, link.last_id, link.count,
            link.closed_to, hashlib.sha256(link.manifest).hexdigest(), link.actor, link.why, link.sealed_at,
            link.previous_hash, link.key_id,
        ]
    )  # fmt: skip


def _body_digest(key: bytes, body: Body | None) -> bytes:
    if body is None:
        return _NO_BODY
    kind = b"body\0" if body.is_readable else b"unreadable\0"
    return hmac.new(key, kind + body.content, hashlib.sha256).digest()


def _row_digest(key: bytes, table: str, row: Row, bodies: Sequence[bytes]) -> bytes:
    columns = [[name, row.columns[name]] for name in sorted(row.columns)]
    content = _written([table, row.row_id, columns, [digest.hex() for digest in bodies]])
    return hmac.new(key, b"row\0" + content, hashlib.sha256).digest()


def _written(values: Sequence[object]) -> bytes:
    """One way of writing for one content, and never the same for two."""
    return json.dumps([_plain(value) for value in values], sort_keys=True, separators=(",", ":")).encode()


def _plain(value: object) -> object:
    match value:
        case None | bool() | int() | str():
            return value
        case Decimal():
            return {"decimal": str(value)}
        case datetime():
            return {"instant": value.astimezone(UTC).isoformat(timespec="microseconds")}
        case date():
            return {"day": value.isoformat()}
        case list() | tuple():
            return [_plain(each) for each in value]
        case dict():
            return {"json": value}
        case _:
            raise TypeError(f"evidence holds no {type(value).__name__}")


def _records(manifest: bytes, width: int) -> Iterator[bytes]:
    if len(manifest) % width:
        raise ValueError("the manifest is cut")
    return (manifest[at : at + width] for at in range(0, len(manifest), width))


def _row_id(record: bytes) -> int:
    return int.from_bytes(record[:_ID_BYTES], "big", signed=True)
