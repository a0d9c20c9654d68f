"""What the host shop can listen to. Sent after commit, outward only; see `docs/reference.md` for the arguments."""

from __future__ import annotations

from django.dispatch import Signal

order_paid = Signal()
order_in_review = Signal()
order_expired = Signal()
order_refunded = Signal()
voucher_issued = Signal()
voucher_expired = Signal()
stock_release_due = Signal()
refund_succeeded = Signal()
refund_failed = Signal()
refund_needs_destination = Signal()
error_unmapped = Signal()
refund_approval_expired = Signal()
refund_requested_over_limit = Signal()
refund_approved_over_limit = Signal()
order_flagged = Signal()

BY_NAME: dict[str, Signal] = {
    "order_paid": order_paid,
    "order_in_review": order_in_review,
    "order_expired": order_expired,
    "order_refunded": order_refunded,
    "voucher_issued": voucher_issued,
    "voucher_expired": voucher_expired,
    "stock_release_due": stock_release_due,
    "refund_succeeded": refund_succeeded,
    "refund_failed": refund_failed,
    "refund_needs_destination": refund_needs_destination,
    "error_unmapped": error_unmapped,
    "refund_approval_expired": refund_approval_expired,
    "refund_requested_over_limit": refund_requested_over_limit,
    "refund_approved_over_limit": refund_approved_over_limit,
    "order_flagged": order_flagged,
}
