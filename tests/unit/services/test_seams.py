"""The seams are thin, real by default, and replaced only inside their block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import psycopg.errors
import pytest
from django.db import OperationalError

from pagoefectivo.services import seams

THEN = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Base:
    """A stand-in for the outermost transaction: counts how often it began and how it ended."""

    def __init__(self) -> None:
        self.began = self.committed = 0
        self.slept: list[float] = []

    @contextmanager
    def unit_of_work(self) -> Iterator[None]:
        self.began += 1
        yield
        self.committed += 1


@pytest.fixture
def base() -> Iterator[Base]:
    base = Base()
    with seams.use(unit_of_work=base.unit_of_work, sleep=base.slept.append, jitter=lambda: 0.5):
        yield base


def failure(cause: type[psycopg.Error]) -> OperationalError:
    error = OperationalError("the database gave this one up")
    error.__cause__ = cause()
    return error


def test_the_seams_are_real_by_default() -> None:
    assert abs((seams.now() - datetime.now(UTC)).total_seconds()) < 5
    assert seams.database_now() is None
    assert len({seams.new_id() for _ in range(100)}) == 100
    assert len(seams.new_id()) == 36
    assert all(0 <= seams.jitter() < 1 for _ in range(100))
    assert seams.session() is seams.session()


def test_a_replacement_ends_with_its_block_even_on_an_error() -> None:
    def fail_inside() -> None:
        with seams.use(now=lambda: THEN, jitter=lambda: 0.25):
            assert (seams.now(), seams.jitter()) == (THEN, 0.25)
            raise KeyError

    with pytest.raises(KeyError):
        fail_inside()
    assert seams.now() != THEN


@pytest.mark.parametrize(
    "cause",
    [psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected, psycopg.errors.LockNotAvailable],
)
def test_F07_a_victim_runs_again_twice_at_most_with_growing_pauses(base: Base, cause: type[psycopg.Error]) -> None:
    tries: list[int] = []

    def work() -> str:
        tries.append(1)
        if len(tries) < 3:
            raise failure(cause)
        return "done"

    assert seams.transact(work) == "done"
    assert (base.began, base.committed) == (3, 1)
    assert base.slept == [pytest.approx(0.03), pytest.approx(0.15)]


def test_F07_the_third_failure_is_told(base: Base) -> None:
    def work() -> None:
        raise failure(psycopg.errors.DeadlockDetected)

    with pytest.raises(OperationalError):
        seams.transact(work)
    assert (base.began, base.committed) == (3, 0)


def test_F08_a_locked_file_of_sqlite_is_tried_again(base: Base) -> None:
    tries: list[int] = []

    def work() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise OperationalError("database is locked")

    seams.transact(work)
    assert len(tries) == 2


@pytest.mark.parametrize("error", [failure(psycopg.errors.DiskFull), OperationalError("gone"), ValueError("ours")])
def test_any_other_failure_is_not_repeated(base: Base, error: Exception) -> None:
    def work() -> None:
        raise error

    with pytest.raises(type(error)):
        seams.transact(work)
    assert (base.began, base.slept) == (1, [])
