"""The desk of settlement files: uploading, looking first, importing, what came of it, and each line beside what we know."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from pagoefectivo.models import AccessLog, Discrepancy, ReportStanding, SettlementLine, SettlementReport
from pagoefectivo.services import settlements
from tests.integration.admin.conftest import everything, text_of
from tests.integration.admin.settling import AUDITOR, FINANCE, code_of, differing, listed, page, seat
from tests.integration.settlement_files import Row, bring, file_of, of_voucher

pytestmark = pytest.mark.django_db(transaction=True)
UPLOAD = "admin:pagoefectivo_settlementreport_upload"


@pytest.fixture
def finance(hire: Any, psp: Any) -> Any:
    return seat(hire("luz", *FINANCE))


@pytest.fixture
def auditor(hire: Any, psp: Any) -> Any:
    return seat(hire("inti", *AUDITOR))


def upload(browser: Any, content: bytes, **typed: Any) -> Any:
    file = SimpleUploadedFile("november.csv", content, content_type="text/csv")
    return browser.post(reverse(UPLOAD), {"account": "default", "file": file, **typed})


def test_a_file_is_looked_at_first_and_imported_with_a_second_button(finance: Any, paid_order: Any, sweep: Any) -> None:
    content = file_of([of_voucher(code_of(paid_order("A-1"))), Row("D-4-nobody", amount=Decimal(5))])
    assert "checked" in finance.get(reverse(UPLOAD)).content.decode()
    answer = upload(finance, content, only_look="on")
    report = SettlementReport.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, page(report))
    assert (report.brought_by, report.path) == ("staff:luz", "staff")
    waiting = finance.get(page(report))
    assert waiting["Refresh"] == "3"
    assert "<progress" in waiting.content.decode()
    sweep()
    seen = finance.get(page(report))
    assert "Refresh" not in seen
    assert "It would come to 2 lines, of which 1 do not add up." in text_of(seen)
    assert not SettlementLine.objects.exists()
    assert page(report, "import") in seen.content.decode()
    assert finance.post(page(report, "import")).status_code == 302
    sweep()
    told = text_of(finance.get(page(report)))
    assert "✓ imported 2 lines are imported; 1 of them did not add up." in told
    assert "1 difference is open. Work on them" in told
    assert SettlementLine.objects.count() == 2


def test_the_classes_lead_to_their_lines_first_those_that_do_not_add_up(finance: Any, paid_order: Any) -> None:
    report, _found = differing(paid_order)
    answer = finance.get(page(report))
    told, source = text_of(answer), answer.content.decode()
    assert told.index("Only the provider knows of it") < told.index("Adds up")
    for verdict, count in (("missing_here", 1), ("amount", 1), ("duplicate", 1), ("matched", 1)):
        address = f"{listed(SettlementLine)}?file={report.pk}&amp;class={verdict}&amp;currency=USD"
        assert address in source
        assert f"{count} settlement line" in text_of(finance.get(address.replace("&amp;", "&")))
    assert "3 settlement lines" in text_of(finance.get(listed(SettlementLine), {"class": "off"}))


def test_a_known_file_says_so_and_leads_to_its_page(finance: Any, paid_order: Any) -> None:
    content = file_of([of_voucher(code_of(paid_order("A-1")))])
    report, before = bring(content), everything()
    answer = upload(finance, content, only_look="on")
    assert answer["Location"] == page(report)
    assert "This file is known, whatever it was called then: here it is." in text_of(finance.get(answer["Location"]))
    assert everything() == before


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04 a spreadsheet", "spreadsheet"),
        (b"a;b;c\n1;2;3\n", "layouts begins like this. Known are: settlement, transactions."),
    ],
)
def test_what_cannot_be_read_is_refused_on_the_form_and_nothing_is_kept(
    finance: Any, content: bytes, said: str
) -> None:
    before = everything()
    answer = upload(finance, content)
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert everything() == before


def test_a_file_too_large_is_refused_in_words(finance: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settlements, "LARGEST", 10)
    answer = upload(finance, file_of([Row("D-4-1", amount=Decimal(5))]))
    assert answer.status_code == 422
    assert "The file is larger than two gigabytes." in text_of(answer)
    assert "SETTLEMENT_TOO_LARGE" in text_of(answer)
    assert not SettlementReport.objects.exists()


def test_a_refused_file_says_the_line_the_reason_and_what_to_do(finance: Any, paid_order: Any) -> None:
    report = bring(file_of([of_voucher(code_of(paid_order("A-1")))]).rstrip()[:-30])
    told = text_of(finance.get(page(report)))
    assert report.standing == ReportStanding.REFUSED
    assert "Nothing of this file was kept." in told
    assert f"Line 4: {report.refused_why}" in told
    assert "Export the report at the provider once more" in told
    assert page(report, "import") in finance.get(page(report)).content.decode()


def test_an_empty_list_says_when_the_last_file_came_and_of_which_account(finance: Any, paid_order: Any) -> None:
    assert "No settlement file has ever been imported." in text_of(finance.get(listed(SettlementReport)))
    bring(file_of([of_voucher(code_of(paid_order("A-1")))]))
    day = timezone.localdate(SettlementReport.objects.get().created_at).strftime("%d/%m/%Y")
    told = text_of(finance.get(listed(SettlementReport), {"standing__exact": "refused"}))
    assert f"The last one came for the account default on {day}: november.csv" in told
    row = text_of(finance.get(listed(SettlementReport)))
    assert "november.csv default ✓ imported 1 0" in row


def test_a_line_shows_both_sides_and_what_else_is_said_of_the_payment(finance: Any, paid_order: Any) -> None:
    differing(paid_order)
    short = SettlementLine.objects.get(verdict="amount")
    told = text_of(finance.get(page(short)))
    assert "! Another amount S/ 5.00 missing Difference D-" in told
    assert "Amount S/ 45.00 S/ 50.00" in told
    assert "A-2" in told
    again = text_of(finance.get(page(SettlementLine.objects.get(verdict="duplicate"))))
    assert "What else is said of the same payment" in again
    assert "november.csv · 4" in again


def test_a_code_in_the_providers_names_is_masked_for_who_may_not_see_it(
    finance: Any, auditor: Any, paid_order: Any
) -> None:
    voucher = code_of(paid_order("A-1"))
    bring(file_of([of_voucher(voucher), Row("X-98765432-1", amount=Decimal(5), ours="OTHER")]))
    known, unknown = SettlementLine.objects.order_by("line")
    SettlementLine.objects.filter(pk=known.pk).update(provider_reference=voucher.code, identity=voucher.code)
    SettlementLine.objects.filter(pk=unknown.pk).update(code="98765432")
    masked = text_of(auditor.get(page(known))) + text_of(auditor.get(page(unknown)))
    masked += text_of(auditor.get(page(Discrepancy.objects.get())))
    assert voucher.code not in masked
    assert "98765432" not in masked
    assert "X-••••432-1" in masked
    assert not AccessLog.objects.filter(actor="staff:inti").exists()
    assert voucher.code in text_of(finance.get(page(known)))
    assert AccessLog.objects.filter(actor="staff:luz", subject=f"settlementline {known.pk}").exists()


def test_lines_are_found_by_our_names_and_by_theirs(finance: Any, paid_order: Any) -> None:
    differing(paid_order)
    for term, count in {
        "A-2": 1,
        "NOBODY": 1,
        "D-4-nobody": 1,
        "A-1": 2,
        "nothing at all": 0,
    }.items():
        found = text_of(finance.get(listed(SettlementLine), {"q": term}))
        assert f"{count} settlement line" in found, term


@pytest.mark.parametrize("query", [{}, {"q": "A-1"}, {"class": "off", "kind": "payment", "month": "2026-11"}])
def test_the_lists_ask_at_most_eight_questions(finance: Any, paid_order: Any, query: dict[str, str]) -> None:
    differing(paid_order)
    for model in (SettlementLine, SettlementReport, Discrepancy):
        asked_for = {
            key: query[key] for key in query if model is SettlementLine or (model is Discrepancy and key != "kind")
        }
        with CaptureQueriesContext(connection) as asked:
            assert finance.get(listed(model), asked_for).status_code == 200
        assert len(asked) <= 8, (model, len(asked))
        for each in asked:
            assert "COUNT(" not in each["sql"] or "LIMIT 10001" in each["sql"]


def test_G17_who_may_only_look_imports_nothing_and_support_does_not_even_look(
    auditor: Any, hire: Any, paid_order: Any
) -> None:
    content = file_of([of_voucher(code_of(paid_order("A-1")))]).rstrip()[:-30]
    report = bring(content)
    support = seat(hire("ana", "view_order", "view_voucher"))
    before = everything()
    assert page(report, "import") not in auditor.get(page(report)).content.decode()
    assert reverse(UPLOAD) not in auditor.get(listed(SettlementReport)).content.decode()
    for browser in (auditor, support):
        assert browser.get(reverse(UPLOAD)).status_code == 403
        assert upload(browser, content).status_code == 403
        refused = browser.post(page(report, "import"))
        assert refused.status_code == 403
        assert "“Can import settlement files”. Who may: finance." in text_of(refused)
    assert support.get(page(report)).status_code == 403
    assert support.get(listed(SettlementLine)).status_code == 403
    assert auditor.post(page(report)).status_code == 403
    assert everything() == before


def test_a_settled_payment_says_so_on_its_order(finance: Any, paid_order: Any) -> None:
    order = paid_order("A-1")
    with CaptureQueriesContext(connection) as before:
        assert "not known until the settlement" in text_of(finance.get(page(order)))
    bring(file_of([of_voucher(code_of(order))]))
    with CaptureQueriesContext(connection) as after:
        told = text_of(finance.get(page(order)))
    assert "Settled by the provider on 15/11/2026 (transfer TR-1):" in told
    assert "Fee of the provider $ 1.00" in told or "Fee of the provider US$ 1.00" in told
    assert "Open difference" not in told
    assert len(after) < len(before), "nobody asks any more by which days the money should come"


def test_an_open_difference_is_shown_on_its_order(finance: Any, paid_order: Any) -> None:
    _report, found = differing(paid_order)
    short = found["amount"]
    assert short.voucher is not None
    told = text_of(finance.get(page(short.voucher.order)))
    assert f"Open difference {short.number} ! Another amount S/ 5.00 missing · nobody works on it" in told
    finance.post(page(short, "settle"), {"reason": "other", "text": "It was nothing."})
    assert "Open difference" not in text_of(finance.get(page(short.voucher.order)))
