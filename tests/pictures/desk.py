"""The refund desk as the back office sees it: the questions and their preview, refunds on their way, files of requests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from pagoefectivo.domain.states import AnomalyKind, OrderState, RefundState, Source, VoucherState
from pagoefectivo.models import Anomaly, ApiExchange, ErrorOccurrence, LimitPass, Refund, RefundFile, StateChange
from tests.integration.pages.refund_stage import CCI, place
from tests.integration.pages.stage import place_order, place_refund, place_voucher
from tests.pictures.registry import Picture

_LINES = "reference,amount,reason,note\nL-1,89.90,damaged,\nL-2,60.00,damaged,\nL-2,60.00,damaged,\nL-9,=1+1,damaged,\n"


def _of(refund: Refund, act: str = "change") -> str:
    return reverse(f"admin:pagoefectivo_refund_{act}", args=[refund.pk])


def _paid(account: str = "default") -> Any:
    return place_voucher(
        place_order(OrderState.PAID, paid_amount=Decimal("89.90"), account=account), VoucherState.PAID, account=account
    )


def _asking(account: str = "default") -> Callable[[], str]:
    return lambda: reverse("admin:pagoefectivo_order_refund", args=[_paid(account).order_id])


def _filled_in() -> str:
    return f"{_asking()()}?amount=44.95&reason=damaged&note=La+mitad"


def _nothing_paid() -> str:
    return reverse("admin:pagoefectivo_order_refund", args=[place_voucher(place_order()).order_id])


def _history(refund: Refund, *states: RefundState, by: str = "staff:ana", source: Source = Source.STAFF) -> Refund:
    """Let a placed refund have come this way, an hour at a time."""
    before = "requested"
    for hours, state in enumerate(states):
        StateChange.objects.create(
            subject="refund", order=refund.order, voucher=refund.voucher, refund=refund, from_state=before, to_state=state,
            transition="x", source=source, actor=by, why="", at=refund.created_at + timedelta(hours=hours),
        )  # fmt: skip
        before = state
    return refund


def _try(refund: Refund, operation: str, code: str = "", raw: str = "", status: int | None = 200) -> None:
    number, at = f"req-{refund.pk}-{ApiExchange.objects.count()}", refund.created_at + timedelta(minutes=5)
    outcome = "answered" if status else "no_response"
    ApiExchange.objects.create(
        request_id=number, account=refund.account, operation=operation, voucher=refund.voucher, refund=refund, method="POST",
        url="https://provider.example/refunds", request_body=b"", sent_at=at, outcome=outcome, http_status=status,
        duration_ms=412,
    )  # fmt: skip
    if code:
        ErrorOccurrence.objects.create(
            code=code, raw_code=raw, http_status=status, operation=operation, account=refund.account, refund=refund,
            request_id=number, occurred_at=at,
        )  # fmt: skip


def _sent(state: RefundState, **columns: Any) -> Refund:
    begun = timezone.now() - timedelta(hours=9)
    columns = {"created_at": begun, "first_sent_at": begun, "requested_by": "staff:ana", **columns}
    return place_refund(_paid(), state, **columns)


def _failed() -> str:
    refund = _sent(RefundState.FAILED, error_code="REFUND_INSUFFICIENT_FUNDS", raw_code="5007")
    _history(refund, RefundState.SUBMITTING, RefundState.FAILED)
    _try(refund, "request_refund", "PSP_TIMEOUT", status=None)
    _try(refund, "find_refund")
    _try(refund, "request_refund", "REFUND_INSUFFICIENT_FUNDS", "5007", 400)
    return _of(refund)


def _unknown(act: str = "change") -> str:
    refund = _sent(RefundState.UNKNOWN, error_code="REFUND_OUTCOME_UNKNOWN")
    _history(refund, RefundState.SUBMITTING, RefundState.UNKNOWN)
    _try(refund, "request_refund", "PSP_TIMEOUT", status=None)
    return _of(refund, act)


def _outside() -> str:
    refund = place_refund(
        _paid(), RefundState.SUCCEEDED, is_outside=True, requested_by="provider", provider_reference="REF-77"
    )
    Anomaly.objects.create(
        kind=AnomalyKind.REFUND_STARTED_OUTSIDE, order=refund.order, voucher=refund.voucher, refund=refund,
        opened_at=refund.created_at,
    )  # fmt: skip
    return _of(_history(refund, RefundState.PENDING, RefundState.SUCCEEDED, by="system", source=Source.POLL))


def _to_approve() -> str:
    refund = place(RefundState.AWAITING_APPROVAL, cci=CCI, requested_by="staff:ana")
    person, _ = User.objects.get_or_create(username="ana")
    LimitPass.objects.create(
        refund=refund, kind="request", allowed=Decimal("20.00"), reached=Decimal("30.00"), currency="PEN",
        actor="staff:ana", person=person, reason="La tienda cierra hoy y el jefe no contesta.", at=timezone.now(),
    )  # fmt: skip
    return _of(refund)


def _to_review() -> str:
    for reference in ("L-1", "L-2"):
        order = place_order(OrderState.PAID, paid_amount=Decimal("89.90"), reference=reference)
        place_voucher(order, VoucherState.PAID)
    return reverse("admin:pagoefectivo_refundfile_new")


def _empty_list() -> str:
    call_command("flush", interactive=False, verbosity=0)
    return reverse("admin:pagoefectivo_refundfile_changelist")


def _file() -> str:
    from pagoefectivo.domain.refund_files import line_nonce

    sha256 = f"{RefundFile.objects.count():064d}"
    refused = {"code": "REFUND_AMOUNT_EXCEEDED", "values": {"remaining": "S/\xa029.90"}}
    lines = [
        {"line": 2, "reference": "A-1", "amount": "30.00", "refused": None},
        {"line": 3, "reference": "A-2", "amount": "30.00", "refused": None},
        {"line": 4, "reference": "A-2", "amount": "60.00", "refused": refused},
    ]
    for number, state in ((2, RefundState.SUCCEEDED), (3, RefundState.PENDING)):
        place_refund(_paid(), state, request_nonce=line_nonce(sha256, number))
    file = RefundFile.objects.create(
        sha256=sha256, name="devoluciones-lunes.csv", lines=lines, made_by="staff:ana", created_at=timezone.now()
    )
    return reverse("admin:pagoefectivo_refundfile_change", args=[file.pk])


PICTURES = (
    Picture("desk-asking", _asking(), is_staff=True),
    Picture("desk-asking-by-transfer", _asking("pagoefectivo_direct"), is_staff=True),
    Picture("desk-asking-not-paid", _nothing_paid, is_staff=True),
    Picture("desk-preview", _filled_in, is_staff=True, open=("form.pe-form button[type=submit]",)),
    Picture("desk-failed", _failed, is_staff=True, part=".pe-page"),
    Picture("desk-unknown", _unknown, is_staff=True, part=".pe-page"),
    Picture("desk-letter", lambda: _unknown("letter"), is_staff=True),
    Picture("desk-outside", _outside, is_staff=True),
    Picture("desk-emergency", _to_approve, is_staff=True),
    Picture("desk-files-none", _empty_list, is_staff=True),
    Picture("desk-file-new", lambda: reverse("admin:pagoefectivo_refundfile_new"), is_staff=True),
    Picture(
        "desk-file-review", _to_review, is_staff=True, part=".pe-page", fill=(("#id_lines", _LINES),),
        open=("form.pe-form button[type=submit]",),
    ),
    Picture("desk-file", _file, is_staff=True),
)  # fmt: skip
