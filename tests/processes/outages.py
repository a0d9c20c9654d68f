"""Servers that fail under a selling shop: the broker loses everything, the database stops in the middle of commits."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from typing import Any

import psycopg
import redis
from django.db import connections

from tests.processes.stack import Stack, wait_for
from tests.processes.traffic import Traffic

TERMINATIONS = 25
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


OUTAGES: dict[str, Callable[[Stack, Traffic], None]] = {"broker": broker, "database": database}


def _sell_on(stack: Stack, traffic: Traffic) -> None:
    """Two more sales have to get through afterwards."""
    wanted = traffic.finished + 2

    def sold() -> bool:
        stack.revive()
        return traffic.finished >= wanted

    wait_for(sold, seconds=90)


def _address(stack: Stack) -> dict[str, Any]:
    names = {"host": "HOST", "port": "PORT", "dbname": "NAME", "user": "USER"}
    return {key: stack.environment[f"PAGOEFECTIVO_DB_{name}"] for key, name in names.items()}


def _is_up(stack: Stack) -> bool:
    try:
        psycopg.connect(**_address(stack)).close()
    except psycopg.OperationalError:
        return False
    return True
