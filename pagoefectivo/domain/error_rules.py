"""What may follow a failure, whether the money is safe meanwhile, and which failures a provider can speak of."""

from __future__ import annotations

from enum import StrEnum

from pagoefectivo.domain.error_codes import ErrorCode as C


class Retry(StrEnum):
    """What may be done about it again, and by whom."""

    NONE = "none"  # doing the same again would end the same
    AUTOMATIC = "automatic"  # it is asked or sent again without anybody
    AFTER_CHANGE = "after_change"  # once somebody has corrected what was wrong
    NEVER = "never"  # it may have happened: it is asked about, and sent again by nobody


class Money(StrEnum):
    """Where the money is for all that this failure says."""

    SAFE = "safe"  # where it was: nothing left and nothing came because of it
    UNKNOWN = "unknown"  # not known until the provider has answered
    LOOK = "look"  # money moved otherwise than it should have: somebody has to look


_RETRY = {
    Retry.AUTOMATIC: {
        *(C.RATE_LIMITED, C.SERVICE_UNAVAILABLE, C.IDEMPOTENCY_IN_PROGRESS, C.PSP_UNAVAILABLE, C.PSP_TIMEOUT),
        *(C.PSP_RATE_LIMITED, C.PSP_BAD_RESPONSE, C.POLL_NOT_FOUND, C.POLL_STALE, C.CANCEL_NOT_SUPPORTED),
        *(C.REFUND_INSUFFICIENT_FUNDS, C.REFUND_PENDING_TOO_LONG, C.WEBHOOK_UNKNOWN_VOUCHER),
        C.WEBHOOK_HANDLER_FAILED,
    },
    Retry.AFTER_CHANGE: {
        *(C.CONFIGURATION_INVALID, C.REQUEST_INVALID, C.REQUEST_MALFORMED, C.REQUEST_TOO_LARGE, C.REQUEST_AMOUNT_INVALID),
        *(C.REQUEST_FIELD_UNKNOWN, C.NOT_AUTHENTICATED, C.PERMISSION_DENIED, C.IDEMPOTENCY_KEY_MISSING),
        *(C.IDEMPOTENCY_KEY_REUSED, C.REFERENCE_CONFLICT, C.ACCOUNT_UNKNOWN, C.STATE_CONFLICT, C.CREATE_FIELD_REQUIRED),
        *(C.CREATE_FIELD_INVALID, C.CREATE_AMOUNT_TOO_HIGH, C.CREATE_AMOUNT_TOO_LOW, C.CREATE_CURRENCY_UNSUPPORTED),
        *(C.CREATE_EXPIRY_INVALID, C.CREATE_METHOD_DISABLED, C.EXTEND_NOT_LATER, C.AUTH_INVALID_CREDENTIALS),
        *(C.AUTH_IP_NOT_ALLOWED, C.AUTH_NOT_PERMITTED, C.AUTH_SIGNATURE_REFUSED, C.AUTH_WRONG_ENVIRONMENT),
        *(C.AUTH_SERVICE_MISMATCH, C.AUTH_CLOCK_SKEW, C.WEBHOOK_SECRET_NOT_CONFIGURED, C.WEBHOOK_SIGNATURE_MISMATCH),
        *(C.REFUND_NOT_SETTLED, C.REFUND_PARTIAL_UNSUPPORTED, C.REFUND_FROZEN, C.REFUND_AMOUNT_EXCEEDED),
        *(C.REFUND_NEEDS_ACCOUNT, C.REFUND_DESTINATION_INVALID, C.REFUND_DESTINATION_LATE, C.REFUND_ACCOUNT_INVALID),
        *(C.REFUND_ACCOUNT_CLOSED, C.REFUND_HOLDER_MISMATCH, C.REFUND_BANK_MISMATCH, C.REFUND_LIMIT_EXCEEDED),
        *(C.REFUND_REJECTED, C.REFUND_CANCELLED, C.APPROVAL_STALE, C.PAYOUT_NOTHING_READY, C.PAYOUT_RESULT_INVALID),
        *(C.PROOF_FILE_REFUSED, C.INTERNAL_FAULT, C.REFUND_NOT_PAID, C.MESSAGE_TOO_OFTEN),
    },
    Retry.NEVER: {
        *(C.CREATE_DUPLICATE_REFERENCE, C.CREATE_OUTCOME_UNKNOWN, C.REFUND_OUTCOME_UNKNOWN, C.REFUND_DUPLICATE),
        *(C.PSP_UNMAPPED, C.PAYOUT_OPERATION_REUSED, C.PAYOUT_FILE_DAMAGED, C.REFUND_ALREADY_SENT),
    },
}  # fmt: skip
_MONEY = {
    Money.UNKNOWN: {
        *(C.CREATE_OUTCOME_UNKNOWN, C.CREATE_LOST, C.PSP_UNMAPPED, C.REFUND_OUTCOME_UNKNOWN, C.REFUND_DUPLICATE),
        *(C.REFUND_PENDING_TOO_LONG, C.REFUND_ALREADY_SENT, C.POLL_NOT_FOUND, C.CREATE_DUPLICATE_REFERENCE),
        C.WEBHOOK_UNKNOWN_VOUCHER,
    },
    Money.LOOK: {
        *(C.CREATE_ANSWER_DIFFERS, C.POLL_STATUS_CONFLICT, C.PAID_AMOUNT_MISMATCH, C.PAID_CURRENCY_MISMATCH),
        *(C.PAID_LATE, C.PAID_TWICE, C.PAID_AFTER_VOID, C.REFUND_STARTED_OUTSIDE, C.REFUND_NET_DIFFERS),
        *(C.PAYOUT_FILE_DAMAGED, C.PAYOUT_OPERATION_REUSED, C.PROOF_REUSED, C.PROOF_DOUBTFUL),
    },
}
_TOLD = ("CREATE_", "CANCEL_", "EXTEND_", "AUTH_", "PSP_", "REFUND_")
_OUR_OWN = {
    C.CREATE_LOST,
    C.CREATE_ANSWER_DIFFERS,
    C.REFUND_STARTED_OUTSIDE,
    C.REFUND_DESTINATION_LATE,
    C.AUTH_CLOCK_SKEW,
}

# What a raw code of a provider may be said to mean.
MEANINGS = tuple(
    code for code in C if code == C.POLL_NOT_FOUND or (code.startswith(_TOLD) and code not in {*_OUR_OWN, C.PSP_UNMAPPED})
)  # fmt: skip


def retry_rule(code: C) -> Retry:
    """Return what may be done again after this failure."""
    return next((rule for rule, codes in _RETRY.items() if code in codes), Retry.NONE)


def money_after(code: C) -> Money:
    """Return where the money is for all that this failure says."""
    return next((money for money, codes in _MONEY.items() if code in codes), Money.SAFE)
