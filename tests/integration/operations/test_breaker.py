"""What fails again and again is not called for a while, costs nobody a try, and everything comes back by itself."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pagoefectivo import shop
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import ProviderError
from pagoefectivo.models import CircuitBreaker, ErrorOccurrence, Voucher
from pagoefectivo.providers.base import Operation
from pagoefectivo.services import breaker
from pagoefectivo.services.actors import SHOP
from tests.integration.ledger import moves, oddities, only_refund, outbox

pytestmark = pytest.mark.django_db(transaction=True)


def open_breaker() -> CircuitBreaker:
    return CircuitBreaker.objects.get(opened_at__isnull=False)


def test_five_failures_in_a_row_open_it_and_one_answer_between_does_not(
    psp: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    open_order()
    psp.fault("get_payment", "500", times=4)
    for _ in range(5):
        world.advance(seconds=2)
        sweep()
    assert psp.call_counts()["get_payment"] == 5
    assert not CircuitBreaker.objects.exclude(failures=0, opened_at=None).exists(), "the fifth call was answered"

    psp.fault("get_payment", "500", times=5)
    for _ in range(8):
        world.advance(seconds=2)
        sweep()
    assert psp.call_counts()["get_payment"] == 10, "and not one more"
    stopped = open_breaker()
    assert (stopped.account, stopped.operation, stopped.failures) == ("default", "fetch_payment", 5)
    assert (stopped.why, stopped.opened_by, bool(stopped.request_id)) == (ErrorCode.PSP_UNAVAILABLE, "system", True)


def test_an_open_breaker_costs_no_row_a_try_and_writes_no_errors(
    psp: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    for number in range(5):
        open_order(f"B-{number}")
    psp.fault("get_payment", "503", times=None)
    world.advance(seconds=2)
    sweep()
    assert psp.call_counts()["get_payment"] == 5
    before = sorted(Voucher.objects.values_list("pk", "attempts"))
    for _ in range(10):
        world.advance(seconds=5)
        sweep()
    assert psp.call_counts()["get_payment"] == 5
    assert sorted(Voucher.objects.values_list("pk", "attempts")) == before
    assert ErrorOccurrence.objects.count() == 5
    assert set(Voucher.objects.values_list("lease_until", flat=True)) == {None}


def test_after_each_pause_one_call_tries_and_the_pauses_grow(psp: Any, open_order: Any, world: Any, sweep: Any) -> None:
    for number in range(5):
        open_order(f"B-{number}")
    psp.fault("get_payment", "503", times=None)
    world.advance(seconds=2)
    sweep()
    opened_at, pauses = open_breaker().opened_at, []
    assert opened_at is not None
    for _ in range(5):
        row = open_breaker()
        assert row.until_at is not None
        pauses.append(round((row.until_at - world.now()).total_seconds() / 60))
        world.advance(seconds=(row.until_at - world.now()).total_seconds() + 75)
        sweep()
    assert pauses == [1, 2, 5, 10, 10]
    assert psp.call_counts()["get_payment"] == 5 + 5, "one try after each pause, for all five codes"
    assert (open_breaker().opened_at, open_breaker().openings) == (opened_at, 6)

    psp.clear_faults()
    world.advance(minutes=12)
    sweep()
    assert not CircuitBreaker.objects.filter(opened_at__isnull=False).exists()
    world.advance(seconds=2)
    sweep()
    assert Voucher.objects.filter(asked_at__gte=opened_at + timedelta(minutes=20)).count() == 5, "all were asked"


def test_creating_stands_still_alone_and_reading_goes_on(
    psp: Any, open_order: Any, world: Any, sweep: Any, account: Any
) -> None:
    issued = open_order("READ-1").current_voucher
    psp.fault("create", "drop_before", times=None)
    states = [open_order(f"NEW-{number}").current_voucher.state for number in range(7)]
    assert psp.call_counts()["create"] == 1 + 5
    assert states[5:] == ["requested", "requested"], "the sixth was not sent, and is not in doubt"
    psp.pay(issued.code)
    world.advance(seconds=2)
    sweep()
    assert shop.get_order(reference="READ-1").state == "paid"

    psp.clear_faults()
    for _ in range(4):
        world.advance(minutes=11)
        sweep()
    assert set(Voucher.objects.exclude(pk=issued.pk).values_list("state", flat=True)) == {"issued"}
    assert len(psp.payments()) == 8, "each exactly once"


def test_B12_refused_keys_stop_every_call_of_the_account_at_once_and_say_who_and_why(
    psp: Any, account: Any, settings: Any, open_order: Any, world: Any, sweep: Any, caplog: pytest.LogCaptureFixture
) -> None:
    right = settings.PAGOEFECTIVO["ACCOUNTS"]["default"]["CREDENTIALS"]
    open_order("OLD-1")
    account(CREDENTIALS={**right, "trans_key": "mistyped"})
    open_order("B12-1")
    stopped = open_breaker()
    assert (stopped.operation, stopped.why) == (breaker.EVERYTHING, ErrorCode.AUTH_INVALID_CREDENTIALS)
    with pytest.raises(ProviderError) as refused:
        shop.refresh_order(reference="OLD-1")
    assert isinstance(refused.value, breaker.Barred)
    assert psp.call_counts() == {"create": 2}
    assert [record.levelname for record in caplog.records if record.name == "pagoefectivo.breaker"] == ["ERROR"]

    account(CREDENTIALS=right)
    world.advance(minutes=2)
    sweep()
    assert Voucher.objects.get(order__reference="B12-1").state == "issued"
    assert not CircuitBreaker.objects.filter(opened_at__isnull=False).exists()


def test_an_ambiguous_refund_is_asked_about_again_as_soon_as_its_pause_is_over(
    psp: Any, paid_order: Any, world: Any, sweep: Any
) -> None:
    paid_order()
    psp.fault("refund", "timeout_after")
    refund = shop.request_refund(reference="A-1042", amount="10.00", reason="other", actor=SHOP)
    assert refund.state == "unknown"
    psp.fault("get_payment", "503", times=None)
    for _ in range(12):
        world.advance(seconds=20)
        sweep()
    attempts = only_refund().attempts
    psp.clear_faults()
    world.advance(minutes=11)
    sweep()
    world.advance(seconds=2)
    sweep()
    assert only_refund().state in {"pending", "succeeded"}
    assert len(psp.refunds()) == 1
    assert attempts < 12, "what was barred was no try"


def test_what_nobody_could_ask_for_hours_is_shown_to_a_person_all_the_same(
    psp: Any, paid_order: Any, world: Any, sweep: Any
) -> None:
    paid_order()
    psp.fault("refund", "timeout_before")
    shop.request_refund(reference="A-1042", amount="10.00", reason="other", actor=SHOP)
    psp.fault("any", "503", times=None)
    for _ in range(30):
        world.advance(minutes=11)
        sweep()
    assert "outcome_unknown" in oddities()
    assert only_refund().state == "unknown"


def test_C02_a_day_of_outage_loses_and_expires_nothing_and_ends_without_a_stampede(
    psp: Any, timing: Any, account: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    timing(POLL=["1m", "2m", "5m", "15m", "1h"], RETRY=["5s", "30s", "2m", "10m", "1h"])
    account(QUESTIONS_PER_SECOND=1)
    psp.configure(expires_in_seconds=72 * 3600.0)
    codes = [open_order(f"C02-{number}").current_voucher.code for number in range(24)]
    psp.fault("any", "503", times=None)
    for code in codes[:6]:
        psp.pay(code)
    for _ in range(24 * 2):
        world.advance(minutes=30)
        sweep()
    assert set(Voucher.objects.values_list("state", flat=True)) == {"issued"}
    flagged = 24 - 4  # all but the first of one buyer's orders
    assert Counter(outbox()) == {"voucher_issued": 24, "order_flagged": flagged}
    during = psp.call_counts()["get_payment"]
    assert during <= 24 + 24 * 2 + 5, "a first round, then one try at a time"

    psp.clear_faults()
    psp.clear_calls()
    a_round = []
    for _ in range(40):
        before = psp.call_counts().get("get_payment", 0)
        world.advance(seconds=15)
        sweep()
        a_round.append(psp.call_counts().get("get_payment", 0) - before)
    assert max(a_round) <= 15 + 10, "fifteen seconds' budget and one burst"
    for _ in range(6):  # those that were the one try wait as long as their schedule's last step
        world.advance(minutes=12)
        sweep()
    assert Voucher.objects.filter(state="paid").count() == 6
    assert Voucher.objects.filter(state="issued").count() == 18
    assert oddities() == []


def test_while_all_is_well_it_costs_one_look_a_second_and_no_write(psp: Any, open_order: Any, world: Any) -> None:
    open_order()
    breaker.forget()
    with CaptureQueriesContext(connection) as asked:
        for _ in range(50):
            assert breaker.admit("default", Operation.FETCH_PAYMENT, 7) == (7, None)
            breaker.hear("default", Operation.FETCH_PAYMENT, [None] * 7)
    assert len(asked) <= 2, [each["sql"] for each in asked]


def test_two_processes_share_it_and_only_one_gets_the_try(psp: Any, open_order: Any, world: Any, sweep: Any) -> None:
    for number in range(5):
        open_order(f"B-{number}")
    psp.fault("get_payment", "503", times=5)
    world.advance(seconds=2)
    sweep()
    breaker.forget()  # as another process, which never saw a failure
    assert breaker.admit("default", Operation.FETCH_PAYMENT, 5)[0] == 0
    world.advance(minutes=2)
    assert [breaker.admit("default", Operation.FETCH_PAYMENT, 5)[0] for _ in range(3)] == [1, 0, 0]
    world.advance(seconds=10)
    assert breaker.admit("default", Operation.FETCH_PAYMENT, 5)[0] == 1, "the one that tried died: its lease is over"


def test_a_refusal_of_one_order_is_an_answer_and_closes_nothing_and_opens_nothing(
    psp: Any, open_order: Any, world: Any
) -> None:
    psp.fault("create", "drop_before", times=4)
    for number in range(4):
        open_order(f"LOST-{number}")
    assert CircuitBreaker.objects.get().failures == 4
    psp.configure(limits={"PEN": ["2.00", "50.00"]})
    assert open_order("TOO-MUCH-1").current_voucher.state == "failed"
    assert CircuitBreaker.objects.get().failures == 0, "a provider that refuses is there"
    assert moves("voucher").count("fail") == 1
