"""Storage. Rows hold facts; only `services.lifecycle` moves a state."""

from pagoefectivo.models.audit import AuditEntry
from pagoefectivo.models.cases import Anomaly
from pagoefectivo.models.errors import ErrorOccurrence
from pagoefectivo.models.evidence import ApiExchange, PaymentEvent, StateChange, WebhookDelivery, WebhookRejection
from pagoefectivo.models.integrations import ApiKey, IdempotentRequest
from pagoefectivo.models.notifications import OutboxMessage
from pagoefectivo.models.orders import Order
from pagoefectivo.models.refunds import Refund, RefundDestination
from pagoefectivo.models.vouchers import Voucher

__all__ = [
    "Anomaly",
    "ApiExchange",
    "ApiKey",
    "AuditEntry",
    "ErrorOccurrence",
    "IdempotentRequest",
    "Order",
    "OutboxMessage",
    "PaymentEvent",
    "Refund",
    "RefundDestination",
    "StateChange",
    "Voucher",
    "WebhookDelivery",
    "WebhookRejection",
]
