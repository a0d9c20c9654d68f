"""What closing a month is tested with: people of finance, a settled November, and refusals that change nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission as Granted
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from pagoefectivo.domain.exceptions import PagoEfectivoError
from pagoefectivo.domain.states import VoucherState
from pagoefectivo.models import MonthlyClose, SettlementReport, Voucher
from pagoefectivo.services import closing
from pagoefectivo.services.actors import Actor, staff
from tests.integration.ledger import everything
from tests.integration.pages.stage import place_order, place_voucher
from tests.integration.settlement_files import bring, file_of, of_voucher

NOVEMBER = date(2026, 11, 1)
TENTH = datetime(2026, 11, 10, 15, tzinfo=UTC)
DESK = ("prepare_close", "sign_close", "reopen_close", "note_receipt", "work_discrepancy", "match_line")


def finance(name: str) -> Actor:
    """A person of finance."""
    user, _ = User.objects.get_or_create(username=name, defaults={"is_staff": True})
    user.user_permissions.set(Granted.objects.filter(codename__in=DESK))
    return staff(User.objects.get(pk=user.pk))


def paid(amount: str = "89.90", at: datetime = TENTH, **columns: Any) -> Voucher:
    """A code that was paid."""
    order = place_order(amount=Decimal(amount), created_at=at)
    theirs = {"provider_reference": f"D-4-{order.reference}", "paid_at": at, "created_at": at, **columns}
    return place_voucher(order, VoucherState.PAID, **theirs)


def settled_november(amount: str = "89.90") -> SettlementReport:
    """One payment and the file that settles it."""
    return bring(file_of([of_voucher(paid(amount))], day="2026-11-13"))


def prepared(actor: Actor) -> MonthlyClose:
    return closing.prepare("default", NOVEMBER, actor=actor)


def closed(first: Actor, second: Actor) -> MonthlyClose:
    return closing.sign("default", NOVEMBER, prepared(first).digest, actor=second)


def refusal(do: Callable[[], object]) -> PagoEfectivoError:
    """What it is refused with; nothing changed."""
    before = everything()
    with pytest.raises(PagoEfectivoError) as caught:
        do()
    assert everything() == before, "a refusal changes nothing"
    return caught.value


def refused_by_database(do: Callable[[], object]) -> bool:
    """Whether PostgreSQL says no; nothing changed."""
    before = everything()
    with pytest.raises(IntegrityError), transaction.atomic():
        do()
    assert everything() == before
    return True
