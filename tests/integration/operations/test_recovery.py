"""A backup is restored behind the provider's back: money stands still until everything was read again."""

# ruff: noqa: S608 - names of our own tables
from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection

from pagoefectivo import shop
from pagoefectivo.domain.exceptions import NotFound
from pagoefectivo.domain.states import Source
from pagoefectivo.models import CircuitBreaker, Order, Recovery, Refund, Voucher
from pagoefectivo.selectors import figures, invariants
from pagoefectivo.services import breaker, doubts, jobs, recovery, refunds
from pagoefectivo.services.actors import SHOP, Actor, staff
from tests.integration.ledger import oddities

pytestmark = pytest.mark.django_db(transaction=True)
SCHEMA = "restored"


class Backup:
    """All tables of ours as they were at one instant, sequences included."""

    def __init__(self) -> None:
        models = apps.get_app_config("pagoefectivo").get_models()
        self._tables = [model._meta.db_table for model in models if not model._meta.proxy]
        self._run(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE", f"CREATE SCHEMA {SCHEMA}")
        self._run(*(f"CREATE TABLE {SCHEMA}.{table} AS TABLE {table}" for table in self._tables))
        with connection.cursor() as cursor:
            self._numbers = {}
            for table in self._tables:
                cursor.execute(f"SELECT last_value, is_called FROM {table}_id_seq")
                self._numbers[table] = cursor.fetchone()

    def restore(self) -> None:
        """Go back in time; ids are given out anew from there, and no process remembers anything."""
        self._run(
            "SET session_replication_role = replica",
            *(f"DELETE FROM {table}" for table in self._tables),
            *(f"INSERT INTO {table} SELECT * FROM {SCHEMA}.{table}" for table in self._tables),
            *(f"SELECT setval('{table}_id_seq', {last}, {used})" for table, (last, used) in self._numbers.items()),
            "SET session_replication_role = origin",
            f"DROP SCHEMA {SCHEMA} CASCADE",
        )
        breaker.forget()
        jobs.forget()

    def _run(self, *statements: str) -> None:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


def recover(*arguments: str) -> tuple[dict[str, Any], int]:
    out = StringIO()
    try:
        call_command("pagoefectivo", "recover", "--json", *arguments, stdout=out)
    except SystemExit as end:
        return json.loads(out.getvalue()), int(end.code or 0)
    return json.loads(out.getvalue()), 0


def refund_of(reference: str, amount: str, actor: Actor = SHOP) -> Refund:
    return shop.request_refund(reference=reference, amount=amount, reason="other", actor=actor)


@pytest.fixture
def read_all(world: Any, sweep: Any) -> Callable[[], None]:
    """Let sweeps run until nothing is unread."""

    def read() -> None:
        for _ in range(12):
            world.advance(seconds=30)
            sweep()
            if not any(each.unread for each in recovery.status()):
                return
        world.advance(minutes=10)
        sweep()

    return read


def test_F16_after_a_restore_nothing_moves_until_all_was_read_and_then_no_cent_twice(
    psp: Any, paid_order: Any, open_order: Any, world: Any, sweep: Any, read_all: Any
) -> None:
    psp.configure(permissive=True)
    paid_order("PAID-1")
    open_code = open_order("OPEN-1").current_voucher.code
    backup = Backup()
    lost = refund_of("PAID-1", "60.00")
    psp.settle_refund(lost.provider_reference)
    psp.pay(open_code)
    world.advance(seconds=2)
    sweep()
    assert shop.get_order(reference="PAID-1").refunded_amount == Decimal("60.00")

    backup.restore()
    assert not Refund.objects.exists(), "the backup never saw it"
    assert recover("--start") == ({"started": ["default"]}, 0)
    asked_again = refund_of("PAID-1", "60.00")
    assert (asked_again.state, len(psp.refunds())) == ("requested", 1), "it waits; the provider was not called"
    said, code = recover("--finish")
    assert (code, said["under_way"][0]["unread_vouchers"]) == (1, 2)
    assert recover("--status")[1] == 1
    new = open_order("NEW-1").current_voucher
    assert new.state == "requested", "no code is issued either"

    read_all()
    assert recover("--status")[0]["under_way"][0]["unread_vouchers"] == 0
    paid = Voucher.objects.get(order__reference="PAID-1")
    assert paid.outside_amount == Decimal("60.00"), "the refund of the lost time lowers what is left"
    assert shop.get_order(reference="OPEN-1").state == "paid"
    assert (len(psp.refunds()), psp.call_counts()["refund"]) == (1, 1), "not one call that moves money"

    assert recover("--finish") == ({"under_way": []}, 0)
    world.advance(minutes=10)
    sweep()
    assert Voucher.objects.get(pk=new.pk).state == "issued"
    ended = Recovery.objects.get()
    assert (ended.left_unread, ended.is_detected, ended.finished_by.startswith("shell:")) == (0, False, True)


def test_F16_what_the_backup_believes_unsent_is_looked_up_before_it_is_sent(
    psp: Any, account: Any, paid_order: Any, world: Any, sweep: Any, read_all: Any, django_user_model: Any
) -> None:
    psp.configure(permissive=True)
    account(REFUND_APPROVAL_OVER="0.00")
    paid_order("PAID-1")
    refund = refund_of("PAID-1", "40.00")
    assert refund.state == "awaiting_approval"
    backup = Backup()
    boss = staff(django_user_model.objects.create_superuser("boss"))
    assert (
        refunds.approve(refund.public_id, seen=doubts.seen_of(refund), actor=boss, source=Source.STAFF).state
        == "pending"
    )

    backup.restore()
    recovery.start(by="ana", why="the disk died")
    assert Refund.objects.get().first_sent_at is not None
    read_all()
    assert recovery.finish(by="ana") == []
    refunds.approve(refund.public_id, seen=doubts.seen_of(refund), actor=boss, source=Source.STAFF)
    world.advance(minutes=10)
    sweep()
    assert [each["order_refund_id"] for each in psp.refunds()] == [refund.reference]
    assert (Refund.objects.get().state, psp.call_counts()["refund"]) == ("pending", 1), "found, not sent again"


def test_F16_what_was_turned_away_before_the_backup_and_sent_after_it_is_looked_up_and_not_sent_again(
    psp: Any, paid_order: Any, open_order: Any, world: Any, sweep: Any, read_all: Any
) -> None:
    psp.configure(permissive=True)
    paid_order("PAID-1")
    for operation in ("create", "refund"):
        psp.fault(operation, "429", retry_after=1)
    code, refund = open_order("TURNED-AWAY-1").current_voucher, refund_of("PAID-1", "40.00")
    assert {(row.state, row.first_sent_at) for row in (code, refund)} == {("submitting", None)}
    backup = Backup()
    world.advance(seconds=10)
    sweep()
    assert (Voucher.objects.get(pk=code.pk).state, Refund.objects.get().state) == ("issued", "pending")
    sent = {name: psp.call_counts()[name] for name in ("create", "refund")}

    backup.restore()
    recovery.start(by="ana", why="the disk died")
    assert Voucher.objects.get(pk=code.pk).first_sent_at is not None
    assert Refund.objects.get().first_sent_at is not None
    read_all()
    assert recovery.finish(by="ana") == [], "nothing waits unread for the end of the recovery itself"
    world.advance(minutes=10)
    sweep()
    assert (Voucher.objects.get(pk=code.pk).state, Refund.objects.get().state) == ("issued", "pending")
    assert {name: psp.call_counts()[name] for name in sent} == sent, "found, not sent again"


def test_F16_keys_and_references_made_after_a_restore_repeat_none_from_before(
    psp: Any, paid_order: Any, world: Any
) -> None:
    paid_order("PAID-1")
    backup = Backup()
    before = refund_of("PAID-1", "10.00")
    backup.restore()
    recovery.start(by="ana", why="")
    after = refund_of("PAID-1", "10.00")
    assert after.pk == before.pk, "the row's number was given out again"
    assert after.idempotency_key != before.idempotency_key
    assert after.reference != before.reference
    assert after.public_id != before.public_id


def test_F16_a_restore_that_nobody_announced_is_noticed_by_what_the_provider_lists(
    psp: Any, paid_order: Any, world: Any, sweep: Any, read_all: Any, caplog: pytest.LogCaptureFixture
) -> None:
    psp.configure(permissive=True, echo_order_refund_id=True)
    paid_order("PAID-1")
    backup = Backup()
    refund_of("PAID-1", "60.00")
    backup.restore()
    shop.refresh_order(reference="PAID-1")
    begun = Recovery.objects.get()
    assert (begun.account, begun.is_detected, begun.started_by) == ("default", True, "system")
    assert "Was a backup restored?" in caplog.text
    assert figures.figures().accounts_in_recovery == ["default"]
    assert oddities() == ["refund_started_outside"]
    assert refund_of("PAID-1", "29.90").state == "requested"
    assert len(psp.refunds()) == 1

    read_all()
    world.advance(minutes=6)
    sweep()
    ended = Recovery.objects.get()
    assert (ended.finished_at is not None, ended.finished_by) == (True, "system"), "ends by itself when all is read"
    world.advance(minutes=10)
    sweep()
    assert len(psp.refunds()) == 2
    assert [finding.id for finding in invariants.check() if finding.count] == []


def test_F16_a_message_about_a_lost_code_of_a_known_order_is_noticed_once(
    psp: Any, listening: Any, open_order: Any, world: Any, sweep: Any, read_all: Any
) -> None:
    open_order("SHOP-1-2")
    backup = Backup()
    shop.reissue_voucher(reference="SHOP-1-2")
    code = Voucher.objects.get(attempt=2).code
    backup.restore()
    psp.pay(code)
    assert psp.wait_idle()
    sweep()
    assert Recovery.objects.get().is_detected
    read_all()
    assert recovery.finish(by="ana") == []
    for _ in range(3):
        world.advance(hours=2)
        sweep()
    assert Recovery.objects.count() == 1, "the same message, looked at again, is no news"


@pytest.mark.parametrize("reference", ["NOT-OURS-1-0123456789AB", "A-1042", "A-1042-1-0123456789AB", "A-1042-9-short"])
def test_a_strangers_message_is_no_sign_of_a_restore(
    reference: str, psp: Any, open_order: Any, listening: Any, sweep: Any, world: Any
) -> None:
    open_order("A-1042")
    body = json.dumps({"id": "D-4-stranger", "order_id": reference, "status": "PAID"})
    psp.inject(f"{listening.url}/pagoefectivo/webhooks/default/", body)
    sweep()
    assert not Recovery.objects.exists()


def test_a_refund_made_in_the_providers_dashboard_is_no_sign_of_a_restore(
    psp: Any, paid_order: Any, world: Any
) -> None:
    code = paid_order("PAID-1").current_voucher.code
    psp.dashboard_refund(code, "5.00")
    shop.refresh_order(reference="PAID-1")
    assert oddities() == ["refund_started_outside"]
    assert not Recovery.objects.exists()


def test_only_the_named_account_stands_still_and_starting_twice_is_one_recovery(
    psp: Any, settings: Any, account: Any, open_order: Any, world: Any
) -> None:
    big = settings.PAGOEFECTIVO["ACCOUNTS"]["default"]
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "ACCOUNTS": {"default": big, "other": {**big}}}
    assert recover("--start", "--account", "other") == ({"started": ["other"]}, 0)
    assert recover("--start", "--account", "other") == ({"started": []}, 0)
    assert open_order("A-1").current_voucher.state == "issued"
    assert open_order("B-1", account="other").current_voucher.state == "requested"
    with pytest.raises(NotFound):
        recovery.start(["nobody's"], by="ana", why="")
    assert Recovery.objects.count() == 1
    assert recover("--finish")[1] == 0
    assert CircuitBreaker.objects.get(account="other", operation=breaker.MOVES).opened_at is None


def test_what_cannot_be_read_keeps_it_open_until_a_person_answers_for_it(
    psp: Any, open_order: Any, world: Any, sweep: Any, read_all: Any
) -> None:
    open_order("A-1042")
    recovery.start(by="ana", why="")
    psp.fault("get_payment", "not_found", times=None)
    read_all()
    said, code = recover("--finish")
    assert (code, said["under_way"][0]["unread_vouchers"]) == (1, 1)
    assert recover("--finish", "--force") == ({"under_way": []}, 0)
    assert Recovery.objects.get().left_unread == 1


def test_a_success_elsewhere_does_not_end_it(psp: Any, open_order: Any, world: Any, sweep: Any) -> None:
    open_order("A-1042")
    recovery.start(by="ana", why="")
    world.advance(seconds=30)
    sweep()
    assert psp.call_counts()["get_payment"] >= 1
    held = CircuitBreaker.objects.get()
    assert (held.operation, held.opened_at is not None, held.until_at, held.opened_by) == ("moves", True, None, "ana")
    world.advance(days=2)
    sweep()
    assert Order.objects.get().state == "awaiting_payment"
    assert CircuitBreaker.objects.get().opened_at is not None
