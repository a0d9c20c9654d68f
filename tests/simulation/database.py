"""One database for thousands of histories, emptied between them, read by raw SQL after every step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.management import call_command
from django.db import connection, connections

_IS_POSTGRESQL = settings.DATABASES["default"]["ENGINE"].endswith("postgresql")
Row = tuple[Any, ...]


def build() -> None:
    """Create the tables of a fresh database; a PostgreSQL one gets a schema of its own each time."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA public CASCADE")
            cursor.execute("CREATE SCHEMA public")
    call_command("migrate", verbosity=0)


def empty() -> None:
    """Forget the history before; ids start from one again."""
    tables = [model._meta.db_table for model in apps.get_app_config("pagoefectivo").get_models()]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY")
            return
        cursor.execute("PRAGMA foreign_keys = OFF")
        for table in tables:
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608 - names of our own tables
        cursor.execute("DELETE FROM sqlite_sequence")
        cursor.execute("PRAGMA foreign_keys = ON")
    SimulatedCache.kept.clear()


def rows(sql: str, *values: object) -> list[Row]:
    """Return what a query finds, past Django: this is called thousands of times."""
    opened = connections["default"].connection
    if _IS_POSTGRESQL:
        with opened.cursor() as cursor:
            cursor.execute(sql.replace("?", "%s"), values)
            return list(cursor.fetchall())
    found: list[Row] = opened.execute(sql, values).fetchall()
    return found


class SimulatedCache(BaseCache):
    """A cache whose entries end by the simulated clock."""

    kept: dict[str, tuple[Any, float]] = {}
    clock: Callable[[], float] = staticmethod(lambda: 0.0)

    def __init__(self, _location: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        value, until = self.kept.get(key, (default, float("inf")))
        return value if SimulatedCache.clock() < until else default

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        lasting = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        self.kept[key] = (value, SimulatedCache.clock() + (lasting or 0))

    def clear(self) -> None:
        self.kept.clear()
