"""Rows of evidence without the money behind them, ways to spoil them, and what a verification then names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from ipaddress import ip_address
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, models

from pagoefectivo.models import (
    AccessLog,
    ApiExchange,
    BankReceipt,
    Case,
    CaseEntry,
    CloseAct,
    DeliveryAct,
    ErrorMark,
    ErrorOccurrence,
    LimitPass,
    MonthlyClose,
    Order,
    OrderNote,
    PaymentEvent,
    PaymentProof,
    ProofReview,
    Refund,
    StateChange,
    Voucher,
    WebhookDelivery,
)
from pagoefectivo.models.audit import SEALED
from pagoefectivo.selectors import audit

KINDS = len(SEALED)
LETTER = b'{"id": "D-4", "email": "maria.quispe@example.pe"}'
SIGNED = b'{"x-signature": "0815"}'
EXCHANGE: dict[str, Any] = {
    "account": "default",
    "operation": "fetch_payment",
    "voucher_id": 1,
    "refund_id": 1,
    "method": "POST",
    "url": "https://psp.example/payments",
    "request_headers": {"x-date": "2026-11-23"},
    "request_body": b'{"document": "45678912"}',
    "outcome": "answered",
    "http_status": 200,
    "response_headers": {"content-type": "application/json"},
    "response_body": b'{"status": "PENDING"}',
    "duration_ms": 12,
    "loss": "slow",
}


@contextmanager
def as_superuser() -> Iterator[Any]:
    """Write past every trigger and foreign key, as a database administrator can."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        try:
            yield cursor
        finally:
            cursor.execute("SET session_replication_role = DEFAULT")


def order_one(now: datetime) -> None:
    """Write the order, voucher, refund, receipt, case and person number 1 that all evidence here is about."""
    common: dict[str, Any] = {"account": "default", "amount": Decimal("89.90"), "currency": "PEN", "created_at": now}
    if not Order.objects.exists():
        Order.objects.create(pk=1, reference="A-1", expires_in=timedelta(hours=48), updated_at=now, **common)
        rest = {"order_id": 1, "changed_at": now, "reference": "A-1-1", "public_id": "one", **common}
        rest["next_action_at"] = now + timedelta(days=1000)
        Voucher.objects.create(pk=1, wanted_expiry_at=now, **rest)
        Refund.objects.create(pk=1, voucher_id=1, reason="other", requested_by="ana", **rest)
        PaymentProof.objects.create(
            pk=1, public_id="one", order_id=1, voucher_id=1, picture=b"?", width=1, height=1, size=1, received_at=now
        )
        Case.objects.create(pk=1, public_id="one", kind="dispute", account="default", due_date=now, opened_at=now)
        User.objects.create(pk=1, username="ana")
        MonthlyClose.objects.create(pk=1, account="default", month=date(2026, 11, 1))


def one_of_each(now: datetime, number: int) -> dict[str, models.Model]:
    """Write one row of each sealed table, no column of it empty; return them by table."""
    order_one(now)
    letter = WebhookDelivery.objects.create(
        account="default", event_identity=f"letter {number}", body=LETTER, headers={"x-date": "2026-11-23"},
        verdict="verified", fault="none", secret_index=1, signed_at=now, received_at=now, remote_ip="10.0.0.7",
        outcome="applied", done_at=now, voucher_id=1, refund_id=1, raw_headers=SIGNED, whole_size=49,
    )  # fmt: skip
    event = PaymentEvent.objects.create(
        account="default", event_identity=f"event {number}", digest="d" * 64, voucher_id=1, refund_id=1, source="poll",
        proof="query", is_believed=True, status="paid", raw_status="PAID", payment_identity="D-4",
        amount=Decimal("89.90"), currency="PEN", occurred_at=now, recorded_at=now, delivery=letter, request_id="r-1",
    )  # fmt: skip
    error = ErrorOccurrence.objects.create(
        code="PSP_TIMEOUT", raw_code="5001", raw_message="slow", http_status=504, operation="fetch_payment",
        account="default", voucher_id=1, refund_id=1, request_id="r-1", occurred_at=now,
    )  # fmt: skip
    made: list[models.Model] = [
        letter,
        event,
        error,
        StateChange.objects.create(
            subject="voucher", order_id=1, voucher_id=1, refund_id=1, from_state="issued", to_state="paid",
            transition="pay", source="poll", actor="provider", why="paid", event=event, at=now,
        ),
        ApiExchange.objects.create(request_id=f"r-{number}", sent_at=now, **EXCHANGE),
        *_acts_of_people(now, number, letter, error),
    ]  # fmt: skip
    return {str(row._meta.model_name): row for row in made}


