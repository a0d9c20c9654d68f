"""The shop that the benchmarks are measured on is a valid one: constraints, invariants and the chain hold."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from pagoefectivo.models import Order, StateChange, Voucher
from pagoefectivo.selectors import invariants
from pagoefectivo.selectors.timeline import timeline_of
from pagoefectivo.services import audit, seams
from tests.benchmarks.seed import seed

pytestmark = pytest.mark.django_db(transaction=True)
CODES = 2_000


def test_a_seeded_shop_keeps_every_rule_and_is_the_same_each_time(psp: Any) -> None:
    now = timezone.now()
    with seams.use(now=lambda: now):
        kept = seed(CODES, is_told=False)
        assert (kept["order"], kept["voucher"], kept["apiexchange"]) == (CODES, CODES, CODES)
        assert kept["statechange"] > 4 * CODES
        first = _told()
        twice = seed(CODES, tag="T-", is_told=False)
    assert twice == {table: 2 * count for table, count in kept.items()}
    assert _told(prefix="T-") == [row.replace("S-", "T-") for row in first]
    assert [(finding.id, finding.rows) for finding in invariants.check() if finding.count] == []
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for link, table in (("order_id", "order"), ("voucher_id", "voucher"), ("event_id", "paymentevent")):
            cursor.execute(
                f"SELECT count(*) FROM pagoefectivo_statechange c WHERE {link} IS NOT NULL AND NOT EXISTS"  # noqa: S608 - our own names
                f" (SELECT 1 FROM pagoefectivo_{table} t WHERE t.id = c.{link})"
            )
            assert cursor.fetchone() == (0,), link
    refunded = Order.objects.filter(state="refunded").earliest("pk")
    assert refunded.payer_document_number == "10000004"
    assert len(timeline_of(refunded)) == 12
    order = Order.objects.create(
        reference="NEW-1", account="default", amount="1.00", currency="PEN", expires_in=timedelta(days=2),
        page_key="x", created_at=now, updated_at=now,
    )  # fmt: skip
    assert order.pk > 2 * CODES, "new rows go on after the seeded ones"
    with seams.use(now=lambda: now + timedelta(hours=2), seal_pause=timedelta(0)):
        assert audit.seal_when_due() > 9_000


def _told(prefix: str = "S-") -> list[str]:
    rows = Voucher.objects.filter(reference__startswith=prefix).order_by("created_at", "pk")
    moves = StateChange.objects.filter(voucher__reference__startswith=prefix, subject="voucher").order_by("pk")
    told = [f"{row.reference} {row.state} {row.amount} {row.created_at} {row.paid_at}" for row in rows]
    return [*told, *(f"{move.from_state} {move.to_state} {move.at}" for move in moves)]
