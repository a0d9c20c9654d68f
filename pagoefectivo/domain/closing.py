"""What two people sign about a month: its figures as JSON without a language, their fingerprint, and the way back. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from pagoefectivo.domain.money import CENT
from pagoefectivo.domain.month import ClassSum, Difference, Figure, Flow, MonthReport, Step, Transit
from pagoefectivo.domain.settlements import Verdict

LONGEST_MONTH = timedelta(days=31)


def following(month: date) -> date:
    """Return the first day of the month after the one that begins on `month`."""
    return (month + LONGEST_MONTH).replace(day=1)


def in_cents(amounts: Iterable[Decimal]) -> Iterator[Decimal]:
    """Round each amount so that all of them come to their sum, rounded: none is a whole cent away from what it was.

    Files tell millionths; single roundings of five figures would not add up to that of their sum. What is in cents
    already stays as it is.
    """
    exact, told = Decimal(0), Decimal("0.00")
    for amount in amounts:
        exact += amount
        reached = exact.quantize(CENT, ROUND_HALF_UP)
        yield reached - told
        told = reached


def figures_of(report: MonthReport) -> dict[str, Any]:
    """Return what is signed: all that a report says but its checks, its standing and its signatures."""
    return {
        "account": report.account,
        "provider": report.provider,
        "month": report.month.isoformat(),
        "revision": report.revision,
        "flows": [
            {
                "currency": flow.currency,
                "figures": [
                    {"step": each.step.value, "amount": f"{each.amount:f}", "lines": each.lines}
                    for each in map(flow.of, Step)
                ],
            }
            for flow in report.flows
        ],
        "classes": [
            {"verdict": each.verdict.value, "currency": each.currency, "lines": each.lines, "net": f"{each.net:f}"}
            for each in report.classes
        ],
        "differences": [
            {
                "number": each.number,
                "verdict": each.verdict.value,
                "subject": each.subject,
                "amount": f"{each.amount:f}",
                "currency": each.currency,
                "owner": each.owner,
                "state": each.state,
                "reason": each.reason,
                "resolution": each.resolution,
                "case": each.case,
            }
            for each in report.differences
        ],
        "transits": [
            {"currency": each.currency, "payments": each.payments, "amount": f"{each.amount:f}"}
            for each in report.transits
        ],
        "late_lines": report.late_lines,
        "files": list(report.files),
    }


def parts_of(figures: dict[str, Any]) -> dict[str, Any]:
    """Return the parts of a MonthReport that signed figures hold."""
    return {
        "account": figures["account"],
        "provider": figures["provider"],
        "month": date.fromisoformat(figures["month"]),
        "revision": figures["revision"],
        "flows": tuple(
            Flow(
                flow["currency"],
                tuple(Figure(Step(each["step"]), Decimal(each["amount"]), each["lines"]) for each in flow["figures"]),
            )
            for flow in figures["flows"]
        ),
        "classes": tuple(
            ClassSum(Verdict(each["verdict"]), each["currency"], each["lines"], Decimal(each["net"]))
            for each in figures["classes"]
        ),
        "differences": tuple(
            Difference(**{**each, "verdict": Verdict(each["verdict"]), "amount": Decimal(each["amount"])})
            for each in figures["differences"]
        ),
        "transits": tuple(
            Transit(each["currency"], each["payments"], Decimal(each["amount"])) for each in figures["transits"]
        ),
        "late_lines": figures["late_lines"],
        "files": tuple(figures["files"]),
    }


def digest_of(figures: dict[str, Any]) -> str:
    """Return the SHA-256 of figures in their one way of being written, in hex."""
    written = json.dumps(figures, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()


def deviations(signed: dict[str, Any], today: dict[str, Any]) -> list[str]:
    """Name the parts in which what the rows say today differs from what was signed.

    What a later day may rightly change is left out: whose a difference is, and payments that were heard of late.
    """
    return [
        part
        for part in ("flows", "classes", "differences", "files", "late_lines")
        if _bare(signed, part) != _bare(today, part)
    ]


def _bare(figures: dict[str, Any], part: str) -> Any:
    if part != "differences":
        return figures.get(part)
    return [{**each, "owner": ""} for each in figures.get(part, ())]
