"""Recomputing the hash chain and every row it seals, in portions, to name what was changed, taken away or slipped in."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Max, Min

from pagoefectivo import conf
from pagoefectivo.domain import chain
from pagoefectivo.models import Job
from pagoefectivo.models.audit import SEALED, AuditEntry, SealedTable
from pagoefectivo.services import seams
from pagoefectivo.services.audit import sealed_ids

JOB = "audit chain"
OVERDUE = timedelta(hours=2)
MOST_FINDINGS = 1000
_ENTRIES, _ROWS = 20, 2000  # read at a time
_LOWEST_ID = -(2**63)
_CHAIN = "auditentry"


class Problem(StrEnum):
    """What may be wrong with a row of evidence or an entry of the chain."""

    CHANGED = "changed"
    MISSING = "missing"
    INSERTED = "inserted"
    ENTRY_CHANGED = "entry_changed"
    LINK_BROKEN = "link_broken"
    KEY_GONE = "key_gone"
    COLUMNS_GONE = "columns_gone"
    HEAD_UNKNOWN = "head_unknown"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem: in which table, at which id; for an entry of the chain its position."""

    problem: Problem
    table: str
    row_id: int


@dataclass(slots=True)
class Verdict:
    """What a verification came to. At most a thousand findings are kept one by one; `problems` counts all."""

    entries: int = 0
    rows: int = 0
    problems: int = 0
    findings: list[Finding] = field(default_factory=list)
    unsealed: int = 0
    unsealed_since: datetime | None = None
    head: str = chain.GENESIS

    def find(self, problem: Problem, table: str, row_id: int) -> None:
        self.problems += 1
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(problem, table, row_id))


def head() -> tuple[int, str]:
    """Return position and hash of the newest entry, to be kept where nobody of this database can reach."""
    newest = AuditEntry.objects.order_by("-position").values_list("position", "hash").first()
    return newest or (0, chain.GENESIS)


@dataclass(frozen=True, slots=True)
class Checked:
    """When the chain was last verified, of how many entries and rows, and what was found, in English."""

    at: datetime
    entries: int
    rows: int
    problems: int
    first: tuple[str, ...]


def last_check() -> Checked | None:
    """Return what the last `verify-audit` came to; None where nobody ever had it run."""
    job = Job.objects.filter(name=JOB).first()
    if job is None:
        return None
    kept = job.outcome
    return Checked(job.ran_at, kept["entries"], kept["rows"], kept["problems"], tuple(kept["first"]))


def verify(*, expected_head: str = "", progress: Callable[[int, int], None] | None = None) -> Verdict:
    """Check every entry and every sealed row; reads only, in portions, so memory does not grow with the tables.

    `expected_head` is a hash that was kept outside: a chain without it was cut or replaced. `progress` is called with
    how many entries are done, of how many.
    """
    verdict = Verdict()
    keys = {chain.key_id(key): key for key in map(chain.seal_key, conf.encryption_keys())}
    last, verdict.head = head()
    walk = _Walk(verdict, keys, missing_head=expected_head)
    entries, after = AuditEntry.objects.filter(position__lte=last).order_by("position"), -1
    while portion := list(entries.filter(position__gt=after)[:_ENTRIES]):
        for entry in portion:
            walk.step(entry)
        after = walk.position
        if progress:
            progress(after, last)
    if walk.missing_head:
        verdict.find(Problem.HEAD_UNKNOWN, _CHAIN, last)
    for table in SEALED.values():
        _look_for_strangers(table, verdict)
    if verdict.unsealed_since is not None and seams.now() - verdict.unsealed_since > OVERDUE:
        verdict.find(Problem.OVERDUE, _CHAIN, last)
    return verdict


