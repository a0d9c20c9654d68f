"""The list as a file: for those who may, with the filters of the list, and without a formula in it."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from pagoefectivo import shop
from pagoefectivo.services.actors import SHOP
from tests.integration.admin.conftest import DESKS, everything, text_of

pytestmark = pytest.mark.django_db(transaction=True)

ORDERS, REFUNDS = "admin:pagoefectivo_order_export", "admin:pagoefectivo_refund_export"


def table(answer: Any) -> list[dict[str, str]]:
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_finance_downloads_what_the_list_shows(at_desk: Any, open_order: Any, paid_order: Any) -> None:
    open_order("A-1")
    code = paid_order("A-2").current_voucher.code
    browser = at_desk("finance")
    rows = table(browser.get(reverse(ORDERS), {"state__exact": "paid"}))
    assert [(row["reference"], row["paid_amount"], row["code"]) for row in rows] == [("A-2", "89.90", code)]
    assert [row["reference"] for row in table(browser.get(reverse(ORDERS)))] == ["A-2", "A-1"]
    assert [row["reference"] for row in table(browser.get(reverse(ORDERS), {"q": "A-1"}))] == ["A-1"]
    listing = {"path": reverse("admin:pagoefectivo_order_changelist"), "headers": {"accept-language": "en"}}
    page = browser.get(**listing, data={"state__exact": "paid"}).content.decode()
    assert f'<form method="get" action="{reverse(ORDERS)}" class="pe-export">' in page
    assert '<input type="hidden" name="state__exact" value="paid">' in page


def test_refunds_are_downloaded_with_who_asked_and_who_approved(at_desk: Any, paid_order: Any) -> None:
    paid_order()
    refund = shop.request_refund(reference="A-1042", amount="5.00", reason="damaged", actor=SHOP)
    (row,) = table(at_desk("finance").get(reverse(REFUNDS)))
    assert (row["refund"], row["order"], row["amount"]) == (refund.public_id, "A-1042", "5.00")
    assert (row["requested_by"], row["outside"]) == ("shop", "no")


def test_G09_a_hostile_reference_reaches_the_file_as_text(at_desk: Any, open_order: Any) -> None:
    hostile = "=cmd|' /C calc'!A0"
    order = open_order("A-1")
    type(order).objects.filter(pk=order.pk).update(payer_name=hostile, reference="@SUM(1)")
    (row,) = table(at_desk("finance").get(reverse(ORDERS)))
    assert (row["buyer"], row["reference"]) == (f"'{hostile}", "'@SUM(1)")


@pytest.mark.parametrize("desk", [desk for desk in DESKS if desk != "finance"])
def test_G17_nobody_else_downloads_anything(at_desk: Any, paid_order: Any, desk: str) -> None:
    paid_order()
    before = everything()
    browser = at_desk(desk)
    for name in (ORDERS, REFUNDS):
        assert browser.get(reverse(name)).status_code == 403
        assert browser.post(reverse(name)).status_code in {403, 405}
    assert everything() == before
    if desk != "visitor":
        assert "export/" not in text_of(browser.get(reverse("admin:pagoefectivo_order_changelist")))


def test_a_file_takes_the_same_queries_however_many_rows(at_desk: Any, open_order: Any) -> None:
    browser, counts = at_desk("finance"), []
    for number in range(3):
        open_order(f"A-{number}")
        with CaptureQueriesContext(
            connection,
        ) as queries:
            table(browser.get(reverse(ORDERS)))
        counts.append(len(queries))
    assert counts[0] - 1 == counts[1] == counts[2], "only the first one is noted"


def test_the_command_masks_buyers_and_leaves_an_existing_file_alone(
    open_order: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    order, file = open_order("A-1"), tmp_path / "orders.csv"
    call_command("pagoefectivo", "export", "orders", "--output", str(file))
    assert "1 orders written to" in capsys.readouterr().out
    text = file.read_text(encoding="utf-8-sig")
    assert "A-1" in text
    assert order.payer_email not in text
    assert order.current_voucher.code not in text
    with pytest.raises(CommandError) as refused:
        call_command("pagoefectivo", "export", "orders", "--output", str(file))
    assert refused.value.returncode == 2
    call_command("pagoefectivo", "export", "orders", "--with-people", "--from", "2026-01-01")
    assert order.payer_email in capsys.readouterr().out
