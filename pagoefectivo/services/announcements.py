"""What a move means to others, written as outbox rows in the move's own transaction and told after commit."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from pagoefectivo import conf, signals
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.states import OrderState, RefundState, VoucherState
from pagoefectivo.domain.timing import spread, step
from pagoefectivo.models import ErrorOccurrence, OutboxMessage, StateChange
from pagoefectivo.services import occurrences, seams
from pagoefectivo.services.claiming import Claim

logger = logging.getLogger("pagoefectivo.announcements")

MEANING: dict[tuple[str, str], tuple[str, ...]] = {
    ("order", OrderState.PAID): ("order_paid",),
    ("order", OrderState.IN_REVIEW): ("order_in_review",),
    ("order", OrderState.EXPIRED): ("order_expired", "stock_release_due"),
    ("order", OrderState.CANCELED): ("stock_release_due",),
    ("order", OrderState.REFUNDED): ("order_refunded",),
    ("voucher", VoucherState.ISSUED): ("voucher_issued",),
    ("voucher", VoucherState.EXPIRED): ("voucher_expired",),
    ("refund", RefundState.SUCCEEDED): ("refund_succeeded",),
    ("refund", RefundState.FAILED): ("refund_failed",),
    ("refund", RefundState.AWAITING_DESTINATION): ("refund_needs_destination",),
}
BECAUSE: dict[tuple[str, str], tuple[str, ...]] = {
    ("refund", "approval_expired"): ("refund_approval_expired",),
}
NOT_NEWS = {
    ("order", OrderState.PARTIALLY_REFUNDED, OrderState.PAID),
    ("order", OrderState.REFUNDED, OrderState.PAID),
    ("voucher", VoucherState.CONFIRMING, VoucherState.ISSUED),
    ("voucher", VoucherState.ISSUED, VoucherState.ISSUED),
    ("refund", RefundState.AWAITING_DESTINATION, RefundState.AWAITING_DESTINATION),
}


def announcements_of(change: StateChange) -> list[OutboxMessage]:
    """Return the unsaved outbox rows of one saved state change."""
    if (change.subject, change.from_state, change.to_state) in NOT_NEWS:
        return []
    return [
        OutboxMessage(
            change=change,
            signal=name,
            order_id=change.order_id,
            voucher_id=change.voucher_id,
            refund_id=change.refund_id,
            source=change.source,
            occurred_at=change.at,
            next_action_at=change.at,
        )
        for name in (
            *MEANING.get((change.subject, change.to_state), ()),
            *BECAUSE.get((change.subject, change.why), ()),
        )
    ]


def deliver(claim: Claim) -> None:
    """Send one announcement to the receivers that have not returned yet; one that raises is tried again later.

    Receivers run outside any transaction of ours and under no lock. A receiver that returned is never called again
    for this change; only one that was running when the process died may see it twice.
    """
    message = OutboxMessage.objects.select_related("order", "voucher", "refund").get(pk=claim.row_id)
    subject = {name: value for name in ("voucher", "refund") if (value := getattr(message, name))}
    if message.signal.startswith(("order_", "stock_")):
        subject = {"order": message.order}
    failure = ""
    sender = type(next(iter(subject.values())))
    for name, receiver in _receivers(message.signal, sender):
        if name in message.delivered_to:
            continue
        try:
            receiver(
                signal=signals.BY_NAME[message.signal],
                sender=sender,
                source=message.source,
                occurred_at=message.occurred_at,
                **subject,
            )
        except Exception as error:  # noqa: BLE001 - the host's code may raise anything; the others still run
            failure = f"{name}: {type(error).__name__}"
            logger.warning("A receiver of %s failed: %s", message.signal, failure)
            if claim.attempts == 1:
                _note_failure(message, failure)
        else:
            message.delivered_to = [*message.delivered_to, name]
            _keep(claim, delivered_to=message.delivered_to)
    _finish(claim, failure)


def _note_failure(message: OutboxMessage, failure: str) -> None:
    occurrences.keep(
        ErrorOccurrence(
            code=ErrorCode.WEBHOOK_HANDLER_FAILED,
            raw_message=failure[:200],
            operation=message.signal[:24],
            account=message.order.account,
            voucher=message.voucher,
            refund=message.refund,
            occurred_at=seams.now(),
        )
    )


def _receivers(signal_name: str, sender: type) -> list[tuple[str, Callable[..., object]]]:
    """Django's own `send_robust` calls all receivers or none; remembering each needs the list behind it."""
    receivers, _async = signals.BY_NAME[signal_name]._live_receivers(sender)  # noqa: SLF001 - as said above
    return [(f"{receiver.__module__}.{receiver.__qualname__}", receiver) for receiver in receivers]


def _finish(claim: Claim, failure: str) -> None:
    now: datetime = seams.now()
    if failure:
        wait = spread(step(conf.current().timing.retry, claim.attempts - 1), seams.jitter())
        _keep(claim, failure=failure[:200], next_action_at=now + wait, lease_until=None)
    else:
        _keep(claim, failure="", done_at=now, next_action_at=None, lease_until=None)


def _keep(claim: Claim, **columns: object) -> None:
    OutboxMessage.objects.filter(pk=claim.row_id, lease_token=claim.token).update(**columns)
