"""Exchange rates in the back office: who may import them, what a refusal says, and that nothing else changes them."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from pagoefectivo.models import ExchangeRate, RateCorrection
from tests.integration.admin.conftest import DESKS, everything, text_of

pytestmark = pytest.mark.django_db(transaction=True)

LISTED, IMPORT = (f"admin:pagoefectivo_exchangerate_{name}" for name in ("changelist", "import"))
ENGLISH = {"accept-language": "en"}


def file_of(content: bytes = b"day,rate\n2026-01-02,3.745\n2026-01-05,3.75\n") -> SimpleUploadedFile:
    return SimpleUploadedFile("sbs.csv", content, content_type="text/csv")


def send(browser: Any, content: SimpleUploadedFile, **more: str) -> Any:
    return browser.post(reverse(IMPORT), {"file": content, "source": "SBS", **more}, headers=ENGLISH)


@pytest.mark.parametrize("desk", sorted(DESKS))
def test_whoever_may_not_import_changes_nothing(at_desk: Any, desk: str) -> None:
    browser, before = at_desk(desk), everything()
    assert browser.get(reverse(IMPORT)).status_code == 403
    assert send(browser, file_of()).status_code == 403
    assert everything() == before


def test_those_who_may_import_a_file_and_look_at_a_day(hire: Any, client: Any) -> None:
    eva = hire("eva", "view_exchangerate", "keep_rates")
    client.force_login(eva)
    assert reverse(IMPORT) in client.get(reverse(LISTED)).content.decode()
    assert client.get(reverse(IMPORT)).status_code == 200
    assert send(client, file_of()).status_code == 302
    listed = text_of(client.get(reverse(LISTED), headers=ENGLISH))
    assert "2 days were added. Corrected: 0. Known before, with the same rate: 0." in listed
    assert "3.745 SBS eva" in listed
    assert "3.750 SBS eva" in listed
    row = ExchangeRate.objects.get(day="2026-01-02")
    assert (row.importer, row.imported_by) == (eva, "staff:eva")
    page = reverse("admin:pagoefectivo_exchangerate_change", args=[row.pk])
    assert "It was never corrected." in text_of(client.get(page, headers=ENGLISH))
    assert client.post(page, {"rate": "1"}).status_code == 403


def test_a_refusal_names_the_line_and_a_correction_needs_its_reason(hire: Any, client: Any) -> None:
    eva = hire("eva", "view_exchangerate", "keep_rates")
    client.force_login(eva)
    send(client, file_of())
    before = everything()
    for content, why in (
        (b"day,rate\n2026-01-02,3.999\n", "Line 2: 2026-01-02 has the rate 3.745 and here 3.999."),
        (b"dia,rate\n2026-01-02,3.745\n", "Line 1: Missing columns: day. Unknown columns: dia."),
        (b"%PDF-1.7\n", "This is a PDF or a compressed file, not a table of text."),
    ):
        answer = send(client, file_of(content))
        assert answer.status_code == 422
        assert why in text_of(answer)
    assert everything() == before
    assert send(client, file_of(b"day,rate\n2026-01-02,3.999\n"), correction="typo").status_code == 302
    change = RateCorrection.objects.get()
    assert (change.reason, change.corrector) == ("typo", eva)
    page = reverse("admin:pagoefectivo_exchangerate_change", args=[change.exchange_rate_id])
    assert "3.745 3.999 eva typo" in text_of(client.get(page, headers=ENGLISH))


def test_who_may_look_sees_the_list_without_the_door(hire: Any, client: Any) -> None:
    client.force_login(hire("tom", "view_exchangerate"))
    assert reverse(IMPORT) not in client.get(reverse(LISTED)).content.decode()
    assert client.get(reverse(IMPORT)).status_code == 403
    client.force_login(hire("ana", "keep_rates"))
    assert client.get(reverse(IMPORT)).status_code == 403, "to import one must be able to see"
