"""What is to be claimed of a provider for a month: each line with the agreement that its cost was reckoned by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from operator import attrgetter
from typing import Any

from pagoefectivo.domain.cases import claim_subject
from pagoefectivo.domain.charges import MILLIONTH, Standing
from pagoefectivo.domain.fees import settled_at_least
from pagoefectivo.domain.localtime import LIMA
from pagoefectivo.domain.messages import SettlementKind
from pagoefectivo.domain.redaction import without_code
from pagoefectivo.domain.settlements import off_its_own_rate
from pagoefectivo.domain.spreadsheets import Cell, csv_lines
from pagoefectivo.models import Case, FeeSchedule, SettlementLine
from pagoefectivo.selectors.agreed import agreed_cost
from pagoefectivo.selectors.charges import Wanted, differing_lines, exchanged_too_dear
from pagoefectivo.selectors.fees import Pricing, pricing_of
from pagoefectivo.selectors.rates import Rates
from pagoefectivo.selectors.workbooks import Workbook

MOST = 10_000  # lines of one claim, the greatest first
CHUNK = 2000
CLAIM_COLUMNS = (
    *("kind", "payment", "our_reference", "refund", "day", "amount", "currency", "rate", "settled_currency"),
    *("agreed", "fee", "tax", "charged", "difference", "standing", "schedule", "valid_from", "valid_until"),
    *("tier_from", "percent", "fixed", "file", "line", "transfer", "settled", "day_rate"),
)
_WIDTHS = (12, 24, 20, 24, 12, 14, 10, 12, 10, 12, 12, 12, 12, 12, 12, 28, 12, 12, 10, 10, 10, 28, 8, 20, 14, 12)


@dataclass(frozen=True, slots=True)
class Agreement:
    """What holds for a line: a schedule, and of its terms those that the payments of the month before lead to.

    With `is_exchange` its `percent` is the margin over the rate of the day.
    """

    schedule: FeeSchedule
    percent: Decimal
    fixed: Decimal
    tier_from: int = 0
    is_exchange: bool = False


@dataclass(frozen=True, slots=True)
class ClaimedLine:
    """A line that differs. Amounts are costs, above zero, in the line's settled currency; `agreed` is with its tax.

    With `is_exchange` they are what its exchange cost: beyond the rate of the day, or beyond the rate that the file itself
    names, each on the amount before its fee. `agreement` is None where the schedules and rates as they hold now do not lead
    to the cost that stands on the line: they were changed since its file was read, or payments of the month before became known.
    """

    line: SettlementLine
    standing: Standing
    day: date
    agreed: Decimal
    charged: Decimal
    agreement: Agreement | None
    is_exchange: bool = False

    @property
    def is_founded(self) -> bool:
        """Whether it can be shown what was agreed. A file that contradicts its own rate shows it itself."""
        return self.agreement is not None or (self.is_exchange and off_its_own_rate(self.line) is not None)

    @property
    def difference(self) -> Decimal:
        return self.charged - self.agreed

    @property
    def currency(self) -> str:
        return self.line.book_currency


@dataclass(frozen=True, slots=True)
class Total:
    """The claim in one currency."""

    currency: str
    lines: int
    agreed: Decimal
    charged: Decimal

    @property
    def difference(self) -> Decimal:
        return self.charged - self.agreed


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What is asked of the provider. Only lines whose agreement can be shown are in `lines`, the greatest first.

    `unfounded` counts those that cannot be claimed as they stand, `left_out` those beyond the ten thousand greatest.
    """

    account: str
    month: date
    lines: Sequence[ClaimedLine]
    unfounded: int
    left_out: int

    @property
    def line_count(self) -> int:
        """How many lines it is about: one may cost too much in two ways."""
        return _lines_of(self.lines)

    @property
    def totals(self) -> list[Total]:
        """The sum of each currency, in their order."""
        sums = []
        for currency in sorted({each.currency for each in self.lines}):
            of_it = [each for each in self.lines if each.currency == currency]
            agreed = sum((each.agreed for each in of_it), Decimal(0))
            sums.append(Total(currency, _lines_of(of_it), agreed, sum((each.charged for each in of_it), Decimal(0))))
        return sums

    @property
    def agreements(self) -> list[Agreement]:
        """Each agreement that a line names, once, in the order of the lines."""
        return list(dict.fromkeys(each.agreement for each in self.lines if each.agreement is not None))


def _lines_of(claimed: Iterable[ClaimedLine]) -> int:
    return len({each.line.pk for each in claimed})


def claim_of(account: str, month: date) -> Claim:
    """Return what is to be claimed for a month. At most seven statements, and one a month for schedules with tiers."""
    costs = differing_lines(account, month, Wanted(standing=Standing.CLAIMED)).select_related("report")
    exchanges = exchanged_too_dear(account, month).select_related("report")
    dear = list(exchanges[: MOST + 1])
    told = [*beside_agreements(account, costs[: MOST + 1]), *(beside_rates(account, dear) if dear else ())]
    told.sort(key=attrgetter("difference"), reverse=True)
    left_out = costs.count() + exchanges.count() - MOST if len(told) > MOST else 0
    lines = told[:MOST]
    founded = [each for each in lines if each.is_founded]
    return Claim(account=account, month=month, lines=founded, unfounded=len(lines) - len(founded), left_out=left_out)


def open_claim(account: str, month: date) -> Case | None:
    """Return the case in which a month's costs are claimed; None where none is open."""
    return Case.objects.filter(subject=claim_subject(account, month), ended_at=None).first()


