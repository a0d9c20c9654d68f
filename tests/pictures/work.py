"""The work queue full and empty, one lane of it, and what a search finds, as the back office sees them."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import User
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from pagoefectivo.domain.states import AnomalyKind, OrderState, RefundState, VoucherState
from pagoefectivo.models import ApiExchange, Job, Ownership, Refund
from pagoefectivo.services.upkeep import HEARTBEAT
from tests.integration.admin.waiting import ONE_IN_EACH, paid_voucher, place_anomaly, place_delivery
from tests.integration.pages.stage import place_order, place_refund, place_voucher
from tests.pictures.registry import Picture

FRONT = "/admin/pagoefectivo/"
LANE = "admin:pagoefectivo_ownership_lane"


def _empty() -> str:
    """Nothing waits, and all is heard, asked and swept; what earlier pictures left is gone."""
    call_command("flush", interactive=False, verbosity=0)
    now = timezone.now()
    Job.objects.create(name=HEARTBEAT, ran_at=now - timedelta(seconds=70))
    place_delivery(at=now - timedelta(minutes=2))
    ApiExchange.objects.create(
        request_id="req-1", account="default", operation="fetch", method="GET", url="https://psp.example",
        request_body=b"", sent_at=now - timedelta(minutes=4),
    )  # fmt: skip
    return FRONT


def _blind() -> str:
    _empty()
    Job.objects.update(ran_at=timezone.now() - timedelta(hours=3))
    return FRONT


def _full() -> str:
    _empty()
    now = timezone.now()
    for lane in ("refunds-to-approve", "refunds-failed", "refunds-outside", "amounts", "late-and-double", "proofs"):
        ONE_IN_EACH[lane]()
    for hours in (1, 3, 5, 26, 30, 51):
        waiting = place_refund(paid_voucher(), RefundState.AWAITING_APPROVAL)
        Refund.objects.filter(pk=waiting.pk).update(changed_at=now - timedelta(hours=hours))
    place_anomaly(AnomalyKind.PAID_LATE, at=now - timedelta(hours=4))
    luz = User.objects.create_superuser("luz")
    rosa = User.objects.create_superuser("rosa")
    oldest = Refund.objects.filter(state=RefundState.AWAITING_APPROVAL).order_by("changed_at")
    for refund, owner in zip(oldest, (luz, rosa), strict=False):
        Ownership.objects.create(
            subject="refund", row_id=refund.pk, owner=owner, owner_name=owner.username, since=now, given_by="staff:luz"
        )
    return FRONT


def _start() -> str:
    _full()
    return "/admin/"


def _lane() -> str:
    _full()
    return reverse(LANE, args=["refunds-to-approve"])


def _two_of_one_buyer() -> str:
    _empty()
    place_voucher(place_order(reference="A-1042"))
    place_voucher(place_order(OrderState.PAID, reference="A-1043", paid_amount="89.90"), VoucherState.PAID)
    return FRONT


_LETTER = "Pagué con el CIP 99 887 766 y nada llega. Mi correo es maria.quispe@example.pe, pedido Z-77."

PICTURES = (
    Picture("work-queue-full", _full, is_staff=True, part=".pe-work"),
    Picture("work-queue-start", _start, is_staff=True, part="#content"),
    Picture("work-queue-empty", _empty, is_staff=True, part=".pe-work"),
    Picture("work-queue-blind", _blind, is_staff=True, part=".pe-work"),
    Picture("work-queue-lane", _lane, is_staff=True, part="#content"),
    Picture(
        "work-queue-found",
        _two_of_one_buyer,
        is_staff=True,
        part="#content",
        fill=(("#pe-clue", _LETTER),),
        open=(".pe-search button",),
    ),
    Picture(
        "work-queue-found-nothing",
        _empty,
        is_staff=True,
        part="#content",
        fill=(("#pe-clue", "12345678"),),
        open=(".pe-search button",),
    ),
)
