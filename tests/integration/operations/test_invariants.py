"""What must hold is recomputed from the rows: each planted fault is found by its number, and looking changes nothing."""

# ruff: noqa: S608 - faults planted by a test in its own tables
from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from pagoefectivo import shop
from pagoefectivo.models import Job
from pagoefectivo.selectors import invariants
from pagoefectivo.services import upkeep
from pagoefectivo.services.actors import SHOP

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def full_day(psp: Any, account: Any, open_order: Any, paid_order: Any, world: Any, sweep: Any) -> None:
    """A bit of everything: open, paid, refunded in part, failed, refunded outside, approved, expired."""
    account(REFUND_APPROVAL_OVER="20.00")
    open_order("OPEN-1")
    paid_order("PAID-1")
    expired = open_order("GONE-1").current_voucher
    psp.expire(expired.code)
    small = shop.request_refund(reference="PAID-1", amount="10.00", reason="other", actor=SHOP)
    psp.settle_refund(small.provider_reference)
    shop.request_refund(reference="PAID-1", amount="30.00", reason="other", actor=SHOP)
    order = paid_order("PAID-2")
    psp.dashboard_refund(order.current_voucher.code, "5.00")
    world.advance(days=2)
    for _ in range(3):
        world.advance(minutes=1)
        sweep()


def violated() -> dict[str, tuple[str, ...]]:
    return {finding.id: finding.rows for finding in invariants.check() if finding.count}


def plant(statement: str) -> Callable[[], None]:
    """Write past constraints and triggers, as only the owner of the database can."""

    def write() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            for table, name in _checks(cursor):
                cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
            cursor.execute(statement)

    return write


def _checks(cursor: Any) -> list[tuple[str, str]]:
    cursor.execute(
        "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype IN ('c') AND conname LIKE 'pe_%'"
    )
    return list(cursor.fetchall())


def test_a_day_full_of_everything_holds(full_day: None) -> None:
    assert violated() == {}


PAID = "(SELECT id FROM pagoefectivo_voucher WHERE paid_amount > 0 ORDER BY id LIMIT 1)"
OPEN = "(SELECT id FROM pagoefectivo_voucher WHERE state = 'issued' ORDER BY id LIMIT 1)"
DONE = "(SELECT id FROM pagoefectivo_refund WHERE state = 'succeeded' AND NOT is_outside ORDER BY id LIMIT 1)"
WAITS = "(SELECT id FROM pagoefectivo_refund WHERE state IN ('awaiting_approval', 'canceled') ORDER BY id LIMIT 1)"
FAULTS = {
    "two live codes are the same": ("I3", f"UPDATE pagoefectivo_voucher SET code = (SELECT code FROM pagoefectivo_voucher WHERE id = {OPEN}), state = 'issued', next_action_at = now() WHERE id = {PAID}"),
    "a key is used for two refunds": ("I3", "UPDATE pagoefectivo_refund SET idempotency_key = 'the same' WHERE NOT is_outside"),
    "more is reserved than was paid": ("I4", f"UPDATE pagoefectivo_refund SET amount = 500 WHERE id = {DONE}"),
    "the reserved sum is stale": ("I4", f"UPDATE pagoefectivo_voucher SET reserved_amount = 0, refunded_amount = 0 WHERE id = {PAID}"),
    "money that no statement brought": ("I4", f"UPDATE pagoefectivo_voucher SET paid_amount = paid_amount + 1 WHERE id = {PAID}"),
    "a paid code was expired": ("I5", "UPDATE pagoefectivo_statechange SET from_state = 'paid' WHERE subject = 'voucher' AND to_state = 'expired'"),
    "paid on a message's word alone": ("I6", "UPDATE pagoefectivo_paymentevent SET proof = 'signed_body' WHERE refund_id IS NULL AND status = 'paid'"),
    "refunded without a read": ("I6", "UPDATE pagoefectivo_paymentevent SET proof = 'answer' WHERE status = 'succeeded'"),
    "refunded by a read of other money": ("I6", "UPDATE pagoefectivo_paymentevent SET amount = 9 WHERE status = 'succeeded'"),
    "a read that was never answered": ("I6", "UPDATE pagoefectivo_apiexchange SET outcome = 'no_response'"),
    "a state that no move led to": ("I7", f"UPDATE pagoefectivo_voucher SET state = 'canceled' WHERE id = {OPEN}"),
    "a move is gone": ("I7", "DELETE FROM pagoefectivo_statechange WHERE subject = 'voucher' AND transition = 'submit'"),
    "a move without an author": ("I7", "UPDATE pagoefectivo_statechange SET actor = '' WHERE subject = 'order'"),
    "an open code is forgotten": ("I9", f"UPDATE pagoefectivo_voucher SET next_action_at = NULL WHERE id = {OPEN}"),
    "a row is held for ever": ("I9", "UPDATE pagoefectivo_refund SET lease_until = now() + interval '30 days'"),
    "a move was not announced": ("I11", "DELETE FROM pagoefectivo_outboxmessage WHERE id = (SELECT max(id) FROM pagoefectivo_outboxmessage WHERE signal = 'order_paid')"),
    "approved by who asked": ("I12", f"UPDATE pagoefectivo_refund SET approved_by = requested_by, approval_digest = 'x' WHERE id = {WAITS}"),
    "an approval for other money": ("I12", f"UPDATE pagoefectivo_refund SET approved_by = 'ana', approval_digest = 'for another amount' WHERE id = {DONE}"),
    "an order that does not add up": ("I13", "UPDATE pagoefectivo_order SET paid_amount = paid_amount - 1 WHERE paid_amount > 0"),
    "money on an order that expired": ("I13", "UPDATE pagoefectivo_order SET state = 'expired' WHERE paid_amount > 0"),
}  # fmt: skip


