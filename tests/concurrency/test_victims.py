"""The database picks a victim: the whole unit of work runs again, and its effect is there once."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import OperationalError, connection

from pagoefectivo.domain.messages import Command, Verb
from pagoefectivo.domain.states import Source
from pagoefectivo.models import Order, StateChange, Voucher
from pagoefectivo.services import lifecycle, seams
from pagoefectivo.services.lifecycle import Evidence
from pagoefectivo.services.subjects import lock_order
from tests.concurrency.conftest import PATIENCE, Team

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.servers]


def lock(reference: str) -> None:
    lock_order(Order.objects.get(reference=reference).pk)


def test_F07_of_two_that_deadlock_both_end_after_one_ran_again(issued: Callable[..., Order], pair: Team) -> None:
    """Locked crosswise on purpose: our own code never locks two orders."""
    issued("A-1")
    issued("A-2")
    both_hold_one = threading.Barrier(2)
    runs = {"A-1": 0, "A-2": 0}

    def crosswise(first: str, second: str) -> None:
        def work() -> None:
            runs[first] += 1
            lock(first)
            if runs[first] == 1:
                both_hold_one.wait(PATIENCE)
            lock(second)
            Order.objects.filter(reference=first).update(description=f"held {runs[first]}")

        seams.transact(work)

    outcomes = pair.race(lambda: crosswise("A-1", "A-2"), lambda: crosswise("A-2", "A-1"))
    assert outcomes == [None, None]
    assert sorted(runs.values()) == [1, 2], "one of them was the victim, once"
    assert set(Order.objects.values_list("description", flat=True)) == {"held 1", "held 2"}


def test_F07_a_lock_that_is_not_had_in_time_is_tried_again(issued: Callable[..., Order], pair: Team) -> None:
    issued("A-1")
    held, given_up = threading.Event(), threading.Event()
    tries: list[int] = []

    def holder() -> None:
        with seams.unit_of_work():
            lock("A-1")
            held.set()
            assert given_up.wait(PATIENCE)

    def waiter() -> str:
        held.wait(PATIENCE)

        def work() -> str:
            tries.append(len(tries))
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '30ms'")
            try:
                lock("A-1")
            finally:
                given_up.set()
            return "had it"

        return seams.transact(work)

    assert pair.race(holder, waiter) == [None, "had it"]
    assert len(tries) >= 2


def test_F07_who_never_gets_the_lock_gives_up_after_three_tries_and_changed_nothing(
    issued: Callable[..., Order], pair: Team
) -> None:
    issued("A-1")
    held, done = threading.Event(), threading.Event()
    tries: list[int] = []
    before = Voucher.objects.values().get(), StateChange.objects.count()

    def holder() -> None:
        with seams.unit_of_work():
            lock("A-1")
            held.set()
            assert done.wait(PATIENCE)

    def waiter() -> None:
        held.wait(PATIENCE)
        command = Command(Verb.CANCEL, voucher_id=Voucher.objects.get().pk)

        def work() -> None:
            tries.append(len(tries))
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '10ms'")
            lifecycle.apply(command, source=Source.STAFF, evidence=Evidence("default"), actor="ana", now=seams.now())

        try:
            seams.transact(work)
        finally:
            done.set()

    outcomes = pair.race(holder, waiter)
    assert outcomes[0] is None
    assert isinstance(outcomes[1], OperationalError)
    assert len(tries) == 3
    assert (Voucher.objects.values().get(), StateChange.objects.count()) == before


def test_a_failure_that_is_not_the_databases_choice_is_not_repeated(issued: Callable[..., Order]) -> None:
    issued("A-1")
    tries: list[int] = []

    def work() -> None:
        tries.append(len(tries))
        Order.objects.filter(reference="A-1").update(description="half")
        raise OperationalError("the disk is full")

    with pytest.raises(OperationalError):
        seams.transact(work)
    assert tries == [0]
    assert Order.objects.get().description == ""
