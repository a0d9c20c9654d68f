"""What finance, auditors and developers look at: figures, what the rules noticed, and who looked at what."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from io import StringIO

from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from pagoefectivo.models import AccessLog, Job, RiskFlag
from pagoefectivo.selectors import audit as chain
from pagoefectivo.services import access, audit, risk, seams
from pagoefectivo.services.actors import Actor
from tests.benchmarks.seed import seed
from tests.integration.pages.stage import place_order, place_voucher
from tests.pictures.registry import Picture

CODES = 12_000
LAST_MONTH = "?since=2026-10-24&until=2026-11-22&as="
LONG_AGO = "?since=2020-01-01&until=2020-01-07&as="  # what the camera adds to an address goes into the last of these


def _figures() -> str:
    seed(CODES, tag="SHOP-", is_told=False)
    return _figures_again()


def _figures_again() -> str:
    return reverse("admin:pagoefectivo_figures_changelist") + LAST_MONTH


def _no_figures() -> str:
    return reverse("admin:pagoefectivo_figures_changelist") + LONG_AGO


def _flags() -> str:
    for number in range(6):
        place_voucher(
            place_order(amount=Decimal("9.90"), payer_phone="987654321", payer_email=f"ana{number}@example.pe")
        )
    risk.watch()
    RiskFlag.objects.exclude(order__payer_phone="987654321").delete()  # of what other pictures placed
    return reverse("admin:pagoefectivo_riskflag_changelist")


def _one_flag() -> str:
    _flags()
    return reverse("admin:pagoefectivo_riskflag_change", args=[RiskFlag.objects.earliest("pk").pk])


def _no_flags() -> str:
    RiskFlag.objects.all().delete()
    return reverse("admin:pagoefectivo_riskflag_changelist")


def _looks() -> str:
    luz, order = Actor("staff:luz", frozenset()), place_voucher(place_order()).order
    access.log(access.Kind.PEOPLE, actor=luz, order=order, why="opened the page", remote_ip="192.0.2.7")
    access.log(access.Kind.PAYLOAD, actor=luz, order=order, why="opened the page", remote_ip="192.0.2.7")
    access.log(access.Kind.EXPORT, actor=luz, subject="order state__exact=paid", why="month-end", remote_ip="192.0.2.7")
    return reverse("admin:pagoefectivo_accesslog_changelist")


def _chain() -> str:
    _looks()
    with seams.use(now=lambda: timezone.now() + timedelta(hours=2)):
        audit.seal_when_due()
    call_command("pagoefectivo", "verify-audit", stdout=StringIO())
    return reverse("admin:pagoefectivo_auditentry_changelist")


def _broken_chain() -> str:
    Job.objects.filter(name=chain.JOB).update(
        outcome={
            "entries": 3,
            "rows": 3,
            "problems": 1,
            "first": ["statechange 81 is not what was sealed."],
            "head": "",
        }
    )
    return reverse("admin:pagoefectivo_auditentry_changelist")


def _no_looks() -> str:
    assert not AccessLog.objects.filter(actor="staff:nobody").exists()
    return reverse("admin:pagoefectivo_accesslog_changelist") + "?kind__exact=as_buyer&q="


PICTURES = (
    Picture("staff-chain", _chain, is_staff=True),
    Picture("staff-chain-broken", _broken_chain, is_staff=True),
    Picture("staff-figures", _figures, is_staff=True),
    Picture("staff-figures-again-dark", _figures_again, is_staff=True, is_dark=True),
    Picture("staff-figures-empty", _no_figures, is_staff=True),
    Picture("staff-looks", _looks, is_staff=True),
    Picture("staff-looks-none", _no_looks, is_staff=True),
    Picture("staff-risk-flags", _flags, is_staff=True),
    Picture("staff-risk-flags-none", _no_flags, is_staff=True),
    Picture("staff-risk-flags-one", _one_flag, is_staff=True),
)
