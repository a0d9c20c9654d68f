"""What finance keeps about fees, what a month costs, and what another would."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.urls import reverse

from pagoefectivo.domain.fees import Market, Schedule, Tier
from pagoefectivo.domain.localtime import LIMA
from pagoefectivo.domain.states import VoucherState
from pagoefectivo.models import FeeSchedule
from pagoefectivo.services import fees
from pagoefectivo.services.actors import SHOP
from pagoefectivo.services.fees import Agreement
from tests.integration.pages.stage import place_order, place_voucher
from tests.pictures.registry import Picture

ASKED = "?payments=1200&average=85.00&currency=PEN&refunded=2&disputed=0.1&unpaid=30&message_cost=0.12"


def _schedules() -> str:
    for account, market, percent, fixed in (
        ("default", Market.LOCAL, "3.6", "1.20"),
        ("mercadopago", Market.LOCAL, "3.99", "1.10"),
        ("ebanx", Market.CROSS_BORDER, "2.9", "0.90"),
    ):
        if FeeSchedule.objects.filter(account=account).exists():
            continue
        abroad = market is Market.CROSS_BORDER
        terms = Schedule(
            currency="PEN",
            settlement_currency="USD" if abroad else "PEN",
            percent=Decimal(percent),
            fixed=Decimal(fixed),
            minimum=Decimal("2.00"),
            refund_fee=Decimal("2.50"),
            failed_refund_fee=Decimal("4.00"),
            dispute_fee=Decimal("45.00"),
            cross_border_percent=Decimal(1 if abroad else 0),
            fx_margin_percent=Decimal("1.8" if abroad else 0),
            tiers=(Tier(500, Decimal("3.2"), Decimal("1.00")), Tier(5000, Decimal("2.8"), Decimal("0.80"))),
        )
        agreed = Agreement(
            account=account, name=f"Contrato {account} 2026", terms=terms, market=market, valid_from=date(2026, 11, 3)
        )
        fees.begin(agreed, why="firmado", actor=SHOP)
    return reverse("admin:pagoefectivo_feeschedule_changelist")


def _one() -> str:
    _schedules()
    return reverse("admin:pagoefectivo_feeschedule_change", args=[FeeSchedule.objects.earliest("pk").pk])


def _begin() -> str:
    return reverse("admin:pagoefectivo_feeschedule_begin")


def _end() -> str:
    _schedules()
    return reverse("admin:pagoefectivo_feeschedule_end", args=[FeeSchedule.objects.earliest("pk").pk])


def _costs() -> str:
    _schedules()
    for number in range(90):
        at = datetime(2026, 11, 1 + number % 21, 12, tzinfo=LIMA)
        order = place_order(amount=Decimal(15 + number * 7 % 230), created_at=at)
        place_voucher(order, VoucherState.PAID, created_at=at - timedelta(hours=4), paid_at=at)
    return reverse("admin:pagoefectivo_costs_changelist") + "?month=2026-11&message_cost=0.12"


def _no_costs() -> str:
    return reverse("admin:pagoefectivo_costs_changelist") + "?month=2020-01"


def _quote() -> str:
    _schedules()
    return reverse("admin:pagoefectivo_feequote_changelist") + ASKED


PICTURES = (
    Picture("staff-costs", _costs, is_staff=True, part="#content"),
    Picture("staff-costs-none", _no_costs, is_staff=True),
    Picture("staff-fees", _schedules, is_staff=True),
    Picture("staff-fees-begin", _begin, is_staff=True, part="#content"),
    Picture("staff-fees-end", _end, is_staff=True),
    Picture("staff-fees-one", _one, is_staff=True),
    Picture("staff-quote", _quote, is_staff=True, part="#content"),
)
