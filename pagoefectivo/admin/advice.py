"""What an anomaly means and what to do about it, in the words of the error catalogue."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from pagoefectivo.domain.error_codes import CATALOGUE, ErrorCode, Who
from pagoefectivo.domain.states import AnomalyKind as A
from pagoefectivo.models import Anomaly

WHO_WORDS = {
    Who.NOBODY: _("nobody"),
    Who.BUYER: _("the buyer"),
    Who.SUPPORT: _("support"),
    Who.FINANCE: _("finance"),
    Who.DEVELOPER: _("a developer"),
    Who.PROVIDER: _("the provider"),
}
_KNOWN = {code.value: code for code in ErrorCode}
_CODES = {
    A.UNDERPAID: ErrorCode.PAID_AMOUNT_MISMATCH,
    A.OVERPAID: ErrorCode.PAID_AMOUNT_MISMATCH,
    A.PAID_LATE: ErrorCode.PAID_LATE,
    A.PAID_TWICE: ErrorCode.PAID_TWICE,
    A.PAID_AFTER_CANCEL: ErrorCode.PAID_AFTER_VOID,
    A.CURRENCY_MISMATCH: ErrorCode.PAID_CURRENCY_MISMATCH,
    A.PAYMENT_REVERSED: ErrorCode.POLL_STATUS_CONFLICT,
    A.CREATE_MISMATCH: ErrorCode.CREATE_ANSWER_DIFFERS,
    A.CODE_REUSED: ErrorCode.CREATE_ANSWER_DIFFERS,
    A.STATUS_UNRECOGNISED: ErrorCode.PSP_UNMAPPED,
    A.WEBHOOK_UNCONFIRMED: ErrorCode.POLL_STATUS_CONFLICT,
    A.NOT_FOUND_AT_PROVIDER: ErrorCode.POLL_NOT_FOUND,
    A.REFUND_AMOUNT_MISMATCH: ErrorCode.REFUND_NET_DIFFERS,
    A.REFUND_STARTED_OUTSIDE: ErrorCode.REFUND_STARTED_OUTSIDE,
    A.REFUNDED_TOO_MUCH: ErrorCode.REFUND_NET_DIFFERS,
    A.REFUND_RETURNED: ErrorCode.REFUND_REJECTED,
    A.EVENT_CONFLICT: ErrorCode.POLL_STATUS_CONFLICT,
    A.STATUS_CONFLICT: ErrorCode.POLL_STATUS_CONFLICT,
    A.PROOF_REUSED: ErrorCode.PROOF_REUSED,
    A.PROOF_DOUBTFUL: ErrorCode.PROOF_DOUBTFUL,
}


@dataclass(frozen=True, slots=True)
class Advice:
    """What happened, who acts, what comes next, and the code to quote."""

    code: str
    sentence: str
    who: object
    next_step: str


def on_code(written: str, **values: str) -> Advice:
    """Return the catalogue's words for a stored code; one that left the catalogue reads as unknown."""
    entry = CATALOGUE[_KNOWN.get(written, ErrorCode.PSP_UNMAPPED)]
    return Advice(written, entry.sentence(**values), WHO_WORDS[entry.who], entry.next_sentence(**values))


def on_anomaly(anomaly: Anomaly) -> Advice:
    """Return what to do about an anomaly."""
    kind = A(anomaly.kind)
    silent = ErrorCode.REFUND_OUTCOME_UNKNOWN if anomaly.refund_id else ErrorCode.CREATE_OUTCOME_UNKNOWN
    entry_code = _CODES.get(kind, silent)
    entry = CATALOGUE[entry_code]
    who = _("support or finance") if kind is A.REFUND_STARTED_OUTSIDE else WHO_WORDS[entry.who]
    return Advice(entry_code, entry.sentence(), who, entry.next_sentence())
