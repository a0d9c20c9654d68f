"""How PostgreSQL would go about a statement once the tables have grown, asked on tables that are nearly empty."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction


@contextmanager
def unmeasured_tables() -> Iterator[Any]:
    """Let the planner believe that no table was ever counted, so that it plans for some pages of rows; undone at the end.

    Of a table that it knows to hold one row it may as well read the whole index, and what it knows depends on what ran
    before. So does what a table holds on disk, by which it may take a merge of two whole indexes for no dearer than
    a look into one: joins in bulk are off.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        for in_bulk in ("seqscan", "hashjoin", "mergejoin"):
            cursor.execute(f"SET LOCAL enable_{in_bulk} = off")
        cursor.execute(
            "UPDATE pg_class SET reltuples = -1, relpages = 0 "
            "WHERE relkind = 'r' AND (starts_with(relname, 'pagoefectivo_') OR relname = 'auth_user')"
        )
        yield cursor
        transaction.set_rollback(True)
