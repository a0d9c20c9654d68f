"""Questions inside a budget, the urgent ones first; more of them while notifications are silent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from pagoefectivo import shop
from pagoefectivo.models import AccountPulse, Voucher
from pagoefectivo.selectors import figures
from pagoefectivo.services import claiming, pace
from pagoefectivo.services import sweep as sweeping

pytestmark = pytest.mark.django_db(transaction=True)


def issued(open_order: Any, many: int) -> list[Voucher]:
    """Codes that were each asked about before, so that nothing about them is urgent."""
    vouchers = [open_order(f"PACE-{number:03}").current_voucher for number in range(many)]
    Voucher.objects.update(attempts=3)
    return vouchers


def asked(psp: Any) -> int:
    return int(psp.call_counts().get("get_payment", 0))


def test_C01_an_account_is_asked_no_faster_than_its_budget(
    psp: Any, silent: None, account: Any, timing: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    account(QUESTIONS_PER_SECOND=1)
    timing(POLL=["1h"])
    issued(open_order, 40)
    world.advance(hours=2)
    sweep()
    assert asked(psp) == 10, "one burst"
    world.advance(seconds=5)
    sweep()
    assert 12 <= asked(psp) <= 17
    for turn in range(1, 12):
        world.advance(seconds=5)
        sweep()
        assert asked(psp) <= 17 + 5 * turn + turn
    assert asked(psp) == 40, "each once"
    assert set(Voucher.objects.values_list("attempts", flat=True)) == {4}, "waiting for the budget is no try"


def test_C01_near_deadlines_are_asked_first_and_hinted_ones_do_not_wait(
    psp: Any, account: Any, timing: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    account(QUESTIONS_PER_SECOND=1)
    timing(POLL=["1h"])
    vouchers = issued(open_order, 30)
    urgent = {voucher.pk for voucher in vouchers[20:28]}
    Voucher.objects.filter(pk__in=urgent).update(expires_at=F("expires_at") - timedelta(hours=20))
    hinted = vouchers[29]
    Voucher.objects.filter(pk=hinted.pk).update(attempts=0)
    world.advance(hours=2)
    began = world.now()
    sweep()
    first = set(Voucher.objects.filter(asked_at__gte=began).values_list("pk", flat=True))
    assert (len(first), hinted.pk in first, urgent <= first) == (10, True, True)


def test_C08_one_accounts_backlog_does_not_keep_another_from_being_asked(
    psp: Any, settings: Any, account: Any, timing: Any, open_order: Any, world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    account(QUESTIONS_PER_SECOND=1)
    timing(POLL=["1h"])
    big = settings.PAGOEFECTIVO["ACCOUNTS"]["default"]
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "ACCOUNTS": {"default": big, "small": {**big}}}
    issued(open_order, 40)
    other = open_order("SMALL-1", account="small").current_voucher
    Voucher.objects.update(attempts=3)
    world.advance(hours=2)
    Voucher.objects.filter(pk=other.pk).update(next_action_at=world.now())  # last in the queue
    monkeypatch.setattr(sweeping, "BATCH", 15)
    began = world.now()
    sweeping.run(most_rounds=20)
    other.refresh_from_db()
    assert other.asked_at is not None
    assert other.asked_at >= began
    assert asked(psp) == 10 + 1


def test_an_exhausted_accounts_unsent_and_hinted_rows_are_still_claimed(psp: Any, open_order: Any, world: Any) -> None:
    vouchers = issued(open_order, 4)
    Voucher.objects.filter(pk=vouchers[0].pk).update(attempts=0)
    world.advance(hours=2)
    claims = claiming.claim_due(Voucher, 10, besides={"default"})
    assert [claim.row_id for claim in claims] == [vouchers[0].pk]
    assert len(claiming.claim_due(Voucher, 10, besides={"another's"})) == 3


def test_C01_429_with_a_wait_slows_the_whole_account_down(
    psp: Any, timing: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    timing(POLL=["1m"])
    vouchers = issued(open_order, 6)
    world.advance(minutes=2)
    Voucher.objects.exclude(pk=vouchers[0].pk).update(next_action_at=world.now() + timedelta(seconds=10))
    psp.fault("get_payment", "429", retry_after=90)
    sweep()
    assert asked(psp) == 1
    world.advance(seconds=60)
    sweep()
    assert asked(psp) == 1, "five others are due, and the provider asked for patience"
    world.advance(seconds=40)
    sweep()
    assert asked(psp) >= 6


def test_a_person_who_asks_does_not_wait_for_the_budget(psp: Any, account: Any, open_order: Any, world: Any) -> None:
    open_order()
    AccountPulse.objects.create(account="default", booked_until=world.now() + timedelta(hours=1))
    shop.refresh_order(reference="A-1042")
    assert asked(psp) == 1


def test_payments_that_nobody_announced_make_polling_denser_until_messages_come_again(
    psp: Any, timing: Any, listening: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    timing(POLL=["1m", "2m", "5m", "15m", "1h"])
    codes = [open_order(f"DEAF-{number}").current_voucher for number in range(8)]
    Voucher.objects.update(attempts=10)
    psp.webhook_fault("lost", times=None)
    for voucher in codes[:3]:
        psp.pay(voucher.code)
    world.advance(minutes=70)
    sweep()
    assert Voucher.objects.filter(state="paid").count() == 3
    Voucher.objects.filter(state="issued").update(attempts=10, next_action_at=world.now() + timedelta(hours=1))
    psp.pay(codes[3].code)
    world.advance(minutes=6)
    sweep()  # notices, and brings forward what was not asked for five minutes
    assert AccountPulse.objects.get().deaf_why == "missed"
    world.advance(seconds=1)
    sweep()
    assert Voucher.objects.get(pk=codes[3].pk).state == "paid", "found within minutes instead of an hour"
    assert figures.figures().deaf_accounts == {"default": "missed"}
    assert figures.figures().poll_share == 1.0

    psp.clear_faults()
    for voucher in codes[4:]:
        psp.pay(voucher.code)
    assert psp.wait_idle()
    sweep()
    assert Voucher.objects.filter(state="paid").count() == 8
    open_order("DEAF-LATER")
    world.advance(hours=6, minutes=1)
    assert psp.wait_idle()
    psp.pay(open_order("DEAF-LAST").current_voucher.code)
    assert psp.wait_idle()
    sweep()
    assert AccountPulse.objects.get().deaf_why == "", "heard again, and no denser than its schedule"


def test_silence_brings_forward_no_more_than_half_the_budget_and_the_near_deadlines_first(
    psp: Any, account: Any, timing: Any, open_order: Any, world: Any
) -> None:
    timing(POLL=["1m", "2m", "5m", "15m", "1h"])
    vouchers = issued(open_order, 12)
    near = {voucher.pk for voucher in vouchers[6:]}
    Voucher.objects.filter(pk__in=near).update(expires_at=F("expires_at") - timedelta(hours=20))
    world.advance(hours=7)
    Voucher.objects.update(next_action_at=world.now() + timedelta(hours=1), asked_at=world.now() - timedelta(hours=1))
    Voucher.objects.filter(pk=vouchers[6].pk).update(asked_at=world.now() - timedelta(minutes=1))
    account(QUESTIONS_PER_SECOND=1)
    pace.LISTEN_EVERY, before = timedelta(seconds=10), pace.LISTEN_EVERY
    try:
        pace.listen()
    finally:
        pace.LISTEN_EVERY = before
    forward = set(Voucher.objects.filter(next_action_at__lte=world.now()).values_list("pk", flat=True))
    assert forward == near - {vouchers[6].pk}, "five questions in ten seconds; the one just asked is not neglected"


def test_listening_costs_the_same_for_any_number_of_codes(psp: Any, open_order: Any, world: Any) -> None:
    pace.listen()
    counts = []
    for many in (1, 12):
        for number in range(many):
            open_order(f"Q-{many}-{number}")
        with CaptureQueriesContext(connection) as queries:
            pace.listen()
        counts.append(len(queries))
    assert counts == [4, 4]
