"""A row whose work always fails waits longer and longer, then stands aside; nobody else notices."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError

from pagoefectivo.models import StuckRow, Voucher
from pagoefectivo.selectors import figures
from pagoefectivo.services import polling
from pagoefectivo.services.stuck import TRIES_BEFORE_PARKED

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def poison(open_order: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An issued code about which no question can be asked without a blow, and what strikes."""
    voucher = open_order("POISON-1").current_voucher
    ask = polling.ask_vouchers
    blow: list[Exception] = [ZeroDivisionError("the code 1234567 is in this text")]

    def asking(claims: Any, **more: Any) -> None:
        if any(claim.row_id == voucher.pk for claim in claims):
            raise blow[0]
        ask(claims, **more)

    monkeypatch.setattr(polling, "ask_vouchers", asking)
    voucher.blow = blow
    return voucher


def test_F13_a_row_that_always_fails_is_parked_and_the_others_go_on(
    psp: Any, poison: Any, open_order: Any, world: Any, sweep: Any, caplog: pytest.LogCaptureFixture
) -> None:
    good = open_order("GOOD-1").current_voucher
    failures = 0
    for _ in range(TRIES_BEFORE_PARKED + 4):
        world.advance(seconds=3)
        failures += sweep().failures
    assert failures == TRIES_BEFORE_PARKED
    stuck = StuckRow.objects.get()
    assert (stuck.kind, stuck.row_id, stuck.failures) == ("voucher", poison.pk, TRIES_BEFORE_PARKED)
    assert (stuck.error, stuck.parked_at is not None) == ("ZeroDivisionError", True)
    row = Voucher.objects.get(pk=poison.pk)
    assert row.next_action_at is not None
    assert row.next_action_at - world.now() > timedelta(hours=23), "not forgotten: tried once a day"
    assert row.state == "issued"
    assert figures.figures().stuck_rows == 1
    assert "1234567" not in caplog.text
    psp.pay(good.code)
    world.advance(seconds=3)
    sweep()
    assert Voucher.objects.get(pk=good.pk).state == "paid"


def test_F13_a_row_that_failed_now_and_then_is_never_parked(poison: Any, world: Any, sweep: Any) -> None:
    for _ in range(2 * TRIES_BEFORE_PARKED):
        world.advance(minutes=30)
        sweep()
    assert StuckRow.objects.get().parked_at is None, "half an hour apart, with a retry of a second: it worked between"


def test_F13_what_the_database_could_not_do_is_no_rows_fault(poison: Any, world: Any, sweep: Any) -> None:
    poison.blow[0] = OperationalError("the server closed the connection")
    for _ in range(TRIES_BEFORE_PARKED + 2):
        world.advance(seconds=3)
        sweep()
    assert not StuckRow.objects.exists()
