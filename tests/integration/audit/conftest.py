"""A shop with evidence to seal, and somebody who holds the database's highest rights but not the shop's keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from pagoefectivo.models import ApiExchange, ErrorOccurrence, WebhookDelivery
from pagoefectivo.selectors import audit as verifying
from pagoefectivo.services import audit, seams
from tests.integration.conftest import World

Found = list[tuple[str, str, int]]


@pytest.fixture
def seal(world: World) -> Callable[[], int]:
    """Let everything grow old enough and seal it."""

    def sealed() -> int:
        world.advance(minutes=2)
        return audit.seal_when_due()

    return sealed


@pytest.fixture
def shop_day(paid_order: Callable[..., Any], world: World, psp: Any) -> Any:
    """An order paid, a notification kept, a call lost: a row in each of the five tables."""
    order = paid_order()
    now = world.now()
    WebhookDelivery.objects.create(
        account="default",
        event_identity="a" * 64,
        body=b'{"id": "D-4", "email": "maria.quispe@example.pe"}',
        headers={"content-type": "application/json", "x-date": "2026-11-23"},
        verdict="verified",
        secret_index=0,
        signed_at=now,
        received_at=now,
        remote_ip="127.0.0.1",
        outcome="no_change",
        done_at=now,
    )
    ErrorOccurrence.objects.create(code="PSP_TIMEOUT", account="default", operation="get_payment", occurred_at=now)
    return order


@contextmanager
def as_superuser() -> Iterator[Any]:
    """Write past every trigger and foreign key, as a database administrator can."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        try:
            yield cursor
        finally:
            cursor.execute("SET session_replication_role = DEFAULT")


def found() -> Found:
    """What a verification names: problem, table, id."""
    return [(str(each.problem), each.table, each.row_id) for each in verifying.verify().findings]


def exchange_at(instant: Any, number: int, **columns: Any) -> ApiExchange:
    """An exchange of some instant, unsaved."""
    return ApiExchange(
        request_id=f"r-{number}",
        account="default",
        operation="get_payment",
        method="GET",
        url="https://psp.example/payments",
        request_body=b"",
        sent_at=instant,
        **{
            "outcome": "answered",
            "http_status": 200,
            "response_headers": {"content-type": "application/json"},
            "response_body": b'{"status": "PENDING"}',
            "duration_ms": 12,
            **columns,
        },
    )


__all__ = ["Found", "as_superuser", "exchange_at", "found", "seams", "timedelta", "timezone"]
