"""The pages of a month's costs: agreed beside charged, the lines that differ, the claim and its case."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from pagoefectivo.admin.month_links import address_of
from pagoefectivo.models import AccessLog, Case, SettlementLine
from pagoefectivo.services import seams
from tests.integration.admin.conftest import text_of
from tests.integration.ledger import everything
from tests.integration.planted_charges import AT_FOUR, NOVEMBER, paid, plant, plant_exchanges
from tests.integration.settlement_files import bring, file_of, of_voucher

pytestmark = pytest.mark.django_db(transaction=True)
MONTH = "default", NOVEMBER
SEES = ("view_monthlyclose", "view_costs", "view_settlementline", "view_feeschedule", "view_case")
FINANCE = (*SEES, "export_finance", "work_discrepancy", "open_case", "work_case")
PAGES = ("charges", "charges_csv", "claim", "claim_case")


@pytest.fixture(autouse=True)
def _in_december(psp: Any) -> Any:
    with seams.use(now=lambda: datetime(2026, 12, 9, 15, tzinfo=UTC)):
        yield


@pytest.fixture
def browser(hire: Any) -> Callable[..., Client]:
    """A browser of somebody in finance, who reads English unless another language is named."""

    def opened(name: str, *codenames: str, language: str = "en") -> Client:
        seated = Client(headers={"accept-language": language})
        seated.force_login(hire(name, *(codenames or FINANCE)))
        return seated

    return opened


def table(ending: str) -> str:
    return reverse(
        "admin:pagoefectivo_monthlyclose_claim_table",
        kwargs={"account": "default", "month": "2026-11", "ending": ending},
    )


def test_R17_the_page_says_what_is_to_be_claimed_and_leads_to_each_line(browser: Any) -> None:
    plant()
    page = browser("luz").get(address_of(*MONTH, "charges"))
    said = text_of(page)
    assert "6 lines were charged US$ 2.4025 more than agreed, and nobody has settled them." in said
    assert "Total 10 US$ 9.2925 US$ 12.34 – US$ 3.0475 8" in said
    assert "charged less than agreed US$ -0.18 in 1 line" in said
    assert "Each paid code cost US$ 1.54" in said
    assert "Charged for codes that nobody paid no data: no line tells of any" in said
    assert '<svg class="pe-chart"' in page.content.decode()
    for line in SettlementLine.objects.filter(cost_difference__isnull=False):
        assert reverse("admin:pagoefectivo_settlementline_change", args=[line.pk]) in page.content.decode()
    luz = browser("luz")
    assert address_of(*MONTH, "charges") in luz.get(address_of(*MONTH)).content.decode()
    costs = luz.get(reverse("admin:pagoefectivo_costs_changelist"), {"month": "2026-11"})
    assert address_of(*MONTH, "charges") in costs.content.decode()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("es", "Por 6 líneas se cobró US$ 2.4025 más de lo acordado y nadie las ha resuelto."),
        ("zh-hans", "6 行比约定多收 US$ 2.4025，尚无人了结。"),
    ],
)
def test_R22_the_page_speaks_spanish_and_chinese(browser: Any, language: str, words: str) -> None:
    plant()
    assert words in text_of(browser("luz", language=language).get(address_of(*MONTH, "charges")))


def test_R17_the_page_says_what_worse_exchange_rates_took_and_offers_the_claim(browser: Any) -> None:
    plant_exchanges()
    luz = browser("luz")
    page = luz.get(address_of(*MONTH, "charges"))
    said = text_of(page)
    assert "2 lines lost US$ 3.00 by worse exchange rates than agreed or named, and nobody has settled them." in said
    assert "Nothing is to be claimed." not in said
    assert address_of(*MONTH, "claim") in page.content.decode()
    leads_to = "/admin/pagoefectivo/discrepancy/?account=default&amp;month=2026-11&amp;class=fx"
    assert leads_to not in page.content.decode(), "nobody is led to what they may not see"
    chief = browser("inti", *FINANCE, "view_discrepancy")
    assert leads_to in chief.get(address_of(*MONTH, "charges")).content.decode()
    assert "3 differences" in text_of(chief.get(leads_to.replace("&amp;", "&")))
    rows = list(csv.DictReader(io.StringIO(luz.get(table("csv")).content.decode("utf-8-sig"))))
    assert [(row["kind"], row["agreed"], row["charged"], row["difference"]) for row in rows] == [
        ("exchange", "0.000000", "2.000000", "2.000000"),
        ("exchange", "0.500000", "1.500000", "1.000000"),
    ]


def test_R17_a_month_without_lines_says_so_and_offers_no_claim(browser: Any) -> None:
    luz = browser("luz")
    said = text_of(luz.get(address_of(*MONTH, "charges")))
    assert "No line of a settlement file counts in this month yet." in said
    assert "Claim to the provider" not in said
    assert luz.get(address_of(*MONTH, "claim")).status_code == 404
    assert luz.get(table("csv")).status_code == 404


def test_R17_the_lines_are_narrowed_and_so_is_the_table(browser: Any) -> None:
    plant()
    luz = browser("luz")
    only = {"kind": "refund", "standing": "claimed", "currency": "USD"}
    page = luz.get(address_of(*MONTH, "charges"), only)
    assert page.content.decode().count('<th scope="row"><a class="pe-link"') == 1
    assert "REF-1" in text_of(page)
    table = b"".join(luz.get(address_of(*MONTH, "charges_csv"), only).streaming_content).decode()
    assert len(table.splitlines()) == 2
    assert AccessLog.objects.filter(subject="default 2026-11 charges").count() == 1
    nothing = luz.get(address_of(*MONTH, "charges"), {"kind": "chargeback"})
    assert "No such line." in text_of(nothing)
    assert luz.get(address_of(*MONTH, "charges"), {"kind": "nonsense", "p": "x"}).status_code == 200


def test_R17_the_letter_is_read_downloaded_and_comes_with_its_tables(browser: Any) -> None:
    plant()
    luz = browser("luz")
    before = everything(besides={"AccessLog"})
    page = luz.get(address_of(*MONTH, "claim"), {"language": "es"})
    assert "Asunto: costos de noviembre de 2026, cuenta default" in text_of(page)
    letter = luz.get(address_of(*MONTH, "claim"), {"language": "en", "download": "1"})
    assert letter["Content-Type"].startswith("text/plain")
    assert "Subject: costs of November 2026, account default: 6 lines" in letter.content.decode()
    assert luz.get(table("xlsx")).content[:2] == b"PK"
    assert len(luz.get(table("csv")).content.decode().splitlines()) == 1 + 6
    assert luz.get(table("pdf")).status_code == 404
    assert everything(besides={"AccessLog"}) == before


def test_R18_the_case_is_opened_once_and_leads_back_to_the_letter(browser: Any) -> None:
    plant()
    luz = browser("luz")
    assert "Open a case about the costs of November 2026" in text_of(luz.get(address_of(*MONTH, "claim_case")))
    opened = luz.post(address_of(*MONTH, "claim_case"))
    case = Case.objects.get()
    assert opened["Location"] == reverse("admin:pagoefectivo_case_change", args=[case.pk])
    detail = luz.get(opened["Location"])
    assert address_of(*MONTH, "claim") in detail.content.decode()
    assert "Letter to the buyer" not in text_of(detail)
    before = everything(besides={"AccessLog"})
    again = luz.post(address_of(*MONTH, "claim_case"))
    assert again["Location"] == opened["Location"]
    assert case.public_id in text_of(luz.get(address_of(*MONTH, "charges")))
    assert "Open a case …" not in text_of(luz.get(address_of(*MONTH, "claim")))
    assert everything(besides={"AccessLog"}) == before


def test_G17_each_page_is_for_who_may(browser: Any) -> None:
    plant()
    before = everything(besides={"AccessLog"})
    auditor = browser("ana", *SEES)
    assert "Claim to the provider" not in text_of(auditor.get(address_of(*MONTH, "charges")))
    for page in PAGES[1:]:
        assert auditor.get(address_of(*MONTH, page)).status_code == 403
    assert auditor.get(table("csv")).status_code == 403
    assert auditor.post(address_of(*MONTH, "claim_case")).status_code == 403
    for held in ("view_costs", "view_monthlyclose"):
        assert browser(f"eve-{held}", held).get(address_of(*MONTH, "charges")).status_code == 403
    no_worker = browser("rosa", *SEES, "open_case")
    exporter = browser("rita", *SEES, "export_finance")
    assert exporter.get(table("csv")).status_code == 403
    assert no_worker.post(address_of(*MONTH, "claim_case")).status_code == 403
    assert browser("luz").get(address_of("nowhere", NOVEMBER, "charges")).status_code == 404
    assert browser("luz").post(address_of(*MONTH, "charges")).status_code == 405
    assert everything(besides={"AccessLog"}) == before


def test_R17_the_page_costs_the_same_however_many_lines_differ(browser: Any) -> None:
    plant()
    luz = browser("luz")
    luz.get(address_of(*MONTH, "charges"))
    with CaptureQueriesContext(connection) as few:
        luz.get(address_of(*MONTH, "charges"))
    rows = [of_voucher(paid("100.00"), fee=Decimal("-1.30"), **AT_FOUR) for _ in range(60)]
    bring(file_of(rows, transfer="TR-2"), name="second.csv")
    with CaptureQueriesContext(connection) as many:
        page = luz.get(address_of(*MONTH, "charges"))
    assert 'rel="next"' in page.content.decode()
    assert len(few) == len(many) == 15
