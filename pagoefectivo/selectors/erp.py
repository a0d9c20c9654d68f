"""A month's figures and differences for the shop's ERP: one row each, in columns that `docs/reference-erp-export.md` promises."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pagoefectivo.domain.month import MonthReport, Step
from pagoefectivo.domain.spreadsheets import Cell, csv_lines
from pagoefectivo.selectors.charges import Wanted, differing_lines
from pagoefectivo.selectors.claims import MOST, ClaimedLine, add_claims, beside_agreements, with_codes
from pagoefectivo.selectors.month_words import written_on
from pagoefectivo.selectors.months import close_of
from pagoefectivo.selectors.workbooks import Workbook

ERP_COLUMNS = (
    *("key", "record", "account", "provider", "month", "revision", "state", "currency", "amount", "lines"),
    *("step", "class", "number", "subject", "owner", "difference_state", "reason", "resolution", "case", "digest"),
)
_WIDTHS = (44, 12, 16, 16, 12, 10, 12, 10, 16, 8, 14, 16, 14, 24, 16, 16, 32, 32, 14, 66)


def erp_rows(report: MonthReport) -> Iterator[tuple[Cell, ...]]:
    """Yield one row a currency and step, then one a difference. Words are those of the schema, in no language.

    `key` is the row's own for ever: who reads a file twice recognises each row, and a new revision brings new keys.
    """
    for flow in report.flows:
        for figure in map(flow.of, Step):
            about: tuple[Cell, ...] = (flow.currency, figure.amount, figure.lines, figure.step.value)
            yield _row(report, "figure", f"{figure.step}/{flow.currency}", (*about, *("",) * 8))
    for each in report.differences:
        said = (each.subject, each.owner, each.state, each.reason, each.resolution, each.case)
        about = (each.currency, each.amount, None, "", each.verdict.value, each.number, *said)
        yield _row(report, "difference", each.number, about)


def erp_csv(report: MonthReport) -> Iterator[str]:
    """Yield the rows as CSV, line by line."""
    return csv_lines(ERP_COLUMNS, erp_rows(report))


def erp_xlsx(report: MonthReport, off: Sequence[ClaimedLine] = ()) -> bytes:
    """Return the rows as one sheet, and as another the lines that cost other than agreed, where there are some.

    Raises ConfigurationError without the extra `export`.
    """
    book = Workbook(f"{report.account} {report.month:%Y-%m}", written_on(report), footer=report.digest)
    sheet = book.sheet("erp", _WIDTHS)
    sheet.head(ERP_COLUMNS, stays=True)
    for row in erp_rows(report):
        sheet.add(row)
    if off:
        add_claims(book, off, in_full=False)
    return book.content()


def lines_off(report: MonthReport) -> list[ClaimedLine]:
    """Return the lines of a month that cost other than agreed, the 10,000 greatest differences first.

    None of a revision that does not hold any more.
    """
    close = close_of(report.account, report.month)
    if report.revision != (close.revision if close else 1):
        return []
    lines = with_codes(differing_lines(report.account, report.month, Wanted()))
    return list(beside_agreements(report.account, lines[:MOST]))


def _row(report: MonthReport, record: str, name: str, about: tuple[Cell, ...]) -> tuple[Cell, ...]:
    key = f"{report.account}/{report.month:%Y-%m}/{report.revision}/{record}/{name}"
    head = (key, record, report.account, report.provider, report.month, report.revision, report.state.value)
    return (*head, *about, report.digest)
