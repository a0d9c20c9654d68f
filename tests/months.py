"""Reports of months as tests need them: one with a little of everything, and strategies for any other."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from pagoefectivo.domain.month import (
    Check,
    ClassSum,
    CloseState,
    Difference,
    Figure,
    Flow,
    MonthReport,
    Step,
    Transit,
)
from pagoefectivo.domain.settlements import DIFFERENCES, Verdict

DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
MOVES = (Step.GROSS, Step.FEES, Step.TAX, Step.REFUNDS, Step.DISPUTES, Step.ADJUSTMENTS)


def flow(currency: str, *amounts: str, bank: str, lines: tuple[int, ...] = (412, 412, 412, 17, 2, 1)) -> Flow:
    """All steps in one currency, from the amounts of those that are summed."""
    moved = [Figure(step, Decimal(said), count) for step, said, count in zip(MOVES, amounts, lines, strict=True)]
    net = Figure(Step.NET, sum((each.amount for each in moved), Decimal("0.00")), sum(lines))
    return Flow(currency, (*moved, net, Figure(Step.BANK, Decimal(bank), 4)))


def month_report(**changes: Any) -> MonthReport:
    """November of one account as a draft in two currencies, with differences and things left to do."""
    report = MonthReport(
        account="tienda-lima",
        provider="dlocal",
        month=date(2026, 11, 1),
        revision=1,
        state=CloseState.OPEN,
        flows=(
            flow("PEN", "148230.50", "-4002.22", "-720.40", "-2310.90", "-389.00", "12.35", bank="139820.33"),
            flow("USD", "2150.00", "-64.50", "-11.61", "-120.00", "0.00", "0.00", bank="1953.89", lines=(21,) * 6),
        ),
        classes=(
            ClassSum(Verdict.MATCHED, "PEN", 1238, Decimal("140911.83")),
            ClassSum(Verdict.PROPOSED, "PEN", 3, Decimal("210.00")),
            ClassSum(Verdict.AMOUNT, "PEN", 2, Decimal("-301.50")),
            ClassSum(Verdict.MATCHED, "USD", 124, Decimal("1953.89")),
            ClassSum(Verdict.REPEATED, "PEN", 40, Decimal("0.00")),
        ),
        differences=(
            Difference(
                "D-00031",
                Verdict.MISSING_HERE,
                "007120045",
                Decimal("89.90"),
                "PEN",
                "luz",
                "open",
                "",
                "",
                "",
            ),
            Difference(
                "D-00032",
                Verdict.AMOUNT,
                "A-1042",
                Decimal("-10.00"),
                "PEN",
                "marco",
                "explained",
                "El cajero cobró S/ 79.90; el cliente pagó la diferencia en la tienda.",
                "Aceptada por el monto menor.",
                "",
            ),
            Difference(
                "D-00033",
                Verdict.FX,
                "R-77",
                Decimal("-3.21"),
                "USD",
                "",
                "case",
                '=HYPERLINK("https://evil.example")',
                "",
                "C-8F21",
            ),
        ),
        checks=(
            Check("files", "Every day of the month has its settlement file.", 0, blocks=True),
            Check("proposed", "Lines to be confirmed are confirmed or refused.", 3, blocks=True),
            Check("differences", "Every difference has a reason or a case.", 1, blocks=True),
            Check("bank", "What arrived at the bank is recorded.", 1, blocks=False),
        ),
        transits=(Transit("PEN", 14, Decimal("1204.60")),),
        late_lines=2,
        files=("dlocal_settlement_2026-11-15.csv", "dlocal_settlement_2026-11-30.csv"),
    )
    return replace(report, **changes)


def closed_report(**changes: Any) -> MonthReport:
    """The same month with everything done and signed by two people."""
    draft = month_report()
    return replace(
        draft,
        **{
            "state": CloseState.CLOSED,
            "checks": tuple(replace(check, left=0) for check in draft.checks),
            "prepared_by": "Luz Quispe",
            "prepared_at": datetime(2026, 12, 3, 15, 20, tzinfo=UTC),
            "signed_by": "Marco Ñahui",
            "signed_at": datetime(2026, 12, 3, 23, 5, tzinfo=UTC),
            "digest": DIGEST,
            **changes,
        },
    )


def long_report(differences: int = 60) -> MonthReport:
    """A closed month whose differences fill several pages."""
    first = closed_report().differences
    kinds = sorted(DIFFERENCES)
    return closed_report(
        differences=tuple(
            replace(first[number % 3], number=f"D-{number:05}", verdict=kinds[number % len(kinds)])
            for number in range(differences)
        )
    )


TEXTS = st.one_of(
    st.text(max_size=60),
    st.builds(
        str.__add__, st.sampled_from(["=", "+", "-", "@", "\t=", "'=", "{=", "＝", "#N/A", "00"]), st.text(max_size=20)
    ),
)
AMOUNTS = st.decimals(min_value=Decimal("-9999999999.99"), max_value=Decimal("9999999999.99"), places=2)
COUNTS = st.integers(0, 10_000_000)
CURRENCIES = ("PEN", "USD")


@st.composite
def any_flow(draw: st.DrawFn, currency: str) -> Flow:
    """Steps of any size and sign; NET is the sum of those before it."""
    said = draw(st.lists(st.sampled_from(MOVES), unique=True))
    moved = [Figure(step, draw(AMOUNTS), draw(COUNTS)) for step in sorted(said, key=MOVES.index)]
    net = sum((each.amount for each in moved), Decimal("0.00"))
    return Flow(currency, (*moved, Figure(Step.NET, net, 1), Figure(Step.BANK, draw(AMOUNTS), 1)))


def any_report() -> st.SearchStrategy[MonthReport]:
    """Any report, with any texts in it."""
    moments = st.datetimes(datetime(2020, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
    differences = st.builds(
        Difference,
        number=TEXTS,
        verdict=st.sampled_from(Verdict),
        subject=TEXTS,
        amount=AMOUNTS,
        currency=st.sampled_from(CURRENCIES),
        owner=TEXTS,
        state=TEXTS,
        reason=TEXTS,
        resolution=TEXTS,
        case=TEXTS,
    )
    classes = st.builds(
        ClassSum,
        verdict=st.sampled_from(Verdict),
        currency=st.sampled_from(CURRENCIES),
        lines=COUNTS,
        net=AMOUNTS,
    )
    return st.builds(
        MonthReport,
        account=TEXTS,
        provider=TEXTS,
        month=st.dates(date(2020, 1, 1), date(2060, 1, 1)).map(lambda day: day.replace(day=1)),
        revision=st.integers(1, 9),
        state=st.sampled_from(CloseState),
        flows=st.tuples(*(any_flow(currency) for currency in CURRENCIES)),
        classes=st.lists(classes, max_size=5),
        differences=st.lists(differences, max_size=5),
        checks=st.lists(st.builds(Check, TEXTS, TEXTS, COUNTS, st.booleans()), max_size=4),
        transits=st.lists(st.builds(Transit, st.sampled_from(CURRENCIES), COUNTS, AMOUNTS), max_size=2),
        late_lines=COUNTS,
        files=st.lists(TEXTS, max_size=3),
        prepared_by=TEXTS,
        prepared_at=st.none() | moments,
        signed_by=TEXTS,
        signed_at=st.none() | moments,
        digest=st.sampled_from(["", DIGEST]),
    )
