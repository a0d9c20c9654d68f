"""A provider without refunds of its own, and the people of a shop that pays them out by bank transfer."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User

from pagoefectivo import shop
from pagoefectivo.domain.localtime import LIMA
from pagoefectivo.domain.messages import Destination
from pagoefectivo.domain.states import Source
from pagoefectivo.models import Payout, Refund
from pagoefectivo.providers.base import RefundMode
from pagoefectivo.providers.dlocal import DLocal
from pagoefectivo.services import doubts, payout_results, payouts, refunds, seams
from pagoefectivo.services.actors import Actor, Permission


class ByHand(DLocal):
    """Takes payments as dLocal does, and has no API for refunds."""

    capabilities = replace(
        DLocal.capabilities, refund_mode=RefundMode.MANUAL, refund_takes=None, refund_counts_from_details=False
    )


BY_HAND = f"{__name__}.ByHand"
CCI, OTHER_CCI = "00219300123456789013", "01180200987654321063"
ACCOUNT = Destination("María Quispe", "DNI", "05678912", "", CCI)
ELSEWHERE = Destination("Rosa Huamán", "DNI", "45678913", "", OTHER_CCI)


def person(name: str) -> Actor:
    """Somebody of the back office who may do everything."""
    user, _ = User.objects.get_or_create(username=name, defaults={"is_staff": True})
    return Actor(f"staff:{name}", frozenset(Permission), user_id=user.pk)


def ask_back(
    reference: str = "A-1042", amount: str = "89.90", *, by: str = "ana", to: Destination | None = ACCOUNT
) -> Refund:
    """Ask for a refund of an order."""
    return shop.request_refund(reference=reference, amount=amount, reason="other", actor=person(by), destination=to)


def approve(refund: Refund, *, by: str = "luz", **more: Any) -> Refund:
    """Approve a refund."""
    seen = more.pop("seen", None) or doubts.seen_of(Refund.objects.get(pk=refund.pk))
    return refunds.approve(refund.public_id, seen=seen, actor=person(by), source=Source.STAFF, **more)


def ready(reference: str = "A-1042", amount: str = "89.90") -> Refund:
    """Ask for a refund with a bank account and have it approved."""
    return approve(ask_back(reference, amount))


def hand_over(*, by: str = "beto", currency: str = "PEN") -> Payout:
    """Make the payout file of everything that is ready."""
    return payouts.make("default", currency, actor=person(by), source=Source.STAFF)


def today() -> date:
    """The day in Lima."""
    return seams.now().astimezone(LIMA).date()


def paid(refund: Refund, number: str = "00123456", *, by: str = "luz", on: date | None = None) -> Refund:
    """Record that the bank paid a refund out."""
    return payout_results.mark_paid(
        refund.public_id, operation_number=number, on=on or today(), actor=person(by), source=Source.STAFF
    )


def lines_of(content: bytes) -> list[dict[str, str]]:
    """A payout file as the bank reads it."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def total_of(content: bytes) -> Decimal:
    """The money in a payout file."""
    return sum((Decimal(line["amount"]) for line in lines_of(content)), Decimal("0.00"))
