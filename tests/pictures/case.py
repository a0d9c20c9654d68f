"""The desk for cases: nothing to do, a full list, one case under work, the letter, and what is asked before a bundle."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from random import Random
from unittest.mock import patch

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from pagoefectivo.domain.cases import CaseKind, CaseStanding, Exhibit, LinkKind, Responsible
from pagoefectivo.domain.states import OrderState, RefundState, VoucherState
from pagoefectivo.models import Case, PaymentEvent, Voucher
from pagoefectivo.services import cases, seams
from pagoefectivo.services.actors import Actor, staff
from pagoefectivo.services.cases import Opening
from tests.integration.pages.stage import place_order, place_refund, place_voucher
from tests.pictures.registry import Picture

AMOUNT = Decimal("89.90")


def _luz() -> Actor:
    return staff(User.objects.filter(username="luz").first() or User.objects.create_superuser("luz"))


def _opened(kind: CaseKind, about: str, *, days_ago: int = 0, days: int | None = None) -> Case:
    voucher = _paid()
    refund = place_refund(voucher, RefundState.PENDING, provider_reference=f"REF-{voucher.pk}")
    Voucher.objects.filter(pk=voucher.pk).update(reserved_amount=refund.amount)
    opening, earlier = Opening(kind, about, AMOUNT, "PEN", days), timezone.now() - timedelta(days=days_ago)
    # the number is drawn by chance, and a picture shall change only with its page
    with seams.use(now=lambda: earlier), patch.object(cases, "secrets", Random(voucher.pk)):
        return cases.open_case(LinkKind.REFUND, refund.pk, opening, actor=_luz())


def _paid() -> Voucher:
    now, order = timezone.now(), place_order(OrderState.PAID, paid_amount=AMOUNT)
    voucher = place_voucher(
        order, VoucherState.PAID, first_sent_at=now, provider_reference=f"D-4-0000{order.pk}", paid_at=now
    )
    PaymentEvent.objects.create(
        account="default", event_identity=f"paid-{voucher.pk}", digest="0" * 64, voucher=voucher, source="poll",
        proof="read", is_believed=True, status="paid", amount=AMOUNT, currency="PEN", recorded_at=now,
    )  # fmt: skip
    return voucher


def _worked_on() -> Case:
    case, luz = _opened(CaseKind.DISPUTE, "el comprador dice que el pedido no llegó", days_ago=3), _luz()
    cases.note(case.public_id, "Llamamos al courier: entregado el viernes, firma del portero.", actor=luz)
    cases.tick(case.public_id, Exhibit.DELIVERY, is_there=True, where="guía 4711, carpeta de envíos", actor=luz)
    cases.send_evidence(case.public_id, Responsible.BANK, "ticket 2026-118", actor=luz)
    return case


def _list_empty() -> str:
    for case in Case.objects.filter(ended_at=None):
        cases.end(case.public_id, CaseStanding.CLOSED, "cerrado", actor=_luz())
    return reverse("admin:pagoefectivo_case_changelist")


def _list_full() -> str:
    _list_empty()
    _opened(CaseKind.INQUIRY, "una devolución que no llega", days_ago=12)
    _opened(CaseKind.ANOMALY, "pagado después de vencer", days=0)
    unowned = _opened(CaseKind.DISPUTE, "el banco reclama un pago doble", days_ago=1)
    cases.assign(unowned.public_id, None, actor=_luz())
    _worked_on()
    return reverse("admin:pagoefectivo_case_changelist")


def _page(act: str, case: Case) -> str:
    return reverse(f"admin:pagoefectivo_case_{act}", args=[case.pk])


def _on_its_order() -> str:
    case = _worked_on()
    return reverse("admin:pagoefectivo_order_change", args=[case.links.earliest("pk").order_id])


PICTURES = (
    Picture("desk-case-on-its-order", _on_its_order, is_staff=True, part=".pe-overview"),
    Picture("desk-cases-empty", _list_empty, is_staff=True, part="#content"),
    Picture("desk-cases-full", _list_full, is_staff=True, part="#content"),
    Picture(
        "desk-case-new",
        lambda: _page("change", _opened(CaseKind.DISPUTE, "el pedido no llegó")),
        is_staff=True,
        part="#content",
    ),
    Picture("desk-case-worked-on", lambda: _page("change", _worked_on()), is_staff=True, part="#content"),
    Picture("desk-case-letter", lambda: _page("letter", _worked_on()), is_staff=True, part="#content"),
    Picture("desk-case-bundle", lambda: _page("bundle", _worked_on()), is_staff=True, part="#content"),
)
