"""The desk for errors and the inbox of notifications, each with something in it and without."""

from __future__ import annotations

import json
from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from pagoefectivo.domain.states import RefundState, VoucherState
from pagoefectivo.models import ErrorMark, ErrorOccurrence, ErrorTally, Voucher, WebhookDelivery, WebhookRejection
from pagoefectivo.services import occurrences
from tests.integration.pages.stage import place_order, place_refund, place_voucher
from tests.pictures.registry import Picture

CATALOGUE = reverse("admin:pagoefectivo_errortally_changelist")
LIST = reverse("admin:pagoefectivo_erroroccurrence_changelist")
INBOX = reverse("admin:pagoefectivo_webhookdelivery_changelist")
HAPPENED = (
    # code, raw code, operation, how many, hours ago
    ("REFUND_INSUFFICIENT_FUNDS", "5012", "request_refund", 2, 2),
    ("PSP_UNAVAILABLE", "7000", "fetch_payment", 4, 30),
    ("CREATE_FIELD_INVALID", "5001", "issue_voucher", 2, 80),
    ("PSP_UNMAPPED", "7777", "request_refund", 1, 1),
)


def _voucher() -> Voucher:
    return place_voucher(
        place_order(), VoucherState.PAID, provider_reference=f"D-4-{1042 + Voucher.objects.count()}", code=""
    )


def _errors() -> list[ErrorOccurrence]:
    if ErrorOccurrence.objects.exists():
        return list(ErrorOccurrence.objects.order_by("pk"))
    voucher = _voucher()
    refund = place_refund(voucher, RefundState.UNKNOWN)
    for code, raw, operation, many, hours in HAPPENED:
        for number in reversed(range(many)):
            occurrences.keep(
                ErrorOccurrence(
                    code=code,
                    raw_code=raw,
                    raw_message="The PSP said so.",
                    http_status=400,
                    operation=operation,
                    account="default",
                    voucher=voucher,
                    refund=refund if operation == "request_refund" else None,
                    request_id=f"0f9c{number:032}",
                    occurred_at=timezone.now() - timedelta(hours=hours + 26 * number),
                )
            )
    rows = list(ErrorOccurrence.objects.order_by("pk"))
    ErrorMark.objects.create(occurrence=rows[0], act="assigned", owner="luz", actor="staff:eva", at=timezone.now())
    return rows


def _catalogue() -> str:
    _errors()
    return CATALOGUE


def _list() -> str:
    _errors()
    return LIST


def _code() -> str:
    _errors()
    return reverse("admin:pagoefectivo_errortally_code", args=["PSP_UNAVAILABLE"])


def _code_never_met() -> str:
    return reverse("admin:pagoefectivo_errortally_code", args=["PAID_TWICE"])


def _error() -> str:
    return reverse("admin:pagoefectivo_erroroccurrence_change", args=[_errors()[0].pk])


def _meaning() -> str:
    _errors()
    return reverse("admin:pagoefectivo_errortally_meaning", args=[ErrorTally.objects.get(raw_code="7777").pk])


def _delivery(**columns: object) -> WebhookDelivery:
    now = timezone.now()
    body = json.dumps({"id": "D-4-1042", "status": "PAID", "amount": 89.9, "email": "maria.quispe@example.pe"}).encode()
    defaults: dict[str, object] = {
        "account": "default",
        "event_identity": f"{WebhookDelivery.objects.count():064}",
        "body": body,
        "headers": {"Content-Type": "application/json", "X-Date": "2026-11-23T03:31:58.000Z", "Authorization": "••••"},
        "verdict": "verified",
        "secret_index": 0,
        "signed_at": now,
        "received_at": now,
        "remote_ip": "203.0.113.7",
        "outcome": "applied",
        "done_at": now,
    }
    return WebhookDelivery.objects.create(**{**defaults, **columns})


def _inbox() -> str:
    voucher = _voucher()
    _delivery(voucher=voucher, repeats=2)
    _delivery(outcome="unreadable")
    _delivery(verdict="stale", outcome="no_change", voucher=voucher)
    _delivery(verdict="forged", fault="mismatch", outcome="rejected", secret_index=None, signed_at=None)
    return INBOX


def _notification() -> str:
    return reverse("admin:pagoefectivo_webhookdelivery_change", args=[_delivery(voucher=_voucher(), repeats=1).pk])


def _refused() -> str:
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    WebhookRejection.objects.get_or_create(account="default", fault="mismatch", hour_at=hour, defaults={"count": 812})
    refused = _delivery(verdict="forged", fault="mismatch", outcome="rejected", whole_size=9000, secret_index=None)
    return reverse("admin:pagoefectivo_webhookdelivery_change", args=[refused.pk])


PICTURES = (
    Picture("error-desk-empty", lambda: LIST, is_staff=True),  # the first of them, while there are none
    Picture("error-desk-full", _list, is_staff=True, part="#content"),
    Picture(
        "errors-catalogue",
        _catalogue,
        is_staff=True,
        part="#content",
        fill=(("#pe-term", "psp_"),),
        open=(".pe-search button",),
    ),
    Picture("errors-code", _code, is_staff=True),
    Picture("errors-code-never-met", _code_never_met, is_staff=True),
    Picture("errors-meaning", _meaning, is_staff=True),
    Picture("errors-one", _error, is_staff=True),
    Picture("inbox-empty", lambda: INBOX, is_staff=True),
    Picture("inbox-full", _inbox, is_staff=True),
    Picture("inbox-notification", _notification, is_staff=True),
    Picture("inbox-refused", _refused, is_staff=True),
)
