"""The ledger, deliveries and calls as plain JSON: amounts are decimal strings, instants RFC 3339 in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pagoefectivo.sandbox.exchange import Call
from pagoefectivo.sandbox.faults import Fault
from pagoefectivo.sandbox.ledger import Ledger, Payment, Refund
from pagoefectivo.sandbox.webhooks import Delivery

Record = dict[str, Any]


def instant(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None


def payment_record(payment: Payment, ledger: Ledger) -> Record:
    return {
        "id": payment.id,
        "psp": payment.psp,
        "login": payment.login,
        "order_id": payment.order_id,
        "scenario": payment.scenario,
        "code": payment.code,
        "state": payment.state,
        "amount": f"{payment.amount:.2f}",
        "currency": payment.currency,
        "received": f"{ledger.received_total(payment.id):.2f}",
        "received_currency": payment.received_currency,
        "refunded": f"{ledger.refunded_total(payment.id):.2f}",
        "paid_out": f"{ledger.paid_out_total(payment.id):.2f}",
        "receipts": [
            {
                "amount": f"{each.amount:.2f}",
                "currency": each.currency,
                "received_at": instant(each.received_at),
                "operation_number": each.operation_number,
            }
            for each in payment.receipts
        ],
        "payer": payment.payer,
        "description": payment.description,
        "notification_url": payment.notification_url,
        "created_at": instant(payment.created_at),
        "expires_at": instant(payment.expires_at),
        "approved_at": instant(payment.approved_at),
        "reversed_at": instant(payment.reversed_at),
    }


def refund_record(refund: Refund) -> Record:
    return {
        "id": refund.id,
        "payment_id": refund.payment_id,
        "psp": refund.psp,
        "login": refund.login,
        "state": refund.state,
        "amount": f"{refund.amount:.2f}",
        "currency": refund.currency,
        "paid_out": f"{refund.paid_out:.2f}",
        "order_refund_id": refund.reference,
        "origin": refund.origin,
        "reason": refund.reason,
        "description": refund.description,
        "bank": refund.bank,
        "notification_url": refund.notification_url,
        "created_at": instant(refund.created_at),
    }


def delivery_record(delivery: Delivery) -> Record:
    return {
        "id": delivery.id,
        "psp": delivery.psp,
        "subject": delivery.subject,
        "subject_id": delivery.subject_id,
        "url": delivery.url,
        "body": delivery.body.decode(errors="replace"),
        "state": delivery.state,
        "fault": delivery.kind,
        "due_at": instant(delivery.due_at),
        "attempts": [
            {
                "at": instant(each.at),
                "status": each.status,
                "latency_ms": each.latency_ms,
                "answer": each.answer,
                "headers": dict(each.headers),
                "error": each.error,
            }
            for each in delivery.attempts
        ],
    }


def call_record(call: Call) -> Record:
    return {
        "number": call.number,
        "at": instant(call.at),
        "psp": call.psp,
        "method": call.method,
        "path": call.path,
        "operation": call.operation,
        "headers": dict(call.headers),
        "body": call.body,
        "status": call.status,
        "answer": call.answer,
        "fault": call.fault,
    }


def fault_record(fault: Fault) -> Record:
    return {
        "id": fault.id,
        "operation": fault.match,
        "kind": fault.kind,
        "times": fault.left,
        "options": fault.options,
    }
