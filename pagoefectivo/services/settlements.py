"""Taking a settlement file in: kept whole as it came, once per account, and read when its turn comes."""

from __future__ import annotations

import hashlib
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from django.db import DEFAULT_DB_ALIAS, IntegrityError, connection

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import NotFound, Reason, RuleRefused
from pagoefectivo.domain.states import Source
from pagoefectivo.models import ReportStanding, SettlementPiece, SettlementReport
from pagoefectivo.providers.reports import reader_of
from pagoefectivo.services import seams
from pagoefectivo.services.accounts import account_named
from pagoefectivo.services.actors import Actor, Permission

PIECE = 1024 * 1024
LARGEST = 2 * 1024 * 1024 * 1024
QUICKLY = 1  # of zlib's nine: reports shrink to a tenth at any of them


@dataclass(frozen=True, slots=True)
class Received:
    """A file that was taken in. `is_new` is false for one that was there already: nothing was changed."""

    report: SettlementReport
    is_new: bool


def receive(
    file: BinaryIO, *, account: str, name: str, actor: Actor, source: Source, only_look: bool = False
) -> Received:
    """Keep a settlement file, compressed and encrypted, in one transaction, and let the sweep read it.

    The same bytes again are the same file, whatever they are called: the one there is returned, and read once more where
    it had been refused or only looked at and is now to be imported. `file` is read from where it stands, in pieces.
    Raises PermissionRefused, RuleRefused(ACCOUNT_UNKNOWN, SETTLEMENT_TOO_LARGE), and UnreadableFile for what none of
    the provider's layouts begins like; nothing is kept then.
    """
    actor.require(Permission.IMPORT_SETTLEMENTS)
    known = account_named(account)
    if not actor.sees(known.config.name):
        raise NotFound
    layout = reader_of(known.settlement_readers, file).layout
    begins = file.tell()
    try:
        return seams.transact(lambda: _kept(file, begins, known.config.name, layout, name, actor, source, only_look))
    except IntegrityError:  # the same file at the same moment
        sha256, _size = _identity(file, begins)
        return Received(SettlementReport.objects.get(account=known.config.name, sha256=sha256), is_new=False)


def import_now(report_id: int, *, actor: Actor) -> SettlementReport:
    """Let a file that was only looked at, or refused, be read for good. Raises PermissionRefused, NotFound."""
    actor.require(Permission.IMPORT_SETTLEMENTS)
    report = SettlementReport.objects.filter(pk=report_id).first()
    if report is None or not actor.sees(report.account):
        raise NotFound
    return seams.transact(lambda: _due_again(report, only_look=False))


def kept_file(report: SettlementReport, *, using: str = DEFAULT_DB_ALIAS) -> BinaryIO:
    """Return a kept file as a stream that can be read from its beginning again; a piece of it at a time is in memory.

    `using` is the alias of the connection through which it is read.
    """
    return io.BufferedReader(_Pieces(report, using), PIECE)


def lock_account(account: str) -> None:
    """Hold an account's settlement work until this transaction ends: one file, one act or one close after the other.

    What is told first, what is settled twice, and to which month a line goes, depends on their order. No row is locked,
    for others count in the file's own row how far it is read. SQLite has one writer at a time anyway.
    """
    _advise("pg_advisory_xact_lock", account)


def is_account_free(account: str) -> bool:
    """Hold an account as `lock_account` does, without waiting; False where somebody else holds it now."""
    return _advise("pg_try_advisory_xact_lock", account) is not False


def _advise(lock: str, account: str) -> object:
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {lock}(hashtextextended(%s, 0))", [f"pagoefectivo settles {account}"])
        return cursor.fetchone()[0]


class _Pieces(io.RawIOBase):
    def __init__(self, report: SettlementReport, using: str) -> None:
        super().__init__()
        self._report, self._using = report, using
        self.seek(0)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if offset or whence != io.SEEK_SET:
            raise io.UnsupportedOperation("a kept file is only ever read from its beginning")
        self._contents, self._rest = self._decompressed(), b""
        return 0

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = next(self._contents, b"")
        taken = self._rest[: len(buffer)]
        buffer[: len(taken)] = taken
        self._rest = self._rest[len(taken) :]
        return len(taken)

    def _decompressed(self) -> Iterator[bytes]:
        pieces = SettlementPiece.objects.using(self._using).filter(report=self._report).order_by("number")
        for number in range(pieces.count()):
            yield zlib.decompress(pieces.get(number=number).content)


def _kept(
    file: BinaryIO,
    begins: int,
    account: str,
    layout: str,
    name: str,
    actor: Actor,
    source: Source,
    only_look: bool,  # noqa: FBT001 - named by its only caller
) -> Received:
    sha256, size = _identity(file, begins)
    if size > LARGEST:
        raise RuleRefused(Reason(ErrorCode.SETTLEMENT_TOO_LARGE))
    there = SettlementReport.objects.filter(account=account, sha256=sha256).first()
    if there is not None:
        again = {ReportStanding.REFUSED, ReportStanding.REHEARSED}
        if there.standing in again and not (only_look and there.standing == ReportStanding.REHEARSED):
            there = _due_again(there, only_look=only_look)
        return Received(there, is_new=False)
    now = seams.now()
    report = SettlementReport.objects.create(
        account=account,
        name=name[:160],
        sha256=sha256,
        size=size,
        layout=layout,
        is_rehearsal=only_look,
        brought_by=actor.name,
        bringer_id=actor.person_id,
        path=source.value,
        created_at=now,
        next_action_at=now,
    )
    file.seek(begins)
    number = 0
    while piece := file.read(PIECE):
        SettlementPiece.objects.create(report=report, number=number, content=zlib.compress(piece, QUICKLY))
        number += 1
    seams.ring()
    return Received(report, is_new=True)


def _due_again(report: SettlementReport, *, only_look: bool) -> SettlementReport:
    SettlementReport.objects.filter(
        pk=report.pk, standing__in=(ReportStanding.REFUSED, ReportStanding.REHEARSED)
    ).update(
        standing=ReportStanding.RECEIVED,
        is_rehearsal=only_look,
        lines_read=0,
        refused_line=None,
        refused_why="",
        next_action_at=seams.now(),
    )
    seams.ring()
    report.refresh_from_db()
    return report


def _identity(file: BinaryIO, begins: int) -> tuple[str, int]:
    file.seek(begins)
    digest, size = hashlib.sha256(), 0
    while piece := file.read(PIECE):
        digest.update(piece)
        size += len(piece)
    return digest.hexdigest(), size
