"""What buyers and staff see of the pictures of receipts; a picture itself is only read where it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from pagoefectivo.domain.proofs import Field, Seen
from pagoefectivo.models import (
    CaseLink,
    ErrorOccurrence,
    Order,
    PaymentEvent,
    PaymentProof,
    ProofReading,
    ProofReview,
    Voucher,
)
from pagoefectivo.providers.base import Operation
from pagoefectivo.services import proofs
from pagoefectivo.services.proof_readings import seen_on


@dataclass(frozen=True, slots=True)
class SentProof:
    """One picture as its sender knows it: a number to name it by, when it came, and what a person said of it."""

    number: str
    received_at: datetime
    judgement: str


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent for one order."""

    reference: str
    is_wanted: bool
    proofs: tuple[SentProof, ...]


@dataclass(frozen=True, slots=True)
class ProviderWord:
    """What the provider last said of a code, in our words; `status` is empty while nothing that it said was believed.

    `failed_at` is when it was last asked in vain since then, `failed_code` why; empty where its answer is the newest.
    """

    voucher: Voucher
    status: str
    failed_at: datetime | None
    failed_code: str


def sent_behind(page_key: str) -> Sent | None:
    """Return what was sent over a link; None for a link that opens nothing."""
    order = Order.objects.filter(page_key=page_key).only("reference", "state").first()
    if order is None:
        return None
    rows = judged(PaymentProof.objects.filter(order=order)).order_by("pk")
    sent = (
        SentProof(row.public_id, row.received_at, row.judgement or "") for row in rows.only("public_id", "received_at")
    )
    return Sent(order.reference, proofs.is_wanted(order), tuple(sent))


def judged(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Return proofs, each with the newest judgement on it as `judgement`; None where nobody has looked."""
    newest = ProofReview.objects.filter(proof=OuterRef("pk")).order_by("-pk").values("judgement")[:1]
    annotated: QuerySet[Any] = rows.annotate(judgement=Subquery(newest))
    return annotated


def provider_words(vouchers: Sequence[Voucher]) -> list[ProviderWord]:
    """Return what the provider says now of each code that a buyer can have seen, in the order given; two queries."""
    shown = [voucher for voucher in vouchers if voucher.code]
    heard = PaymentEvent.objects.filter(voucher__in=shown, refund=None, is_believed=True).order_by("pk")
    status = dict(heard.values_list("voucher_id", "status"))
    is_newer = Q(occurred_at__gt=F("voucher__asked_at")) | Q(voucher__asked_at=None)
    asked = ErrorOccurrence.objects.filter(is_newer, voucher__in=shown, operation=Operation.FETCH_PAYMENT)
    rows = asked.order_by("pk").values_list("voucher_id", "occurred_at", "code")
    failed = {voucher_id: (at, code) for voucher_id, at, code in rows}
    return [ProviderWord(each, status.get(each.pk, ""), *failed.get(each.pk, (None, ""))) for each in shown]


def read_on(proof: PaymentProof) -> dict[Field, Seen]:
    """Return what was read on one receipt; nothing where nothing was, or it was erased. One query."""
    reading = ProofReading.objects.filter(proof=proof.pk).first()
    return {each.field: each for each in seen_on(reading)} if reading is not None else {}


def in_a_case() -> Exists:
    """Whether somebody opened a case on a proof's order since the proof came."""
    return Exists(CaseLink.objects.filter(order=OuterRef("order"), linked_at__gte=OuterRef("received_at")))


def is_in_a_case(proof: PaymentProof) -> bool:
    """Whether somebody opened a case on this proof's order since it came."""
    return PaymentProof.objects.filter(in_a_case(), pk=proof.pk).exists()
