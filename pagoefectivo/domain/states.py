"""The words for where an order, a voucher and a refund stand, and what may be wrong beside it."""

from __future__ import annotations

from enum import StrEnum


class OrderState(StrEnum):
    """What the money facts mean for the shop's order."""

    AWAITING_PAYMENT = "awaiting_payment"
    PAID = "paid"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    IN_REVIEW = "in_review"
    EXPIRED = "expired"
    CANCELED = "canceled"


class VoucherState(StrEnum):
    """Whether one payment code exists and whether money arrived on it."""

    REQUESTED = "requested"
    SUBMITTING = "submitting"
    UNKNOWN = "unknown"
    ISSUED = "issued"
    CONFIRMING = "confirming"
    PAID = "paid"
    EXPIRED = "expired"
    CANCELED = "canceled"
    FAILED = "failed"


class RefundState(StrEnum):
    """How far one instruction to give money back has come."""

    REQUESTED = "requested"
    AWAITING_APPROVAL = "awaiting_approval"
    AWAITING_DESTINATION = "awaiting_destination"
    SUBMITTING = "submitting"
    UNKNOWN = "unknown"
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    RETURNED = "returned"


class PaymentStatus(StrEnum):
    """What a provider says of a payment, in our words."""

    PENDING = "pending"
    PAID = "paid"
    EXPIRED = "expired"
    CANCELED = "canceled"
    REJECTED = "rejected"
    REVERSED = "reversed"
    UNRECOGNISED = "unrecognised"


class RefundStatus(StrEnum):
    """What a provider says of a refund, in our words."""

    PENDING = "pending"
    AWAITING_PAYER = "awaiting_payer"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    RETURNED = "returned"
    UNRECOGNISED = "unrecognised"


class Proof(StrEnum):
    """How a statement reached us, and so how far it may be believed."""

    HINT = "hint"  # signed, but not over the facts, or too old to trust
    SIGNED_BODY = "signed_body"  # a fresh signature that covers the stated facts
    ANSWER = "answer"  # the provider's answer to our own instruction
    READ = "read"  # the provider's answer to our own authenticated question
    ATTESTED = "attested"  # a second person's word on a transfer by hand, with the bank's operation number


class Source(StrEnum):
    """The path by which something became known."""

    WEBHOOK = "webhook"
    POLL = "poll"
    API = "api"
    SETTLEMENT = "settlement"
    STAFF = "staff"
    BUYER = "buyer"
    CLOCK = "clock"


class AnomalyKind(StrEnum):
    """A fact that does not fit and that a person has to look at. Never a state, never an exception."""

    UNDERPAID = "underpaid"
    OVERPAID = "overpaid"
    PAID_LATE = "paid_late"
    PAID_TWICE = "paid_twice"
    PAID_AFTER_CANCEL = "paid_after_cancel"
    CURRENCY_MISMATCH = "currency_mismatch"
    PAYMENT_REVERSED = "payment_reversed"
    CREATE_MISMATCH = "create_mismatch"
    CODE_REUSED = "code_reused"
    STATUS_UNRECOGNISED = "status_unrecognised"
    WEBHOOK_UNCONFIRMED = "webhook_unconfirmed"
    NOT_FOUND_AT_PROVIDER = "not_found_at_provider"
    OUTCOME_UNKNOWN = "outcome_unknown"
    REFUND_AMOUNT_MISMATCH = "refund_amount_mismatch"
    REFUND_STARTED_OUTSIDE = "refund_started_outside"
    REFUNDED_TOO_MUCH = "refunded_too_much"
    REFUND_RETURNED = "refund_returned"
    EVENT_CONFLICT = "event_conflict"
    STATUS_CONFLICT = "status_conflict"
    PROOF_REUSED = "proof_reused"
    PROOF_DOUBTFUL = "proof_doubtful"


UNSENT_VOUCHER = frozenset({VoucherState.REQUESTED})
UNANSWERED_VOUCHER = frozenset({VoucherState.SUBMITTING, VoucherState.UNKNOWN})
PAYABLE_VOUCHER = frozenset({VoucherState.ISSUED, VoucherState.CONFIRMING})
LIVE_VOUCHER = UNSENT_VOUCHER | UNANSWERED_VOUCHER | PAYABLE_VOUCHER

FREED_REFUND = frozenset({RefundState.FAILED, RefundState.CANCELED, RefundState.RETURNED})
FINAL_REFUND = FREED_REFUND | {RefundState.SUCCEEDED}
UNSENT_REFUND = frozenset({RefundState.REQUESTED, RefundState.AWAITING_APPROVAL, RefundState.AWAITING_DESTINATION})
UNANSWERED_REFUND = frozenset({RefundState.SUBMITTING, RefundState.UNKNOWN})
LIVE_REFUND = UNSENT_REFUND | UNANSWERED_REFUND | {RefundState.PENDING}
# Where it may be for a person to do something; whatever is on its way by itself is not among them.
PERSONS_REFUND = frozenset(
    {
        RefundState.REQUESTED,
        RefundState.AWAITING_APPROVAL,
        RefundState.UNKNOWN,
        RefundState.FAILED,
        RefundState.RETURNED,
    }
)
