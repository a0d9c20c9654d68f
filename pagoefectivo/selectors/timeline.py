"""Everything that ever happened to an order, merged into one line, masked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from pagoefectivo.domain.error_codes import CATALOGUE, ErrorCode
from pagoefectivo.domain.money import format_money
from pagoefectivo.domain.redaction import redact_text
from pagoefectivo.domain.states import Proof, Source
from pagoefectivo.models import (
    Anomaly,
    ApiExchange,
    BuyerMessage,
    ErrorOccurrence,
    Order,
    PaymentEvent,
    PaymentProof,
    ProofReading,
    ProofReview,
    Refund,
    StateChange,
    Voucher,
    WebhookDelivery,
)
from pagoefectivo.models.labels import (
    ORDER_LABELS,
    PAYMENT_STATUS_LABELS,
    REFUND_LABELS,
    REFUND_STATUS_LABELS,
    VOUCHER_LABELS,
)
from pagoefectivo.services.actors import BUYER

PROVIDER = "provider"
SYSTEM = "system"
_LABELS = {"order": dict(ORDER_LABELS), "voucher": dict(VOUCHER_LABELS), "refund": dict(REFUND_LABELS)}
_PAYMENT_WORDS, _REFUND_WORDS = dict(PAYMENT_STATUS_LABELS), dict(REFUND_STATUS_LABELS)


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One happening: when, of which kind, by whom, over which path, in one sentence, with its facts."""

    at: datetime
    kind: str
    actor: str
    source: str
    sentence: str
    details: dict[str, Any] = field(default_factory=dict)


def timeline_of(order: Order) -> list[TimelineEntry]:
    """Return what happened to an order and all below it, newest last, in ten queries, twelve with receipts.

    Bodies are not read and nothing personal is in it; sentences are in the active language.
    """
    vouchers = dict(Voucher.objects.filter(order=order).values_list("pk", "public_id"))
    refunds = dict(Refund.objects.filter(order=order).values_list("pk", "public_id"))
    names = _Names(order.reference, vouchers, refunds)
    entries = [
        *_calls(names),
        *_deliveries(names),
        *_events(names),
        *_changes(order, names),
        *_errors(names),
        *_anomalies(order, names),
        *_messages(order, names),
        *_proofs(order, names),
    ]
    return sorted(entries, key=lambda entry: entry.at)


@dataclass(frozen=True, slots=True)
class _Names:
    order: str
    vouchers: dict[int, str]
    refunds: dict[int, str]

    def of(self, voucher_id: int | None, refund_id: int | None) -> str:
        """The public name of what a row is about: the refund, else the payment code, else the order."""
        if refund_id is not None:
            return self.refunds.get(refund_id, "")
        return self.vouchers.get(voucher_id, "") if voucher_id is not None else self.order


def _changes(order: Order, names: _Names) -> Iterator[TimelineEntry]:
    for change in StateChange.objects.filter(order=order):
        labels = _LABELS[change.subject]
        sentence = _("%(subject)s: %(before)s → %(after)s") % {
            "subject": change.get_subject_display(),
            "before": labels.get(change.from_state, change.from_state),
            "after": labels.get(change.to_state, change.to_state),
        }
        if change.transition == "prolong":
            sentence = _("A later deadline was asked for")
        details = {
            "subject": change.subject,
            "id": {"order": names.order, "voucher": names.of(change.voucher_id, None)}.get(
                change.subject, names.of(None, change.refund_id)
            ),
            "from": change.from_state,
            "to": change.to_state,
            "why": change.why,
        }
        yield TimelineEntry(change.at, "state_change", change.actor, change.source, sentence, details)


def _events(names: _Names) -> Iterator[TimelineEntry]:
    for event in PaymentEvent.objects.filter(voucher__in=names.vouchers):
        money = "" if event.amount is None else f" · {format_money(event.amount, event.currency)}"
        words = _PAYMENT_WORDS if event.refund_id is None else _REFUND_WORDS
        values = {"status": words.get(event.status, event.status), "money": money}
        sentence = (
            _("Recorded by a person: %(status)s%(money)s") % values
            if event.proof == Proof.ATTESTED
            else _("The provider says: %(status)s%(money)s") % values
        )
        details = {
            "id": names.of(event.voucher_id, event.refund_id),
            "status": event.status,
            "raw_status": event.raw_status,
            "amount": None if event.amount is None else f"{event.amount:.2f}",
            "currency": event.currency,
            "proof": event.proof,
            "believed": event.is_believed,
            "request_id": event.request_id,
        }
        yield TimelineEntry(event.recorded_at, "event", PROVIDER, event.source, sentence, details)


def _deliveries(names: _Names) -> Iterator[TimelineEntry]:
    shown = ("verdict", "outcome", "repeats", "received_at", "voucher_id", "refund_id")
    for delivery in WebhookDelivery.objects.filter(voucher__in=names.vouchers).only(*shown):
        sentence = _("A notification arrived: %(verdict)s, %(outcome)s") % {
            "verdict": delivery.get_verdict_display(),
            "outcome": delivery.get_outcome_display(),
        }
        details = {
            "id": names.of(delivery.voucher_id, delivery.refund_id),
            "delivery": delivery.pk,
            "verdict": delivery.verdict,
            "outcome": delivery.outcome,
            "repeats": delivery.repeats,
        }
        yield TimelineEntry(delivery.received_at, "delivery", PROVIDER, Source.WEBHOOK, sentence, details)


