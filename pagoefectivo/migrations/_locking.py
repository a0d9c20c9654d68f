"""For migrations that change several tables of a shop that sells meanwhile."""

from __future__ import annotations

from typing import Any

from django.db import migrations
from django.db.migrations.operations.base import Operation

# Every unit of work locks an order, its vouchers and refunds, and only then adds evidence. Whoever takes whole tables
# in another order waits for somebody who waits for him.
_IN_LOCK_ORDER = ("order", "voucher", "refund", "webhookdelivery", "apiexchange", "paymentevent", "statechange")


def under_all_locks(operations: list[Operation]) -> list[Operation]:
    """Return the operations of a migration with every table locked before the first of them, in both directions.

    On PostgreSQL requests wait until the migration has ended; a lock that is not had within `lock_timeout` ends the
    migration with nothing changed, and it may be run again. Elsewhere nothing is added to what the database does.
    """
    return [
        migrations.RunPython(_lock, migrations.RunPython.noop, elidable=True),
        *operations,
        migrations.RunPython(migrations.RunPython.noop, _lock, elidable=True),
    ]


def _lock(_apps: Any, editor: Any) -> None:
    if editor.connection.vendor == "postgresql":
        tables = ", ".join(f"pagoefectivo_{name}" for name in _IN_LOCK_ORDER)
        editor.execute(f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE")
