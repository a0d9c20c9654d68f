"""One thing in each lane of the work queue, placed straight into the database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from pagoefectivo.domain.states import AnomalyKind, OrderState, RefundState, VoucherState
from pagoefectivo.models import (
    Anomaly,
    Case,
    Discrepancy,
    ErrorOccurrence,
    ErrorTally,
    Order,
    PaymentProof,
    Payout,
    ProofReview,
    Refund,
    RefundDestination,
    Voucher,
    WebhookDelivery,
    WebhookRejection,
)
from tests.integration.pages.stage import place_order, place_refund, place_voucher


def paid_voucher(**columns: Any) -> Voucher:
    """A paid code of a paid order."""
    order = place_order(OrderState.PAID, paid_amount="89.90", **columns)
    return place_voucher(order, VoucherState.PAID)


def place_anomaly(kind: AnomalyKind, *, at: datetime | None = None, refund: Refund | None = None) -> Anomaly:
    """An open question about a payment, or about a refund."""
    voucher = refund.voucher if refund else paid_voucher()
    opened_at = at or timezone.now()
    return Anomaly.objects.create(
        kind=kind, order=voucher.order, voucher=voucher, refund=refund, holds_order=False, opened_at=opened_at
    )


def place_proof(order: Order | None = None, **columns: Any) -> PaymentProof:
    """A receipt that nobody has looked at."""
    order = order or place_voucher(place_order()).order
    number = PaymentProof.objects.count() + 1
    defaults = {
        "public_id": f"C-ABCD{number + 2222}", "order": order, "voucher": order.vouchers.get(), "picture": b"x",
        "width": 1, "height": 1, "size": 1, "sha256": f"{number:064}", "looks": "0", "received_at": timezone.now(),
    }  # fmt: skip
    return PaymentProof.objects.create(**{**defaults, **columns})


def place_proof_that_fits() -> PaymentProof:
    """A receipt that somebody found to fit, while the provider knows of no payment."""
    proof = place_proof()
    ProofReview.objects.create(proof=proof, judgement="matches", actor="staff:luz", at=timezone.now())
    return proof


def place_approved_refund(state: RefundState, **columns: Any) -> Refund:
    """A refund by hand that two people have agreed on."""
    destination = RefundDestination.objects.create(
        holder_name="María Quispe", account_number="00219300123456782201", created_at=timezone.now()
    )
    more = {"approved_by": "staff:rosa", "destination": destination, **columns}
    return place_refund(paid_voucher(), state, **more)


def place_payout() -> Payout:
    """A payout file whose transfer the bank has not answered."""
    payout = Payout.objects.create(
        reference=f"P-20261127-{Payout.objects.count()}", account="default", currency="PEN", count=1, total="30.00", content=b"x", sha256="0" * 64,
        made_by="staff:luz", created_at=timezone.now(),
    )  # fmt: skip
    place_approved_refund(RefundState.PENDING, payout=payout)
    return payout


def place_rejection(*, hours: int = 1) -> WebhookRejection:
    """Notifications that were turned away."""
    hour_at = (timezone.now() - timedelta(hours=hours)).replace(minute=0, second=0, microsecond=0)
    return WebhookRejection.objects.create(account="default", fault="mismatch", hour_at=hour_at, count=3)


def place_unknown_code(raw_code: str = "5017") -> ErrorTally:
    """A code of a provider that no table knows, as often as it came."""
    at = timezone.now()
    columns = {"code": "PSP_UNMAPPED", "raw_code": raw_code, "operation": "create", "account": "default"}
    came = ErrorOccurrence.objects.create(occurred_at=at, **columns)
    first = {"reads_as": "PSP_UNMAPPED", "first_at": at, "sample": came}
    tally, is_new = ErrorTally.objects.get_or_create(**columns, defaults={**first, "last_at": at})
    if not is_new:
        ErrorTally.objects.filter(pk=tally.pk).update(count=tally.count + 1, last_at=at)
    return tally


def place_case(*, days: int = 1) -> Case:
    """A case that is due since so many days."""
    at, number = timezone.now(), Case.objects.count()
    return Case.objects.create(
        public_id=f"K-{number:06}", kind="dispute", account="default", subject=f"order:{number}", about="A-1042",
        due_date=at.date() - timedelta(days=days), opened_at=at - timedelta(days=days), opened_by="staff:luz",
    )  # fmt: skip


def place_delivery(*, at: datetime) -> WebhookDelivery:
    """A notification that was believed."""
    return WebhookDelivery.objects.create(
        account="default", event_identity=f"e{at.timestamp()}", body=b"{}", verdict="verified", outcome="applied", received_at=at,
    )  # fmt: skip


def place_difference(voucher: Voucher | None = None) -> Discrepancy:
    """A payment that no settlement tells of."""
    voucher, at = voucher or paid_voucher(), timezone.now()
    return Discrepancy.objects.create(
        account="default", verdict="missing_there", month=at.date().replace(day=1), voucher=voucher,
        amount=-voucher.amount, currency="PEN", opened_at=at,
    )  # fmt: skip


ONE_IN_EACH: dict[str, Callable[[], Any]] = {
    "refunds-to-approve": lambda: place_refund(paid_voucher(), RefundState.AWAITING_APPROVAL),
    "refunds-failed": lambda: place_refund(paid_voucher(), RefundState.FAILED, error_code="REFUND_ACCOUNT_CLOSED"),
    "refunds-unknown": lambda: place_refund(paid_voucher(), RefundState.UNKNOWN),
    "refunds-outside": lambda: place_anomaly(
        AnomalyKind.REFUND_STARTED_OUTSIDE, refund=place_refund(paid_voucher(), RefundState.PENDING, is_outside=True)
    ),
    "refunds-ready": lambda: place_approved_refund(RefundState.REQUESTED),
    "payouts-at-the-bank": place_payout,
    "amounts": lambda: place_anomaly(AnomalyKind.UNDERPAID),
    "late-and-double": lambda: place_anomaly(AnomalyKind.PAID_TWICE),
    "doubts": lambda: place_anomaly(AnomalyKind.STATUS_CONFLICT),
    "lost-codes": lambda: place_anomaly(AnomalyKind.OUTCOME_UNKNOWN),
    "proofs": place_proof,
    "proofs-unheard": place_proof_that_fits,
    "webhooks-rejected": place_rejection,
    "cases-due": place_case,
    "differences": place_difference,
    "codes-unknown": place_unknown_code,
}
