"""PostgreSQL itself refuses to rewrite evidence, whoever asks; what completes a row may be written once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone

from pagoefectivo.models import ApiExchange, AuditEntry, StateChange, WebhookDelivery
from pagoefectivo.models.audit import SEALED
from pagoefectivo.services import exchanges
from tests.integration.audit.evidence import EXCHANGE, KINDS, as_superuser, flipped, order_one

pytestmark = pytest.mark.django_db
ONLY_ADDED = (
    *("statechange", "paymentevent", "erroroccurrence"),
    *("accesslog", "ordernote", "proofreview", "errormark", "deliveryact", "limitpass"),
    *("closeact", "bankreceipt"),
)
SCHEDULE = ("next_action_at", "lease_until", "lease_token", "attempts", "repeats", "outcome", "done_at")
ANSWER = {
    "outcome": "answered",
    "http_status": 200,
    "response_headers": {"content-type": "application/json"},
    "response_body": b"{}",
    "duration_ms": 12,
}


def refused(row: models.Model, **columns: Any) -> bool:
    """Whether PostgreSQL refuses to write these columns; when it does, the row is as before."""
    rows = type(row)._default_manager.filter(pk=row.pk)
    before = rows.values().get()
    with suppress(IntegrityError), transaction.atomic():
        rows.update(**columns)
        return False
    assert rows.values().get() == before
    return True


def other_value(row: models.Model, column: str) -> Any:
    """A value of the column's kind that is not the row's."""
    value = getattr(row, column)
    return "10.0.0.8" if column == "remote_ip" else flipped(value, 2)


@pytest.mark.parametrize("table", ONLY_ADDED)
def test_G19_what_is_only_ever_added_is_never_changed_nor_deleted(rows: dict[str, models.Model], table: str) -> None:
    row = rows[table]
    for column in SEALED[table].columns:
        assert refused(row, **{column: other_value(row, column)}), column
    with pytest.raises(IntegrityError, match="is refused"), transaction.atomic():
        SEALED[table].rows.filter(pk=row.pk)._raw_delete("default")
    assert SEALED[table].rows.count() == 1


def test_G19_an_entry_of_the_chain_is_never_changed_nor_deleted(rows: Any, seal: Callable[[], int]) -> None:
    seal()
    entry = AuditEntry.objects.get(position=1)
    assert refused(entry, why="another reason")
    assert refused(entry, position=100)
    with pytest.raises(IntegrityError, match="is refused"), transaction.atomic():
        entry.delete()
    assert AuditEntry.objects.count() == KINDS


def test_every_column_of_a_notification_is_either_kept_or_part_of_its_work() -> None:
    table = SEALED["webhookdelivery"]
    kept = {*table.columns, *table.bodies}
    assert kept | {*SCHEDULE, "voucher_id", "refund_id"} == {
        field.attname for field in WebhookDelivery._meta.concrete_fields if not field.primary_key
    }
    assert kept.isdisjoint(table.open)


def test_G19_a_notification_keeps_what_came_and_may_be_worked_on(rows: dict[str, models.Model]) -> None:
    letter, table = rows["webhookdelivery"], SEALED["webhookdelivery"]
    for column in (*table.columns, *table.bodies):
        assert refused(letter, **{column: other_value(letter, column)}), column
    now = timezone.now()
    assert not refused(letter, next_action_at=now, lease_until=now, lease_token=4, attempts=2, repeats=1)
    assert not refused(letter, outcome="no_change", done_at=now, voucher_id=1, refund_id=1)


def test_a_notification_finds_its_voucher_once(rows: dict[str, models.Model]) -> None:
    with as_superuser():
        WebhookDelivery.objects.update(voucher_id=None)
    letter = rows["webhookdelivery"]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE pagoefectivo_webhookdelivery SET voucher_id = 1")
    assert refused(letter, voucher_id=6)
    assert refused(letter, voucher_id=None)


def sending(**columns: Any) -> ApiExchange:
    """A call that was written before it was sent, just now."""
    wanted = {**EXCHANGE, **dict.fromkeys(ANSWER), "outcome": "sending", "loss": "", "sent_at": timezone.now()}
    order_one(timezone.now())
    with as_superuser():
        return ApiExchange.objects.create(request_id="r-9", **{**wanted, **columns})


def test_G19_a_call_is_answered_once_and_for_ever() -> None:
    call = sending()
    assert not refused(call, **ANSWER)
    call.refresh_from_db()
    for column in (*SEALED["apiexchange"].columns, *SEALED["apiexchange"].bodies):
        spoiled = "x" if column == "loss" else other_value(call, column)
        assert refused(call, **{column: spoiled}), column
    assert refused(call, outcome="sending")


def test_what_was_asked_is_fixed_before_the_answer_comes() -> None:
    call = sending()
    for column in ("account", "operation", "method", "url", "request_headers", "request_body", "sent_at", "voucher_id"):
        assert refused(call, **{column: other_value(call, column)}), column


def test_an_answer_after_we_gave_up_is_taken_within_the_hour() -> None:
    call = sending(sent_at=timezone.now() - timedelta(minutes=50))
    assert exchanges.close_abandoned() == 1
    assert refused(call, response_body=b"{}"), "no body without its answer"
    assert refused(call, outcome="sending")
    assert not refused(call, **ANSWER)
    assert refused(call, outcome="no_response")


def test_an_answer_a_day_later_is_refused() -> None:
    call = sending(sent_at=timezone.now() - timedelta(days=1))
    assert exchanges.close_abandoned() == 1
    assert refused(call, **ANSWER)


def test_a_question_announced_without_its_address_gets_it_once() -> None:
    call = sending(method="GET", url="", request_headers={}, request_body=b"")
    assert not refused(
        call, url="https://psp.example/a", request_headers={"x-date": "now"}, operation="find_order", **ANSWER
    )
    assert refused(call, url="https://psp.example/b")


@pytest.mark.parametrize("table", ["apiexchange", "webhookdelivery"])
def test_a_row_is_deleted_only_where_an_audit_entry_accounts_for_it(
    rows: dict[str, models.Model], seal: Callable[[], int], table: str
) -> None:
    row = rows[table]
    for setting in ("", "1", "999"):  # nothing, a seal, an entry that does not exist
        seal()
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('pagoefectivo.retention', %s, true)", [setting])
        with pytest.raises(IntegrityError, match="no audit entry accounts for it"), transaction.atomic():
            SEALED[table].rows.filter(pk=row.pk)._raw_delete("default")
    assert SEALED[table].rows.count() == 1


@pytest.mark.django_db(transaction=True)
def test_tests_may_still_empty_their_tables(rows: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE pagoefectivo_statechange, pagoefectivo_apiexchange CASCADE")
    assert not StateChange.objects.exists()
