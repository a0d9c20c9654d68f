"""One word per state for people. "Anulado" is withdrawn and "vencido" is out of time: never "cancelado", which means paid."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from pagoefectivo.domain.cases import CaseKind, CaseStanding, Exhibit, LinkKind, Responsible
from pagoefectivo.domain.states import AnomalyKind as A
from pagoefectivo.domain.states import OrderState as O
from pagoefectivo.domain.states import PaymentStatus as P
from pagoefectivo.domain.states import RefundState as R
from pagoefectivo.domain.states import RefundStatus as S
from pagoefectivo.domain.states import Source
from pagoefectivo.domain.states import VoucherState as V

ORDER_LABELS = [
    (O.AWAITING_PAYMENT.value, _("waiting for payment")),
    (O.PAID.value, _("paid")),
    (O.PARTIALLY_REFUNDED.value, _("partly refunded")),
    (O.REFUNDED.value, _("refunded")),
    (O.IN_REVIEW.value, _("needs review")),
    (O.EXPIRED.value, _("expired")),
    (O.CANCELED.value, _("withdrawn")),
]
VOUCHER_LABELS = [
    (V.REQUESTED.value, _("code asked for")),
    (V.SUBMITTING.value, _("creating code")),
    (V.UNKNOWN.value, _("creation to be confirmed")),
    (V.ISSUED.value, _("waiting for payment")),
    (V.CONFIRMING.value, _("confirming payment")),
    (V.PAID.value, _("paid")),
    (V.EXPIRED.value, _("expired")),
    (V.CANCELED.value, _("withdrawn")),
    (V.FAILED.value, _("could not create")),
]
REFUND_LABELS = [
    (R.REQUESTED.value, _("requested")),
    (R.AWAITING_APPROVAL.value, _("awaiting approval")),
    (R.AWAITING_DESTINATION.value, _("needs bank details")),
    (R.SUBMITTING.value, _("being sent to provider")),
    (R.UNKNOWN.value, _("outcome unknown")),
    (R.PENDING.value, _("on its way")),
    (R.SUCCEEDED.value, _("refunded")),
    (R.FAILED.value, _("failed")),
    (R.CANCELED.value, _("withdrawn")),
    (R.RETURNED.value, _("returned by the bank")),
]
PAYMENT_STATUS_LABELS = [
    (P.PENDING.value, _("waiting for payment")),
    (P.PAID.value, _("paid")),
    (P.EXPIRED.value, _("expired")),
    (P.CANCELED.value, _("withdrawn")),
    (P.REJECTED.value, _("rejected")),
    (P.REVERSED.value, _("payment reversed")),
    (P.UNRECOGNISED.value, _("something we do not know")),
]
REFUND_STATUS_LABELS = [
    (S.PENDING.value, _("on its way")),
    (S.AWAITING_PAYER.value, _("needs bank details")),
    (S.SUCCEEDED.value, _("refunded")),
    (S.FAILED.value, _("failed")),
    (S.CANCELED.value, _("withdrawn")),
    (S.RETURNED.value, _("returned by the bank")),
    (S.UNRECOGNISED.value, _("something we do not know")),
]
ANOMALY_LABELS = [
    (A.UNDERPAID.value, _("paid less than asked")),
    (A.OVERPAID.value, _("paid more than asked")),
    (A.PAID_LATE.value, _("paid late")),
    (A.PAID_TWICE.value, _("paid twice")),
    (A.PAID_AFTER_CANCEL.value, _("paid after it was withdrawn")),
    (A.CURRENCY_MISMATCH.value, _("paid in another currency")),
    (A.PAYMENT_REVERSED.value, _("payment reversed by the provider")),
    (A.CREATE_MISMATCH.value, _("code created with other data")),
    (A.CODE_REUSED.value, _("code already used by another order")),
    (A.STATUS_UNRECOGNISED.value, _("unknown status of the provider")),
    (A.WEBHOOK_UNCONFIRMED.value, _("notification not confirmed by the query")),
    (A.NOT_FOUND_AT_PROVIDER.value, _("not found at the provider")),
    (A.OUTCOME_UNKNOWN.value, _("outcome unknown for too long")),
    (A.REFUND_AMOUNT_MISMATCH.value, _("refund amount differs")),
    (A.REFUND_STARTED_OUTSIDE.value, _("refund started at the provider")),
    (A.REFUNDED_TOO_MUCH.value, _("more refunded than paid")),
    (A.REFUND_RETURNED.value, _("refund returned by the bank")),
    (A.EVENT_CONFLICT.value, _("two versions of one event")),
    (A.STATUS_CONFLICT.value, _("the provider contradicts its earlier word")),
    (A.PROOF_REUSED.value, _("receipt already sent for another order")),
    (A.PROOF_DOUBTFUL.value, _("receipt that does not fit or looks edited")),
]
SOURCE_LABELS = [
    (Source.WEBHOOK.value, _("notification")),
    (Source.POLL.value, _("query")),
    (Source.API.value, _("API")),
    (Source.SETTLEMENT.value, _("settlement")),
    (Source.STAFF.value, _("staff")),
    (Source.BUYER.value, _("the buyer's page")),
    (Source.CLOCK.value, _("clock")),
]
MARK_LABELS = [
    ("seen", _("seen")),
    ("assigned", _("assigned")),
    ("asked", _("asked again")),
    ("retried", _("tried again")),
]
CASE_KIND_LABELS = [
    (CaseKind.DISPUTE.value, _("dispute")),
    (CaseKind.ANOMALY.value, _("anomaly")),
    (CaseKind.INQUIRY.value, _("inquiry")),
]
CASE_STANDING_LABELS = [
    (CaseStanding.OPEN.value, _("case open")),
    (CaseStanding.EVIDENCE_SENT.value, _("evidence sent")),
    (CaseStanding.WON.value, _("won")),
    (CaseStanding.LOST.value, _("lost")),
    (CaseStanding.WITHDRAWN.value, _("case withdrawn")),
    (CaseStanding.CLOSED.value, _("case closed")),
]
RESPONSIBLE_LABELS = [
    (Responsible.UNDECIDED.value, _("not decided yet")),
    (Responsible.SHOP.value, _("the shop")),
    (Responsible.BUYER.value, _("the buyer")),
    (Responsible.PROVIDER.value, _("the provider")),
    (Responsible.BANK.value, _("the bank")),
    (Responsible.US.value, _("our own software")),
]
LINK_LABELS = [
    (LinkKind.ORDER.value, _("order")),
    (LinkKind.VOUCHER.value, _("payment code")),
    (LinkKind.REFUND.value, _("refund")),
    (LinkKind.ANOMALY.value, _("anomaly")),
    (LinkKind.PROOF.value, _("proof of payment")),
    (LinkKind.EXCHANGE.value, _("provider call")),
]
EXHIBIT_LABELS = [
    (Exhibit.PAYMENT.value, _("the provider's word that it was paid")),
    (Exhibit.REFUND.value, _("the provider's word on each refund")),
    (Exhibit.MESSAGES.value, _("what the buyer was told")),
    (Exhibit.PROOFS.value, _("receipts that the buyer sent")),
    (Exhibit.CONVERSATION.value, _("the conversation with the buyer")),
    (Exhibit.DELIVERY.value, _("proof that it was delivered")),
]
