"""The page of a month: what is left to do first, every figure with its way to its lines, and nothing that is not escaped."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils.translation import override

from pagoefectivo.admin.month_page import Act, Links, report_context
from pagoefectivo.admin.pages import frame
from pagoefectivo.domain.month import MonthReport, Step
from pagoefectivo.domain.settlements import Verdict
from pagoefectivo.models import Figures
from tests.months import DIGEST, closed_report, month_report

LINKS = Links(
    figures={
        (currency, step): f"/lines/?currency={currency}&step={step}" for currency in ("PEN", "USD") for step in Step
    },
    classes={("PEN", Verdict.AMOUNT): "/lines/?verdict=amount"},
    differences={"D-00031": "/differences/31/"},
    cases={"C-8F21": "/cases/8/"},
    checks={"proposed": "/lines/?verdict=proposed"},
    downloads=[Act("XLSX", "report.xlsx"), Act("PDF", "report.pdf"), Act("ERP", "erp.csv")],
    acts=[Act("Sign", "sign/", is_main=True)],
)


def page(report: MonthReport, links: Links = LINKS) -> str:
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    model_admin = admin.site.get_model_admin(Figures)
    context = {**frame(model_admin, request, None, "November"), **report_context(report, links)}
    return render_to_string("admin/pagoefectivo/month/report.html", context, request)


@override("en")
def test_what_is_left_to_do_comes_first_with_the_way_to_it() -> None:
    shown = page(month_report())
    assert "2 things are left before this month can be signed." in shown
    assert shown.index('id="checklist"') < shown.index('class="pe-fall"') < shown.index('id="classes"')
    assert '<a href="/lines/?verdict=proposed">Lines to be confirmed are confirmed or refused.</a>' in shown
    assert shown.index("Lines to be confirmed") < shown.index("Every day of the month has its settlement file.")
    assert '<a class="pe-button pe-button--main" href="sign/">Sign</a>' in shown
    assert "DRAFT" in shown


@override("en")
def test_every_figure_leads_to_its_lines_in_the_picture_and_in_the_table() -> None:
    shown = page(month_report())
    for currency in ("PEN", "USD"):
        for step in Step:
            assert shown.count(f'href="/lines/?currency={currency}&amp;step={step}"') == 2
    for said in ('href="/differences/31/"', 'href="/cases/8/"', 'href="/lines/?verdict=amount"', 'href="report.pdf"'):
        assert said in shown


@pytest.mark.parametrize("language", ["es", "en", "zh-hans"])
def test_each_picture_is_whole_named_and_says_what_the_table_says(language: str) -> None:
    with override(language):
        shown = page(month_report())
    pictures = re.findall(r'<svg class="pe-fall".*?</svg>', shown, re.DOTALL)
    tables = re.findall(r'<table class="pe-flow">.*?</table>', shown, re.DOTALL)
    for picture, table in zip(pictures, tables, strict=True):
        drawn = ET.fromstring(picture)  # noqa: S314 - our own
        title, said, *_rest = drawn
        assert title.text
        assert said.text
        amounts = [text.text or "" for text in drawn.iter() if text.get("class") == "pe-fall__amount"]
        assert len(amounts) == len(Step)
        assert all(amount in table and amount in said.text for amount in amounts)


@override("es")
def test_a_closed_month_shows_both_signatures_and_asks_for_nothing() -> None:
    shown = page(closed_report(), Links())
    assert "No queda nada que impida las firmas." in shown
    assert "Luz Quispe" in shown
    assert "03/12/2026 18:05" in shown
    assert DIGEST in shown
    assert '<a href=""' not in shown


@override("en")
def test_what_people_wrote_is_text() -> None:
    shown = page(month_report(account="<script>alert(1)</script>"))
    assert "<script>alert(1)" not in shown
    assert "&lt;script&gt;alert(1)" in shown
