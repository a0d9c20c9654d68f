"""What waits for a person, lane by lane, as data. One more lane is one more entry of LANES."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from pagoefectivo.domain.error_codes import CATALOGUE, ErrorCode
from pagoefectivo.domain.exceptions import InvalidSignature, SignatureFault
from pagoefectivo.domain.localtime import LIMA
from pagoefectivo.domain.proofs import Judgement
from pagoefectivo.domain.settlements import VERDICT_WORDS, Verdict
from pagoefectivo.domain.states import AnomalyKind as A
from pagoefectivo.domain.states import OrderState, RefundState
from pagoefectivo.models import (
    Anomaly,
    Discrepancy,
    ErrorTally,
    Ownership,
    PaymentProof,
    Payout,
    Refund,
    WebhookRejection,
)
from pagoefectivo.models.labels import ANOMALY_LABELS
from pagoefectivo.models.refunds import REASONS
from pagoefectivo.selectors.cases import open_cases
from pagoefectivo.selectors.proofs import in_a_case, judged
from pagoefectivo.services.actors import Permission

REJECTED_LATELY = timedelta(hours=24)
UNKNOWN_LATELY = timedelta(days=7)
LOOKED_AT_WITHIN = timedelta(days=30)  # a code lives for days; a receipt that nobody opened in a month helps no order
OF_AMOUNTS = (A.UNDERPAID, A.OVERPAID, A.CURRENCY_MISMATCH, A.REFUND_AMOUNT_MISMATCH, A.REFUNDED_TOO_MUCH)
OF_TIME = (A.PAID_LATE, A.PAID_TWICE, A.PAID_AFTER_CANCEL)
OF_DOUBT = (
    *(A.PAYMENT_REVERSED, A.CREATE_MISMATCH, A.CODE_REUSED, A.STATUS_UNRECOGNISED, A.WEBHOOK_UNCONFIRMED),
    *(A.NOT_FOUND_AT_PROVIDER, A.EVENT_CONFLICT, A.STATUS_CONFLICT),
)
SEEN_ELSEWHERE = (A.REFUND_RETURNED, A.PROOF_REUSED, A.PROOF_DOUBTFUL)  # by their refund, by their receipt
_SETTLED = (OrderState.PAID, OrderState.PARTIALLY_REFUNDED, OrderState.REFUNDED)
_ANOMALY_WORDS, _REASON_WORDS = dict(ANOMALY_LABELS), dict(REASONS)
_KNOWN = {code.value: code for code in ErrorCode}


@dataclass(frozen=True, slots=True)
class Shown:
    """What people see of a row, each a column or an expression: its name, why it waits, how much, and whose page it opens."""

    reference: Any
    what: Any
    amount: Any = None
    currency: Any = None
    target: Any = None


@dataclass(frozen=True, slots=True, eq=False)
class Lane:
    """One kind of work: which rows wait, since when, what is shown of each and where it is done.

    `rows` are not ordered and not cut; each of their conditions stands on an index. `since` is a column or an
    expression. Who lacks one of `permissions` does not learn of the lane. `page` is the name of a page of the back
    office: of the row `shown.target`, or a list that is `narrowed`. `dismissed_by` is what it takes to say that a row
    needs nothing more; None where a later fact says so. `is_grave`: money may be lost while it waits. `most` is how
    many are shown among other lanes, where that is another number than theirs. `weight` is a column that says how many
    things one row stands for. `is_hourly`: `since` is the full hour in which the first came. `is_background`: no buyer
    waits for it.
    """

    name: str
    title: object
    permissions: tuple[str, ...]
    page: str
    rows: Callable[[datetime], QuerySet[Any]]
    since: Any
    shown: Shown
    words: Callable[[str], object] = str
    narrowed: str = ""
    can_be_owned: bool = True
    dismissed_by: Permission | None = None
    is_grave: bool = False
    most: int = 0
    weight: str = ""
    is_hourly: bool = False
    is_background: bool = False

    @property
    def urgency(self) -> int:
        """What comes first, the smallest number first: money that may be lost, then buyers who wait, then the rest."""
        return 0 if self.is_grave else 2 if self.is_background else 1

    def subject(self, now: datetime) -> str:
        """The kind of row that waits here."""
        return str(self.rows(now).model._meta.model_name)


def _refunds(*states: RefundState) -> QuerySet[Refund]:
    return Refund.objects.filter(state__in=[state.value for state in states])


def _to_approve(_now: datetime) -> QuerySet[Any]:
    return _refunds(RefundState.AWAITING_APPROVAL).filter(approved_by="")


def _failed(_now: datetime) -> QuerySet[Any]:
    """Those in whose place nothing was asked for, and of which nobody said that they need nothing more."""
    retried = Refund.objects.filter(request_nonce=Concat(Value("retry:"), OuterRef("public_id")))
    answered = retried.exclude(state=RefundState.CANCELED)
    failed = _refunds(RefundState.FAILED, RefundState.RETURNED)
    return failed.filter(~Exists(answered), ~Exists(_set_aside("refund")))


def _ready(_now: datetime) -> QuerySet[Any]:
    return _refunds(RefundState.REQUESTED).filter(payout=None).exclude(approved_by="")


def _anomalies(*kinds: A) -> Callable[[datetime], QuerySet[Any]]:
    return lambda _now: Anomaly.objects.filter(closed_at=None, kind__in=[kind.value for kind in kinds])


def _lost_codes(now: datetime) -> QuerySet[Any]:
    return _anomalies(A.OUTCOME_UNKNOWN)(now).filter(refund=None)


def _unread_proofs(now: datetime) -> QuerySet[Any]:
    lately = PaymentProof.objects.filter(received_at__gte=now - LOOKED_AT_WITHIN, reviews=None)
    flagged = Anomaly.objects.filter(
        voucher=OuterRef("voucher"), kind__in=[A.PROOF_REUSED, A.PROOF_DOUBTFUL], closed_at=None
    )
    return lately.filter(~Q(order__state__in=_SETTLED) | Exists(flagged))


def _unheard_proofs(now: datetime) -> QuerySet[Any]:
    """Those that fit by a person's word while no payment is known; until a case on the order asks the provider."""
    lately = PaymentProof.objects.filter(received_at__gte=now - LOOKED_AT_WITHIN, order__paid_amount=0)
    return judged(lately).filter(~in_a_case(), judgement=Judgement.MATCHES)


