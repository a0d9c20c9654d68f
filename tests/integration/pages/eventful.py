"""Orders with a story behind them, placed straight into the database: calls, letters, statements, changes, notes."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.utils import timezone

from pagoefectivo.domain.states import AnomalyKind, OrderState, RefundState, VoucherState
from pagoefectivo.models import (
    Anomaly,
    ApiExchange,
    BuyerMessage,
    ErrorOccurrence,
    Order,
    OrderNote,
    PaymentEvent,
    StateChange,
    Voucher,
    WebhookDelivery,
)
from tests.integration.pages.stage import AMOUNT, CODE, place_order, place_refund, place_voucher

_numbers = count(1)


def lived_through() -> Order:
    """An order that was paid, partly given back, and written about."""
    began = timezone.now() - timedelta(days=2)
    order = place_order(
        OrderState.PARTIALLY_REFUNDED, paid_amount=AMOUNT, refunded_amount=Decimal("30.00"), created_at=began
    )
    paid_at = began + timedelta(hours=23)
    voucher = place_voucher(
        order, VoucherState.PAID, paid_at=paid_at, expires_at=began + timedelta(hours=24), asked_at=paid_at,
        provider_reference=f"D-4-{next(_numbers)}", reserved_amount=Decimal("30.00"), refunded_amount=Decimal("30.00"), created_at=began,
    )  # fmt: skip
    refund = place_refund(voucher, RefundState.SUCCEEDED, created_at=paid_at + timedelta(hours=20))
    _call(voucher, "issue_voucher", began, http_status=503, duration_ms=1204)
    ErrorOccurrence.objects.create(
        code="PSP_UNAVAILABLE",
        http_status=503,
        operation="issue_voucher",
        account="default",
        voucher=voucher,
        occurred_at=began,
    )
    _call(voucher, "issue_voucher", began + timedelta(minutes=1), body=b'{"id":"D-4-80ca7fbd","status":"PENDING"}')
    _changed(order, voucher, "voucher", "submitting", "issued", began + timedelta(minutes=1), "api", "shop")
    _told(order, voucher, "voucher_issued", began + timedelta(minutes=2))
    _said(voucher, "webhook", "signed_body", paid_at, _letter(voucher, paid_at), is_believed=False)
    _call(voucher, "fetch_payment", paid_at + timedelta(seconds=4))
    _said(voucher, "poll", "read", paid_at + timedelta(seconds=4), None)
    for subject, before, after in (("voucher", "confirming", "paid"), ("order", "awaiting_payment", "paid")):
        _changed(order, voucher, subject, before, after, paid_at + timedelta(seconds=4), "poll", "system")
    _told(order, None, "paid", paid_at + timedelta(minutes=1))
    OrderNote.objects.create(
        order=order, kind="note", actor="staff:luz", text="Llamó: el polo llegó manchado. Quiere solo una parte.",
        at=paid_at + timedelta(hours=19, minutes=50),
    )  # fmt: skip
    _call(voucher, "request_refund", paid_at + timedelta(hours=20), refund=refund)
    at = paid_at + timedelta(hours=24)
    PaymentEvent.objects.create(
        account="default", event_identity=f"e{next(_numbers)}", voucher=voucher, refund=refund, source="poll", proof="read",
        is_believed=True, status="succeeded", amount=Decimal("30.00"), currency="PEN", recorded_at=at,
    )  # fmt: skip
    _changed(order, voucher, "order", "paid", "partially_refunded", at, "poll", "system")
    return order


def paid_late() -> Order:
    """An order whose late payment waits for a person, and whose notification and query differ."""
    now = timezone.now()
    order = place_order(OrderState.IN_REVIEW, paid_amount=AMOUNT, created_at=now - timedelta(days=3))
    voucher = place_voucher(
        order, VoucherState.PAID, paid_at=now - timedelta(hours=2), expires_at=now - timedelta(hours=5),
        created_at=now - timedelta(days=3),
    )  # fmt: skip
    _said(voucher, "webhook", "signed_body", now - timedelta(hours=2), None, is_believed=False, amount=Decimal("80.00"))
    _said(voucher, "poll", "read", now - timedelta(hours=2), None)
    Anomaly.objects.create(
        kind=AnomalyKind.PAID_LATE, order=order, voucher=voucher, holds_order=True, opened_at=now - timedelta(hours=2)
    )
    return order


def _call(voucher: Voucher, operation: str, at: datetime, *, body: bytes = b"{}", **columns: Any) -> None:
    defaults = {"http_status": 200, "duration_ms": 412, "outcome": "answered", "method": "POST"}
    ApiExchange.objects.create(
        request_id=f"req-{next(_numbers):04d}", account="default", operation=operation, voucher=voucher, sent_at=at,
        url="http://127.0.0.1:9/payments", request_body=f'{{"order_id":"{voucher.reference}","email":"maria@example.pe"}}'.encode(),
        response_body=body, **{**defaults, **columns},
    )  # fmt: skip


def _letter(voucher: Voucher, at: datetime) -> WebhookDelivery:
    return WebhookDelivery.objects.create(
        account="default", event_identity=f"d{next(_numbers)}", body=f'{{"status":"PAID","code":"{CODE}"}}'.encode(),
        verdict="verified", outcome="applied", received_at=at, repeats=1, voucher=voucher,
    )  # fmt: skip


def _said(
    voucher: Voucher, source: str, proof: str, at: datetime, delivery: WebhookDelivery | None, **columns: Any
) -> None:
    defaults = {
        "is_believed": True,
        "status": "paid",
        "raw_status": "PAID",
        "amount": voucher.amount,
        "currency": "PEN",
    }
    PaymentEvent.objects.create(
        account="default", event_identity=f"e{next(_numbers)}", voucher=voucher, source=source, proof=proof,
        occurred_at=at, recorded_at=at, delivery=delivery, **{**defaults, **columns},
    )  # fmt: skip


def _changed(
    order: Order, voucher: Voucher, subject: str, before: str, after: str, at: datetime, source: str, actor: str
) -> None:
    StateChange.objects.create(
        subject=subject, order=order, voucher=None if subject == "order" else voucher, from_state=before,
        to_state=after, transition="x", source=source, actor=actor, at=at,
    )  # fmt: skip


def _told(order: Order, voucher: Voucher | None, kind: str, at: datetime) -> None:
    BuyerMessage.objects.create(
        public_id=f"msg_{next(_numbers)}", order=order, voucher=voucher, kind=kind, channel="email", language="es",
        outcome="sent", due_at=at, done_at=at, created_at=at,
    )  # fmt: skip
