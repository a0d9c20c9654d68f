"""One month of one account closed as its two people would, over HTTP, and what comes after it is closed."""

from __future__ import annotations

import html
from datetime import timedelta
from decimal import Decimal

import requests
from django.db.models import QuerySet
from django.utils.translation import override

from pagoefectivo.domain.closing import following
from pagoefectivo.domain.discrepancies import DiscrepancyReason
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Reason
from pagoefectivo.domain.localtime import written_month
from pagoefectivo.domain.month import CloseState, Step
from pagoefectivo.domain.settlements import Verdict
from pagoefectivo.models import BankReceipt, Discrepancy, SettlementLine
from pagoefectivo.selectors.months import close_of, draft_of, report_of
from tooling import demo_files
from tooling.demo_files import MonthFile
from tooling.demo_office import ENGLISH, Officer, month_address
from tooling.demo_past import last_day
from tooling.demo_people import BackOffice
from tooling.demo_steps import Report

# the reason and the sentence of whoever looked into it
EXPLAINED = {
    Verdict.AMOUNT: (
        DiscrepancyReason.PROVIDER_ERROR,
        "Un sol de más: dLocal lo descuenta en su próxima transferencia.",
    ),
    Verdict.MISSING_HERE: (DiscrepancyReason.PROVIDER_ERROR, "Un pago de otra tienda de dLocal: lo descuentan."),
    Verdict.FEE: (DiscrepancyReason.PROVIDER_PAYS, "Reclamado por carta: devuelven S/ 1.77 con una nota de crédito."),
    Verdict.FX: (
        DiscrepancyReason.PROVIDER_PAYS,
        "El dólar a S/ 3.95, muy por encima de lo pactado: devuelven lo que falta.",
    ),
    Verdict.DUPLICATE: (DiscrepancyReason.PROVIDER_ERROR, "Liquidado dos veces: descuentan la segunda."),
}


def close(report: Report, file: MonthFile, preparer: Officer, signer: Officer) -> None:
    """Close the month of a file as its two people would, each step over HTTP."""
    month = written_month(file.month, ENGLISH)
    said = preparer.on_month(file, "prepare")
    _refused(report, "not before all is explained", said, Reason(ErrorCode.MONTH_NOT_READY, "", _unfinished(file)))
    _explained(report, file, preparer)
    steps = demo_files.planned_steps(file)
    arrived, day = steps[Step.NET], last_day(file.month) + timedelta(days=2)
    noted = {"currency": "USD", "amount": str(arrived), "day": str(day), "batch": file.batch, "reference": "004471"}
    preparer.on_month(file, "receipt", **noted)
    report.step("bank receipt", f"US$ {_receipts(file)} on {day}", holds=_receipts(file) == arrived)
    preparer.on_month(file, "prepare")
    _stands(report, "month prepared", file, CloseState.PREPARED)
    said = preparer.on_month(file, "sign", digest=_digest(file))
    _refused(report, "nobody signs alone", said, Reason(ErrorCode.MONTH_SELF))
    _stands(report, "not signed", file, CloseState.PREPARED)
    signer.on_month(file, "sign", digest=_digest(file))
    _stands(report, "month signed", file, CloseState.CLOSED)
    _figures_agree(report, file, signer, {**steps, Step.BANK: arrived})
    said = signer.on_month(file, "receipt", **noted)
    _refused(report, "a closed month refuses", said, Reason(ErrorCode.MONTH_CLOSED, "", {"month": month}))
    report.step("nothing was noted", f"still US$ {_receipts(file)} at the bank", holds=_receipts(file) == arrived)


def _stands(report: Report, name: str, file: MonthFile, state: CloseState) -> None:
    close = close_of(file.account, file.month)
    by = " and ".join(filter(None, (close.prepared_by, close.signed_by))) if close else "nobody"
    report.step(name, f"{_state(file)}, by {by}", holds=_state(file) is state)


def _refused(report: Report, name: str, answer: requests.Response, reason: Reason) -> None:
    """An act was refused, and the page says why."""
    with override(ENGLISH):
        sentence = reason.message
    report.step(name, sentence, holds=sentence in html.unescape(answer.text))


def _unfinished(file: MonthFile) -> dict[str, str]:
    """What is left of the checklist, as the refusal names it."""
    with override(ENGLISH):
        [left] = [check.said for check in draft_of(file.account, file.month).checks if check.left and check.blocks]
    return {"month": written_month(file.month, ENGLISH), "left": left.rstrip(".")}


def _explained(report: Report, file: MonthFile, person: Officer) -> None:
    for number, verdict in differences_of(file).values_list("pk", "verdict"):
        reason, text = EXPLAINED[Verdict(verdict)]
        person.on_difference(number, "take")
        person.on_difference(number, "settle", reason=reason, text=text)
        row = differences_of(file).get(pk=number)
        owner = row.owner.get_username() if row.owner else "nobody"
        observed = f"{row.verdict} of {row.amount:.2f} {row.currency}: {row.reason}, owned by {owner}"
        holds = (row.reason, row.resolution, owner, row.settled_at is not None) == (reason, text, person.name, True)
        report.step(f"difference {row.number} explained", observed, holds=holds)


def _figures_agree(report: Report, file: MonthFile, person: Officer, planned: dict[Step, Decimal]) -> None:
    """The signed report as a page, as XLSX and as PDF says what was planned."""
    said, paper, page = person.figures(file), person.paper(file), person.look(month_address(file)).text
    way = " → ".join(f"{step} {said.get(step)}" for step in Step)
    report.step("report as XLSX", f"US$ {way}", holds=said == planned)
    amounts = [f"{abs(amount):,.2f}" for amount in planned.values() if amount]
    for name, text in (("report as PDF", paper), ("report as a page", page)):
        there = [amount for amount in amounts if amount in text]
        holds = there == amounts and _digest(file)[:16] in text.replace("\r", "").replace("\n", "")
        report.step(name, f"{len(there)} of {len(amounts)} figures and its SHA-256", holds=holds)


def late(report: Report, office: BackOffice, file: MonthFile) -> None:
    """What was forgotten comes when its month is closed."""
    brought = demo_files.late_file(file)
    office.import_settlement(brought.account, brought.content, name=brought.name)
    lines = SettlementLine.objects.filter(account=brought.account, report__name=brought.name)
    [counted] = lines.values_list("own_month", "month")
    observed = f"a line of {counted[0]:%m/%Y} counts in {counted[1]:%m/%Y}"
    report.step("late line", observed, holds=counted == (file.month, following(file.month)))
    with override(ENGLISH):
        left = [check.said for check in report_of(file.account, file.month).checks if check.left]
    observed = " ".join(left) or "its rows still come to what was signed"
    report.step("the closed month stays", observed, holds=not left)


def differences_of(file: MonthFile) -> QuerySet[Discrepancy]:
    """Return what was found in a file and does not add up, in the order of its lines."""
    found = Discrepancy.objects.filter(account=file.account, line__report__name=file.name)
    return found.select_related("line", "owner").order_by("pk")


def _receipts(file: MonthFile) -> Decimal:
    rows = BankReceipt.objects.filter(account=file.account, month=file.month, currency="USD")
    return sum(rows.values_list("amount", flat=True), Decimal(0))


def _state(file: MonthFile) -> CloseState:
    close = close_of(file.account, file.month)
    return CloseState(close.standing) if close else CloseState.OPEN


def _digest(file: MonthFile) -> str:
    close = close_of(file.account, file.month)
    return close.digest if close else ""