def _rejected(now: datetime) -> QuerySet[Any]:
    lately = WebhookRejection.objects.filter(hour_at__gte=now - REJECTED_LATELY)
    return lately.filter(~Exists(_set_aside("webhookrejection")))


def _unknown_codes(now: datetime) -> QuerySet[Any]:
    return ErrorTally.objects.filter(reads_as=ErrorCode.PSP_UNMAPPED, last_at__gte=now - UNKNOWN_LATELY)


def _due_cases(now: datetime) -> QuerySet[Any]:
    return open_cases().filter(due_date__lte=now.astimezone(LIMA).date())


def _at_the_bank(_now: datetime) -> QuerySet[Any]:
    paid_out = Refund.objects.filter(state=RefundState.PENDING, payout__isnull=False)
    return Payout.objects.filter(pk__in=paid_out.values("payout"))


def _differing(_now: datetime) -> QuerySet[Any]:
    return Discrepancy.objects.filter(settled_at__isnull=True)


def _set_aside(subject: str) -> QuerySet[Ownership]:
    return Ownership.objects.filter(subject=subject, row_id=OuterRef("pk"), sets_aside=True)


def _anomaly_word(kind: str) -> object:
    return _ANOMALY_WORDS.get(kind, kind)


def _reason_word(reason: str) -> object:
    return _REASON_WORDS.get(reason, reason)


