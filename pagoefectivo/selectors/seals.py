"""Where rows of evidence stand in the hash chain: the entry that seals each, and the digest that it keeps of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db.models import Q

from pagoefectivo.domain import chain
from pagoefectivo.models import AuditEntry

_IDS_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Seal:
    """The keyed digest of one row, and position and hash of the entry that holds it."""

    position: int
    entry_hash: str
    row_digest: str


def seals_of(table: str, row_ids: Iterable[int]) -> dict[int, Seal]:
    """Return the seal of each row of a table that is sealed; one query for each hundred rows."""
    found: dict[int, Seal] = {}
    for some in _portions(sorted(set(row_ids))):
        wanted = set(some)
        for entry in _reaching(table, some):
            for row in chain.unpack(bytes(entry.manifest), len(entry.bodies)):
                if row.row_id in wanted:
                    found[row.row_id] = Seal(entry.position, entry.hash, row.digest.hex())
    return found


def _reaching(table: str, row_ids: list[int]) -> Iterator[AuditEntry]:
    """The seals into whose span one of the rows falls, first to last."""
    spans = reduce(or_, (Q(first_id__lte=row_id, last_id__gte=row_id) for row_id in row_ids))
    entries = AuditEntry.objects.filter(spans, table_name=table, kind=AuditEntry.Kind.SEAL)
    return entries.only("position", "hash", "manifest", "bodies").order_by("position").iterator(chunk_size=20)


def _portions(row_ids: list[int]) -> Iterator[list[int]]:
    for at in range(0, len(row_ids), _IDS_AT_ONCE):
        yield row_ids[at : at + _IDS_AT_ONCE]