def beside_agreements(account: str, lines: Iterable[Any]) -> Iterator[ClaimedLine]:
    """Yield lines of `differing_lines`, each with what was agreed for it; reads the schedules once."""
    pricing = pricing_of(account)
    for line in lines:
        day = _day(line)
        yield ClaimedLine(
            line=line,
            standing=Standing(line.standing),
            day=day,
            agreed=-line.cost_expected,
            charged=-line.taken,
            agreement=_agreement(pricing, line, day),
        )


def beside_rates(account: str, lines: Iterable[Any]) -> Iterator[ClaimedLine]:
    """Yield lines of `exchanged_too_dear`, each with what its exchange cost and what of that was agreed."""
    pricing, rates = pricing_of(account), Rates()
    for line in lines:
        day, agreement = _day(line), None
        charged = -line.fx_difference
        if line.day_rate is not None and off_its_own_rate(line) is None:
            charged = (line.amount / line.day_rate - line.settled_amount).quantize(MILLIONTH)
            agreement = _margin(pricing, line, day) if rates.on(day) == line.day_rate else None
        yield ClaimedLine(
            line=line,
            standing=Standing(line.exchange),
            day=day,
            agreed=charged + line.fx_difference,
            charged=charged,
            agreement=agreement,
            is_exchange=True,
        )


def charges_csv(account: str, lines: Any, *, with_people: bool) -> Iterator[str]:
    """Yield lines of `differing_lines` as CSV, in constant memory.

    Without `with_people` a payment that the provider names by its code is masked as the code is.
    """
    rows = with_codes(lines).iterator(chunk_size=CHUNK)
    told = beside_agreements(account, rows)
    return csv_lines(CLAIM_COLUMNS, (claim_row(each, in_full=with_people) for each in told))


def with_codes(lines: Any) -> Any:
    """Return lines of `differing_lines` with what a masked row of them needs, in the same statement."""
    return lines.select_related("report", "voucher").defer("voucher__barcode_svg")


def claim_csv(claim: Claim) -> str:
    """Return the lines of a claim as CSV, by the names that the provider's support asks for."""
    return "".join(csv_lines(CLAIM_COLUMNS, (claim_row(each, in_full=True) for each in claim.lines)))


def claim_xlsx(claim: Claim) -> bytes:
    """Return the lines of a claim as one sheet; raises ConfigurationError without the extra `export`."""
    newest = max(each.line.report.created_at for each in claim.lines)
    book = Workbook(f"{claim.account} {claim.month:%Y-%m}", newest, footer=f"{claim.account} · {claim.month:%Y-%m}")
    add_claims(book, claim.lines, in_full=True)
    return book.content()


def add_claims(book: Workbook, lines: Iterable[ClaimedLine], *, in_full: bool) -> None:
    """Add the sheet `claims` to a file: one row a line, in CLAIM_COLUMNS; codes are masked unless `in_full`."""
    sheet = book.sheet("claims", _WIDTHS)
    sheet.head(CLAIM_COLUMNS, stays=True)
    for each in lines:
        sheet.add(claim_row(each, in_full=in_full))


def claim_row(each: ClaimedLine, *, in_full: bool) -> tuple[Cell, ...]:
    """Return a line as the cells of CLAIM_COLUMNS. Nobody's name or address is in it; amounts to the millionth are exact."""
    line, held = each.line, each.agreement
    terms: tuple[Cell, ...] = (None,) * 6
    if held is not None:
        schedule = held.schedule
        terms = (*(schedule.name, schedule.valid_from, schedule.valid_until, held.tier_from, held.percent, held.fixed),)
    return (
        *(
            "exchange" if each.is_exchange else line.kind,
            line.provider_reference if in_full else _masked(line),
            line.reference,
            line.refund_provider_reference,
            each.day,
        ),
        *(line.amount, line.currency, line.rate, each.currency, each.agreed),
        *((None, None) if each.is_exchange else (_cost(line.fee), _cost(line.tax))),
        *(each.charged, each.difference, each.standing.value, *terms, str(line.report), line.line, line.batch),
        *(line.settled_amount, line.day_rate),
    )


def _masked(line: SettlementLine) -> str:
    shown = without_code(line.provider_reference, line.code)
    return without_code(shown, line.voucher.code) if line.voucher is not None else shown


def _cost(taken: Decimal | None) -> Decimal | None:
    return None if taken is None else -taken


def _day(line: SettlementLine) -> date:
    at = line.occurred_at or line.report.imported_at or line.report.created_at
    return at.astimezone(LIMA).date()


def _margin(pricing: Pricing, line: Any, day: date) -> Agreement | None:
    schedule = pricing.schedule_on(line.currency, day)
    if schedule is None or not schedule.terms.is_exchanged:
        return None
    missing = line.settled_amount - settled_at_least(schedule.terms, line.amount, line.day_rate)
    if abs(missing - line.fx_difference) > MILLIONTH:
        return None
    return Agreement(schedule, schedule.terms.fx_margin_percent, Decimal(0), is_exchange=True)


def _agreement(pricing: Pricing, line: SettlementLine, day: date) -> Agreement | None:
    schedule = pricing.schedule_on(line.currency or line.settled_currency, day)
    now = agreed_cost(pricing, line, day)
    if schedule is None or now is None or line.cost_expected is None or abs(now - line.cost_expected) > MILLIONTH:
        return None
    if line.kind != SettlementKind.PAYMENT or not schedule.terms.tiers:
        return Agreement(schedule, schedule.percent, schedule.fixed)
    reached = pricing.payments_before(day)
    percent, fixed = schedule.terms.rates(reached)
    tiers = [tier.from_payments for tier in schedule.terms.tiers if tier.from_payments <= reached]
    return Agreement(schedule, percent, fixed, max(tiers, default=0))
