"""Periodic work: once per interval over all processes, whatever the clock does, and never in the way of a payment."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pagoefectivo import shop
from pagoefectivo.models import Job
from pagoefectivo.services import jobs, pace, sweep, upkeep

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = timedelta(hours=1)


def is_due() -> bool:
    return list(jobs.due({"nightly": HOUR})) == ["nightly"]


def test_F05_two_beats_do_a_job_once_and_none_forgets_it(world: Any) -> None:
    asked = []
    for minutes in (0, 0, 30, 29, 2, 0):
        world.advance(minutes=minutes)
        jobs.forget()  # each time another process
        asked.append(is_due())
    assert asked == [True, False, False, False, True, False]


def test_a_process_asks_the_database_once_an_interval(world: Any, django_assert_num_queries: Any) -> None:
    is_due()
    with django_assert_num_queries(0):
        assert [is_due() for _ in range(20)] == [False] * 20


def test_all_jobs_are_asked_about_in_one_query_and_each_is_begun_as_it_is_done(
    world: Any, django_assert_num_queries: Any
) -> None:
    assert list(jobs.due({"nightly": HOUR, "hourly": HOUR, "rare": 24 * HOUR})) == ["nightly", "hourly", "rare"]
    world.advance(hours=2)
    jobs.forget()
    began = world.now()
    with django_assert_num_queries(3):
        due = jobs.due({"nightly": HOUR, "hourly": HOUR, "rare": 24 * HOUR})
        assert next(due) == "nightly"
        begun = Job.objects.values_list("name", flat=True)
        assert list(begun.filter(ran_at__gte=began)) == ["nightly"]
    assert list(due) == ["hourly"]


def test_F05_a_job_that_another_process_began_in_the_same_instant_is_left_to_it(world: Any) -> None:
    is_due()
    world.advance(hours=1)
    jobs.forget()
    due = jobs.due({"first": HOUR, "nightly": HOUR})
    assert next(due) == "first"
    jobs.forget()
    assert is_due(), "the other process"
    assert list(due) == []


def test_F12_a_clock_that_jumps_back_stops_no_job(world: Any) -> None:
    world.skew(days=2)
    assert is_due()
    world.skew(days=-2)
    assert is_due()
    jobs.forget()
    assert not is_due()


def test_upkeep_that_fails_stops_no_payment_and_is_tried_again(
    psp: Any, open_order: Any, world: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> None:
        raise ZeroDivisionError("the code 1234567 is in this text")

    monkeypatch.setattr(pace, "listen", broken)
    psp.pay(open_order().current_voucher.code)
    world.advance(seconds=2)
    sweep.run()
    assert shop.get_order(reference="A-1042").state == "paid"
    said = [record.getMessage() for record in caplog.records if record.name == "pagoefectivo.upkeep"]
    assert said == ["The job listen failed: ZeroDivisionError"]
    monkeypatch.undo()
    world.advance(minutes=6)
    sweep.run()
    assert set(Job.objects.values_list("name", flat=True)) == {
        upkeep.HEARTBEAT, upkeep.INVARIANTS, "clues", "listen", "risk", "second factor",
    }  # fmt: skip


def test_a_sweep_that_finds_nothing_looks_at_all_kinds_of_rows_in_one_query_and_writes_nothing(world: Any) -> None:
    sweep.run()
    with CaptureQueriesContext(connection) as asked:
        sweep.run()
    statements = [each["sql"] for each in asked]
    [look] = [sql for sql in statements if "next_action_at" in sql]
    assert look.count("EXISTS") == len(sweep.KINDS) == 7
    assert not [sql for sql in statements if sql.startswith(("UPDATE", "INSERT", "DELETE"))]
