"""What finance sees of settlement files, their lines and differences, and of a month before it is closed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User

from pagoefectivo.admin.month_links import address_of
from pagoefectivo.domain.localtime import LIMA
from pagoefectivo.domain.states import OrderState, VoucherState
from pagoefectivo.models import Discrepancy, SettlementLine, SettlementReport, Voucher
from pagoefectivo.services import discrepancies
from pagoefectivo.services.actors import Actor, staff
from tests.integration.admin.settling import listed, page
from tests.integration.pages.stage import place_order, place_voucher
from tests.integration.settlement_files import Row, bring, file_of, of_voucher
from tests.pictures.registry import Picture

OCTOBER = "default", date(2026, 10, 1)


def person(name: str) -> Actor:
    return staff(User.objects.filter(username=name).first() or User.objects.create_superuser(name))


def _paid(number: int) -> Voucher:
    at, amount = datetime(2026, 10, 1 + number % 29, 12, tzinfo=LIMA), Decimal(20 + number * 37 % 190)
    order = place_order(
        OrderState.PAID, reference=f"A-{1000 + number}", amount=amount, paid_amount=amount, created_at=at
    )
    theirs: dict[str, Any] = {"paid_at": at + timedelta(hours=3), "created_at": at}
    return place_voucher(
        order, VoucherState.PAID, code=f"5512{number:04}", provider_reference=f"D-4-{number}", **theirs
    )


def _rows(codes: list[Voucher]) -> list[Row]:
    return [of_voucher(code, at=f"{code.paid_at:%Y-%m-%d} 15:00:00") for code in codes]


def files() -> None:
    """Two transfers of October: of sixty payments one came short, one twice, and one is nobody's."""
    if SettlementReport.objects.exists():
        return
    rows = _rows([_paid(number) for number in range(60)])
    short = rows[31].but(amount=rows[31].amount - 10)
    bring(file_of(rows[:30], transfer="TR-1", day="2026-10-16"), name="dlocal-2026-10-16.csv")
    others = [short, *rows[32:], rows[4].but(theirs="D-4-x"), Row("D-4-9999", Decimal(120), "NADIE-1")]
    bring(file_of(others, transfer="TR-2", day="2026-10-31"), name="dlocal-2026-10-31.csv")
    first = Discrepancy.objects.earliest("pk")
    discrepancies.take(first.pk, actor=person("luz"))
    discrepancies.note(first.pk, "Preguntamos a dLocal: ticket 2026-118.", actor=person("luz"))


def after(placed: Callable[[], None], address: Callable[[], str]) -> Callable[[], str]:
    def place() -> str:
        placed()
        return address()

    return place


def _one() -> str:
    return page(SettlementReport.objects.latest("pk"))


def _difference() -> str:
    return page(Discrepancy.objects.earliest("pk"))


def taken(name: str, placed: Callable[[], None], address: Callable[[], str], **more: Any) -> Picture:
    return Picture(f"staff-{name}", after(placed, address), is_staff=True, part="#content", **more)


PICTURES = (
    taken("month-open", files, lambda: address_of(*OCTOBER)),
    taken("month-files", files, lambda: listed(SettlementReport)),
    taken("month-file", files, _one),
    taken("month-lines", files, lambda: f"{listed(SettlementLine)}?q=A-101"),
    taken("month-differences", files, lambda: listed(Discrepancy)),
    taken("month-difference", files, _difference),
)