def _calls(names: _Names) -> Iterator[TimelineEntry]:
    shown = ("request_id", "operation", "voucher_id", "refund_id", "sent_at", "outcome", "http_status", "duration_ms")
    for call in ApiExchange.objects.filter(voucher__in=names.vouchers).only(*shown):
        values = {"operation": call.operation, "status": call.http_status, "outcome": call.get_outcome_display()}
        sentence = (
            _("We called the provider (%(operation)s): %(outcome)s") % values
            if call.http_status is None
            else _("We called the provider (%(operation)s): HTTP %(status)s") % values
        )
        details = {
            "id": names.of(call.voucher_id, call.refund_id),
            "operation": call.operation,
            "outcome": call.outcome,
            "http_status": call.http_status,
            "duration_ms": call.duration_ms,
            "request_id": call.request_id,
        }
        yield TimelineEntry(call.sent_at, "exchange", SYSTEM, Source.API, sentence, details)


def _errors(names: _Names) -> Iterator[TimelineEntry]:
    for error in ErrorOccurrence.objects.filter(voucher__in=names.vouchers):
        entry = CATALOGUE[ErrorCode.__members__.get(error.code, ErrorCode.PSP_UNMAPPED)]
        values = {"raw": error.raw_code} if error.raw_code else {}
        details = {
            "id": names.of(error.voucher_id, error.refund_id),
            "code": error.code,
            "raw_code": error.raw_code,
            "raw_message": error.raw_message,
            "http_status": error.http_status,
            "operation": error.operation,
            "request_id": error.request_id,
            "who": entry.who.value,
            "next_step": entry.next_sentence(**values),
        }
        yield TimelineEntry(error.occurred_at, "error", PROVIDER, "", entry.sentence(**values), details)


def _anomalies(order: Order, names: _Names) -> Iterator[TimelineEntry]:
    for anomaly in Anomaly.objects.filter(order=order):
        details = {
            "id": names.of(anomaly.voucher_id, anomaly.refund_id),
            "anomaly": anomaly.kind,
            "holds_order": anomaly.holds_order,
        }
        what = anomaly.get_kind_display()
        opened = _("Needs a look: %(what)s") % {"what": what}
        yield TimelineEntry(anomaly.opened_at, "anomaly_opened", SYSTEM, "", opened, details)
        if anomaly.closed_at is not None:
            closed = _("Settled: %(what)s") % {"what": what}
            resolution = {"resolution": redact_text(anomaly.resolution, longest=500)}
            by = anomaly.closed_by or SYSTEM
            yield TimelineEntry(anomaly.closed_at, "anomaly_closed", by, "", closed, details | resolution)


def _messages(order: Order, names: _Names) -> Iterator[TimelineEntry]:
    """What left for the buyer, or was to; what nobody needed any more is no happening."""
    unseen = (BuyerMessage.Outcome.WAITING, BuyerMessage.Outcome.SENDING, BuyerMessage.Outcome.NOT_NEEDED)
    for message in BuyerMessage.objects.filter(order=order, done_at__isnull=False).exclude(outcome__in=unseen):
        sentence = _("Message to the buyer: %(kind)s (%(channel)s), %(outcome)s") % {
            "kind": message.get_kind_display(),
            "channel": message.channel_word,
            "outcome": message.get_outcome_display(),
        }
        details = {
            "id": names.of(message.voucher_id, message.refund_id),
            "message": message.public_id,
            "kind": message.kind,
            "channel": message.channel,
            "outcome": message.outcome,
            "failure": message.failure,
            "repeat": message.repeat,
        }
        if message.done_at is not None:
            yield TimelineEntry(message.done_at, "message", message.requested_by or SYSTEM, "", sentence, details)


def _proofs(order: Order, names: _Names) -> Iterator[TimelineEntry]:
    proofs = list(
        PaymentProof.objects.filter(order=order).only("public_id", "voucher_id", "sha256", "size", "received_at")
    )
    if not proofs:
        return
    for proof in proofs:
        details = {"id": names.of(proof.voucher_id, None), "sha256": proof.sha256, "bytes": proof.size}
        sent = _("The buyer sent a receipt: %(number)s") % {"number": proof.public_id}
        yield TimelineEntry(proof.received_at, "proof_received", BUYER.name, "", sent, details)
    for reading in (
        ProofReading.objects.filter(proof__order=order).select_related("proof").defer("seen", "proof__picture")
    ):
        values = {"number": reading.proof.public_id, "outcome": reading.get_outcome_display()}
        details = {"engine": reading.engine, "duration_ms": reading.duration_ms, **reading.verdicts}
        read = _("Receipt %(number)s: %(outcome)s") % values
        yield TimelineEntry(reading.read_at, "proof_read", SYSTEM, "", read, details)
    for review in ProofReview.objects.filter(proof__order=order).select_related("proof").defer("proof__picture"):
        values = {"number": review.proof.public_id, "judgement": review.get_judgement_display()}
        said = _("Receipt %(number)s was judged: %(judgement)s") % values
        yield TimelineEntry(review.at, "proof_judged", review.actor, Source.STAFF, said)
