"""The month as spreadsheets: every number is the report's, every text is a text, whatever it says."""

from __future__ import annotations

import csv
import io
import sys
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.utils.translation import override
from hypothesis import given, settings
from hypothesis import strategies as st

from pagoefectivo.domain.exceptions import ConfigurationError
from pagoefectivo.domain.month import MonthReport, Step
from pagoefectivo.domain.spreadsheets import plain_text
from pagoefectivo.selectors.erp import ERP_COLUMNS, erp_csv, erp_rows, erp_xlsx
from pagoefectivo.selectors.month_sheets import month_xlsx
from pagoefectivo.selectors.workbooks import LONGEST_TEXT
from tests.months import DIGEST, any_report, closed_report, month_report

CENTS = "#,##0.00"
FULL_LOOK = settings(max_examples=40, deadline=None)  # each writes and reads a whole file


def read(content: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(content))


def rows(sheet: Any) -> list[tuple[Any, ...]]:
    return [tuple(cell.value for cell in row) for row in sheet.iter_rows()]


def cents(value: float) -> Decimal:
    return Decimal(repr(value)).quantize(Decimal("0.01"))


@override("es")
def test_finance_reads_the_month_sheet_by_sheet() -> None:
    book = read(month_xlsx(closed_report()))
    assert book.sheetnames == ["Resumen", "Clases", "Diferencias", "Leyenda"]
    summary = rows(book["Resumen"])
    assert summary[0][0] == "Reporte mensual tienda-lima, noviembre de 2026"
    assert summary[1][0].startswith("CERRADO")
    for expected in (
        ("Mes", datetime(2026, 11, 1), None, None),  # noqa: DTZ001 - a sheet knows no zones
        ("Pagado por los compradores", "PEN", 148230.5, 412),
        ("Comisiones", "PEN", -4002.22, 412),
        ("Neto", "PEN", 140820.33, 1256),
        ("Llegó al banco", "USD", 1953.89, 4),
        ("Pagado, aún no vence", "PEN", 1204.6, 14),
        ("Firmado por", "Marco Ñahui", datetime(2026, 12, 3, 18, 5), None),  # noqa: DTZ001 - Lima's
    ):
        assert expected in summary
    assert any(DIGEST in str(row[0]) for row in summary)
    assert rows(book["Clases"])[-2:] == [("Total", "PEN", 1283, 140820.33), ("Total", "USD", 124, 1953.89)]
    differences = rows(book["Diferencias"])
    assert differences[1][:5] == ("D-00031", "Solo el proveedor lo conoce", "007120045", 89.9, "PEN")
    assert differences[-2:] == [
        ("Total", None, None, 79.9, "PEN", None, None, None, None, None),
        ("Total", None, None, -3.21, "USD", None, None, None, None, None),
    ]


@override("es")
def test_the_sheets_print_and_scroll_as_finance_likes_them() -> None:
    book = read(month_xlsx(closed_report()))
    for sheet in book:
        assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
        assert sheet.freeze_panes
    assert book["Diferencias"].print_title_rows == "$1:$1"
    assert book["Diferencias"]["D2"].number_format == CENTS
    assert book["Diferencias"]["C2"].number_format == "@", "a code that is edited stays a text"
    assert book["Resumen"]["B5"].is_date


@pytest.mark.parametrize("language", ["es", "en", "zh-hans"])
def test_every_word_of_the_sheets_is_explained(language: str) -> None:
    with override(language):
        book = read(month_xlsx(month_report()))
    *told, legend = map(rows, book)
    explained = {(where, word) for where, word, meaning in legend if meaning}
    summary, classes, differences = told
    figures = {row[0] for row in summary[8 : 8 + len(Step)]}
    heads = ({*summary[7], *figures}, {*classes[0], *(row[0] for row in classes[1:-2])}, set(differences[0]))
    for name, words in zip(book.sheetnames[:3], heads, strict=True):
        assert {(name, word) for word in words} <= explained


