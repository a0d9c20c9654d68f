"""Reading stored notifications: what one led to, and what people did with it."""

from __future__ import annotations

from collections.abc import Sequence

from pagoefectivo import conf
from pagoefectivo.models import DeliveryAct, StateChange, WebhookDelivery, WebhookRejection

MOST = 50


def moves_of(delivery: WebhookDelivery) -> Sequence[StateChange]:
    """Return the moves whose evidence a message is, oldest first."""
    changes = StateChange.objects.filter(event__delivery=delivery).select_related("order", "voucher", "refund")
    return list(changes.defer("order__payer_document_number", "order__metadata").order_by("pk")[:MOST])


def acts_on(delivery: WebhookDelivery) -> Sequence[DeliveryAct]:
    """Return the newest things that people did with a message."""
    return list(delivery.acts.order_by("-pk")[:MOST])


def refused_that_hour(delivery: WebhookDelivery) -> int:
    """Return how many messages were refused for the same reason in the hour of one that was."""
    hour = delivery.received_at.replace(minute=0, second=0, microsecond=0)
    same = WebhookRejection.objects.filter(account=delivery.account, fault=delivery.fault, hour_at=hour)
    return same.values_list("count", flat=True).first() or 0


def is_from_the_future(delivery: WebhookDelivery) -> bool:
    """Whether a message was signed later than it came, by more than clocks may differ."""
    signed_at = delivery.signed_at
    return signed_at is not None and signed_at - delivery.received_at > conf.current().timing.stale
