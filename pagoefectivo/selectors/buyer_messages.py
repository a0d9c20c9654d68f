"""Which messages to a buyer may be sent once more."""

from __future__ import annotations

from pagoefectivo.models import BuyerMessage, Order
from pagoefectivo.services import seams
from pagoefectivo.services.buyer_messages import is_sendable_again

MOST = 50


def sendable_again(order: Order) -> list[BuyerMessage]:
    """Return an order's messages that still say what is true, the newest first, each kind once per channel."""
    vouchers, refunds = list(order.vouchers.order_by("pk")), list(order.refunds.order_by("pk"))
    for voucher in vouchers:
        voucher.order = order
    now = seams.now()
    newest: dict[tuple[object, ...], BuyerMessage] = {}
    for message in BuyerMessage.objects.filter(order=order).order_by("-pk")[:MOST]:
        subject = (message.kind, message.channel, message.voucher_id, message.refund_id)
        if subject not in newest and is_sendable_again(message, order, vouchers, refunds, now):
            newest[subject] = message
    return list(newest.values())
