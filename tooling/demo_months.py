"""Three months of the shop: what was sold in them, what was agreed with each company, and what each of them settled."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.contrib.auth import get_user_model
from django.db import transaction

from pagoefectivo.domain.fees import Market, Schedule
from pagoefectivo.domain.localtime import LIMA
from pagoefectivo.models import Order, ReportStanding, SettlementReport
from pagoefectivo.services import audit, fees, rates, seams
from pagoefectivo.services.actors import Actor, staff
from tooling import demo_books, demo_close, demo_files
from tooling.demo_close import differences_of
from tooling.demo_files import MonthFile, Planted
from tooling.demo_office import Officer
from tooling.demo_past import PSPS, Sale, past_months, sales_of
from tooling.demo_people import BackOffice
from tooling.demo_stack import ADMIN, SECOND_PERSON, Stack
from tooling.demo_steps import Report, wait

CLOSED = "default"  # of this account a month is closed


class Past:
    """What lies behind the shop on a day: its whole months, what it sold since, and the files that tell of them."""

    def __init__(self, today: date) -> None:
        self.months = past_months(today)
        self.sales: list[Sale] = sales_of(self.months, today)
        self.files: list[MonthFile] = demo_files.files_of(self.sales, self.months)

    @property
    def to_close(self) -> MonthFile:
        """The file of the month that is closed."""
        return next(each for each in self.files if each.account == CLOSED)


def three_months(report: Report, stack: Stack, office: BackOffice) -> None:
    """Let the shop have three months behind it, import what each company settled, and close dLocal's first month."""
    past = Past(datetime.now(LIMA).date())
    _sold(report, past)
    _agreed(report, past)
    with ExitStack() as desks:
        preparer, signer = (desks.enter_context(Officer(stack, name)) for name in (ADMIN, SECOND_PERSON))
        for file in past.files:
            _imported(report, office, preparer, file, is_uploaded=file is past.to_close)
        demo_close.close(report, past.to_close, preparer, signer)
    demo_close.late(report, office, past.to_close)


def _sold(report: Report, past: Past) -> None:
    for done in demo_books.entered(past.sales):
        print(f"  {done} of {len(past.sales)} orders of the past", flush=True)
    with transaction.atomic():
        audit.hold_chain()  # the worker may be sealing what was there so far
    with seams.use(seal_pause=timedelta(0)):
        sealed = audit.seal_when_due()
    planned = Counter("refunded" if each.refund else each.ended_as for each in past.sales)
    found = Counter(
        Order.objects.filter(reference__in=[each.reference for each in past.sales]).values_list("state", flat=True)
    )
    span = f"since {past.months[0]:%m/%Y}"
    counted = ", ".join(f"{count} {state}" for state, count in sorted(found.items()))
    disputes = sum(1 for each in past.sales if each.reversed_at)
    report.step(
        "three months of sales", f"{span}: {counted}; {disputes} disputes; {sealed} rows sealed", holds=found == planned
    )


def _agreed(report: Report, past: Past) -> None:
    """Enter what was agreed with each company, and the rates that the dollar had."""
    actor, begins = _actor(ADMIN), past.months[0]
    for account in demo_files.LAYOUTS:
        settled_in = "USD" if account in demo_files.IN_DOLLARS else "PEN"
        terms = Schedule(
            currency="PEN",
            percent=Decimal("3.49"),
            fixed=Decimal("1.00"),
            refund_fee=Decimal("2.00"),
            fx_margin_percent=Decimal("2.00") if settled_in == "USD" else Decimal(0),
            settlement_currency=settled_in,
        )
        agreed = fees.Agreement(
            account=account,
            name=f"Contrato {PSPS.get(account, account)}",
            terms=terms,
            market=Market.CROSS_BORDER if settled_in == "USD" else Market.LOCAL,
            valid_from=begins,
        )
        fees.begin(agreed, why="Contrato de la demo", actor=actor)
    days = (datetime.now(LIMA).date() - begins).days + 1
    lines = [f"{begins + timedelta(days=day)},{Decimal(3700 + day * 7 % 45) / 1000}" for day in range(days)]
    content = io.BytesIO(("day,rate\n" + "\n".join(lines) + "\n").encode())
    kept = rates.import_rates(content, source="Inventado para la demo", actor=actor)
    observed = f"{len(demo_files.LAYOUTS)} fee schedules, the dollar of {kept.added} days"
    report.step("what was agreed", observed, holds=kept.added == days)


def _imported(report: Report, office: BackOffice, person: Officer, file: MonthFile, *, is_uploaded: bool) -> None:
    if is_uploaded:
        person.upload(file)
    else:
        office.import_settlement(file.account, file.content, name=file.name)
    kept = SettlementReport.objects.filter(account=file.account, name=file.name)
    standing = wait(
        lambda: kept.values_list("standing", flat=True).first(), lambda seen: seen == ReportStanding.IMPORTED
    )
    found = sorted((each.verdict, each.line.provider_reference) for each in differences_of(file) if each.line)
    name = f"{file.month:%m/%Y} of {file.account}{', uploaded' if is_uploaded else ''}"
    said = (
        f"planted and found {_told(found)}"
        if found == file.planted
        else f"planted {_told(file.planted)}, found {_told(found)}"
    )
    observed = f"{standing}, {len(file.movements)} lines; {said}"
    report.step(name, observed, holds=standing == ReportStanding.IMPORTED and found == file.planted)


def _told(differences: Sequence[Planted]) -> str:
    return ", ".join(f"{verdict} of {payment}" for verdict, payment in differences)


def _actor(name: str) -> Actor:
    return staff(get_user_model()._default_manager.get(username=name))
