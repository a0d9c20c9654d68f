"""Asking the provider: patient, fair, never guessing, never going back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError

from pagoefectivo import shop
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import ProviderError
from pagoefectivo.domain.states import Source
from pagoefectivo.models import ApiExchange, ErrorOccurrence, Refund, Voucher
from pagoefectivo.services import claiming, polling
from pagoefectivo.services.actors import SHOP
from tests.integration.ledger import cents, everything, moves, oddities, only_order, only_refund, only_voucher, outbox

pytestmark = pytest.mark.django_db(transaction=True)


def errors() -> list[str]:
    return list(ErrorOccurrence.objects.order_by("pk").values_list("code", flat=True))


def test_C01_a_429_is_answered_with_the_patience_it_asks_for(psp: Any, open_order: Any, world: Any, sweep: Any) -> None:
    open_order()
    psp.fault("get_payment", "429", retry_after=90)
    world.advance(seconds=2)
    sweep()
    wait = only_voucher().next_action_at - world.now()
    assert timedelta(seconds=85) < wait < timedelta(seconds=92)
    assert (errors(), psp.call_counts()["get_payment"]) == (["PSP_RATE_LIMITED"], 1)
    world.advance(seconds=60)
    sweep()
    assert psp.call_counts()["get_payment"] == 1
    world.advance(seconds=35)
    sweep()
    assert (psp.call_counts()["get_payment"], only_voucher().state) == (2, "issued")


def test_C02_a_day_of_outage_loses_and_expires_nothing(
    psp: Any, settings: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    timing = {**settings.PAGOEFECTIVO["TIMING"], "POLL": ["1m", "1h"], "RETRY": ["1m", "1h"]}
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "TIMING": timing}
    psp.configure(expires_in_seconds=12 * 3600.0)
    codes = [open_order(f"C02-{number}").current_voucher.code for number in range(3)]
    psp.fault("any", "503", times=None)
    psp.pay(codes[0])
    for _ in range(8):
        world.advance(hours=3)
        sweep()
    assert set(Voucher.objects.values_list("state", flat=True)) == {"issued"}, "their deadline is past; nobody said so"
    assert psp.call_counts()["get_payment"] == 3 + 3 + 6, "five failures in a row, then one try a sweep for all of them"
    assert (oddities(), outbox()) == ([], ["voucher_issued"] * 3)

    psp.clear_faults()
    world.advance(hours=2)
    sweep()
    assert list(Voucher.objects.order_by("pk").values_list("state", flat=True)) == ["paid", "expired", "expired"]


@pytest.mark.parametrize("hours", [-1, 1, 200])
def test_C03_our_clock_never_expires_a_code(hours: int, psp: Any, open_order: Any, world: Any, sweep: Any) -> None:
    code = open_order().current_voucher.code
    world.skew(hours=hours)
    Voucher.objects.update(next_action_at=world.now())
    sweep()
    assert (only_voucher().state, only_order().state) == ("issued", "awaiting_payment")
    psp.pay(code)
    Voucher.objects.update(next_action_at=world.now())
    sweep()
    assert (only_order().state, oddities()) == ("paid", []), "paid in time by the provider's clock"


def test_C04_a_lagging_read_after_the_message_never_downgrades(
    psp: Any, listening: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    psp.fault("get_payment", "lag", times=2)
    psp.pay(open_order().current_voucher.code)
    assert psp.wait_idle()
    sweep()
    for _ in range(2):
        assert (only_voucher().state, only_order().state) == ("confirming", "awaiting_payment")
        world.advance(seconds=2)
        sweep()
    assert (only_voucher().state, only_order().state, oddities()) == ("paid", "paid", [])
    assert moves("voucher") == ["submit", "issue", "begin_confirming", "pay"]

    psp.fault("get_payment", "lag")
    shop.refresh_order(reference="A-1042")
    assert (only_voucher().state, only_order().state, oddities()) == ("paid", "paid", []), "nor after the money"


def test_C04_a_message_that_no_read_confirms_is_doubted_and_shown_to_a_person(
    psp: Any, listening: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    psp.fault("get_payment", "lag", times=None)
    psp.pay(open_order().current_voucher.code)
    assert psp.wait_idle()
    sweep()
    world.advance(minutes=31)
    sweep()
    assert (only_voucher().state, oddities()) == ("issued", ["webhook_unconfirmed"])
    psp.clear_faults()
    world.advance(seconds=2)
    sweep()
    assert (only_order().state, oddities()) == ("paid", [])


def test_C05_not_found_for_a_known_id_is_asked_again_then_shown_never_failed(
    psp: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    psp.fault("get_payment", "not_found", times=4)
    open_order()
    for tries in range(4):
        assert oddities() == (["not_found_at_provider"] if tries >= 3 else [])
        world.advance(seconds=2)
        sweep()
    assert errors() == [ErrorCode.POLL_NOT_FOUND] * 4
    assert (only_voucher().state, only_order().state) == ("issued", "awaiting_payment")
    world.advance(seconds=2)
    sweep()
    assert (only_voucher().state, oddities()) == ("issued", [])


def test_C06_an_unknown_status_is_held_and_never_guessed(psp: Any, paid_order: Any, world: Any, sweep: Any) -> None:
    paid_order("PAID-1")
    refund = shop.request_refund(reference="PAID-1", amount="10.00", reason="other", actor=SHOP)
    psp.fault("get_refund", "unknown_status")
    world.advance(seconds=2)
    sweep()
    assert (only_refund().state, oddities()) == ("pending", ["status_unrecognised"])
    assert only_voucher().reserved_amount == cents("10.00")
    psp.settle_refund(refund.provider_reference)
    world.advance(seconds=2)
    sweep()
    assert (only_refund().state, oddities()) == ("succeeded", [])


def test_C06_an_unknown_status_of_a_payment_keeps_the_raw_word(
    psp: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    psp.fault("get_payment", "unknown_status", status="UNDER_OBSERVATION")
    voucher = open_order().current_voucher
    world.advance(seconds=2)
    sweep()
    assert (only_voucher().state, oddities()) == ("issued", ["status_unrecognised"])
    assert voucher.events.get(status="unrecognised").raw_status == "UNDER_OBSERVATION"
    world.advance(seconds=2)
    sweep()
    assert oddities() == []


def test_C07_of_two_pollers_the_late_one_schedules_nothing(psp: Any, open_order: Any, world: Any, sweep: Any) -> None:
    voucher = open_order().current_voucher
    world.advance(seconds=2)
    [late] = claiming.claim_due(Voucher, 10)
    assert claiming.claim_due(Voucher, 10) == [], "held"
    assert claiming.claim_row(Voucher, voucher.pk) is None
    world.advance(seconds=10)
    [second] = claiming.claim_due(Voucher, 10)
    assert second.token == late.token + 1
    polling.ask_vouchers([late], source=Source.POLL)
    held = only_voucher()
    assert (held.lease_token, held.lease_until is not None) == (second.token, True), "the new holder's lease stands"
    polling.ask_vouchers([second], source=Source.POLL)
    assert only_voucher().lease_until is None
    assert (psp.call_counts()["get_payment"], moves("voucher")) == (2, ["submit", "issue"])


def test_C07_what_a_late_poller_read_is_left_to_the_one_who_came_after(psp: Any, open_order: Any, world: Any) -> None:
    psp.pay(open_order().current_voucher.code)
    world.advance(seconds=2)
    [late] = claiming.claim_due(Voucher, 10)
    world.advance(seconds=10)
    [second] = claiming.claim_due(Voucher, 10)
    before = everything(besides={"ApiExchange"})
    polling.ask_vouchers([late], source=Source.POLL)
    assert everything(besides={"ApiExchange"}) == before
    polling.ask_vouchers([second], source=Source.POLL)
    assert only_order().state == "paid"


def test_a_person_who_asks_gets_the_error_and_nothing_changes(psp: Any, open_order: Any) -> None:
    open_order()
    psp.fault("get_payment", "500")
    with pytest.raises(ProviderError) as failed:
        shop.refresh_order(reference="A-1042")
    assert (failed.value.code, errors()) == (ErrorCode.PSP_UNAVAILABLE, [ErrorCode.PSP_UNAVAILABLE])
    assert (only_voucher().state, Refund.objects.count()) == ("issued", 0)
    assert list(ApiExchange.objects.order_by("pk").values_list("outcome", "http_status")) == [
        ("answered", 200),
        ("answered", 500),
    ]


def test_quiet_polls_write_no_events_and_keep_asking(
    psp: Any, silent: None, open_order: Any, world: Any, sweep: Any
) -> None:
    for number in range(5):
        open_order(f"QUIET-{number}")
    world.advance(seconds=2)
    sweep()
    first = everything(besides={"Voucher", "ApiExchange"})
    for _ in range(3):
        world.advance(seconds=2)
        sweep()
    assert everything(besides={"Voucher", "ApiExchange"}) == first
    assert psp.call_counts() == {"create": 5, "get_payment": 20}
    assert Voucher.objects.filter(lease_until=None, next_action_at__gt=world.now()).count() == 5


def test_C09_a_reversal_at_the_provider_is_a_new_event_and_history_stands(
    psp: Any, listening: Any, paid_order: Any, sweep: Any
) -> None:
    paid_order()
    before = moves("voucher"), moves("order")
    psp.reverse(only_voucher().code)
    assert psp.wait_idle()
    sweep()
    assert (moves("voucher"), moves("order")) == before
    assert (only_order().state, only_order().paid_amount, oddities()) == ("paid", cents("89.90"), ["payment_reversed"])
    assert list(only_voucher().events.filter(proof="read").order_by("pk").values_list("status", flat=True)) == [
        "paid",
        "canceled",
    ]


def test_a_voucher_whose_account_is_gone_stops_nobody_else(
    psp: Any, open_order: Any, world: Any, sweep: Any, caplog: pytest.LogCaptureFixture
) -> None:
    gone, lives = (open_order(reference).current_voucher for reference in ("GONE-1", "LIVES-1"))
    Voucher.objects.filter(pk=gone.pk).update(account="sold")
    psp.pay(lives.code)
    world.advance(seconds=2)
    report = sweep()
    assert shop.get_order(reference="LIVES-1").state == "paid"
    gone.refresh_from_db()
    assert (gone.state, gone.lease_until, gone.next_action_at > world.now()) == ("issued", None, True)
    assert report.failures == 1
    [complaint] = [record.getMessage() for record in caplog.records if record.name == "pagoefectivo.sweep"]
    assert complaint.startswith(f"Work on voucher {gone.pk} failed: RuleRefused")


def test_G03_a_complaint_of_the_database_is_logged_without_the_row_that_it_quotes(
    psp: Any, open_order: Any, world: Any, sweep: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = open_order().current_voucher.code
    world.advance(seconds=2)
    monkeypatch.setattr(polling, "ask_vouchers", lambda *_, **__: Voucher.objects.update(refunded_amount=5))
    assert sweep().failures == 1
    written = " ".join(record.getMessage() + (record.exc_text or "") for record in caplog.records)
    assert "IntegrityError" in written
    assert code not in written
    with pytest.raises(IntegrityError) as complaint:
        Voucher.objects.update(refunded_amount=5)
    assert code in str(complaint.value), "the database does quote it"
