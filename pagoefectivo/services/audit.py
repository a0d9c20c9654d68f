"""Sealing the evidence into a hash chain, and the one way to erase or remove what is in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import BooleanField, ExpressionWrapper, Max

from pagoefectivo import conf
from pagoefectivo.domain import chain
from pagoefectivo.domain.exceptions import ConfigurationError
from pagoefectivo.models.audit import SEALED, AuditEntry, SealedTable
from pagoefectivo.services import seams

HORIZON = timedelta(seconds=30)  # younger rows wait for company
SETTLED = timedelta(minutes=15)  # that long after ids were sealed, the gaps between them are closed to latecomers
BATCH = 500
MOST_ENTRIES = 20  # in one transaction
_LOCK = 0x7061676F  # a number that nobody else locks
Kind = AuditEntry.Kind


def seal_when_due() -> int:
    """Seal the finished rows that are not sealed yet, at most once a minute; return how many.

    Commits a unit of work of its own, so it raises RuntimeError inside a transaction. One sealer at a time: who comes
    second returns at once. A large backlog is worked off in portions of 10 000 rows.
    """
    return seams.transact(_seal) if _is_due() else 0


def erase_bodies(table: str, row_ids: Iterable[int], *, actor: str, why: str) -> int:
    """Blank the encrypted bodies of sealed rows for good, and say so in the chain; return of how many rows.

    `table` is "apiexchange" or "webhookdelivery". The chain keeps a keyed digest of each body, so all else of the row
    can still be checked, and a copy of the body that somebody brings can be recognised. Rows that are not sealed yet
    are left alone. Must be called outside a transaction; commits. `why` must hold no personal data.
    """
    return sum(seams.transact(_Retention(Kind.ERASURE, table, some, actor, why)) for some in _portions(row_ids))


def remove(table: str, row_ids: Iterable[int], *, actor: str, why: str) -> int:
    """Delete sealed rows for good, and say so in the chain; return how many. Otherwise as `erase_bodies`.

    Raises ProtectedError, with nothing removed, where another row still stands on one of them.
    """
    return sum(seams.transact(_Retention(Kind.REMOVAL, table, some, actor, why)) for some in _portions(row_ids))


def hold_chain() -> None:
    """Become the only one who may add to the chain until this transaction ends; sealing skips its turn meanwhile."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def note_erasure(table: str, row_ids: list[int], *, actor: str, why: str) -> None:
    """Say in the chain that columns outside it were erased from these rows. Must run in the transaction that erases
    them, after `hold_chain`; `why` must hold no personal data.
    """
    _allow(_Writer.at_the_end(seams.now()).account_for(Kind.ERASURE, table, row_ids, actor, why))


def _is_due() -> bool:
    newest = AuditEntry.objects.order_by("-position").values_list("sealed_at", flat=True).first()
    return newest is None or abs(seams.now() - newest) >= seams.seal_pause()


def _seal() -> int:
    if not _is_only_sealer() or not _is_due():
        return 0
    now = seams.now()
    writer, sealed = _Writer.at_the_end(now), 0
    for table in SEALED.values():
        window = _Window.of(table, now, room=(MOST_ENTRIES - writer.written) * BATCH)
        for some in _portions(window.to_seal):
            writer.seal(table, some, window.closed_to)
        if not window.to_seal and window.has_gaps_to_close:
            writer.seal(table, [], window.closed_to)
        sealed += len(window.to_seal)
    return sealed


