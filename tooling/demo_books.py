"""Writes what was sold in the past into the shop's books: rows of each kind with the instants at which they arose.

Each history is whole: calls, notifications, the provider's statements, every move. The invariants hold over them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction

from pagoefectivo.domain.states import AnomalyKind, OrderState, PaymentStatus, Proof, RefundState, Source, VoucherState
from pagoefectivo.links import new_page_key
from pagoefectivo.models import (
    Anomaly,
    ApiExchange,
    Order,
    PaymentEvent,
    Refund,
    StateChange,
    Voucher,
    WebhookDelivery,
)
from pagoefectivo.models.digests import payer_digests
from tooling.demo_past import HOURS_TO_PAY, GivenBack, Sale

TIME_TO_PAY = timedelta(hours=HOURS_TO_PAY)
SECOND = timedelta(seconds=1)
AT_ONCE = 100
# each after those that it names
KINDS = (Order, Voucher, Refund, ApiExchange, WebhookDelivery, PaymentEvent, StateChange, Anomaly)
ENDS = {
    "paid": (OrderState.PAID, VoucherState.PAID, "pay"),
    "expired": (OrderState.EXPIRED, VoucherState.EXPIRED, "expire"),
    "canceled": (OrderState.CANCELED, VoucherState.CANCELED, "cancel"),
}


class Books:
    """The rows of many sales, gathered and then written in one transaction, kind by kind."""

    def __init__(self) -> None:
        self._rows: dict[type[models.Model], list[Any]] = {kind: [] for kind in KINDS}

    def enter(self, sale: Sale) -> None:
        """Gather the rows of one sale."""
        order = self._put(_order(sale))
        voucher = self._put(_voucher(sale, order))
        self._put(_call(sale, "issue_voucher", voucher, sale.created_at))
        self._move(voucher, "submit", VoucherState.REQUESTED, VoucherState.SUBMITTING, Source.API, sale.created_at)
        at = sale.created_at + SECOND
        self._move(voucher, "issue", VoucherState.SUBMITTING, VoucherState.ISSUED, Source.API, at, actor="provider")
        self._end(sale, order, voucher)
        if sale.refund:
            self._give_back(sale, sale.refund, order, voucher)
        if sale.reversed_at:
            reversed_ = AnomalyKind.PAYMENT_REVERSED
            self._put(Anomaly(kind=reversed_, order=order, voucher=voucher, opened_at=sale.reversed_at))

    def write(self) -> None:
        """Write everything that was gathered, all or nothing."""
        with transaction.atomic():
            for kind, rows in self._rows.items():
                kind._default_manager.bulk_create(rows)

    def _end(self, sale: Sale, order: Order, voucher: Voucher) -> None:
        order_state, voucher_state, transition = ENDS[sale.ended_as]
        stands, at = VoucherState.ISSUED, sale.ended_at
        if sale.is_paid and sale.is_told:
            delivery = self._put(_letter(sale, voucher))
            heard = self._put(_statement(sale, voucher, Source.WEBHOOK, delivery.received_at, delivery=delivery))
            confirming = VoucherState.CONFIRMING
            self._move(voucher, "begin_confirming", stands, confirming, Source.WEBHOOK, heard.recorded_at, event=heard)
            stands, at = confirming, heard.recorded_at + SECOND
        else:
            at += timedelta(minutes=3)
        call = self._put(_call(sale, "fetch_payment", voucher, at))
        event = self._put(_statement(sale, voucher, Source.POLL, at, request_id=call.request_id))
        self._move(voucher, transition, stands, voucher_state, Source.POLL, at, event=event)
        self._move(
            order, transition, OrderState.AWAITING_PAYMENT, order_state, Source.POLL, at, event=event, of=voucher
        )

    def _give_back(self, sale: Sale, back: GivenBack, order: Order, voucher: Voucher) -> None:
        refund = self._put(_refund(sale, back, voucher))
        self._put(_call(sale, "request_refund", voucher, back.asked_at, refund=refund))
        moves = (
            ("submit", RefundState.REQUESTED, RefundState.SUBMITTING, Source.CLOCK, back.asked_at, "system"),
            ("accept", RefundState.SUBMITTING, RefundState.PENDING, Source.API, back.asked_at + SECOND, "provider"),
        )
        for name, before, after, source, at, actor in moves:
            self._move(refund, name, before, after, source, at, actor=actor)
        at = back.arrived_at
        call = self._put(_call(sale, "fetch_refund", voucher, at, refund=refund))
        event = self._put(_statement(sale, voucher, Source.POLL, at, refund=refund, request_id=call.request_id))
        succeeded = RefundState.SUCCEEDED
        self._move(refund, "succeed", RefundState.PENDING, succeeded, Source.POLL, at, event=event)
        self._move(order, "refund", OrderState.PAID, OrderState.REFUNDED, Source.POLL, at, event=event, of=voucher)

    def _put(self, row: Any) -> Any:
        self._rows[type(row)].append(row)
        return row

    def _move(
        self,
        row: Order | Voucher | Refund,
        transition: str,
        before: str,
        after: str,
        source: Source,
        at: datetime,
        *,
        actor: str = "",
        event: PaymentEvent | None = None,
        of: Voucher | None = None,
    ) -> None:
        self._put(
            StateChange(
                subject=type(row).__name__.lower(),
                order=row if isinstance(row, Order) else row.order,
                voucher=of or (row if isinstance(row, Voucher) else getattr(row, "voucher", None)),
                refund=row if isinstance(row, Refund) else None,
                from_state=before,
                to_state=after,
                transition=transition,
                source=source,
                actor=actor or ("provider" if event else "system"),
                event=event,
                at=at,
            )
        )


def _order(sale: Sale) -> Order:
    document, phone = f"{sale.buyer_number}", f"+519{sale.buyer_number}"
    phone_digest, document_digest = payer_digests(phone, document)
    changed = sale.refund.arrived_at if sale.refund else sale.ended_at
    return Order(
        state=OrderState.REFUNDED if sale.refund else ENDS[sale.ended_as][0],
        reference=sale.reference,
        account=sale.account,
        amount=sale.amount,
        currency="PEN",
        paid_amount=sale.amount if sale.is_paid else 0,
        refunded_amount=sale.refund.amount if sale.refund else 0,
        payer_email=f"comprador{sale.buyer_number}@correo.example",
        payer_name=sale.buyer,
        payer_phone=phone,
        payer_document_type="DNI",
        payer_document_number=document,
        phone_digest=phone_digest,
        document_digest=document_digest,
        description=sale.product,
        expires_in=TIME_TO_PAY,
        page_key=new_page_key(),
        created_at=sale.created_at,
        updated_at=changed,
    )


def _voucher(sale: Sale, order: Order) -> Voucher:
    back = sale.refund.amount if sale.refund else 0
    return Voucher(
        state=ENDS[sale.ended_as][1],
        public_id=f"vch_{_name(sale, 'voucher')[:20]}",
        order=order,
        account=sale.account,
        reference=sale.voucher_reference,
        idempotency_key=_name(sale, "key")[:32],
        amount=sale.amount,
        currency="PEN",
        wanted_expiry_at=sale.created_at + TIME_TO_PAY,
        first_sent_at=sale.created_at,
        provider_reference=sale.id,
        code=sale.code,
        expires_at=sale.created_at + TIME_TO_PAY,
        paid_amount=sale.amount if sale.is_paid else 0,
        paid_currency="PEN" if sale.is_paid else "",
        paid_at=sale.ended_at if sale.is_paid else None,
        reserved_amount=back,
        refunded_amount=back,
        asked_at=sale.ended_at,
        seen_at=sale.created_at + timedelta(minutes=1),
        created_at=sale.created_at,
        changed_at=sale.ended_at,
    )


def _refund(sale: Sale, back: GivenBack, voucher: Voucher) -> Refund:
    return Refund(
        state=RefundState.SUCCEEDED,
        public_id=f"rfd_{_name(sale, 'refund')[:20]}",
        order=voucher.order,
        voucher=voucher,
        account=sale.account,
        reference=f"{sale.voucher_reference}-R1",
        idempotency_key=_name(sale, "refund key")[:32],
        amount=back.amount,
        currency="PEN",
        reason="buyer_request",
        requested_by="shop",
        first_sent_at=back.asked_at,
        provider_reference=back.id,
        created_at=back.asked_at,
        changed_at=back.arrived_at,
    )


def _letter(sale: Sale, voucher: Voucher) -> WebhookDelivery:
    heard = sale.ended_at + SECOND * (2 + sale.took_ms // 60)
    return WebhookDelivery(
        account=sale.account,
        event_identity=_name(sale, "letter"),
        body=_body(sale),
        headers={},
        verdict=WebhookDelivery.Verdict.VERIFIED,
        received_at=heard,
        remote_ip="192.0.2.10",
        outcome=WebhookDelivery.Outcome.APPLIED,
        done_at=heard + SECOND,
        voucher=voucher,
        attempts=1,
    )


def _call(sale: Sale, operation: str, voucher: Voucher, at: datetime, refund: Refund | None = None) -> ApiExchange:
    return ApiExchange(
        request_id=_name(sale, operation)[:32],
        account=sale.account,
        operation=operation,
        voucher=voucher,
        refund=refund,
        method="GET" if operation.startswith("fetch") else "POST",
        url="https://sandbox.example/payments",
        request_body=b"" if operation.startswith("fetch") else _body(sale),
        sent_at=at,
        outcome=ApiExchange.Outcome.ANSWERED,
        http_status=200,
        response_headers={},
        response_body=_body(sale),
        duration_ms=sale.took_ms,
    )


def _statement(
    sale: Sale,
    voucher: Voucher,
    source: Source,
    at: datetime,
    *,
    delivery: WebhookDelivery | None = None,
    refund: Refund | None = None,
    request_id: str = "",
) -> PaymentEvent:
    name = _name(sale, f"{source} {refund is None}")
    is_money = refund is not None or sale.is_paid
    return PaymentEvent(
        account=sale.account,
        event_identity=name,
        digest=name,
        voucher=voucher,
        refund=refund,
        source=source,
        proof=Proof.SIGNED_BODY if source is Source.WEBHOOK else Proof.READ,
        is_believed=source is not Source.WEBHOOK,
        status="succeeded" if refund else PaymentStatus(sale.ended_as),
        payment_identity="" if refund else sale.id,
        amount=sale.amount if is_money else None,
        currency="PEN" if is_money else "",
        occurred_at=sale.ended_at if refund is None else at,
        recorded_at=at,
        delivery=delivery,
        request_id=request_id,
    )


def _body(sale: Sale) -> bytes:
    return json.dumps({"id": sale.id, "order_id": sale.voucher_reference, "amount": str(sale.amount)}).encode()


def _name(sale: Sale, what: str) -> str:
    return hashlib.sha256(f"{sale.voucher_reference} {what}".encode()).hexdigest()


def entered(sales: Sequence[Sale]) -> Iterator[int]:
    """Write all sales, many at a time; yield how many stand in the books by then."""
    for begins in range(0, len(sales), AT_ONCE):
        books = Books()
        for sale in sales[begins : begins + AT_ONCE]:
            books.enter(sale)
        books.write()
        yield min(begins + AT_ONCE, len(sales))
