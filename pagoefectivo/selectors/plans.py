"""How PostgreSQL is made to plan."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


@contextmanager
def planned_for_its_values() -> Iterator[None]:
    """Have each statement inside planned for the values that it carries, not prepared.

    A prepared statement gets a plan without values after five executions, and that plan reads whole tables: it can turn
    no LIKE into a range of an index, nor know that a value is in a partial one. Elsewhere, and without preparing, nothing
    changes.
    """
    connection.ensure_connection()
    raw: Any = connection.connection
    threshold = getattr(raw, "prepare_threshold", None)
    if threshold is None:
        yield
        return
    raw.prepare_threshold = None
    try:
        yield
    finally:
        raw.prepare_threshold = threshold


@contextmanager
def grouped_unsorted() -> Iterator[None]:
    """Have what is grouped inside, in the caller's transaction, not be sorted for it.

    Of rows that the transaction wrote itself the planner expects hardly one, and to sort one costs nothing.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_sort = off")
        yield
        cursor.execute("SET LOCAL enable_sort = on")
