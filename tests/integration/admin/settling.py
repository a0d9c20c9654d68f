"""What the desk of settlements is tested with: people, paid codes, a file with something of each class."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from pagoefectivo.domain.groups import GROUPS
from pagoefectivo.domain.states import OrderState, VoucherState
from pagoefectivo.models import Discrepancy, Order, SettlementReport, Voucher
from tests.integration.pages.stage import place_order, place_voucher
from tests.integration.settlement_files import Row, bring, file_of, of_voucher

FINANCE, AUDITOR = GROUPS["PagoEfectivo finance"], GROUPS["PagoEfectivo auditor"]
ENGLISH = {"accept-language": "en"}


def seat(user: User) -> Client:
    """Return a browser in which somebody is logged in, who reads English."""
    browser = Client(headers=ENGLISH)
    browser.force_login(user)
    return browser


def code_of(order: Order) -> Voucher:
    """Return the payment code of an order."""
    voucher = order.current_voucher
    assert voucher is not None
    return voucher


def place_paid(reference: str, amount: str = "89.90") -> Order:
    """Put a paid order straight into the database, for those who have no sandbox at hand."""
    order = place_order(OrderState.PAID, reference=reference, amount=Decimal(amount), paid_amount=Decimal(amount))
    place_voucher(order, VoucherState.PAID, code=f"55{order.pk:06}", provider_reference=f"D-4-{order.pk}")
    return order


def differing(paid_order: Any) -> tuple[SettlementReport, dict[str, Discrepancy]]:
    """Import a file that adds up once and does not in three ways; return it, and its differences by class."""
    good, short = code_of(paid_order("A-1")), code_of(paid_order("A-2", "50.00"))
    rows = [
        of_voucher(good),
        of_voucher(short, amount=Decimal("45.00")),
        Row("D-4-nobody", Decimal("12.00"), "NOBODY"),
        of_voucher(good, theirs="D-4-again"),
    ]
    report = bring(file_of(rows))
    return report, {each.verdict: each for each in Discrepancy.objects.all()}


def page(row: Any, act: str = "change") -> str:
    """Return the address of a row's page or act."""
    return reverse(f"admin:pagoefectivo_{row._meta.model_name}_{act}", args=[row.pk])


def listed(model: Any) -> str:
    """Return the address of a list."""
    return reverse(f"admin:pagoefectivo_{model._meta.model_name}_changelist")