def test_the_same_report_is_the_same_file() -> None:
    assert month_xlsx(closed_report()) == month_xlsx(closed_report())
    assert erp_xlsx(closed_report()) == erp_xlsx(closed_report())


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    with pytest.raises(ConfigurationError, match=r"django-pagoefectivo\[export\]"):
        month_xlsx(month_report())


def test_a_text_longer_than_a_cell_is_cut_and_never_left_out() -> None:
    long = closed_report(account="a" * (LONGEST_TEXT + 1))
    assert read(erp_xlsx(long)).active["C2"].value == "a" * LONGEST_TEXT


@FULL_LOOK
@given(any_report(), st.sampled_from(["es", "en", "zh-hans"]))
def test_no_cell_is_ever_a_formula_and_every_figure_is_the_report_s(report: MonthReport, language: str) -> None:
    with override(language):
        book = read(month_xlsx(report))
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert kinds <= {"s", "n", "d"}
    summary, classes, differences, _legend = map(rows, book)
    figures = [flow.of(step).amount for flow in report.flows for step in Step]
    assert [cents(row[2]) for row in summary[8 : 8 + len(figures)]] == figures
    assert [cents(row[3]) for row in classes[1 : 1 + len(report.classes)]] == [each.net for each in report.classes]
    read_back = differences[1 : 1 + len(report.differences)]
    assert [cents(row[3]) for row in read_back] == [each.amount for each in report.differences]


def test_the_erp_gets_a_row_a_figure_and_a_row_a_difference() -> None:
    lines = list(csv.DictReader(io.StringIO("".join(erp_csv(closed_report())).removeprefix("\ufeff"), newline="")))
    assert tuple(lines[0]) == ERP_COLUMNS
    assert len(lines) == 2 * len(Step) + 3
    assert len({line["key"] for line in lines}) == len(lines)
    assert lines[1] == {
        "key": "tienda-lima/2026-11/1/figure/fees/PEN",
        "record": "figure",
        "account": "tienda-lima",
        "provider": "dlocal",
        "month": "2026-11-01",
        "revision": "1",
        "state": "closed",
        "currency": "PEN",
        "amount": "-4002.22",
        "lines": "412",
        "step": "fees",
        **dict.fromkeys(("class", "number", "subject", "owner", "difference_state", "reason"), ""),
        "resolution": "",
        "case": "",
        "digest": DIGEST,
    }
    assert lines[-3]["subject"] == "'007120045", "a spreadsheet would take its zeros"
    assert lines[-1]["reason"].startswith("'=HYPERLINK")
    sheet = read(erp_xlsx(closed_report())).active
    assert (sheet["E2"].value, sheet["I2"].value) == (datetime(2026, 11, 1), 148230.5)  # noqa: DTZ001
    assert sheet["N18"].value == "007120045"


@FULL_LOOK
@given(any_report())
def test_both_erp_files_hold_the_same_rows(report: MonthReport) -> None:
    wanted = list(erp_rows(report))
    in_csv = list(csv.reader(io.StringIO("".join(erp_csv(report)).removeprefix("\ufeff"), newline="")))[1:]
    sheet = read(erp_xlsx(report)).active
    in_excel = list(sheet.iter_rows(min_row=2))
    assert len(in_csv) == len(in_excel) == len(wanted)
    for row, line, cells in zip(wanted, in_csv, in_excel, strict=True):
        for said, text, cell in zip(row, line, cells, strict=True):
            assert cell.data_type in {"s", "n", "d"}
            if isinstance(said, str):
                assert text == plain_text(said)
            elif isinstance(said, Decimal):
                assert Decimal(text) == cents(cell.value) == said
            elif isinstance(said, date):
                assert text == f"{said}" == f"{cell.value:%Y-%m-%d}"
            elif said is not None:
                assert int(text) == cell.value == said