@dataclass(slots=True)
class _Walk:
    """Goes along the chain, link by link."""

    verdict: Verdict
    keys: dict[str, bytes]
    missing_head: str
    position: int = 0
    hash: str = chain.GENESIS

    def step(self, entry: AuditEntry) -> None:
        link, verdict = entry.link, self.verdict
        if link.position != self.position + 1 or link.previous_hash != self.hash:
            verdict.find(Problem.LINK_BROKEN, _CHAIN, link.position)
        self.position, self.hash = link.position, entry.hash
        verdict.entries += 1
        if entry.hash == self.missing_head:
            self.missing_head = ""
        key = self.keys.get(link.key_id)
        if chain.link_hash(link, entry.digest) != entry.hash:
            verdict.find(Problem.ENTRY_CHANGED, _CHAIN, link.position)
        elif key is None:
            verdict.find(Problem.KEY_GONE, _CHAIN, link.position)
        elif not chain.is_sealed_by(key, link, entry.digest):
            verdict.find(Problem.ENTRY_CHANGED, _CHAIN, link.position)
        elif link.kind == AuditEntry.Kind.SEAL:
            self._check_rows(key, link)

    def _check_rows(self, key: bytes, link: chain.Link) -> None:
        table = SEALED[link.table].as_of(link.columns, link.bodies) if link.table in SEALED else None
        if table is None:
            self.verdict.find(Problem.COLUMNS_GONE, _CHAIN, link.position)
            return
        sealed = {row.row_id: row for row in chain.unpack(link.manifest, len(link.bodies))}
        found = {row.row_id: row for row in table.read(sealed)}
        self.verdict.rows += len(sealed)
        suspects = [
            row_id
            for row_id, row in sealed.items()
            if row_id not in found or not chain.agrees(key, table.name, found[row_id], row, may_be_erased=False)
        ]
        if suspects:
            self._judge(key, table, {row_id: (sealed[row_id], found.get(row_id)) for row_id in suspects})

    def _judge(
        self, key: bytes, table: SealedTable, suspects: dict[int, tuple[chain.SealedRow, chain.Row | None]]
    ) -> None:
        erased = self._accounted_for(AuditEntry.Kind.ERASURE, table, suspects)
        removed = self._accounted_for(AuditEntry.Kind.REMOVAL, table, suspects)
        present = set(table.rows.filter(pk__in=suspects).values_list("pk", flat=True))
        for row_id, (before, now) in suspects.items():
            if row_id not in present:
                if row_id not in removed:
                    self.verdict.find(Problem.MISSING, table.name, row_id)
            elif now is None or not chain.agrees(key, table.name, now, before, may_be_erased=row_id in erased):
                self.verdict.find(Problem.CHANGED, table.name, row_id)

    def _accounted_for(self, kind: AuditEntry.Kind, table: SealedTable, row_ids: Collection[int]) -> set[int]:
        """The ids that entries with a right seal name as erased or removed on purpose."""
        reaching = AuditEntry.objects.filter(
            kind=kind, table_name=table.name, first_id__lte=max(row_ids), last_id__gte=min(row_ids)
        )
        named: set[int] = set()
        for entry in reaching.iterator(chunk_size=_ENTRIES):
            key = self.keys.get(entry.key_id)
            if key is not None and chain.is_sealed_by(key, entry.link, entry.digest):
                named.update(chain.ids(entry.link.manifest, None))
        return named


def _look_for_strangers(table: SealedTable, verdict: Verdict) -> None:
    """Find the rows that no entry names: newer than what is closed they wait, below it they were slipped in."""
    entries = AuditEntry.objects.filter(table_name=table.name)
    closed_to = entries.aggregate(Max("closed_to"))["closed_to__max"] or 0
    after = _LOWEST_ID
    while portion := list(table.rows.filter(pk__gt=after).values_list("pk", flat=True)[:_ROWS]):
        known = sealed_ids(table.name, portion[0], portion[-1])
        strangers = [row_id for row_id in portion if row_id not in known]
        waiting = [row_id for row_id in strangers if row_id > closed_to]
        for row_id in strangers:
            if row_id <= closed_to:
                verdict.find(Problem.INSERTED, table.name, row_id)
        if waiting:
            since = table.rows.filter(pk__in=waiting).aggregate(since=Min(table.instant))["since"]
            verdict.unsealed += len(waiting)
            verdict.unsealed_since = min(filter(None, (verdict.unsealed_since, since)), default=None)
        after = portion[-1]
