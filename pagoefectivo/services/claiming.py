"""Taking due rows so that no two workers hold one: a lease that ends by itself and a token that grows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, models

from pagoefectivo import conf
from pagoefectivo.models.fields import DueRow
from pagoefectivo.services import seams

_CLAIM = """
UPDATE {table} SET lease_token = lease_token + 1, attempts = attempts + 1,
       lease_until = coalesce(%(now)s, clock_timestamp()) + %(lease)s,
       next_action_at = coalesce(%(now)s, clock_timestamp()) + %(lease)s
WHERE id = ANY(ARRAY(
    SELECT id FROM {table}
    WHERE next_action_at <= coalesce(%(now)s, statement_timestamp())
      AND (lease_until IS NULL OR lease_until < coalesce(%(now)s, statement_timestamp()))
    ORDER BY next_action_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED))
RETURNING id, lease_token, attempts
"""


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


def claim_due(model: type[DueRow], limit: int) -> list[Claim]:
    """Claim up to `limit` due rows, oldest first, in a transaction of its own that is over on return.

    A row that is not finished within the lease (setting TIMING.LEASE) falls due again by itself.
    """
    lease, kind = conf.current().timing.lease, str(model._meta.model_name)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            values: dict[str, Any] = {"now": seams.database_now(), "lease": lease, "limit": limit}
            cursor.execute(_CLAIM.format(table=connection.ops.quote_name(model._meta.db_table)), values)
            return [Claim(row_id, token, tries, kind) for row_id, token, tries in sorted(cursor.fetchall())]
    return _claim_one_by_one(model, limit, lease)


def claim_row(model: type[DueRow], row_id: int) -> Claim | None:
    """Claim one row now, due or not; None when somebody else holds it."""
    now = seams.now()
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


def _claim_one_by_one(model: type[DueRow], limit: int, lease: timedelta) -> list[Claim]:
    now = seams.now()
    due = model._default_manager.filter(next_action_at__lte=now).filter(_unleased(now)).order_by("next_action_at")
    claims = []
    for row_id, token in list(due.values_list("pk", "lease_token")[:limit]):
        taken = (
            due.filter(pk=row_id, lease_token=token)
            .order_by()
            .update(
                lease_token=token + 1,
                attempts=models.F("attempts") + 1,
                lease_until=now + lease,
                next_action_at=now + lease,
            )
        )
        if taken:
            attempts = model._default_manager.values_list("attempts", flat=True).get(pk=row_id)
            claims.append(Claim(row_id, token + 1, attempts, str(model._meta.model_name)))
    return claims


def _unleased(now: datetime) -> models.Q:
    return models.Q(lease_until__isnull=True) | models.Q(lease_until__lt=now)
