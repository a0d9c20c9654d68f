"""A real Celery worker beside a test, on the test's own database, that never outlives it."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import redis
from django.conf import settings
from django.db import connection

from tooling.processes import Child, Children

ROOT = Path(__file__).resolve().parent.parent.parent


def environment(**more: str) -> dict[str, str]:
    """What a child needs to stand in the same world as this test."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.acceptance.child_settings",
        "PAGOEFECTIVO_DB_NAME": str(connection.settings_dict["NAME"]),
        "PAGOEFECTIVO_OF_THE_TEST": json.dumps(settings.PAGOEFECTIVO),
        **more,
    }


def kill(child: Child) -> None:
    """SIGKILL to the child and everybody it started: no goodbye, no cleaning up."""
    with suppress(ProcessLookupError):
        os.killpg(child.process.pid, signal.SIGKILL)
    child.process.wait()


@contextmanager
def worker(log: Path, **more: str) -> Iterator[Child]:
    """A Celery worker on the queue `pagoefectivo`, ready when the block begins."""
    queue: Any = redis.Redis.from_url(settings.BROKER_URL)
    queue.flushdb()  # rings of tests before
    queue.close()
    with Children() as children:
        started = Child(
            "Celery worker",
            [
                *(sys.executable, "-m", "celery", "-A", "project", "worker", "-Q", "pagoefectivo"),
                *("--concurrency", "1", "--loglevel", "INFO", "--without-gossip", "--without-mingle"),
            ],
            log=log,
            env=environment(**more),
            cwd=ROOT,
        )
        children.add(started).wait_until(lambda: " ready." in log.read_text(errors="replace"))
        yield started
