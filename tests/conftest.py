"""What every suite stands on: no wire leaves the machine, and nothing counted or remembered outlives its test."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import TransactionTestCase
from hypothesis import HealthCheck, settings
from pytest_django.live_server_helper import LiveServer

# No test is timed: a busy machine fails none. In CI Hypothesis has the same of its own, and draws no new examples.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
if "CI" not in os.environ:
    settings.load_profile("untimed")


class NonLoopbackConnection(RuntimeError):
    """A test tried to reach another machine."""


def _stays_here(family: int, address: Any) -> bool:
    if family not in {socket.AF_INET, socket.AF_INET6}:
        return True
    host = str(address[0])
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture(autouse=True, scope="session")
def _only_loopback() -> Iterator[None]:
    """Any connection to another machine raises, whoever opens it (G01)."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def guarded(self: socket.socket, address: Any) -> None:
        if not _stays_here(self.family, address):
            raise NonLoopbackConnection(f"a test connected to {address[0]!r}; only loopback is allowed")
        connect(self, address)

    def guarded_ex(self: socket.socket, address: Any) -> int:
        if not _stays_here(self.family, address):
            raise NonLoopbackConnection(f"a test connected to {address[0]!r}; only loopback is allowed")
        return connect_ex(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        patch.setattr(socket.socket, "connect_ex", guarded_ex)
        yield


KEPT = {"django_content_type", "django_migrations", "auth_permission"}


def _delete_rows(_case: TransactionTestCase) -> None:
    with connection.cursor() as cursor:
        tables = [name for name in connection.introspection.table_names(cursor) if name not in KEPT]
        written = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in tables)  # noqa: S608 - names of tables
        cursor.execute(written)
        deletes = "; ".join(f"DELETE FROM {name}" for (name,) in cursor.fetchall())  # noqa: S608 - names of tables
        # "replica" lets the triggers sleep that guard evidence from being deleted
        cursor.execute(f"SET session_replication_role = replica; {deletes}; SET session_replication_role = DEFAULT")


@pytest.fixture(autouse=True, scope="session")
def _only_what_was_written_is_emptied() -> Iterator[None]:
    """A test that commits leaves a few rows: they are deleted, instead of all tables and permissions made anew."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", _delete_rows)
        yield


@pytest.fixture(scope="session")
def live_server(django_db_setup: None, live_server: LiveServer) -> LiveServer:
    """Our web server, stopped before its database is taken away: what a fixture asks for first goes last."""
    return live_server


@pytest.fixture(autouse=True)
def _empty_cache(request: pytest.FixtureRequest) -> Iterator[None]:
    """Limits counted by one test never reach the next; a unit test touches no cache."""
    yield
    if request.node.get_closest_marker("django_db") or {"db", "transactional_db"} & set(request.fixturenames):
        from pagoefectivo.selectors import calendar

        cache.clear()
        calendar.forget()
