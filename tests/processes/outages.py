"""What happens to the servers of a selling shop: they fail, they crowd, and their tables change under the traffic."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import psycopg
import redis
from django.db import connections

from tests.processes.stack import ROOT, Stack, wait_for
from tests.processes.traffic import Traffic

TERMINATIONS = 25
NEWEST: tuple[str, ...] = ()
MIGRATIONS = (
    ("0001_initial",),
    NEWEST,
) * 2  # back to tables without guards, and forward
MIGRATED_WITHIN = 60.0
CROWDED_FOR = 15.0
_BACKENDS = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = %s"
)


def broker(stack: Stack, traffic: Traffic) -> None:
    """Valkey is emptied again and again, then it dies and comes back empty; the shop sells on without it."""
    client = redis.Redis.from_url(stack.environment["PAGOEFECTIVO_BROKER_URL"])
    for _ in range(10):
        client.flushall()
        time.sleep(0.2)
    client.close()
    stack.valkey.process.send_signal(signal.SIGKILL)
    stack.valkey.process.wait()
    time.sleep(2)
    stack.valkey = stack.restart(stack.valkey)
    _sell_on(stack, traffic)


def database(stack: Stack, traffic: Traffic) -> None:
    """Sessions are ended wherever they are, also between a commit and its answer; then PostgreSQL stops at once."""
    for _ in range(TERMINATIONS):
        with psycopg.connect(**_address(stack), autocommit=True) as connection:
            connection.execute(_BACKENDS, [stack.environment["PAGOEFECTIVO_DB_NAME"]])
        time.sleep(0.15)
    stack.postgres.process.send_signal(signal.SIGQUIT)  # "immediate": no checkpoint, recovery at the next start
    stack.postgres.process.wait()
    time.sleep(1)
    stack.postgres = stack.restart(stack.postgres)
    wait_for(lambda: _is_up(stack), seconds=30)
    _sell_on(stack, traffic)
    connections.close_all()


def migrations(stack: Stack, traffic: Traffic) -> None:
    """The tables are taken back a version and brought forward, twice, by somebody who repeats what did not get its lock.

    What guards the tables goes and comes so; a column comes in a migration of its own, before the code that knows it.
    """
    for version in MIGRATIONS:
        ended: list[subprocess.CompletedProcess[str]] = []

        def applied(version: tuple[str, ...] = version, ended: list[subprocess.CompletedProcess[str]] = ended) -> bool:
            command = [sys.executable, "manage.py", "migrate", "pagoefectivo", *version]
            ended.append(
                subprocess.run(command, env=stack.environment, cwd=ROOT, capture_output=True, text=True, check=False)
            )
            return ended[-1].returncode == 0

        if not wait_for(applied, seconds=MIGRATED_WITHIN):
            raise AssertionError(f"{version} after {len(ended)} tries: {ended[-1].stderr[-2000:]}")
        _sell_on(stack, traffic)


def crowd(stack: Stack, traffic: Traffic) -> None:
    """Nothing fails, but everybody writes into one file at once."""
    time.sleep(CROWDED_FOR)
    _sell_on(stack, traffic)


OUTAGES: dict[str, Callable[[Stack, Traffic], None]] = {
    "broker": broker,
    "database": database,
    "migrations": migrations,
    "sqlite": crowd,
}


def _sell_on(stack: Stack, traffic: Traffic) -> None:
    """Two more sales have to get through afterwards."""
    wanted = traffic.finished + 2

    def sold() -> bool:
        stack.revive()
        return traffic.finished >= wanted

    if not wait_for(sold, seconds=90):
        raise AssertionError(f"only {traffic.finished} of {wanted} sales came through")


def _address(stack: Stack) -> dict[str, Any]:
    names = {"host": "HOST", "port": "PORT", "dbname": "NAME", "user": "USER"}
    return {key: stack.environment[f"PAGOEFECTIVO_DB_{name}"] for key, name in names.items()}


def _is_up(stack: Stack) -> bool:
    try:
        psycopg.connect(**_address(stack)).close()
    except psycopg.OperationalError:
        return False
    return True
