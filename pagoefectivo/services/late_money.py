"""Money that the provider should have settled by now, and no file tells of: found the day after it was due."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.db.models import Exists, Min, OuterRef

from pagoefectivo import conf
from pagoefectivo.domain.cycles import Cycle
from pagoefectivo.domain.localtime import LIMA
from pagoefectivo.domain.messages import SettlementKind
from pagoefectivo.domain.settlements import UNCOUNTED, Verdict
from pagoefectivo.models import Discrepancy, SettlementLine, SettlementShare, Voucher
from pagoefectivo.selectors import calendar
from pagoefectivo.services import seams
from pagoefectivo.services.accounts import account_named

LOOKED_BACK = 60  # days: longer than any cycle waits
BATCH = 1000
_NOON = time(12)


def find() -> int:
    """Open a difference for each payment that is overdue at its provider; return how many were opened.

    Of accounts that have a settlement cycle and have imported a file, for payments since what the first file tells of.
    One that was settled by a person stays so. A transaction an account; nothing else is changed.
    """
    return sum(_of(name) for name in conf.current().accounts)


def overdue_since(cycle: Cycle, today: date) -> datetime | None:
    """Return the instant before which everything that was paid should have been settled by the end of yesterday."""
    cut_off = conf.current().bank_cut_off
    for back in range(LOOKED_BACK):
        day = today - timedelta(days=back)
        if cycle.expected(datetime.combine(day, _NOON, LIMA), None, calendar.is_closed).is_late_on(today):
            return datetime.combine(day, cut_off or time(), LIMA) + (timedelta() if cut_off else timedelta(days=1))
    return None


def _of(account: str) -> int:
    cycle = account_named(account).settlement_cycle
    lines = SettlementLine.objects.filter(account=account, kind=SettlementKind.PAYMENT)
    told_since = lines.aggregate(at=Min("occurred_at"))["at"] if cycle else None
    if cycle is None or told_since is None:
        return 0
    today = seams.now().astimezone(LIMA).date()
    horizon = overdue_since(cycle, today)
    if horizon is None:
        return 0
    settled = lines.filter(voucher=OuterRef("pk")).exclude(verdict__in=UNCOUNTED)
    shared = SettlementShare.objects.filter(voucher=OuterRef("pk"), refund__isnull=True)
    known = Discrepancy.objects.filter(voucher=OuterRef("pk"), line__isnull=True, refund__isnull=True)
    overdue = (
        Voucher.objects.filter(account=account, paid_at__gte=told_since, paid_at__lt=horizon, paid_amount__gt=0)
        .filter(~Exists(settled), ~Exists(shared), ~Exists(known))
        .order_by("pk")
    )
    found = [
        Discrepancy(
            account=account,
            verdict=Verdict.MISSING_THERE,
            month=today.replace(day=1),
            voucher_id=number,
            amount=-paid,
            currency=currency,
            opened_at=seams.now(),
        )
        for number, paid, currency in overdue.values_list("pk", "paid_amount", "paid_currency").iterator(
            chunk_size=BATCH
        )
    ]
    seams.transact(lambda: Discrepancy.objects.bulk_create(found, BATCH, ignore_conflicts=True))
    return len(found)
