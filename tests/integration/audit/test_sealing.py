"""What is sealed, when, by whom: never in a request, one sealer at a time, no row lost between two entries."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, models, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from pagoefectivo import shop
from pagoefectivo.models import ApiExchange, AuditEntry, ErrorOccurrence, WebhookDelivery
from pagoefectivo.models.audit import SEALED
from pagoefectivo.selectors import audit as verifying
from pagoefectivo.services import audit, sweep
from pagoefectivo.services.actors import SHOP
from tests.integration.audit.evidence import EXCHANGE, KINDS, as_superuser, found, one_of_each, order_one
from tests.integration.webhooks.conftest import DOOR, signed


def trouble(instant: Any, number: int = 1) -> ErrorOccurrence:
    return ErrorOccurrence.objects.create(
        code="PSP_TIMEOUT", account="default", request_id=f"r-{number}", occurred_at=instant
    )


def sealed(table: str) -> list[int]:
    return sorted(audit.sealed_ids(table, 0, None))


@pytest.mark.django_db
def test_young_rows_wait_and_are_said_to_wait(rows: dict[str, models.Model], clock: Any) -> None:
    assert audit.seal_when_due() == 0
    verdict = verifying.verify()
    assert (verdict.unsealed, verdict.unsealed_since, verdict.problems) == (KINDS, clock.now(), 0)
    clock.advance(seconds=31)
    assert audit.seal_when_due() == KINDS
    assert verifying.verify().unsealed == 0


@pytest.mark.django_db
def test_one_minute_has_at_most_one_sealing(rows: Any, clock: Any) -> None:
    clock.advance(seconds=31)
    audit.seal_when_due()
    trouble(clock.now())
    clock.advance(seconds=59)
    with CaptureQueriesContext(connection) as asked:
        assert audit.seal_when_due() == 0
    assert len(asked) == 1, "and asking costs one query"
    clock.advance(seconds=1)
    assert audit.seal_when_due() == 1


@pytest.mark.django_db
def test_a_clock_that_was_set_back_does_not_stop_the_sealing(rows: Any, clock: Any) -> None:
    clock.advance(hours=3)
    assert audit.seal_when_due() == KINDS
    clock.advance(hours=-2)
    trouble(clock.now() + timedelta(minutes=50))
    assert audit.seal_when_due() == 1, "what is dated in the future waits for nothing"
    assert found() == []


@pytest.mark.django_db
def test_a_call_without_an_answer_is_sealed_when_none_can_come_any_more(clock: Any) -> None:
    order_one(clock.now())
    with as_superuser():
        open_call = {**EXCHANGE, "outcome": "no_response", "response_body": None}
        ApiExchange.objects.create(request_id="r-1", sent_at=clock.now(), **open_call)
        ApiExchange.objects.create(request_id="r-2", sent_at=clock.now(), **EXCHANGE)
        ApiExchange.objects.create(request_id="r-3", sent_at=clock.now(), **{**open_call, "outcome": "sending"})
    lost, answered, _ = ApiExchange.objects.order_by("pk").values_list("pk", flat=True)
    clock.advance(minutes=74)
    assert audit.seal_when_due() == 1
    assert sealed("apiexchange") == [answered]
    clock.advance(minutes=2)
    assert audit.seal_when_due() == 1
    assert sealed("apiexchange") == [lost, answered]
    assert found() == []


@pytest.mark.django_db
def test_G19_a_row_put_into_an_old_gap_is_not_sealed_but_named(clock: Any) -> None:
    gap = trouble(clock.now(), 1).pk
    trouble(clock.now(), 2)
    with as_superuser():
        ErrorOccurrence.objects.filter(pk=gap).delete()  # as a transaction that took a number and was rolled back
    for _ in range(3):
        clock.advance(minutes=16)
        audit.seal_when_due()
    with as_superuser():
        ErrorOccurrence.objects.filter(pk=gap + 1).values().get()
        ErrorOccurrence.objects.create(pk=gap, code="PSP_TIMEOUT", account="default", occurred_at=clock.now())
    clock.advance(minutes=16)
    audit.seal_when_due()
    assert found() == [("inserted", "erroroccurrence", gap)]


@pytest.mark.django_db
def test_a_quiet_shop_closes_its_gaps_once(clock: Any) -> None:
    for number in range(3):
        trouble(clock.now(), number)
    with as_superuser():
        middle = ErrorOccurrence.objects.order_by("pk")[1]
        ErrorOccurrence.objects.filter(pk=middle.pk).delete()
    for _ in range(20):
        clock.advance(minutes=5)
        audit.seal_when_due()
    assert list(AuditEntry.objects.order_by("position").values_list("count", flat=True)) == [2, 0]


@pytest.mark.django_db(transaction=True)
def test_a_row_that_commits_late_is_sealed_as_well(rows: Any, clock: Any) -> None:
    took_its_number, may_commit = threading.Event(), threading.Event()

    def slow_writer() -> int:
        try:
            with transaction.atomic():
                late = trouble(clock.now(), 1)
                took_its_number.set()
                assert may_commit.wait(20)
            return int(late.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(slow_writer)
        assert took_its_number.wait(20)
        quick = trouble(clock.now(), 2).pk
        clock.advance(minutes=2)
        assert audit.seal_when_due() == KINDS + 1
        may_commit.set()
        late = writing.result(20)
    assert late < quick
    clock.advance(minutes=2)
    assert audit.seal_when_due() == 1
    assert {late, quick} < set(sealed("erroroccurrence"))
    assert found() == []


@pytest.mark.django_db(transaction=True)
def test_a_call_that_begins_while_rows_are_chosen_is_not_sealed_before_its_answer(rows: Any, clock: Any) -> None:
    """What the killed processes of F03 once showed: read by two statements, a call begun between them passes for finished."""
    under_way = {**EXCHANGE, "outcome": "sending", "http_status": None, "response_body": None, "duration_ms": None}
    begun: list[str] = []

    def begin_a_call() -> None:
        try:
            with as_superuser():  # it names no voucher
                ApiExchange.objects.create(request_id=f"late-{len(begun)}", sent_at=clock.now(), **under_way)
        finally:
            connection.close()

    def begin_after_each_look(execute: Any, sql: str, *more: Any) -> Any:
        result = execute(sql, *more)
        if 'FROM "pagoefectivo_apiexchange"' in sql:
            begun.append(sql)
            with ThreadPoolExecutor(1) as elsewhere:
                elsewhere.submit(begin_a_call).result(20)
        return result

    clock.advance(seconds=31)
    with connection.execute_wrapper(begin_after_each_look):
        assert audit.seal_when_due() == KINDS
    assert begun
    ApiExchange.objects.filter(outcome="sending").update(outcome="answered", http_status=200, response_body=b"{}")
    assert found() == []


@pytest.mark.django_db(transaction=True)
def test_of_sweeps_in_parallel_one_seals(rows: Any, clock: Any) -> None:
    width, rounds = 4, 5
    barrier = threading.Barrier(width)

    def seal_together() -> list[int]:
        try:
            counts = []
            for _ in range(rounds):
                if barrier.wait(20) == 0:
                    clock.advance(minutes=2)
                    trouble(clock.now() - timedelta(minutes=1))
                barrier.wait(20)
                counts.append(audit.seal_when_due())
            return counts
        finally:
            connection.close()

    with ThreadPoolExecutor(width) as pool:
        counts = [each.result(60) for each in [pool.submit(seal_together) for _ in range(width)]]
    assert sum(map(sum, counts)) == KINDS + rounds
    positions = list(AuditEntry.objects.order_by("position").values_list("position", flat=True))
    assert positions == list(range(1, len(positions) + 1))
    assert found() == []


@pytest.mark.django_db(transaction=True)
def test_nothing_is_sealed_inside_a_transaction(rows: Any, clock: Any) -> None:
    clock.advance(minutes=2)
    with pytest.raises(RuntimeError), transaction.atomic():
        audit.seal_when_due()
    assert not AuditEntry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_G19_no_request_pays_for_the_chain_and_a_working_day_raises_no_alarm(
    psp: Any, world: Any, open_order: Callable[..., Any], client: Client
) -> None:
    with CaptureQueriesContext(connection) as asked:
        order = open_order()
        psp.pay(order.current_voucher.code)
        body = b'{"id": "D-4-77", "status": "PAID"}'
        assert client.post(DOOR, body, content_type="application/json", headers=signed(body)).status_code == 200
        assert client.post(DOOR, b"{}", content_type="application/json").status_code == 401
        shop.refresh_order(reference=order.reference)
        shop.request_refund(reference=order.reference, amount="10.00", reason="buyer_request", actor=SHOP)
    assert len(asked) > 40
    assert [each["sql"] for each in asked if "audit" in each["sql"]] == []

    for _ in range(6):
        world.advance(minutes=20)
        assert sweep.run(most_rounds=20).failures == 0
    assert WebhookDelivery.objects.count() == 2
    verdict = verifying.verify()
    assert (verdict.findings, verdict.problems) == ([], 0)
    assert verdict.rows >= sum(table.rows.count() for table in SEALED.values()) - verdict.unsealed
    assert {table for table in SEALED if sealed(table)} >= {
        "statechange",
        "paymentevent",
        "apiexchange",
        "webhookdelivery",
    }


@pytest.mark.django_db
def test_a_failing_seal_stops_no_work_and_is_counted(
    rows: Any, clock: Any, settings: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> int:
        raise ValueError("the row of maria.quispe@example.pe")

    monkeypatch.setattr(audit, "seal_when_due", broken)
    assert sweep.run(most_rounds=1).failures >= 1
    assert "Sealing the evidence failed: ValueError" in caplog.text
    assert "maria" not in caplog.text


@pytest.mark.django_db
def test_a_key_that_was_replaced_still_checks_and_one_that_is_gone_is_said_to_be(
    rows: Any, seal: Callable[[], int], settings: Any, clock: Any
) -> None:
    seal()
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "ENCRYPTION_KEYS": ["the next key", "the key of today"]}
    with as_superuser():
        one_of_each(clock.now(), 2)
    seal()
    assert found() == []
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "ENCRYPTION_KEYS": ["the next key"]}
    assert found() == [("key_gone", "auditentry", position) for position in range(1, KINDS + 1)]


@pytest.mark.django_db
def test_a_column_that_came_later_leaves_old_entries_true(
    rows: Any, seal: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = SEALED["erroroccurrence"]
    fewer = [column for column in now.columns if column != "operation"]
    monkeypatch.setitem(SEALED, "erroroccurrence", now.as_of(fewer, ()))
    seal()
    monkeypatch.setitem(SEALED, "erroroccurrence", now)
    assert found() == []


@pytest.mark.django_db
def test_a_column_that_is_gone_leaves_its_entry_unchecked_and_says_so(
    rows: Any, seal: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    seal()
    monkeypatch.setattr("pagoefectivo.models.audit.SealedTable.as_of", lambda *_: None)
    assert found() == [("columns_gone", "auditentry", position) for position in range(1, KINDS + 1)]