def _acts_of_people(
    now: datetime, number: int, letter: WebhookDelivery, error: ErrorOccurrence
) -> Iterator[models.Model]:
    who: dict[str, Any] = {"actor": "staff:ana", "at": now}
    yield AccessLog.objects.create(
        kind="people", order_id=1, subject="A-1", why="a call", page="order", remote_ip="10.0.0.7", slot=number, **who
    )
    yield OrderNote.objects.create(order_id=1, kind="note", text="a call", **who)
    yield ProofReview.objects.create(proof_id=1, judgement="matches", **who)
    yield ErrorMark.objects.create(
        occurrence=error, act="assigned", owner="luz", note="a ticket", refused="STATE_CONFLICT", **who
    )
    yield DeliveryAct.objects.create(
        delivery=letter, act="replayed", before="rejected", result="applied", secret="the old one", **who
    )
    yield LimitPass.objects.create(
        refund_id=1, kind="person_day", allowed=Decimal("100.00"), reached=Decimal("189.90"), currency="PEN", person_id=1,
        reason="a fire", **who,
    )  # fmt: skip
    yield CloseAct.objects.create(close_id=1, act="signed", digest="d" * 64, why="a file", person_id=1, **who)
    yield BankReceipt.objects.create(
        pk=number, strikes_id=number, account="default", month=date(2026, 11, 1), currency="USD", amount=Decimal("20.99"), day=date(2026, 11, 16),
        batch="TR-1", reference="778", why="a reason", noted_by="staff:ana", noter_id=1, at=now,
    )  # fmt: skip
    yield CaseEntry.objects.create(case_id=1, act="noted", details={"due": "2026-11-30"}, note="a call", **who)


def flipped(value: Any, bit: int) -> Any:
    """Return a stored value with one bit turned over, kept to what its column can hold."""
    match value:
        case bool():
            return not value
        case int():
            return value ^ (1 << bit % 13)
        case Decimal():
            return Decimal(int(value * 100) ^ (1 << bit % 20)) / 100
        case datetime():
            return value + timedelta(microseconds=1 << bit % 40)
        case date():
            return value.replace(year=value.year + 1 + bit % 7)
        case bytes() | memoryview():
            at, inside = divmod(bit % (len(value) * 8), 8)
            spoiled = bytearray(value)
            spoiled[at] ^= 1 << inside
            return bytes(spoiled)
        case dict():
            name, held = next(iter(value.items()))
            return {**value, name: flipped(held, bit)}
        case list():
            return [flipped(value[0], bit), *value[1:]]
        case str():
            at, inside = divmod(bit % (len(value) * 7), 7)
            letter = chr(ord(value[at]) ^ (1 << inside))
            return value[:at] + (letter if letter != "\0" else "~") + value[at + 1 :]
        case _:
            raise TypeError(type(value).__name__)


def flip(row: models.Model, column: str, bit: int) -> None:
    """Turn one stored bit of one column over, past all triggers."""
    table, field = row._meta.db_table, row._meta.get_field(column)
    with as_superuser() as cursor:
        cursor.execute(f"SELECT {column} FROM {table} WHERE id = %s", [row.pk])  # noqa: S608 - names of our own
        stored = cursor.fetchone()[0]
        if field.get_internal_type() == "GenericIPAddressField":
            spoiled: Any = str(ip_address(int(ip_address(str(stored).split("/")[0])) ^ 1))
        elif isinstance(field, models.JSONField):
            spoiled = field.get_db_prep_value(flipped(json.loads(stored), bit), connection)
        else:
            spoiled = flipped(stored, bit)
        cursor.execute(f"UPDATE {table} SET {column} = %s WHERE id = %s", [spoiled, row.pk])  # noqa: S608 - as above
        assert cursor.rowcount == 1


def found(**options: Any) -> list[tuple[str, str, int]]:
    """What a verification names: problem, table, id."""
    return [(str(each.problem), each.table, each.row_id) for each in audit.verify(**options).findings]