def _error_sentence(code: str) -> object:
    return CATALOGUE[_KNOWN[code]].sentence() if code in _KNOWN else ""


def _fault_sentence(fault: str) -> object:
    return CATALOGUE[InvalidSignature(SignatureFault(fault)).code].sentence() if fault in set(SignatureFault) else fault


def _of_refund(what: Any) -> Shown:
    return Shown(F("order__reference"), what, F("amount"), F("currency"), F("pk"))


_OF_ORDER = Shown(F("order__reference"), F("kind"), F("voucher__paid_amount"), F("voucher__currency"), F("order"))
_OF_PROOF = Shown(F("order__reference"), F("public_id"), F("amount"), F("voucher__currency"), F("pk"))
_SEES_REFUNDS = ("pagoefectivo.view_refund",)
_SEES_ANOMALIES = ("pagoefectivo.view_anomaly", "pagoefectivo.view_order")

LANES: tuple[Lane, ...] = (
    Lane(
        name="refunds-to-approve",
        title=_("Refunds to approve"),
        permissions=_SEES_REFUNDS,
        page="refund_change",
        rows=_to_approve,
        since="changed_at",
        shown=_of_refund(F("reason")),
        words=_reason_word,
    ),
    Lane(
        name="refunds-failed",
        title=_("Refunds that failed or came back"),
        permissions=_SEES_REFUNDS,
        page="refund_change",
        rows=_failed,
        since="changed_at",
        shown=_of_refund(F("error_code")),
        words=_error_sentence,
        dismissed_by=Permission.WRITE_REFUNDS,
        is_grave=True,
    ),
    Lane(
        name="refunds-unknown",
        title=_("Refunds without an answer"),
        permissions=_SEES_REFUNDS,
        page="refund_change",
        rows=lambda _now: _refunds(RefundState.UNKNOWN),
        since="changed_at",
        shown=_of_refund(Value("")),
        is_grave=True,
    ),
    Lane(
        name="refunds-outside",
        title=_("Refunds started at the provider"),
        permissions=("pagoefectivo.view_anomaly", *_SEES_REFUNDS),
        page="refund_change",
        rows=_anomalies(A.REFUND_STARTED_OUTSIDE),
        since="opened_at",
        shown=Shown(F("order__reference"), Value(""), F("refund__amount"), F("refund__currency"), F("refund")),
        is_grave=True,
    ),
    Lane(
        name="refunds-ready",
        title=_("Refunds to pay out"),
        permissions=("pagoefectivo.make_payout", *_SEES_REFUNDS),
        page="refund_change",
        rows=_ready,
        since="changed_at",
        shown=_of_refund(F("reason")),
        words=_reason_word,
    ),
    Lane(
        name="payouts-at-the-bank",
        title=_("Payouts whose result is missing"),
        permissions=("pagoefectivo.view_payout",),
        page="payout_change",
        rows=_at_the_bank,
        since="created_at",
        shown=Shown(F("reference"), Value(""), F("total"), F("currency"), F("pk")),
    ),
    Lane(
        name="amounts",
        title=_("Amounts that differ"),
        permissions=_SEES_ANOMALIES,
        page="order_change",
        rows=_anomalies(*OF_AMOUNTS),
        since="opened_at",
        shown=_OF_ORDER,
        words=_anomaly_word,
    ),
    Lane(
        name="late-and-double",
        title=_("Late and double payments"),
        permissions=_SEES_ANOMALIES,
        page="order_change",
        rows=_anomalies(*OF_TIME),
        since="opened_at",
        shown=_OF_ORDER,
        words=_anomaly_word,
    ),
    Lane(
        name="doubts",
        title=_("Orders under review for a contradiction"),
        permissions=_SEES_ANOMALIES,
        page="order_change",
        rows=_anomalies(*OF_DOUBT),
        since="opened_at",
        shown=_OF_ORDER,
        words=_anomaly_word,
    ),
    Lane(
        name="lost-codes",
        title=_("Codes of which nobody knows whether they exist"),
        permissions=_SEES_ANOMALIES,
        page="order_change",
        rows=_lost_codes,
        since="opened_at",
        shown=replace(_OF_ORDER, what=Value("")),
    ),
    Lane(
        name="proofs",
        title=_("Receipts to look at"),
        permissions=("pagoefectivo.view_paymentproof",),
        page="paymentproof_change",
        rows=_unread_proofs,
        since="received_at",
        shown=_OF_PROOF,
    ),
    Lane(
        name="proofs-unheard",
        title=_("Receipts that fit, unknown to the provider"),
        permissions=("pagoefectivo.view_paymentproof",),
        page="paymentproof_change",
        rows=_unheard_proofs,
        since="received_at",
        shown=_OF_PROOF,
        is_grave=True,
    ),
    Lane(
        name="webhooks-rejected",
        title=_("Rejected notifications, last 24 hours"),
        permissions=("pagoefectivo.view_webhookrejection", "pagoefectivo.view_webhookdelivery"),
        page="webhookdelivery_changelist",
        narrowed="?outcome__exact=rejected",
        rows=_rejected,
        since="hour_at",
        shown=Shown(F("account"), F("fault")),
        words=_fault_sentence,
        dismissed_by=Permission.OWN_WORK,
        weight="count",
        is_hourly=True,
        is_background=True,
    ),
    Lane(
        name="cases-due",
        title=_("Cases that are due"),
        permissions=("pagoefectivo.view_case",),
        page="case_change",
        rows=_due_cases,
        since="opened_at",
        shown=Shown(F("public_id"), F("about"), F("amount"), F("currency"), F("pk")),
        can_be_owned=False,  # a case has an owner of its own
    ),
    Lane(
        name="differences",
        title=_("Differences with the providers’ settlements"),
        permissions=("pagoefectivo.work_discrepancy", "pagoefectivo.view_discrepancy"),
        page="discrepancy_change",
        rows=_differing,
        since="opened_at",
        shown=Shown(Concat(Value("D-"), Cast("pk", CharField())), F("verdict"), F("amount"), F("currency"), F("pk")),
        words=lambda verdict: VERDICT_WORDS[Verdict(verdict)],
        can_be_owned=False,  # a difference has an owner of its own
        is_background=True,
    ),
    Lane(
        name="codes-unknown",
        title=_("Codes of providers that nobody has explained"),
        permissions=("pagoefectivo.view_erroroccurrence",),
        page="errortally_changelist",
        narrowed=f"?q={ErrorCode.PSP_UNMAPPED.value}",
        rows=_unknown_codes,
        since="first_at",
        shown=Shown(F("account"), F("operation")),
        can_be_owned=False,
        is_background=True,
    ),
)


def cases_of(user: Any) -> Lane:
    """Return the lane of the open cases that one person works on; it is no other's, so it is not among LANES."""
    until = Concat(Cast("due_date", CharField()), Value(" "), F("about"))
    return Lane(
        name="cases-of-mine",
        title=_("Your open cases"),
        permissions=("pagoefectivo.view_case",),
        page="case_change",
        rows=lambda _now: open_cases().filter(owner=user),
        since="opened_at",
        shown=Shown(F("public_id"), until, F("amount"), F("currency"), F("pk")),
        words=_until,
        can_be_owned=False,
        most=100,
    )


def _until(written: str) -> str:
    day, _space, about = written.partition(" ")
    return gettext("due {day} · {about}").format(day=f"{date.fromisoformat(day):%d/%m/%Y}", about=about)


def lane_named(name: str) -> Lane | None:
    """Return a lane; None where there is none of that name."""
    return next((lane for lane in LANES if lane.name == name), None)


def lanes_of(user: Any) -> list[Lane]:
    """Return the lanes that a person may know of."""
    return [lane for lane in LANES if user.has_perms(lane.permissions)]