def _is_only_sealer() -> bool:
    """SQLite's transactions are one at a time by themselves."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        return bool(cursor.fetchone()[0])


@dataclass(frozen=True, slots=True)
class _Window:
    """What of one table is to be sealed now, and up to which id nothing may come any more."""

    to_seal: list[int]
    closed_to: int
    has_gaps_to_close: bool

    @classmethod
    def of(cls, table: SealedTable, now: datetime, *, room: int) -> _Window:
        """Rows may commit out of the order of their ids, so what is sealed is known by id and not by the highest one."""
        seals = AuditEntry.objects.filter(table_name=table.name, kind=Kind.SEAL)
        closed = seals.aggregate(Max("closed_to"))["closed_to__max"] or 0
        settled = seals.filter(sealed_at__lte=now - SETTLED).aggregate(Max("last_id"))["last_id__max"] or 0
        known = sealed_ids(table.name, closed + 1, None)
        rows = table.rows.filter(pk__gt=closed)
        # one statement, so one snapshot: a call that begins between two would pass for finished
        is_unfinished = ExpressionWrapper(table.unfinished(now, HORIZON), BooleanField())
        to_seal: list[int] = []
        first_open: int | None = None
        for row_id, is_open in rows.annotate(is_unfinished=is_unfinished).values_list("pk", "is_unfinished").iterator():
            if row_id in known:
                continue
            is_full = len(to_seal) == room
            if (is_full or is_open) and first_open is None:
                first_open = row_id
            if is_full:
                break
            if not is_open:
                to_seal.append(row_id)
        closes_to = max(closed, settled if first_open is None else min(settled, first_open - 1))
        inside = sum(1 for row_id in known if row_id <= closes_to)
        return cls(to_seal, closes_to, has_gaps_to_close=inside < closes_to - closed)


def sealed_ids(table: str, first: int, last: int | None) -> set[int]:
    """Return the ids of one table that seals name, of every entry that reaches into `first`…`last` (None: the end)."""
    seals = AuditEntry.objects.filter(table_name=table, kind=Kind.SEAL, last_id__gte=first)
    if last is not None:
        seals = seals.filter(first_id__lte=last)
    found: set[int] = set()
    for manifest, bodies in seals.values_list("manifest", "bodies").iterator(chunk_size=20):
        found.update(chain.ids(bytes(manifest), len(bodies)))
    return found


@dataclass(slots=True)
class _Writer:
    """Appends entries. Its caller is the only sealer."""

    now: datetime
    position: int
    head: str
    key: bytes
    written: int = 0

    @classmethod
    def at_the_end(cls, now: datetime) -> _Writer:
        newest = AuditEntry.objects.order_by("-position").values_list("position", "hash").first()
        position, head = newest or (0, chain.GENESIS)
        secrets = conf.encryption_keys()
        if not secrets:
            raise ConfigurationError("PAGOEFECTIVO['ENCRYPTION_KEYS'] is empty: the evidence cannot be sealed.")
        return cls(now, position, head, chain.seal_key(secrets[0]))

    def seal(self, table: SealedTable, row_ids: list[int], closed_to: int) -> None:
        rows = [chain.seal_row(self.key, table.name, row) for row in table.read(row_ids)]
        self._append(
            Kind.SEAL,
            table.name,
            [row.row_id for row in rows],
            chain.pack(rows),
            closed_to=closed_to,
            columns=table.columns,
            bodies=table.bodies,
        )

    def account_for(self, kind: Kind, table: str, row_ids: list[int], actor: str, why: str) -> int:
        self._append(kind, table, row_ids, chain.pack_ids(row_ids), actor=actor[:160], why=why[:200])
        return self.position

    def _append(
        self,
        kind: Kind,
        table: str,
        row_ids: list[int],
        manifest: bytes,
        *,
        closed_to: int = 0,
        columns: tuple[str, ...] = (),
        bodies: tuple[str, ...] = (),
        actor: str = "",
        why: str = "",
    ) -> None:
        link = chain.Link(
            position=self.position + 1,
            kind=str(kind),
            table=table,
            first_id=min(row_ids, default=0),
            last_id=max(row_ids, default=0),
            count=len(row_ids),
            closed_to=closed_to,
            manifest=manifest,
            sealed_at=self.now,
            previous_hash=self.head,
            key_id=chain.key_id(self.key),
            columns=columns,
            bodies=bodies,
            actor=actor,
            why=why,
        )
        entry = AuditEntry.of(link, chain.seal(self.key, link))
        entry.save(force_insert=True)
        self.position, self.head = entry.position, entry.hash
        self.written += 1


@dataclass(frozen=True, slots=True)
class _Retention:
    """One erasure or removal: the entry that accounts for it first, then what it allows, in one transaction."""

    kind: Kind
    table: str
    row_ids: list[int]
    actor: str
    why: str

    def __call__(self) -> int:
        table = SEALED[self.table]
        if not table.bodies:
            raise ValueError(f"nothing is ever erased or removed from {self.table}")
        hold_chain()
        sealed = sealed_ids(self.table, self.row_ids[0], self.row_ids[-1])
        present = table.rows.filter(pk__in=sealed.intersection(self.row_ids))
        row_ids = list(present.values_list("pk", flat=True))
        if not row_ids:
            return 0
        writer = _Writer.at_the_end(seams.now())
        position = writer.account_for(self.kind, table.name, row_ids, self.actor, self.why)
        _allow(position)
        rows = table.rows.filter(pk__in=row_ids)
        if self.kind == Kind.REMOVAL:
            rows.delete()
        else:
            for body in table.bodies:
                rows.filter(**{f"{body}__isnull": False}).update(**{body: b""})
        _allow(None)
        return len(row_ids)


def _allow(position: int | None) -> None:
    """Tell the triggers which entry accounts for what comes now; the setting ends with the transaction."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('pagoefectivo.retention', %s, true)", [str(position or "")])


def _portions(row_ids: Iterable[int]) -> list[list[int]]:
    ordered = sorted(set(row_ids))
    return [ordered[at : at + BATCH] for at in range(0, len(ordered), BATCH)]
