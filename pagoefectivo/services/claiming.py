"""Taking due rows so that no two workers hold one: a lease that ends by itself and a token that grows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.models.functions import Now

from pagoefectivo import conf
from pagoefectivo.models.fields import DueRow
from pagoefectivo.services import seams

# SQLite has one writer at a time and no clock of its own with fractions; its instants are texts that sort.
_NOW = {"postgresql": "coalesce(%(now)s, statement_timestamp())", "sqlite": "%(now)s"}
_IS_DUE = "next_action_at <= {now} AND (lease_until IS NULL OR lease_until < {now})"
_CLAIM = """
UPDATE {table} SET lease_token = lease_token + 1, attempts = attempts + 1,
       lease_until = coalesce(%(now)s, clock_timestamp()) + %(lease)s,
       next_action_at = coalesce(%(now)s, clock_timestamp()) + %(lease)s
WHERE id = ANY(ARRAY(
    SELECT id FROM {table}
    WHERE {is_due} {unless}
    ORDER BY next_action_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED))
RETURNING id, lease_token, attempts
"""
_CLAIM_SQLITE = """
UPDATE {table} SET lease_token = lease_token + 1, attempts = attempts + 1, lease_until = %(until)s, next_action_at = %(until)s
WHERE id IN (
    SELECT id FROM {table}
    WHERE {is_due} {unless}
    ORDER BY next_action_at LIMIT %(limit)s)
RETURNING id, lease_token, attempts
"""
# Routine questions of accounts whose budget is used up; what was never sent, never asked, or hinted at goes on.
_UNLESS = """AND NOT (account IN ({accounts})
                AND (state IN ('paid', 'expired', 'canceled') OR (state = 'issued' AND attempts > 0)))"""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on one row until its lease ends. A result is always a fact; only scheduling needs the token."""

    row_id: int
    token: int
    attempts: int
    kind: str

    def concerns(self, row: DueRow) -> bool:
        """Whether this claim was made for `row`, however long ago."""
        return self.kind == row._meta.model_name and self.row_id == row.pk

    def is_for(self, row: DueRow) -> bool:
        """Whether the holder of this claim still holds `row`, as freshly read under its lock."""
        return self.concerns(row) and self.token == row.lease_token


def due_among(models: Sequence[type[DueRow]]) -> frozenset[type[DueRow]]:
    """Return which kinds have a row that can be claimed now. One query, and no lock: a look, not a promise."""
    looks = ", ".join(f"EXISTS(SELECT 1 FROM {_table(model)} WHERE {_is_due()})" for model in models)  # noqa: S608 - names of our own tables
    now: Any = seams.database_now()
    if connection.vendor != "postgresql":
        now = connection.ops.adapt_datetimefield_value(now or seams.now())
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {looks}", {"now": now})
        return frozenset(model for model, is_due in zip(models, cursor.fetchone(), strict=True) if is_due)


def claim_due(model: type[DueRow], limit: int, *, besides: Collection[str] = ()) -> list[Claim]:
    """Claim up to `limit` due rows, oldest first, in a transaction of its own that is over on return.

    A row that is not finished within the lease (setting TIMING.LEASE) falls due again by itself. Vouchers of the
    accounts `besides` are left where they would only be asked about once more.
    """
    lease, kind = conf.current().timing.lease, str(model._meta.model_name)
    named = {f"account_{number}": account for number, account in enumerate(sorted(besides))}
    unless = _UNLESS.format(accounts=", ".join(f"%({name})s" for name in named)) if named else ""
    parts = {"table": _table(model), "is_due": _is_due(), "unless": unless}
    values: dict[str, Any] = {"limit": limit, **named}
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            values.update(now=seams.database_now(), lease=lease)
            cursor.execute(_CLAIM.format(**parts), values)
        else:
            now, until = (connection.ops.adapt_datetimefield_value(at) for at in _span(lease))
            values.update(now=now, until=until)
            cursor.execute(_CLAIM_SQLITE.format(**parts), values)
        return [Claim(row_id, token, tries, kind) for row_id, token, tries in sorted(cursor.fetchall())]


def claim_row(model: type[DueRow], row_id: int) -> Claim | None:
    """Claim one row now, due or not; None when somebody else holds it."""
    now = _instant()
    free = model._default_manager.filter(pk=row_id).filter(_unleased(now))
    until = now + conf.current().timing.lease
    taken = free.update(
        lease_token=models.F("lease_token") + 1,
        attempts=models.F("attempts") + 1,
        lease_until=until,
        next_action_at=until,
    )
    if not taken:
        return None
    token, attempts = model._default_manager.values_list("lease_token", "attempts").get(pk=row_id)
    return Claim(row_id, token, attempts, str(model._meta.model_name))


def shared_now(using: str = DEFAULT_DB_ALIAS) -> datetime:
    """Return the instant by the clock that all processes share: the database's, where it has one. At most one query."""
    now = seams.database_now()
    if now is None and connection.vendor == "postgresql":
        with connections[using].cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            now = cursor.fetchone()[0]
    return now or seams.now()


def is_over(lease_until: datetime, database_now: datetime | None) -> bool:
    """Whether a lease has ended by the clock that leases are measured with."""
    return (database_now or seams.database_now() or seams.now()) > lease_until


def _table(model: type[DueRow]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _is_due() -> str:
    return _IS_DUE.format(now=_NOW[connection.vendor])


def _span(lease: timedelta) -> tuple[datetime, datetime]:
    now = shared_now()
    return now, now + lease


def _instant() -> datetime | Now:
    """What leases are measured with: the database's clock, which all processes share, where it has one."""
    if connection.vendor != "postgresql":
        return seams.database_now() or seams.now()
    return seams.database_now() or Now()


def _unleased(now: datetime | Now) -> models.Q:
    return models.Q(lease_until__isnull=True) | models.Q(lease_until__lt=now)
