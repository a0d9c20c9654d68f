"""Periodic work: once per interval over all processes, whatever the clock does, and never in the way of a payment."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pagoefectivo import shop
from pagoefectivo.models import Job
from pagoefectivo.services import jobs, pace, upkeep

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = timedelta(hours=1)


def test_F05_two_beats_do_a_job_once_and_none_forgets_it(world: Any) -> None:
    asked = []
    for minutes in (0, 0, 30, 29, 2, 0):
        world.advance(minutes=minutes)
        jobs.forget()  # each time another process
        asked.append(jobs.is_due("nightly", HOUR))
    assert asked == [True, False, False, False, True, False]


def test_a_process_asks_the_database_once_an_interval(world: Any, django_assert_num_queries: Any) -> None:
    jobs.is_due("nightly", HOUR)
    with django_assert_num_queries(0):
        assert [jobs.is_due("nightly", HOUR) for _ in range(20)] == [False] * 20


def test_F12_a_clock_that_jumps_back_stops_no_job(world: Any) -> None:
    world.skew(days=2)
    assert jobs.is_due("nightly", HOUR)
    world.skew(days=-2)
    assert jobs.is_due("nightly", HOUR)
    jobs.forget()
    assert not jobs.is_due("nightly", HOUR)


def test_upkeep_that_fails_stops_no_payment_and_is_tried_again(
    psp: Any, open_order: Any, world: Any, sweep: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> None:
        raise ZeroDivisionError("the code 1234567 is in this text")

    monkeypatch.setattr(pace, "listen", broken)
    psp.pay(open_order().current_voucher.code)
    world.advance(seconds=2)
    sweep()
    assert shop.get_order(reference="A-1042").state == "paid"
    said = [record.getMessage() for record in caplog.records if record.name == "pagoefectivo.upkeep"]
    assert said == ["The job listen failed: ZeroDivisionError"]
    monkeypatch.undo()
    world.advance(minutes=6)
    sweep()
    assert set(Job.objects.values_list("name", flat=True)) == {
        upkeep.HEARTBEAT, upkeep.INVARIANTS, "clues", "listen", "risk", "second factor",
    }  # fmt: skip
