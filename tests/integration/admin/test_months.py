"""The desk of months: the list, the report with its ways on, two signatures by two browsers, receipts and downloads."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from pagoefectivo.admin.month_links import address_of
from pagoefectivo.domain.states import VoucherState
from pagoefectivo.models import AccessLog, BankReceipt, MonthlyClose, Voucher
from pagoefectivo.services import seams
from tests.integration.admin.conftest import hidden, text_of
from tests.integration.ledger import everything
from tests.integration.pages.stage import place_order, place_voucher
from tests.integration.settlement_files import Row, bring, file_of, of_voucher

pytestmark = pytest.mark.django_db(transaction=True)
NOVEMBER = date(2026, 11, 1)
TENTH = datetime(2026, 11, 10, 15, tzinfo=UTC)
SEES = ("view_monthlyclose", "view_discrepancy", "view_settlementline", "export_finance")
FINANCE = (*SEES, "prepare_close", "sign_close", "reopen_close", "note_receipt", "work_discrepancy")
ENGLISH = {"accept-language": "en"}
PAGE = "default", NOVEMBER


@pytest.fixture(autouse=True)
def _in_december(psp: Any) -> Any:
    with seams.use(now=lambda: datetime(2026, 12, 9, 15, tzinfo=UTC)):
        yield


@pytest.fixture
def browser(hire: Any) -> Callable[..., Client]:
    """A browser of somebody in finance."""

    def opened(name: str, *codenames: str) -> Client:
        seated = Client(headers=ENGLISH)
        seated.force_login(hire(name, *(codenames or FINANCE)))
        return seated

    return opened


def paid(amount: str = "75.00") -> Voucher:
    order = place_order(amount=Decimal(amount), created_at=TENTH)
    theirs: dict[str, Any] = {"provider_reference": f"D-4-{order.reference}", "paid_at": TENTH, "created_at": TENTH}
    return place_voucher(order, VoucherState.PAID, **theirs)


def test_R16_the_list_shows_a_month_that_nobody_prepared_yet(browser: Any) -> None:
    luz = browser("luz")
    address = reverse("admin:pagoefectivo_monthlyclose_changelist")
    assert "no month to close" in text_of(luz.get(address))
    bring(file_of([of_voucher(paid()), Row("D-4-nobody", Decimal("7.50"))]))
    shown = text_of(luz.get(address))
    assert "November 2026 default" in shown
    assert "US$ 20.00 1" in shown


def test_R16_the_page_says_what_is_left_and_leads_to_the_lines(browser: Any) -> None:
    bring(file_of([of_voucher(paid()), Row("D-4-nobody", Decimal("7.50"))]))
    luz = browser("luz")
    page = luz.get(address_of(*PAGE))
    said = text_of(page)
    assert "1 thing is left before this month can be signed." in said
    assert "Prepare the close …" not in said
    assert "D-4-nobody" in said
    assert "november.csv" in said
    content = page.content.decode()
    assert 'href="#receipts"' in content
    lines, differences = (
        reverse(f"admin:pagoefectivo_{name}_changelist") for name in ("settlementline", "discrepancy")
    )
    of_month = "?account=default&amp;month=2026-11"
    for address in (
        f"{lines}{of_month}&amp;kind=payment&amp;currency=USD",
        f"{lines}{of_month}&amp;class=missing_here&amp;currency=USD",
        f"{differences}{of_month}",
    ):
        assert f'href="{address}"' in content
        assert luz.get(address.replace("&amp;", "&")).status_code == 200


def test_R16_two_people_sign_in_two_browsers(browser: Any) -> None:
    bring(file_of([of_voucher(paid())]))
    luz, marco = browser("luz"), browser("marco")
    assert "Prepare the close …" in text_of(luz.get(address_of(*PAGE)))
    assert luz.post(address_of(*PAGE, "prepare")).status_code == 302
    assert "Sign as the second person" not in text_of(luz.get(address_of(*PAGE)))
    before = everything(besides={"AccessLog"})
    question = luz.get(address_of(*PAGE, "sign"))
    refused = luz.post(address_of(*PAGE, "sign"), {"digest": hidden(question, "digest")})
    assert refused.status_code == 422
    assert "MONTH_SELF" in text_of(refused)
    assert everything(besides={"AccessLog"}) == before
    question = marco.get(address_of(*PAGE, "sign"))
    assert MonthlyClose.objects.get().digest in text_of(question)
    assert marco.post(address_of(*PAGE, "sign"), {"digest": hidden(question, "digest")}).status_code == 302
    said = text_of(luz.get(address_of(*PAGE)))
    assert "CLOSED" in said
    assert "Note a transfer …" not in said
    assert marco.post(address_of(*PAGE, "ask"), {"why": "a file was missing"}).status_code == 302
    assert "Agree to open it again …" not in text_of(marco.get(address_of(*PAGE)))
    assert "Withdraw the request to open it again …" in text_of(marco.get(address_of(*PAGE)))
    assert "Decline to open it again …" in text_of(luz.get(address_of(*PAGE)))
    assert " marco asked to open the month again: “a file was missing”" in text_of(luz.get(address_of(*PAGE)))
    assert luz.post(address_of(*PAGE, "keep"), {"why": " "}).status_code == 422
    assert "marco asked for it: “a file was missing”" in text_of(luz.get(address_of(*PAGE, "keep")))
    assert luz.post(address_of(*PAGE, "keep"), {"why": "it was of December"}).status_code == 302
    said = text_of(luz.get(address_of(*PAGE)))
    assert "re-opening declined · luz" in said
    assert "“it was of December”" in said
    assert "asked to open the month again" not in said
    assert marco.post(address_of(*PAGE, "ask"), {"why": "it was not"}).status_code == 302
    assert luz.post(address_of(*PAGE, "reopen")).status_code == 302
    assert "RE-OPENED" in text_of(luz.get(address_of(*PAGE)))
    old = text_of(luz.get(f"{address_of(*PAGE)}?revision=1"))
    assert "its figures do not hold any more" in old
    assert luz.get(f"{address_of(*PAGE)}?revision=7").status_code == 404


def test_R16_receipts_are_noted_and_struck_out(browser: Any) -> None:
    bring(file_of([of_voucher(paid())]))
    luz = browser("luz")
    typed = {"currency": "USD", "amount": "19,00", "day": "2026-11-16", "batch": "TR-1", "reference": "778"}
    assert luz.post(address_of(*PAGE, "receipt"), {**typed, "amount": "x"}).status_code == 422
    assert luz.post(address_of(*PAGE, "receipt"), typed).status_code == 302
    assert "What arrived at the bank is the net" in text_of(luz.get(address_of(*PAGE)))
    wrong = BankReceipt.objects.get()
    strike = reverse("admin:pagoefectivo_monthlyclose_strike", kwargs={"receipt": wrong.pk})
    assert luz.post(strike, {"why": ""}).status_code == 422
    assert luz.post(strike, {"why": "typed twice"}).status_code == 302
    assert "struck out: typed twice" in text_of(luz.get(address_of(*PAGE)))


@pytest.mark.parametrize("what", ["pdf", "xlsx", "erp-csv", "erp-xlsx"])
def test_R16_downloads_are_written_down(browser: Any, what: str) -> None:
    bring(file_of([of_voucher(paid())]))
    address = reverse(
        "admin:pagoefectivo_monthlyclose_download", kwargs={"account": "default", "month": "2026-11", "what": what}
    )
    assert browser("ana", "view_monthlyclose").get(address).status_code == 403
    assert not AccessLog.objects.exists()
    answer = browser("luz").get(address)
    assert answer.status_code == 200
    assert "default-2026-11-1" in answer["Content-Disposition"]
    assert AccessLog.objects.get().subject == f"default 2026-11 {what} revision 1"
    assert answer.content[:4] in {b"%PDF", b"PK\x03\x04", b'\xef\xbb\xbf"'}


def test_G17_the_auditor_reads_and_acts_on_nothing(browser: Any) -> None:
    bring(file_of([of_voucher(paid())]))
    ana = browser("ana", "view_monthlyclose")
    page = text_of(ana.get(address_of(*PAGE)))
    assert "Prepare the close" not in page
    before = everything(besides={"AccessLog"})
    for act in ("prepare", "sign", "withdraw", "ask", "reopen", "keep", "receipt"):
        assert ana.post(address_of(*PAGE, act), {"why": "x"}).status_code == 403
    assert browser("eve", "view_order").get(address_of(*PAGE)).status_code == 403
    assert everything(besides={"AccessLog"}) == before
    assert ana.get("/admin/pagoefectivo/monthlyclose/of/default/2026-13/").status_code == 404
    assert ana.get("/admin/pagoefectivo/monthlyclose/of/nowhere/2026-11/").status_code == 404


def test_R16_the_page_costs_the_same_however_much_is_in_the_month(browser: Any) -> None:
    luz, page = browser("luz"), address_of(*PAGE)
    bring(file_of([of_voucher(paid())]))
    luz.get(page)
    with CaptureQueriesContext(connection) as few:
        luz.get(page)
    bring(
        file_of(
            [*(of_voucher(paid()) for _ in range(9)), *(Row(f"D-4-x{n}", Decimal(3)) for n in range(9))],
            transfer="TR-2",
        )
    )
    with CaptureQueriesContext(connection) as many:
        luz.get(page)
    assert len(few) == len(many) <= 22


def close_month(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("pagoefectivo", "close-month", "2026-11", *arguments, stdout=out)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    except CommandError as error:
        return error.returncode, str(error)
    return 0, out.getvalue()


@translation.override("en")
def test_R16_the_command_prepares_and_signs_in_the_name_of_two_people(browser: Any) -> None:
    browser("luz"), browser("marco")
    code, said = close_month("--as", "luz")
    assert (code, "MONTH_NOT_READY" in said, "[!] No file of this account" in said) == (1, True, True)
    bring(file_of([of_voucher(paid())]))
    code, said = close_month("--as", "luz", "--json")
    told = json.loads(said)
    assert (code, told["standing"], told["refused"]) == (0, "prepared", [])
    before = everything(besides={"AccessLog"})
    assert close_month("--sign", "--as", "luz")[0] == 1
    assert close_month("--as", "nobody")[0] == 2
    assert close_month("--as", "luz", "--account", "nowhere")[0] == 2
    assert everything(besides={"AccessLog"}) == before
    code, said = close_month("--sign", "--as", "marco", "--json")
    signed = json.loads(said)
    assert (code, signed["standing"], signed["digest"]) == (0, "closed", told["digest"])
    assert signed["figures"]["flows"][0]["figures"][6] == {"step": "net", "amount": "19.00", "lines": 1}
