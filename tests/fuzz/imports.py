"""Damaged settlement files carried all the way in: each is imported whole, every line to the millionth, or leaves nothing."""

from __future__ import annotations

import io
import random
from decimal import Decimal

from django.db.models import Sum
from django.test import override_settings

from pagoefectivo.domain.exceptions import UnreadableFile
from pagoefectivo.domain.messages import SettlementFacts, SettlementRow
from pagoefectivo.domain.settlements import WITHOUT_MONEY
from pagoefectivo.models import Discrepancy, ReportStanding, SettlementLine, SettlementReport
from pagoefectivo.services import settlement_imports
from tests.fuzz.figures import Figures, counted, measured
from tests.fuzz.settlements import mutated
from tests.unit.providers.reports_stage import PSPS, read, samples

FORGET_EVERY = 40
CREDENTIALS = {
    "dlocal": {"login": "l", "trans_key": "t", "secret_key": "s"},
    "ebanx": {"integration_key": "i"},
    "mercadopago": {"access_token": "TEST-a", "webhook_secret": "w"},
    "pagoefectivo_direct": {"id_service": "1", "access_key": "a", "secret_key": "s"},
}
ACCOUNTS = {psp: {"PROVIDER": psp, "ENVIRONMENT": "sandbox", "CREDENTIALS": CREDENTIALS[psp]} for psp in PSPS}


@override_settings(PAGOEFECTIVO={"PUBLIC_BASE_URL": "http://127.0.0.1:9", "ACCOUNTS": ACCOUNTS})
def run(seed: int, inputs: int, *, loud: bool = False) -> Figures:
    """Import so many mutated samples, and hold what is there afterwards against what the reader reads."""
    figures = Figures()
    whole = [path for path in samples() if "refused" not in path.name]
    with measured(figures):
        for number in counted(range(inputs), inputs, "imports", loud=loud):
            if number % FORGET_EVERY == 0:
                _forget()
            chance = random.Random(f"{seed} {number}")
            path = chance.choice(whole)
            kind, content = mutated(chance, path)
            figures.kinds[kind] += 1
            answer, wrong = judged(path.parent.name, content)
            figures.answers[answer] += 1
            figures.failures += [f"file {number} ({kind} of {path.name}): {each}"[:400] for each in wrong]
    figures.inputs = inputs
    return figures


def judged(psp: str, content: bytes) -> tuple[str, list[str]]:
    """Import a file; return what became of it, and what is wrong with that."""
    before = SettlementLine.objects.count()
    try:
        report = settlement_imports.bring(io.BytesIO(content), account=psp, name="fuzz")
    except UnreadableFile:
        return "refused at the door", _left(before)
    if report.standing == ReportStanding.REFUSED:
        return "refused", [*([] if report.refused_why else ["refused without a reason"]), *_left(before)]
    if report.standing != ReportStanding.IMPORTED:
        return str(report.standing), ["neither imported nor refused"]
    return "imported", _differing(report, read(psp, content))


def _left(before: int) -> list[str]:
    """A refused file leaves no line behind."""
    after = SettlementLine.objects.count()
    return [] if after == before else [f"{after - before} lines of a refused file"]


def _differing(report: SettlementReport, rows: list[SettlementRow]) -> list[str]:
    lines = SettlementLine.objects.filter(report=report)
    told = lines.aggregate(sum=Sum("booked"))["sum"] or Decimal(0)
    says = sum((_booked(row.facts) for row in rows), Decimal(0))
    return [
        *([] if lines.count() == len(rows) else [f"{len(rows)} rows became {lines.count()} lines"]),
        *([] if told == says else [f"the rows say {says}, the lines {told}"]),
    ]


def _booked(said: SettlementFacts) -> Decimal:
    """What a row changes, reckoned here once more: its net, or its amount with its own costs."""
    if said.kind in WITHOUT_MONEY:
        return Decimal(0)
    if said.net is not None:
        return said.net
    amount = said.settled_amount if said.settled_amount is not None else said.amount
    return (amount or Decimal(0)) + (said.fee or Decimal(0)) + (said.tax or Decimal(0))


def _forget() -> None:
    for model in (Discrepancy, SettlementLine, SettlementReport):
        model._default_manager.all().delete()
