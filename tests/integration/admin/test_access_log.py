"""Who saw personal data and evidence is written down once, before it is shown, and nobody can change it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from pagoefectivo.models import AccessLog, ApiExchange, StateChange, WebhookDelivery
from pagoefectivo.services import access, seams
from pagoefectivo.services.actors import SHOP
from tests.integration.admin.conftest import look_for, order_page, refund_page, text_of
from tests.integration.admin.waiting import place_proof
from tests.integration.by_hand import ask_back
from tests.integration.pages.stage import place_order, place_voucher

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _another_process() -> Iterator[None]:
    """A process that remembers no look of the story before."""
    with seams.use():
        yield


def noted() -> list[tuple[str, str, str]]:
    return list(AccessLog.objects.order_by("pk").values_list("actor", "kind", "subject"))


def test_what_is_masked_for_one_and_shown_to_another_is_noted_for_the_other(at_desk: Any, paid_order: Any) -> None:
    order = paid_order()
    lists = reverse("admin:pagoefectivo_order_changelist")
    masked = at_desk("support_n1")
    assert (masked.get(order_page(order)).status_code, masked.get(lists).status_code) == (200, 200)
    assert noted() == []
    whole = at_desk("support_n2")
    for _ in range(3):
        whole.get(order_page(order))
        whole.get(lists, {"q": "maria.quispe@example.pe"})
    assert noted() == [("staff:support_n2", "people", "A-1042"), ("staff:support_n2", "people", "order")]
    entry = AccessLog.objects.get(order=order)
    assert (entry.remote_ip, entry.page, entry.why) == ("127.0.0.1", "pagoefectivo_order_change", "opened the page")
    assert "maria" not in str(list(AccessLog.objects.values())), "what was searched for is not kept"


def test_raw_messages_bank_accounts_and_files_are_noted_too(at_desk: Any, by_hand: None, paid_order: Any) -> None:
    order = paid_order()
    refund = ask_back(amount="5.00")
    at_desk("auditor").get(order_page(order, "raw"))
    finance = at_desk("finance")
    finance.get(refund_page(refund))
    answer = finance.get(
        reverse("admin:pagoefectivo_refund_export"),
        {"state__exact": "awaiting_approval", "q": "A-1042", "why": "month-end"},
    )
    assert answer.status_code == 200
    assert noted() == [
        ("staff:auditor", "payload", "A-1042"),
        ("staff:finance", "bank", "A-1042"),
        ("staff:finance", "export", "refund state__exact=awaiting_approval q"),
    ]
    assert AccessLog.objects.get(kind="export").why == "month-end"
    finance.get(reverse("admin:pagoefectivo_order_export"))
    assert AccessLog.objects.get(subject="order").why == "no reason was given"


def test_no_other_page_shows_them_unnoted(at_desk: Any, admin_client: Any, by_hand: None, paid_order: Any) -> None:
    order = paid_order()
    refund, proof = ask_back(amount="5.00"), place_proof(order)
    paid_order("A-1043")  # so that a search has more than one to show
    heard = WebhookDelivery.objects.create(
        account="default", event_identity="e", body=b"{}", verdict="verified", outcome="applied", received_at=timezone.now()
    )  # fmt: skip
    call = ApiExchange.objects.filter(voucher__order=order).latest("pk")
    inbox = reverse("admin:pagoefectivo_webhookdelivery_change", args=[heard.pk])
    receipt = reverse("admin:pagoefectivo_paymentproof_change", args=[proof.pk])
    auditor, support = at_desk("auditor"), at_desk("support_n1")
    masked = [support.get(page).status_code for page in (inbox, order_page(order))]
    assert (masked, look_for(support, "A-1042").status_code, noted()) == ([200, 200], 302, [])

    auditor.get(inbox)
    auditor.get(order_page(order) + f"?raw=exchange-{call.pk}")
    for change in StateChange.objects.all():
        auditor.get(reverse("admin:pagoefectivo_statechange_change", args=[change.pk]))
    assert noted() == [
        ("staff:auditor", "payload", f"webhookdelivery {heard.pk}"),
        ("staff:auditor", "payload", "A-1042"),
    ], "a change of state holds no raw message"
    pages = [receipt, look_for(admin_client, "A-10").url, refund_page(refund, "account")]
    assert [admin_client.get(page).status_code for page in pages] == [200, 200, 200]
    assert noted()[2:] == [
        ("staff:admin", "people", "A-1042"),
        ("staff:admin", "people", "search"),
    ], "the form with the buyer's name is of the order that was noted a moment ago"


def test_one_insert_and_one_row_in_ten_minutes(django_assert_num_queries: Any) -> None:
    order, now = place_voucher(place_order()).order, timezone.now().replace(minute=1)
    clock = [now]
    with seams.use(now=lambda: clock[0]):
        for minutes, queries, rows in ((0, 1, 1), (8, 0, 1), (10, 1, 2)):
            clock[0] = now + timedelta(minutes=minutes)
            with django_assert_num_queries(queries):
                access.log(access.Kind.AS_BUYER, actor=SHOP, order=order, why="call of the buyer")
            assert AccessLog.objects.count() == rows
    with seams.use(now=lambda: clock[0]), django_assert_num_queries(1):  # another process
        access.log(access.Kind.AS_BUYER, actor=SHOP, order=order, why="call of the buyer")
    assert AccessLog.objects.count() == 2


def test_a_look_that_was_rolled_back_is_noted_at_the_next_one() -> None:
    with seams.use():
        with contextlib.suppress(ZeroDivisionError), transaction.atomic():
            access.log(access.Kind.PEOPLE, actor=SHOP, subject="list", why="x")
            raise ZeroDivisionError
        assert noted() == []
        access.log(access.Kind.PEOPLE, actor=SHOP, subject="list", why="x")
    assert noted() == [("shop", "people", "list")]


def test_what_cannot_be_noted_is_not_shown(at_desk: Any, paid_order: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    order, browser = paid_order(), at_desk("support_n2", raise_request_exception=False)
    monkeypatch.setattr(access, "_NOTE", "SELECT no_such_column")
    answer = browser.get(order_page(order))
    assert answer.status_code == 500
    assert b"maria.quispe" not in answer.content


def test_G19_nobody_changes_or_deletes_a_line() -> None:
    access.log(access.Kind.PEOPLE, actor=SHOP, subject="list", why="x")
    with pytest.raises(IntegrityError, match="is refused"), transaction.atomic():
        AccessLog.objects.update(actor="nobody")
    with pytest.raises(IntegrityError, match="is refused"), transaction.atomic():
        AccessLog.objects.all()._raw_delete("default")
    assert noted() == [("shop", "people", "list")]


def test_an_auditor_reads_the_log_and_support_does_not(at_desk: Any, person: Any, paid_order: Any) -> None:
    from django.contrib.auth.models import Permission

    order = paid_order()
    at_desk("support_n2", "luz").get(order_page(order))
    address = reverse("admin:pagoefectivo_accesslog_changelist")
    assert at_desk("support_n1").get(address).status_code == 403
    auditor = at_desk("auditor")
    person("auditor").user_permissions.add(Permission.objects.get(codename="view_accesslog"))
    with CaptureQueriesContext(connection) as asked:
        page = text_of(auditor.get(address, {"q": "A-1042"}, headers={"accept-language": "en"}))
    assert "luz" in page
    assert "personal data of a buyer" in page
    assert len(asked) == 7
    for term, count in (
        ("luz", "1 access to"),
        ("staff:luz", "1 access to"),
        ("ana", "0 accesses"),
        ("A-1", "0 accesses"),
    ):
        assert count in text_of(auditor.get(address, {"q": term}, headers={"accept-language": "en"})), term
    entry = AccessLog.objects.get()
    for act in ("change", "delete"):
        browser = auditor.post(reverse(f"admin:pagoefectivo_accesslog_{act}", args=[entry.pk]), {"post": "yes"})
        assert browser.status_code == 403
