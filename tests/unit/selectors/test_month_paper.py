"""The month on paper: selectable text in three languages, exact figures, and both signatures over one fingerprint."""

from __future__ import annotations

import re
from pathlib import Path

import pypdfium2
import pytest
from django.utils.translation import override
from hypothesis import given, settings

from pagoefectivo.domain.month import CloseState, MonthReport
from pagoefectivo.selectors import month_paper
from pagoefectivo.selectors.month_paper import month_pdf
from tests.months import DIGEST, any_report, closed_report, long_report, month_report


def pages(content: bytes) -> list[str]:
    """The text that a reader can select, page by page, with one blank wherever there is any."""
    document = pypdfium2.PdfDocument(content)
    try:
        texts = [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()
    return [re.sub(r"\s+", " ", text) for text in texts]


@override("es")
def test_a_closed_month_says_everything_that_was_signed() -> None:
    content = month_pdf(closed_report())
    read = pages(content)
    text = " ".join(read)
    for said in (
        "Reporte mensual tienda-lima, noviembre de 2026",
        "CERRADO",
        "S/ 148,230.50",
        "S/ -4,002.22",
        "S/ 140,820.33",
        "US$ 1,953.89",
        "007120045",
        "El cajero cobró S/ 79.90; el cliente pagó la diferencia en la tienda.",
        "Aceptada por el monto menor.",
        "C-8F21",
        "Luz Quispe 03/12/2026 10:20",
        "Marco Ñahui 03/12/2026 18:05",
        "S/ 1,204.60 de 14 pagos aún no vencen",
    ):
        assert said in text, said
    for number, page in enumerate(read, start=1):
        assert DIGEST in page
        assert f"página {number} de {len(read)}" in page
    assert b"/Lang (es-PE)" in content


@pytest.mark.parametrize(
    ("report", "word"),
    [
        (month_report(), "DRAFT"),
        (
            closed_report(state=CloseState.PREPARED, signed_by="", signed_at=None),
            "Luz Quispe has signed these figures.",
        ),
        (closed_report(state=CloseState.REOPENING), "TO BE RE-OPENED"),
        (month_report(revision=2), "RE-OPENED"),
    ],
)
def test_a_month_that_is_not_closed_says_so(report: MonthReport, word: str) -> None:
    with override("en"):
        text = " ".join(pages(month_pdf(report)))
    assert word in text
    assert "Two people have signed" not in text
    assert ("not yet" in text) is (report.signed_by == "")


def test_chinese_is_written_with_a_font_and_can_be_selected() -> None:
    with override("zh-hans"):
        content = month_pdf(closed_report())
    text = " ".join(pages(content))
    for said in ("月度报告 tienda-lima，2026年11月", "已结账", "S/ 140,820.33", "Marco Ñahui", "第 1 页，共 2 页"):
        assert said in text, said
    assert b"/Lang (zh-Hans)" in content


def test_a_remark_in_chinese_is_written_in_a_spanish_report() -> None:
    with override("es"):
        text = " ".join(pages(month_pdf(closed_report(prepared_by="王芳"))))
    assert "王芳" in text
    assert "CERRADO" in text


def test_without_a_font_the_report_is_in_english_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(month_paper, "font_file", lambda: None)
    with override("zh-hans"):
        content = month_pdf(closed_report())
    text = " ".join(pages(content))
    assert "CLOSED" in text
    assert "there is no font for them" in text
    assert "django-pagoefectivo[chinese]" in text
    assert b"/Lang (en)" in content


def test_sixty_differences_fill_pages_with_their_heads_and_the_fingerprint() -> None:
    with override("en"):
        read = pages(month_pdf(long_report()))
    assert len(read) > 3
    assert all(DIGEST in page for page in read)
    assert sum("What differs" in page for page in read) >= 3
    assert all(f"D-{number:05}" in " ".join(read) for number in range(60))


def test_the_same_report_is_the_same_file() -> None:
    with override("es"):
        assert month_pdf(closed_report()) == month_pdf(closed_report())


def test_a_remark_longer_than_a_page_is_cut_visibly() -> None:
    with override("es"):
        first = closed_report().differences[0]
        long = closed_report(
            differences=[type(first)("D-1", first.verdict, "x", first.amount, "PEN", "", "", "m " * 9000, "", "")]
        )
        text = " ".join(pages(month_pdf(long)))
    assert "..." in text
    assert "Firmas" in text


@settings(max_examples=15, deadline=None)
@given(any_report())
def test_any_report_can_be_printed(report: MonthReport) -> None:
    with override("es"):
        assert month_pdf(report).startswith(b"%PDF-")


def test_a_font_of_the_system_serves_where_the_package_is_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from pagoefectivo.selectors import paper_fonts

    there = tmp_path / "letters.ttc"
    there.touch()
    monkeypatch.setattr(paper_fonts, "find_spec", lambda _name: None)
    monkeypatch.setattr(paper_fonts, "SYSTEM_FONTS", ("/nowhere.ttf", f"{there}"))
    assert paper_fonts.font_file() == there
    monkeypatch.setattr(paper_fonts, "SYSTEM_FONTS", ())
    assert paper_fonts.font_file() is None
