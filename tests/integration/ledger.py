"""What a test holds against each other: our rows, our moves, and the PSP's own books."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.apps import apps

from pagoefectivo.models import Anomaly, Order, OutboxMessage, Refund, StateChange, Voucher

HOUSEKEEPING = frozenset({"AccountPulse", "AuditEntry", "Job"})  # written by the clock alone, whatever happens


def everything(*, besides: set[str] | frozenset[str] = frozenset()) -> dict[str, list[dict[str, Any]]]:
    """Every row of ours, to be compared whole; `besides` names models that may change."""
    if "ErrorOccurrence" in besides:
        besides = besides | {"ErrorTally"}  # which counts them
    return {
        model.__name__: list(model._default_manager.order_by("pk").values())
        for model in apps.get_app_config("pagoefectivo").get_models()
        if model.__name__ not in besides | HOUSEKEEPING and not model._meta.proxy
    }


def moves(subject: str) -> list[str]:
    """The transitions of all orders, vouchers or refunds, in the order they happened."""
    return list(StateChange.objects.filter(subject=subject).values_list("transition", flat=True))


def outbox() -> list[str]:
    """What was ever announced to the host shop."""
    return list(OutboxMessage.objects.order_by("pk").values_list("signal", flat=True))


def oddities() -> list[str]:
    """The kinds of all open anomalies, sorted."""
    return sorted(Anomaly.objects.filter(closed_at=None).values_list("kind", flat=True))


def only_order() -> Order:
    """The one order there is."""
    return Order.objects.get()


def only_voucher() -> Voucher:
    """The one voucher there is."""
    return Voucher.objects.get()


def only_refund() -> Refund:
    """The one refund there is."""
    return Refund.objects.get()


def cents(written: str) -> Decimal:
    """An amount with two decimals."""
    return Decimal(written)


def calls_of(psp: Any, operation: str) -> int:
    """How often the PSP was asked for one operation, with the calls that it lets hang."""
    return int(psp.call_counts().get(operation, 0))
