"""The catalogue of failures: a code, a plain sentence, who acts, and what comes next."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext_lazy as _


class ErrorCode(StrEnum):
    """Stable names; the API, the admin and the docs show exactly these."""

    CONFIGURATION_INVALID = "CONFIGURATION_INVALID"
    REQUEST_INVALID = "REQUEST_INVALID"
    REQUEST_MALFORMED = "REQUEST_MALFORMED"
    REQUEST_TOO_LARGE = "REQUEST_TOO_LARGE"
    REQUEST_FILE_INVALID = "REQUEST_FILE_INVALID"
    REQUEST_FILE_TYPE = "REQUEST_FILE_TYPE"
    REQUEST_AMOUNT_INVALID = "REQUEST_AMOUNT_INVALID"
    REQUEST_FIELD_UNKNOWN = "REQUEST_FIELD_UNKNOWN"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    NOT_ACCEPTABLE = "NOT_ACCEPTABLE"
    NOT_AUTHENTICATED = "NOT_AUTHENTICATED"
    PERMISSION_DENIED = "PERMISSION_DENIED"
    NOT_FOUND = "NOT_FOUND"
    RATE_LIMITED = "RATE_LIMITED"
    STATE_CONFLICT = "STATE_CONFLICT"
    SERVICE_UNAVAILABLE = "SERVICE_UNAVAILABLE"
    INTERNAL_FAULT = "INTERNAL_FAULT"
    IDEMPOTENCY_KEY_MISSING = "IDEMPOTENCY_KEY_MISSING"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    IDEMPOTENCY_IN_PROGRESS = "IDEMPOTENCY_IN_PROGRESS"
    REFERENCE_CONFLICT = "REFERENCE_CONFLICT"
    ORDER_ALREADY_PAID = "ORDER_ALREADY_PAID"
    ORDER_CLOSED = "ORDER_CLOSED"
    ACCOUNT_UNKNOWN = "ACCOUNT_UNKNOWN"
    CREATE_INVALID_REQUEST = "CREATE_INVALID_REQUEST"
    CREATE_FIELD_REQUIRED = "CREATE_FIELD_REQUIRED"
    CREATE_FIELD_INVALID = "CREATE_FIELD_INVALID"
    CREATE_AMOUNT_TOO_HIGH = "CREATE_AMOUNT_TOO_HIGH"
    CREATE_AMOUNT_TOO_LOW = "CREATE_AMOUNT_TOO_LOW"
    CREATE_CURRENCY_UNSUPPORTED = "CREATE_CURRENCY_UNSUPPORTED"
    CREATE_DUPLICATE_REFERENCE = "CREATE_DUPLICATE_REFERENCE"
    CREATE_EXPIRY_INVALID = "CREATE_EXPIRY_INVALID"
    CREATE_METHOD_DISABLED = "CREATE_METHOD_DISABLED"
    CREATE_OUTCOME_UNKNOWN = "CREATE_OUTCOME_UNKNOWN"
    CREATE_LOST = "CREATE_LOST"
    CREATE_ANSWER_DIFFERS = "CREATE_ANSWER_DIFFERS"
    CREATE_RISK_REJECTED = "CREATE_RISK_REJECTED"
    CANCEL_NOT_SUPPORTED = "CANCEL_NOT_SUPPORTED"
    EXTEND_UNSUPPORTED = "EXTEND_UNSUPPORTED"
    EXTEND_ENDED = "EXTEND_ENDED"
    EXTEND_NOT_LATER = "EXTEND_NOT_LATER"
    AUTH_INVALID_CREDENTIALS = "AUTH_INVALID_CREDENTIALS"
    AUTH_IP_NOT_ALLOWED = "AUTH_IP_NOT_ALLOWED"
    AUTH_NOT_PERMITTED = "AUTH_NOT_PERMITTED"
    AUTH_SERVICE_MISMATCH = "AUTH_SERVICE_MISMATCH"
    AUTH_CLOCK_SKEW = "AUTH_CLOCK_SKEW"
    AUTH_SIGNATURE_REFUSED = "AUTH_SIGNATURE_REFUSED"
    AUTH_WRONG_ENVIRONMENT = "AUTH_WRONG_ENVIRONMENT"
    PSP_UNAVAILABLE = "PSP_UNAVAILABLE"
    PSP_TIMEOUT = "PSP_TIMEOUT"
    PSP_RATE_LIMITED = "PSP_RATE_LIMITED"
    PSP_BAD_RESPONSE = "PSP_BAD_RESPONSE"
    PSP_UNMAPPED = "PSP_UNMAPPED"
    POLL_NOT_FOUND = "POLL_NOT_FOUND"
    POLL_STATUS_CONFLICT = "POLL_STATUS_CONFLICT"
    POLL_STALE = "POLL_STALE"
    PAID_AMOUNT_MISMATCH = "PAID_AMOUNT_MISMATCH"
    PAID_CURRENCY_MISMATCH = "PAID_CURRENCY_MISMATCH"
    PAID_LATE = "PAID_LATE"
    PAID_TWICE = "PAID_TWICE"
    PAID_AFTER_VOID = "PAID_AFTER_VOID"
    WEBHOOK_SIGNATURE_MISSING = "WEBHOOK_SIGNATURE_MISSING"
    WEBHOOK_SIGNATURE_MISMATCH = "WEBHOOK_SIGNATURE_MISMATCH"
    WEBHOOK_SECRET_NOT_CONFIGURED = "WEBHOOK_SECRET_NOT_CONFIGURED"  # noqa: S105 - a catalogue code, not a secret
    WEBHOOK_UNKNOWN_VOUCHER = "WEBHOOK_UNKNOWN_VOUCHER"
    WEBHOOK_REPLAYED = "WEBHOOK_REPLAYED"
    WEBHOOK_OUT_OF_ORDER = "WEBHOOK_OUT_OF_ORDER"
    WEBHOOK_HANDLER_FAILED = "WEBHOOK_HANDLER_FAILED"
    WEBHOOK_NOT_REPLAYABLE = "WEBHOOK_NOT_REPLAYABLE"
    WEBHOOK_NOT_VERIFIABLE = "WEBHOOK_NOT_VERIFIABLE"
    REFUND_NOT_ALLOWED = "REFUND_NOT_ALLOWED"
    REFUND_NOT_PAID = "REFUND_NOT_PAID"
    REFUND_NOT_SETTLED = "REFUND_NOT_SETTLED"
    REFUND_WINDOW_CLOSED = "REFUND_WINDOW_CLOSED"
    REFUND_UNSUPPORTED = "REFUND_UNSUPPORTED"
    REFUND_PARTIAL_UNSUPPORTED = "REFUND_PARTIAL_UNSUPPORTED"
    REFUND_FROZEN = "REFUND_FROZEN"
    REFUND_AMOUNT_EXCEEDED = "REFUND_AMOUNT_EXCEEDED"
    REFUND_NEEDS_ACCOUNT = "REFUND_NEEDS_ACCOUNT"
    REFUND_DESTINATION_INVALID = "REFUND_DESTINATION_INVALID"
    REFUND_DESTINATION_LATE = "REFUND_DESTINATION_LATE"
    REFUND_ACCOUNT_INVALID = "REFUND_ACCOUNT_INVALID"
    REFUND_ACCOUNT_CLOSED = "REFUND_ACCOUNT_CLOSED"
    REFUND_HOLDER_MISMATCH = "REFUND_HOLDER_MISMATCH"
    REFUND_BANK_MISMATCH = "REFUND_BANK_MISMATCH"
    REFUND_LIMIT_EXCEEDED = "REFUND_LIMIT_EXCEEDED"
    REFUND_INSUFFICIENT_FUNDS = "REFUND_INSUFFICIENT_FUNDS"
    REFUND_REJECTED = "REFUND_REJECTED"
    REFUND_CANCELLED = "REFUND_CANCELLED"
    REFUND_PENDING_TOO_LONG = "REFUND_PENDING_TOO_LONG"
    REFUND_OUTCOME_UNKNOWN = "REFUND_OUTCOME_UNKNOWN"
    REFUND_DUPLICATE = "REFUND_DUPLICATE"
    REFUND_STARTED_OUTSIDE = "REFUND_STARTED_OUTSIDE"
    REFUND_NET_DIFFERS = "REFUND_NET_DIFFERS"
    REFUND_ALREADY_SENT = "REFUND_ALREADY_SENT"
    APPROVAL_SELF = "APPROVAL_SELF"
    APPROVAL_OWN_ACCOUNT = "APPROVAL_OWN_ACCOUNT"
    APPROVAL_AS_BUYER = "APPROVAL_AS_BUYER"
    APPROVAL_STALE = "APPROVAL_STALE"
    PAYOUT_NOTHING_READY = "PAYOUT_NOTHING_READY"
    PAYOUT_STOPPED = "PAYOUT_STOPPED"
    PAYOUT_SELF = "PAYOUT_SELF"
    PAYOUT_RESULT_INVALID = "PAYOUT_RESULT_INVALID"
    PAYOUT_OPERATION_REUSED = "PAYOUT_OPERATION_REUSED"
    PAYOUT_FILE_DAMAGED = "PAYOUT_FILE_DAMAGED"
    MESSAGE_OUTDATED = "MESSAGE_OUTDATED"
    MESSAGE_TOO_OFTEN = "MESSAGE_TOO_OFTEN"
    PROOF_FILE_REFUSED = "PROOF_FILE_REFUSED"
    PROOF_NOT_NEEDED = "PROOF_NOT_NEEDED"
    PROOF_TOO_MANY = "PROOF_TOO_MANY"
    PROOF_ERASED = "PROOF_ERASED"
    PROOF_REUSED = "PROOF_REUSED"
    PROOF_DOUBTFUL = "PROOF_DOUBTFUL"
    ERROR_NOTHING_TO_ASK = "ERROR_NOTHING_TO_ASK"
    ERROR_NOT_RETRIABLE = "ERROR_NOT_RETRIABLE"
    ERROR_MEANING_FIXED = "ERROR_MEANING_FIXED"
    ERROR_MEANING_UNFIT = "ERROR_MEANING_UNFIT"
    CASE_ENDED = "CASE_ENDED"
    CASE_OTHER_ACCOUNT = "CASE_OTHER_ACCOUNT"
    CASE_OWNER_UNFIT = "CASE_OWNER_UNFIT"
    CASE_INCOMPLETE = "CASE_INCOMPLETE"
    CASE_LINK_UNKNOWN = "CASE_LINK_UNKNOWN"
    REFUND_NOTE_MISSING = "REFUND_NOTE_MISSING"
    REFUND_PREVIEW_STALE = "REFUND_PREVIEW_STALE"
    SETTLEMENT_TOO_LARGE = "SETTLEMENT_TOO_LARGE"
    SETTLEMENT_UNREADABLE = "SETTLEMENT_UNREADABLE"
    MATCH_DOES_NOT_ADD_UP = "MATCH_DOES_NOT_ADD_UP"
    MATCH_ANOTHER_ACCOUNT = "MATCH_ANOTHER_ACCOUNT"
    MATCH_ALREADY_SETTLED = "MATCH_ALREADY_SETTLED"
    DIFFERENCE_SETTLED = "DIFFERENCE_SETTLED"
    DIFFERENCE_UNEXPLAINED = "DIFFERENCE_UNEXPLAINED"
    MONTH_CLOSED = "MONTH_CLOSED"
    MONTH_NOT_READY = "MONTH_NOT_READY"
    MONTH_CHANGED = "MONTH_CHANGED"
    MONTH_SELF = "MONTH_SELF"
    MONTH_UNSAID = "MONTH_UNSAID"
    RECEIPT_UNFIT = "RECEIPT_UNFIT"
    REFUND_OVER_LIMIT = "REFUND_OVER_LIMIT"
    APPROVAL_NEEDS_PERSON = "APPROVAL_NEEDS_PERSON"
    APPROVAL_EXPIRED = "APPROVAL_EXPIRED"
    ASKED_JUST_NOW = "ASKED_JUST_NOW"
    PAYMENT_CONFIRMING = "PAYMENT_CONFIRMING"
    NOTHING_TO_ASK = "NOTHING_TO_ASK"
    NOTHING_TO_ACCEPT = "NOTHING_TO_ACCEPT"
    NOTHING_LOST = "NOTHING_LOST"
    WORK_OWNED = "WORK_OWNED"
    WORK_OWNER_UNFIT = "WORK_OWNER_UNFIT"
    WORK_REASON_MISSING = "WORK_REASON_MISSING"
    FEES_OVERLAP = "FEES_OVERLAP"
    FEES_ENDED = "FEES_ENDED"
    FEES_INCOMPLETE = "FEES_INCOMPLETE"


class Who(StrEnum):
    """Who must act."""

    NOBODY = "nobody"
    BUYER = "buyer"
    SUPPORT = "support"
    FINANCE = "finance"
    DEVELOPER = "developer"
    PROVIDER = "provider"


@dataclass(frozen=True, slots=True)
class ErrorEntry:
    """One catalogue entry; `message` and `next_step` are translatable templates with {named} values."""

    who: Who
    message: object
    next_step: object

    def sentence(self, **values: str) -> str:
        """The plain sentence in the active language; a value that is not known reads as a dash."""
        return str(self.message).format_map(_Known(values))

    def next_sentence(self, **values: str) -> str:
        """The next step in the active language; a value that is not known reads as a dash."""
        return str(self.next_step).format_map(_Known(values))


class _Known(defaultdict[str, str]):
    def __init__(self, values: dict[str, str]) -> None:
        super().__init__(lambda: "–", values)


_C = ErrorCode
_AUTOMATIC = _("Nothing to do: it is asked again automatically.")

CATALOGUE: dict[ErrorCode, ErrorEntry] = {
    _C.CONFIGURATION_INVALID: ErrorEntry(Who.DEVELOPER, _("The installation is not configured correctly."), _("Run `manage.py check` and mend what it names.")),
    _C.REQUEST_INVALID: ErrorEntry(Who.DEVELOPER, _("The request has invalid data."), _("Correct the fields named in `fields` and send it again.")),
    _C.REQUEST_MALFORMED: ErrorEntry(Who.DEVELOPER, _("The body is not well-formed JSON."), _("Send one JSON object in UTF-8, each key once, without NaN or Infinity.")),
    _C.REQUEST_TOO_LARGE: ErrorEntry(Who.DEVELOPER, _("The body is too large."), _("Send a smaller body.")),
    _C.REQUEST_FILE_INVALID: ErrorEntry(Who.DEVELOPER, _("The file did not arrive whole, or not alone."), _("Send it as the whole body with its Content-Length, or as the one part “file” of a form.")),
    _C.REQUEST_FILE_TYPE: ErrorEntry(Who.DEVELOPER, _("A file is taken as text/csv, application/octet-stream or multipart/form-data, and as nothing else."), _("Name one of these as the Content-Type, and send the file without a Content-Encoding.")),
    _C.REQUEST_AMOUNT_INVALID: ErrorEntry(Who.DEVELOPER, _("The amount is not valid."), _('Send a decimal string above zero with at most two decimals, for example "89.90".')),
    _C.REQUEST_FIELD_UNKNOWN: ErrorEntry(Who.DEVELOPER, _("The request has a field that does not exist: {field}."), _("Remove the field or correct its spelling.")),
    _C.METHOD_NOT_ALLOWED: ErrorEntry(Who.DEVELOPER, _("This address does not take that method."), _("See the API description for the methods it takes.")),
    _C.NOT_ACCEPTABLE: ErrorEntry(Who.DEVELOPER, _("That format is not offered."), _("Ask for application/json.")),
    _C.NOT_AUTHENTICATED: ErrorEntry(Who.DEVELOPER, _("The API key is missing or not valid."), _("Send the header `Authorization: Api-Key <key>` with a live key.")),
    _C.PERMISSION_DENIED: ErrorEntry(Who.DEVELOPER, _("You are not allowed to do this."), _("Ask an administrator for the permission or scope {scope}.")),
    _C.NOT_FOUND: ErrorEntry(Who.DEVELOPER, _("We did not find it."), _("Check that the reference is complete.")),
    _C.RATE_LIMITED: ErrorEntry(Who.NOBODY, _("Too many requests."), _("Wait a moment and try again.")),
    _C.STATE_CONFLICT: ErrorEntry(Who.SUPPORT, _("Somebody changed this first."), _("Read it again and decide anew.")),
    _C.SERVICE_UNAVAILABLE: ErrorEntry(Who.NOBODY, _("The service cannot answer right now."), _("Try again in a moment.")),
    _C.INTERNAL_FAULT: ErrorEntry(Who.DEVELOPER, _("Something failed on our side."), _("Try again; if it stays, report the time of the request.")),
    _C.IDEMPOTENCY_KEY_MISSING: ErrorEntry(Who.DEVELOPER, _("The header Idempotency-Key is missing."), _("Send a fresh random key with each new POST and the same key when you repeat it.")),
    _C.IDEMPOTENCY_KEY_REUSED: ErrorEntry(Who.DEVELOPER, _("This Idempotency-Key was used with another request."), _("Use a new key for a new request.")),
    _C.IDEMPOTENCY_IN_PROGRESS: ErrorEntry(Who.NOBODY, _("The first request with this Idempotency-Key is still running."), _("Repeat it after the time in Retry-After.")),
    _C.REFERENCE_CONFLICT: ErrorEntry(Who.DEVELOPER, _("An order with this reference exists with other data."), _("Use a new reference, or send the same amount and currency.")),
    _C.ORDER_ALREADY_PAID: ErrorEntry(Who.SUPPORT, _("This order has already been paid."), _("Refund it instead.")),
    _C.ORDER_CLOSED: ErrorEntry(Who.SUPPORT, _("This order is closed."), _("Open a new order.")),
    _C.ACCOUNT_UNKNOWN: ErrorEntry(Who.DEVELOPER, _("There is no account with that name."), _("Use a name of the setting ACCOUNTS.")),
    _C.CREATE_INVALID_REQUEST: ErrorEntry(Who.DEVELOPER, _("The provider did not accept the data of the order. Field: {field}."), _("Look at the field and correct it.")),
    _C.CREATE_FIELD_REQUIRED: ErrorEntry(Who.BUYER, _("A required field is missing: {field}."), _("Ask the buyer for it at checkout.")),
    _C.CREATE_FIELD_INVALID: ErrorEntry(Who.BUYER, _("A field has an invalid value: {field}."), _("Show the field to the buyer with an example.")),
    _C.CREATE_AMOUNT_TOO_HIGH: ErrorEntry(Who.FINANCE, _("The amount is above the maximum of {maximum}."), _("Offer another way to pay for this amount, or ask the provider for a higher limit.")),
    _C.CREATE_AMOUNT_TOO_LOW: ErrorEntry(Who.DEVELOPER, _("The amount is below the minimum of {minimum}."), _("Offer another way to pay for this amount.")),
    _C.CREATE_CURRENCY_UNSUPPORTED: ErrorEntry(Who.DEVELOPER, _("This currency is not enabled."), _("Use a currency of the account.")),
    _C.CREATE_DUPLICATE_REFERENCE: ErrorEntry(Who.NOBODY, _("The provider already has a code with this reference."), _("Nothing to do: the existing code is looked up.")),
    _C.CREATE_EXPIRY_INVALID: ErrorEntry(Who.DEVELOPER, _("The deadline must be between {minimum} and {maximum}."), _("Choose a deadline inside the limits of the account.")),
    _C.CREATE_METHOD_DISABLED: ErrorEntry(Who.FINANCE, _("The provider has not enabled PagoEfectivo for your account."), _("Write to the provider.")),
    _C.CREATE_OUTCOME_UNKNOWN: ErrorEntry(Who.NOBODY, _("We do not know yet whether the code was created."), _("Nothing to do: the provider is asked before anything is sent again.")),
    _C.CREATE_LOST: ErrorEntry(Who.SUPPORT, _("Nobody can find out whether this code was created."), _("Issue a new code for the order. Should the lost one be paid, the money is taken and shown here.")),
    _C.CREATE_ANSWER_DIFFERS: ErrorEntry(Who.SUPPORT, _("The provider created a code with other data than we asked for."), _("Do not show the code; ask the provider to cancel it.")),
    _C.CREATE_RISK_REJECTED: ErrorEntry(Who.SUPPORT, _("The provider rejected the operation for risk."), _("Offer another way to pay; do not insist.")),
    _C.CANCEL_NOT_SUPPORTED: ErrorEntry(Who.NOBODY, _("The provider cannot withdraw this code."), _("Nothing to do: it is watched until it expires.")),
    _C.EXTEND_UNSUPPORTED: ErrorEntry(Who.SUPPORT, _("This provider cannot move the deadline of a code."), _("Issue a new code: it comes with a deadline of its own.")),
    _C.EXTEND_ENDED: ErrorEntry(Who.SUPPORT, _("The code can no longer be paid, so its deadline cannot be moved."), _("Issue a new code for the order.")),
    _C.EXTEND_NOT_LATER: ErrorEntry(Who.SUPPORT, _("The new deadline would not be later than the one that holds."), _("Give the buyer more time, or leave the deadline as it is.")),
    _C.AUTH_INVALID_CREDENTIALS: ErrorEntry(Who.DEVELOPER, _("The keys of the account are not valid."), _("Check the keys and the environment of the account.")),
    _C.AUTH_IP_NOT_ALLOWED: ErrorEntry(Who.DEVELOPER, _("The provider does not accept calls from this server."), _("Register the outgoing IP address with the provider.")),
    _C.AUTH_NOT_PERMITTED: ErrorEntry(Who.FINANCE, _("The provider has not enabled this part of its service for your account."), _("Write to the provider and ask for it to be enabled.")),
    _C.AUTH_SERVICE_MISMATCH: ErrorEntry(Who.DEVELOPER, _("The keys belong to another shop or service at the provider."), _("Check the number of the service, the keys and the environment of the account.")),
    _C.AUTH_CLOCK_SKEW: ErrorEntry(Who.DEVELOPER, _("The clock of this server and the provider's clock differ."), _("Synchronise the clock of this server with NTP.")),
    _C.AUTH_SIGNATURE_REFUSED: ErrorEntry(Who.DEVELOPER, _("The provider did not accept our signature or request."), _("Check the secret key of the account and the clock of the server.")),
    _C.AUTH_WRONG_ENVIRONMENT: ErrorEntry(Who.DEVELOPER, _("Keys of one environment are used against another."), _("Correct ENVIRONMENT or the keys.")),
    _C.PSP_UNAVAILABLE: ErrorEntry(Who.PROVIDER, _("The provider is not available. No money was lost."), _AUTOMATIC),
    _C.PSP_TIMEOUT: ErrorEntry(Who.NOBODY, _("The provider did not answer in time."), _AUTOMATIC),
    _C.PSP_RATE_LIMITED: ErrorEntry(Who.NOBODY, _("The provider asks us to slow down."), _AUTOMATIC),
    _C.PSP_BAD_RESPONSE: ErrorEntry(Who.DEVELOPER, _("The provider answered something we cannot read."), _("It is kept as it came and asked again; if it stays, write to the provider.")),
    _C.PSP_UNMAPPED: ErrorEntry(Who.DEVELOPER, _("The provider answered with a code that nobody here knows."), _("Ask the provider what it means and say so under “Error codes”; until then it is on hold.")),
    _C.POLL_NOT_FOUND: ErrorEntry(Who.DEVELOPER, _("The provider does not know this payment."), _("Check the environment of the account; it is asked again.")),
    _C.POLL_STATUS_CONFLICT: ErrorEntry(Who.SUPPORT, _("The provider now says something else than before."), _("Compare the timeline and write to the provider.")),
    _C.POLL_STALE: ErrorEntry(Who.DEVELOPER, _("No notification of the account has arrived for longer than usual. Payments are found by asking."), _("Check at the provider that notifications are switched on and go to this shop's address.")),
    _C.PAID_AMOUNT_MISMATCH: ErrorEntry(Who.FINANCE, _("Another amount was paid than was asked for."), _("Accept it or refund it.")),
    _C.PAID_CURRENCY_MISMATCH: ErrorEntry(Who.FINANCE, _("The payment came in another currency."), _("Review it with the provider.")),
    _C.PAID_LATE: ErrorEntry(Who.SUPPORT, _("The code was paid after its deadline."), _("Accept it or refund it.")),
    _C.PAID_TWICE: ErrorEntry(Who.FINANCE, _("The order has been paid twice."), _("Refund the second payment.")),
    _C.PAID_AFTER_VOID: ErrorEntry(Who.SUPPORT, _("A withdrawn code was paid."), _("Accept it or refund it.")),
    _C.WEBHOOK_SIGNATURE_MISSING: ErrorEntry(Who.DEVELOPER, _("A notification arrived without a signature."), _("If it is the provider's, ask for signed notifications.")),
    _C.WEBHOOK_SIGNATURE_MISMATCH: ErrorEntry(Who.DEVELOPER, _("The signature of a notification does not match."), _("Check the secret of the account and that no proxy changes the body.")),
    _C.WEBHOOK_SECRET_NOT_CONFIGURED: ErrorEntry(Who.DEVELOPER, _("The account has no secret to verify notifications with."), _("Set the secret of the account.")),
    _C.WEBHOOK_UNKNOWN_VOUCHER: ErrorEntry(Who.SUPPORT, _("A notification speaks of a payment that is not ours."), _("Look for it in your other shops.")),
    _C.WEBHOOK_REPLAYED: ErrorEntry(Who.NOBODY, _("The same notification came again; what it says had been taken in."), _("Nothing to do: it was answered and counted.")),
    _C.WEBHOOK_OUT_OF_ORDER: ErrorEntry(Who.NOBODY, _("The notification says nothing new, or something older than what is known."), _("Nothing to do: it was answered and kept.")),
    _C.WEBHOOK_HANDLER_FAILED: ErrorEntry(Who.DEVELOPER, _("The news was taken in, but the shop's own code failed when it was told."), _("Mend the receiver that is named in the details; it is told again automatically.")),
    _C.WEBHOOK_NOT_REPLAYABLE: ErrorEntry(Who.SUPPORT, _("This notification cannot be replayed: it was never believed, or what it said is no longer kept."), _("Ask the provider about the payment instead, or have it send the notification again.")),
    _C.WEBHOOK_NOT_VERIFIABLE: ErrorEntry(Who.DEVELOPER, _("This notification cannot be verified again: it was not kept whole."), _("Have the provider send it again.")),
    _C.REFUND_NOT_ALLOWED: ErrorEntry(Who.SUPPORT, _("The provider does not allow this refund now."), _("Read the provider's reason and decide.")),
    _C.REFUND_NOT_PAID: ErrorEntry(Who.SUPPORT, _("Nothing has been paid, so nothing can be refunded."), _("Wait for the payment or cancel the order.")),
    _C.REFUND_NOT_SETTLED: ErrorEntry(Who.SUPPORT, _("The payment is not settled yet."), _("Try again once the provider has settled it.")),
    _C.REFUND_WINDOW_CLOSED: ErrorEntry(Who.SUPPORT, _("The time for refunds of this payment is over: it ended on {date}."), _("Pay the buyer back by a bank transfer of your own and note it on the order.")),
    _C.REFUND_UNSUPPORTED: ErrorEntry(Who.SUPPORT, _("This provider cannot refund through its API."), _("Pay the buyer back by a bank transfer of your own and note it on the order.")),
    _C.REFUND_PARTIAL_UNSUPPORTED: ErrorEntry(Who.SUPPORT, _("This provider refunds the whole amount only."), _("Refund the whole amount of {remaining}.")),
    _C.REFUND_FROZEN: ErrorEntry(Who.FINANCE, _("The payment is under review, so it cannot be refunded yet."), _("Resolve the open question on the order first.")),
    _C.REFUND_AMOUNT_EXCEEDED: ErrorEntry(Who.SUPPORT, _("Only {remaining} is left to refund."), _("Lower the amount.")),
    _C.REFUND_NEEDS_ACCOUNT: ErrorEntry(Who.BUYER, _("The buyer's bank account is missing."), _("Send the buyer the refund link.")),
    _C.REFUND_DESTINATION_INVALID: ErrorEntry(Who.BUYER, _("The bank details are not complete, or not valid: {field}."), _("Ask the buyer for it and enter it again.")),
    _C.REFUND_DESTINATION_LATE: ErrorEntry(Who.SUPPORT, _("The time to give a bank account on this link is over. The money stays the buyer's."), _("Give the buyer a new link.")),
    _C.REFUND_ACCOUNT_INVALID: ErrorEntry(Who.BUYER, _("The account number is not valid, or the account does not exist."), _("Ask the buyer for the CCI, which has 20 digits, and refund again.")),
    _C.REFUND_ACCOUNT_CLOSED: ErrorEntry(Who.BUYER, _("The account is closed or blocked."), _("Ask the buyer for another account and refund again.")),
    _C.REFUND_HOLDER_MISMATCH: ErrorEntry(Who.BUYER, _("The document is not that of the account's holder."), _("Ask the buyer for the holder's name and document and refund again.")),
    _C.REFUND_BANK_MISMATCH: ErrorEntry(Who.BUYER, _("The account number belongs to another bank."), _("Ask the buyer which bank it is, and for the CCI.")),
    _C.REFUND_LIMIT_EXCEEDED: ErrorEntry(Who.FINANCE, _("The amount is above what one transfer may carry."), _("Refund it in several parts, each with its approval.")),
    _C.REFUND_INSUFFICIENT_FUNDS: ErrorEntry(Who.FINANCE, _("Your balance at the provider is too low for this refund."), _("Add funds and retry the refund.")),
    _C.REFUND_REJECTED: ErrorEntry(Who.SUPPORT, _("The bank or the provider rejected the refund. The money is safe and free again."), _("Read the reason, correct the account and refund again.")),
    _C.REFUND_CANCELLED: ErrorEntry(Who.SUPPORT, _("The refund was withdrawn at the provider, often because the buyer gave no account in time."), _("Refund again when the buyer is ready.")),
    _C.REFUND_PENDING_TOO_LONG: ErrorEntry(Who.FINANCE, _("The refund is on its way for longer than usual."), _("Ask the provider where it is, with its reference. Of a transfer by hand: look for it in the bank's statement and record what became of it. Until then do not pay it again.")),
    _C.REFUND_OUTCOME_UNKNOWN: ErrorEntry(Who.SUPPORT, _("We do not know yet whether the refund went out. It must not be sent again."), _("The provider is asked until it answers; if this stays open for hours, write to the provider.")),
    _C.REFUND_DUPLICATE: ErrorEntry(Who.NOBODY, _("The provider already has this refund."), _("Nothing to do: the existing refund is looked up.")),
    _C.REFUND_STARTED_OUTSIDE: ErrorEntry(Who.FINANCE, _("A refund was started at the provider, not here."), _("Find out who started it, and say on the refund's page whose it is.")),
    _C.REFUND_NET_DIFFERS: ErrorEntry(Who.FINANCE, _("The provider names another refund amount than we asked for."), _("Compare with the provider before anything else is refunded.")),
    _C.REFUND_ALREADY_SENT: ErrorEntry(Who.SUPPORT, _("The refund has already been sent to the provider."), _("Follow its progress; it can no longer be withdrawn here.")),
    _C.APPROVAL_SELF: ErrorEntry(Who.SUPPORT, _("You cannot approve what you asked for yourself."), _("Ask another person.")),
    _C.APPROVAL_OWN_ACCOUNT: ErrorEntry(Who.SUPPORT, _("You entered the bank account of this refund, so you cannot approve it."), _("Ask another person.")),
    _C.APPROVAL_AS_BUYER: ErrorEntry(Who.SUPPORT, _("You opened the buyer's page of this order, where accounts are given, so you cannot approve its refunds."), _("Ask another person.")),
    _C.APPROVAL_STALE: ErrorEntry(Who.SUPPORT, _("The refund changed after it was looked at."), _("Read it again and approve it anew.")),
    _C.PAYOUT_NOTHING_READY: ErrorEntry(Who.FINANCE, _("No refund is ready to be paid out."), _("A refund is ready once it has a bank account and another person has approved it.")),
    _C.PAYOUT_STOPPED: ErrorEntry(Who.DEVELOPER, _("The money of this account stands still after a restored backup."), _("Compare with the bank's statement and end the recovery first.")),
    _C.PAYOUT_SELF: ErrorEntry(Who.FINANCE, _("You asked for this refund or made its payout file, so you cannot say what the bank did with it."), _("Ask another person.")),
    _C.PAYOUT_RESULT_INVALID: ErrorEntry(Who.FINANCE, _("The bank's result is not complete, or cannot be: {field}."), _("Compare with the bank's statement and correct it.")),
    _C.PAYOUT_OPERATION_REUSED: ErrorEntry(Who.FINANCE, _("Another refund was already recorded with this operation number."), _("Look for the transfer of this refund in the bank's statement.")),
    _C.MESSAGE_OUTDATED: ErrorEntry(Who.NOBODY, _("This message no longer says what is true, or it is still under way."), _("Send the newest message of the order instead.")),
    _C.MESSAGE_TOO_OFTEN: ErrorEntry(Who.SUPPORT, _("Messages of this order were sent again several times within an hour."), _("Ask the buyer to look among unwanted mail, and whether the address is right.")),
    _C.PAYOUT_FILE_DAMAGED: ErrorEntry(Who.DEVELOPER, _("The payout file is no longer what was made."), _("Do not hand it to the bank. Find out who changed the database.")),
    _C.PROOF_FILE_REFUSED: ErrorEntry(Who.BUYER, _("The file was not taken as a picture of a receipt."), _("Ask the buyer for a photo or a screenshot in JPG, PNG or WebP of at most 5 MB.")),
    _C.PROOF_NOT_NEEDED: ErrorEntry(Who.NOBODY, _("This order needs no proof of payment."), _("Nothing to do.")),
    _C.PROOF_TOO_MANY: ErrorEntry(Who.SUPPORT, _("As many pictures as are taken for one code have been sent."), _("Look at them; asking for a better picture makes room for one.")),
    _C.PROOF_ERASED: ErrorEntry(Who.NOBODY, _("The picture was erased when its time had come."), _("Nothing to do: its digest and what was read are kept.")),
    _C.PROOF_REUSED: ErrorEntry(Who.SUPPORT, _("The buyer sent a receipt that was sent for another order before."), _("Compare both pictures and believe only the provider; then judge the picture.")),
    _C.PROOF_DOUBTFUL: ErrorEntry(Who.SUPPORT, _("The buyer's receipt says something else than the provider, or looks edited."), _("Look at the picture and believe only the provider; then judge the picture.")),
    _C.ERROR_NOTHING_TO_ASK: ErrorEntry(Who.NOBODY, _("There is nothing that the provider could be asked about here."), _("Nothing to do: what is unfinished goes on by itself.")),
    _C.ERROR_NOT_RETRIABLE: ErrorEntry(Who.SUPPORT, _("This must not be tried again from here: it may have happened already, or it is over."), _("Open the order and read what is known of it.")),
    _C.ERROR_MEANING_FIXED: ErrorEntry(Who.DEVELOPER, _("The provider's table says what this raw code means."), _("Where the table is wrong, report it; it decides more than words.")),
    _C.ERROR_MEANING_UNFIT: ErrorEntry(Who.DEVELOPER, _("No provider can say what that code of the catalogue stands for."), _("Choose a code about payment codes, refunds, keys or the provider itself.")),
    _C.CASE_ENDED: ErrorEntry(Who.SUPPORT, _("This case has ended."), _("Read how it ended. Open a new case if there is something new.")),
    _C.CASE_OTHER_ACCOUNT: ErrorEntry(Who.SUPPORT, _("This belongs to another account than the case: its evidence must not reach another provider."), _("Open a case of its own for it.")),
    _C.CASE_OWNER_UNFIT: ErrorEntry(Who.SUPPORT, _("This person may not work on cases."), _("Choose somebody else, or ask an administrator for the permission.")),
    _C.CASE_INCOMPLETE: ErrorEntry(Who.SUPPORT, _("The case cannot take this: {field}."), _("Correct it and send it again.")),
    _C.CASE_LINK_UNKNOWN: ErrorEntry(Who.SUPPORT, _("Nothing has this number."), _("Paste the number whole: an order's reference, a refund, a payment code's number, a receipt or a request id.")),
    _C.REFUND_NOTE_MISSING: ErrorEntry(Who.SUPPORT, _("This reason needs a note that says more."), _("Write in the note what happened.")),
    _C.REFUND_PREVIEW_STALE: ErrorEntry(Who.SUPPORT, _("Something changed since you looked at the preview. Nothing was asked for."), _("Look again and confirm what you see now.")),
    _C.SETTLEMENT_TOO_LARGE: ErrorEntry(Who.FINANCE, _("The file is larger than two gigabytes."), _("Export the report in shorter stretches of time and import each.")),
    _C.SETTLEMENT_UNREADABLE: ErrorEntry(Who.FINANCE, _("The settlement file cannot be read whole, so no line of it is kept."), _("Export the report at the provider once more and send it as it came, unopened by a spreadsheet.")),
    _C.MATCH_DOES_NOT_ADD_UP: ErrorEntry(Who.FINANCE, _("The parts come to {parts}; the line says {line}."), _("Correct the parts so that they add up to the line.")),
    _C.MATCH_ANOTHER_ACCOUNT: ErrorEntry(Who.FINANCE, _("Nothing in the account of this file is called {number}."), _("Copy the number of a payment code or of a refund of the same account.")),
    _C.MATCH_ALREADY_SETTLED: ErrorEntry(Who.FINANCE, _("More than there was: {number} is settled already by line {line}."), _("Name what is really meant, or split the line; or settle the difference and say why.")),
    _C.DIFFERENCE_SETTLED: ErrorEntry(Who.NOBODY, _("This difference is settled already."), _("Read how it was settled; open it again if that was wrong.")),
    _C.DIFFERENCE_UNEXPLAINED: ErrorEntry(Who.FINANCE, _("It was not said why the two sides differ."), _("Choose a reason and write one sentence for those who look later.")),
    _C.MONTH_CLOSED: ErrorEntry(Who.FINANCE, _("The month {month} of this account is closed: nothing in it changes any more."), _("Ask for it to be opened again, and say why.")),
    _C.MONTH_NOT_READY: ErrorEntry(Who.FINANCE, _("The month {month} cannot be signed yet. Not true so far: {left}."), _("Work off its checklist, then prepare it again.")),
    _C.MONTH_CHANGED: ErrorEntry(Who.FINANCE, _("The figures of {month} are no longer those that were prepared. Nothing was signed."), _("Withdraw the preparation, look at the figures of now, and prepare the month again.")),
    _C.MONTH_SELF: ErrorEntry(Who.FINANCE, _("You did the first half of this yourself: the second pair of eyes has to be another person's."), _("Ask another person in finance.")),
    _C.MONTH_UNSAID: ErrorEntry(Who.FINANCE, _("It was not said why."), _("Write one sentence for those who look later.")),
    _C.RECEIPT_UNFIT: ErrorEntry(Who.FINANCE, _("The bank receipt cannot be taken like this: {field}."), _("Correct it and send it again.")),
    _C.REFUND_OVER_LIMIT: ErrorEntry(Who.FINANCE, _("Your limit {act} is {limit}; this would come to {reached}."), _("Who may do more: {who}.")),
    _C.APPROVAL_NEEDS_PERSON: ErrorEntry(Who.SUPPORT, _("A person asked for this refund, so a person has to approve it, or a key with an owner."), _("Ask another person to approve it.")),
    _C.APPROVAL_EXPIRED: ErrorEntry(Who.SUPPORT, _("Nobody approved the refund in time, so it was withdrawn. Nothing was sent, and its money is free again."), _("Ask for it again, and tell who shall approve it.")),
    _C.ASKED_JUST_NOW: ErrorEntry(Who.NOBODY, _("The provider was asked {ago} seconds ago; what it said is in the timeline."), _("It can be asked again in {left} seconds.")),
    _C.PAYMENT_CONFIRMING: ErrorEntry(Who.NOBODY, _("A payment was announced and is being confirmed."), _("Nothing to do: the provider is asked again automatically.")),
    _C.NOTHING_TO_ASK: ErrorEntry(Who.NOBODY, _("No code of this order was ever made, so there is nothing to ask the provider."), _("Issue a new code for the order.")),
    _C.NOTHING_TO_ACCEPT: ErrorEntry(Who.NOBODY, _("This order is not under review, so there is nothing to accept."), _("Nothing to do.")),
    _C.NOTHING_LOST: ErrorEntry(Who.NOBODY, _("No code of this order is lost: the provider can be asked about each."), _("Nothing to do.")),
    _C.WORK_OWNED: ErrorEntry(Who.SUPPORT, _("Somebody else has this already."), _("Ask them, or hand it over to yourself.")),
    _C.WORK_OWNER_UNFIT: ErrorEntry(Who.SUPPORT, _("That person cannot work on this."), _("Hand it to somebody who may see it, or ask an administrator.")),
    _C.WORK_REASON_MISSING: ErrorEntry(Who.SUPPORT, _("It was not said why this needs nothing more."), _("Write one sentence for those who look later.")),
    _C.FEES_OVERLAP: ErrorEntry(Who.FINANCE, _("Another fee schedule of this account and currency holds on some of these days: {name}, {days}."), _("End or withdraw it first, or choose other days.")),
    _C.FEES_ENDED: ErrorEntry(Who.FINANCE, _("This fee schedule was ended or withdrawn already."), _("Read who did it and why. Enter a new one if it holds again.")),
    _C.FEES_INCOMPLETE: ErrorEntry(Who.FINANCE, _("The fee schedule cannot take this: {field}."), _("Correct it and send it again.")),
}  # fmt: skip
