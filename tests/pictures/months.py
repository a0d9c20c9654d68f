"""A month that is closed, and the list of months, as finance sees them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.db.models import Sum

from pagoefectivo.admin.month_links import address_of
from pagoefectivo.domain.discrepancies import DiscrepancyReason
from pagoefectivo.models import Discrepancy, MonthlyClose, SettlementLine
from pagoefectivo.services import closing, discrepancies
from pagoefectivo.services.closing import Arrival
from tests.integration.admin.settling import listed
from tests.pictures.settlements import OCTOBER, files, person, taken


def _closed() -> None:
    """The same month with its money at the bank, every difference explained, and two signatures."""
    files()
    luz, marco = person("luz"), person("marco")
    if MonthlyClose.objects.exists():
        return
    for each in Discrepancy.objects.filter(settled_at=None):
        discrepancies.settle(
            each.pk, DiscrepancyReason.PROVIDER_PAYS, "Lo pagan en noviembre: ticket 2026-118.", actor=luz
        )
    for batch, day in (("TR-1", 16), ("TR-2", 31)):
        lines = SettlementLine.objects.filter(batch=batch)
        net = (lines.aggregate(sum=Sum("booked"))["sum"] or Decimal(0)).quantize(Decimal("0.01"))
        arrival = Arrival(currency="USD", amount=net, day=date(2026, 10, day), batch=batch, reference=f"77{day}")
        closing.note_receipt(*OCTOBER, arrival, actor=luz)
    closing.sign(*OCTOBER, closing.prepare(*OCTOBER, actor=luz).digest, actor=marco)


PICTURES = (
    taken("month-closed", _closed, lambda: address_of(*OCTOBER)),
    taken("months", _closed, lambda: listed(MonthlyClose)),
)