def test_every_planted_fault_is_found_by_its_number_and_named(full_day: None) -> None:
    missed = {}
    for story, (name, statement) in FAULTS.items():
        with transaction.atomic():
            plant(statement)()
            found = violated()
            transaction.set_rollback(True)
        if name not in found or not all(row.rsplit(" ", 1)[1].isdigit() for row in found[name]):
            missed[story] = found
    assert missed == {}
    assert violated() == {}, "all was rolled back"
    assert {name for name, _ in FAULTS.values()} == set(invariants.SENTENCES)


def test_an_account_that_trusts_messages_may_be_paid_by_one(full_day: None, account: Any) -> None:
    with transaction.atomic():
        plant(FAULTS["paid on a message's word alone"][1])()
        assert "I6" in violated()
        account(CONFIRMATION="webhook")
        assert "I6" not in violated()
        transaction.set_rollback(True)


def test_looking_costs_a_fixed_number_of_queries_and_writes_nothing(psp: Any, full_day: None, open_order: Any) -> None:
    counts = []
    for number in range(2):
        with CaptureQueriesContext(connection) as queries:
            invariants.check()
        counts.append(len([each for each in queries if each["sql"].startswith("SELECT")]))
        assert not [each for each in queries if each["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
        for more in range(5):
            open_order(f"MORE-{number}-{more}")
    assert counts == [10, 10], "one of them a cursor over the approvals"


def test_it_runs_where_nothing_can_be_written(full_day: None) -> None:
    with CaptureQueriesContext(connection) as queries:
        invariants.check()
    assert [each["sql"] for each in queries][:2] == ["BEGIN", "SET TRANSACTION READ ONLY"]


def test_the_command_says_that_all_holds(full_day: None) -> None:
    out = StringIO()
    call_command("pagoefectivo", "invariants", stdout=out)
    assert [line.split()[:2] for line in out.getvalue().splitlines()] == [
        [name, "holds"] for name in invariants.SENTENCES
    ]


def test_the_command_ends_with_1_and_names_the_rows(full_day: None) -> None:
    with transaction.atomic():
        plant(FAULTS["an order that does not add up"][1])()
        out = StringIO()
        with pytest.raises(SystemExit) as end:
            call_command("pagoefectivo", "invariants", "--json", stdout=out)
        plain = StringIO()
        with pytest.raises(SystemExit):
            call_command("pagoefectivo", "invariants", stdout=plain)
        transaction.set_rollback(True)
    said = json.loads(out.getvalue())
    assert (end.value.code, said["violated"]) == (1, 1)
    [broken] = [each for each in said["invariants"] if each["count"]]
    assert (broken["id"], broken["count"], len(broken["rows"])) == ("I13", 2, 2)
    assert "I13  VIOLATED 2 times" in plain.getvalue()


def test_the_sweep_recomputes_them_once_a_day_and_logs_what_broke(
    full_day: None, world: Any, sweep: Any, caplog: pytest.LogCaptureFixture
) -> None:
    ran = Job.objects.get(name=upkeep.INVARIANTS).ran_at
    sweep()
    assert Job.objects.get(name=upkeep.INVARIANTS).ran_at == ran
    with connection.cursor() as cursor:
        cursor.execute("UPDATE pagoefectivo_order SET paid_amount = paid_amount + 1 WHERE paid_amount > 0")
    world.advance(hours=25)
    sweep()
    job = Job.objects.get(name=upkeep.INVARIANTS)
    assert (job.ran_at > ran, list(job.outcome), job.outcome["I13"]["count"]) == (True, ["I13"], 2)
    [said] = [record.getMessage() for record in caplog.records if record.name == "pagoefectivo.upkeep"]
    assert said.startswith("I13 is violated 2 times")
