"""Lines on their way into the database: a chunk is judged there while the next one is being read here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import fields
from datetime import UTC, date, datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any, Self

from django.db import DEFAULT_DB_ALIAS, DataError, Error, connection, connections

from pagoefectivo.domain.messages import SettlementFacts, SettlementRow
from pagoefectivo.services.settlement_appraisal import Appraised
from pagoefectivo.services.settlement_matching import STAGE, Matching

MOST_KNOWN = 20_000
_BESIDE = "pagoefectivo_beside"
# A line's own first, then what others may share with it.
_OWN = tuple(name for name in SettlementRow._fields if name != "facts")
_OF_FACTS = tuple(field.name for field in fields(SettlementFacts))
_APPRAISED = tuple(field.name for field in fields(Appraised) if field.name != "facts")
_COLUMNS = (*_OWN, *_OF_FACTS, *_APPRAISED)
_COPY = f"COPY {STAGE} ({', '.join(_COLUMNS)}) FROM STDIN"
_INSERT = f"INSERT INTO {STAGE} ({', '.join(_COLUMNS)}) VALUES ({', '.join(['%s'] * len(_COLUMNS))})"  # noqa: S608 - our own columns
_own = attrgetter(*_OWN)
_shared = attrgetter(*(f"facts.{name}" for name in _OF_FACTS), *_APPRAISED)
_ESCAPED = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


@contextmanager
def beside() -> Iterator[str]:
    """Yield the alias of a second connection, whose commits others see while a transaction of the first is open.

    SQLite, which has one writer at a time, gets the first one again.
    """
    if connection.vendor != "postgresql":
        yield DEFAULT_DB_ALIAS
        return
    connections[_BESIDE] = connection.copy(_BESIDE)
    try:
        yield _BESIDE
    finally:
        connections[_BESIDE].close()
        del connections[_BESIDE]


class Staging:
    """Hands chunks of lines to the matching, in the caller's transaction. A context, which ends it.

    PostgreSQL is not waited for: it judges a chunk while the caller reads the next one. All else that is asked through the
    same connection waits until it is done; what it met is raised by what waited, or at the end of the context.
    """

    def __init__(self, matching: Matching, appraise: Callable[[SettlementRow], Appraised]) -> None:
        self._matching, self._appraise = matching, appraise
        self._connection: Any = connections[DEFAULT_DB_ALIAS]
        self._pending = ExitStack()
        self._written: dict[Appraised, str] = {}
        self._ends = ExitStack()

    def __enter__(self) -> Self:
        with self._connection.cursor() as cursor:
            self._matching.begin(cursor)
        self._ends.enter_context(self._connection.execute_wrapper(self._after_what_is_pending))
        return self

    def __exit__(self, failure: object, *_: object) -> None:
        with self._ends:
            if failure is None:
                self.settle()
            else:
                with suppress(Error):  # the transaction ends by what failed first
                    self.settle()

    def take(self, rows: Iterable[SettlementRow]) -> int:
        """Stage a chunk and let it be judged; return how many lines it had."""
        stage, written = (_copy, self._line) if self._connection.vendor == "postgresql" else (_insert, self._values)
        appraise, identities = self._appraise, set[str]()
        names_refunds, chunk = False, list[Any]()
        for row in rows:  # none is held longer: ten thousand rows at once are work for the garbage collector
            identities.add(row.identity)
            names_refunds = names_refunds or bool(row.refund_reference or row.refund_provider_reference)
            chunk.append(written(row, appraise(row)))
        if chunk:
            self.settle()
            with self._connection.cursor() as cursor:
                stage(cursor, chunk)
            self._judge(has_twins=len(identities) < len(chunk), names_refunds=names_refunds)
        return len(chunk)

    def settle(self) -> None:
        """Wait until all that was taken is judged."""
        pending = self._pending.pop_all()
        with self._connection.wrap_database_errors, pending:
            pass

    def _judge(self, *, has_twins: bool, names_refunds: bool) -> None:
        with ExitStack() as judging, self._connection.cursor() as cursor:
            if self._connection.vendor == "postgresql" and self._connection.Database.Pipeline.is_supported():
                judging.enter_context(self._connection.connection.pipeline())
            self._matching.judge(cursor, has_twins=has_twins, names_refunds=names_refunds)
            self._pending = judging.pop_all()

    def _line(self, row: SettlementRow, appraised: Appraised) -> str:
        """As COPY reads it."""
        line, _, *names, moment = row
        shared = self._written.get(appraised)
        if shared is None:
            if len(self._written) >= MOST_KNOWN:
                self._written.clear()
            shared = self._written[appraised] = "\t".join(map(_cell, _shared(appraised)))
        own = "\t".join(names)
        if "\\" in own or not "".join(names).isprintable():
            own = "\t".join(map(_cell, names))
        return f"{line}\t{own}\t{_instant(moment)}\t{shared}\n"

    def _values(self, row: SettlementRow, appraised: Appraised) -> tuple[Any, ...]:
        return tuple(map(self._adapted, (*_own(row), *_shared(appraised))))

    def _adapted(self, value: Any) -> Any:
        """As SQLite's columns hold it."""
        if isinstance(value, datetime):
            return self._connection.ops.adapt_datetimefield_value(value)
        return str(value) if isinstance(value, Decimal | date) else value

    def _after_what_is_pending(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001 - Django's
        self.settle()
        return execute(sql, params, many, context)


def _instant(at: datetime | None) -> str:
    """As COPY reads it, in UTC."""
    if at is None:
        return r"\N"
    if at.tzinfo is not UTC:
        at = at.astimezone(UTC)
    return f"{at.year}-{at.month}-{at.day} {at.hour}:{at.minute}:{at.second}.{at.microsecond:06}+00"


def _cell(value: object) -> str:
    return r"\N" if value is None else str(value).translate(_ESCAPED)


def _copy(cursor: Any, lines: list[str]) -> None:
    with connection.wrap_database_errors, cursor.copy(_COPY) as copy:
        copy.write("".join(lines))
    if cursor.rowcount != len(lines):
        raise DataError(f"{cursor.rowcount} of {len(lines)} lines were copied")


def _insert(cursor: Any, lines: list[tuple[Any, ...]]) -> None:
    cursor.executemany(_INSERT, lines)
