"""The inbox of notifications: the verdict in plain words, a replay that is shown before it is done, a sample verified again."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from pagoefectivo.domain.exceptions import InvalidSignature
from pagoefectivo.models import WebhookDelivery
from pagoefectivo.services import webhooks
from tests.integration.admin.conftest import everything, text_of
from tests.integration.admin.test_errors import clerk
from tests.integration.ledger import only_order, only_voucher
from tests.integration.services.test_webhooks import letter, payment

__all__ = ["clerk"]
pytestmark = pytest.mark.django_db(transaction=True)

INBOX = reverse("admin:pagoefectivo_webhookdelivery_changelist")


def page_of(delivery: WebhookDelivery, act: str = "change") -> str:
    return reverse(f"admin:pagoefectivo_webhookdelivery_{act}", args=[delivery.pk])


@pytest.fixture
def deliveries(psp: Any, account: Any, open_order: Any, sweep: Any) -> list[WebhookDelivery]:
    """One that was taken in and came twice, one that could not be read, one that nobody believed and was cut."""
    account(CONFIRMATION="webhook")
    voucher = open_order().current_voucher
    sent = letter(payment(voucher, email="maria.quispe@example.pe"))
    webhooks.accept(sent)
    webhooks.accept(sent)
    sweep()
    webhooks.accept(letter({"hello": "world"}))
    sweep()
    with pytest.raises(InvalidSignature):
        webhooks.accept(letter(payment(voucher, note="x" * 5000), secret="another"))
    return list(WebhookDelivery.objects.order_by("pk"))


def test_each_notification_says_whether_it_was_believed_why_and_what_it_led_to(
    clerk: Any, deliveries: list[WebhookDelivery]
) -> None:
    browser = clerk("view_webhookdelivery", "view_raw_payload")
    applied, unreadable, forged = (text_of(browser.get(page_of(each))) for each in deliveries)
    assert "Its signature holds with secret number 1 of the account." in applied
    assert "payment code: waiting for payment → paid" in applied
    assert "The same notification came again; what it says had been taken in." in applied
    assert "maria.quispe" not in applied
    assert "••••" in applied
    assert "The provider answered something we cannot read." in unreadable
    assert "Its signature was made with none of the account&#x27;s secrets" in forged
    assert "1 message was refused for this reason in that hour." in forged
    assert "only its beginning was kept, so nobody can verify it again" in forged
    masked = text_of(clerk("view_webhookdelivery").get(page_of(deliveries[0])))
    assert "Shown to those who may see raw messages." in masked


def test_a_replay_is_shown_as_a_difference_and_done_only_when_confirmed(
    clerk: Any, psp: Any, account: Any, open_order: Any
) -> None:
    account(CONFIRMATION="webhook")
    webhooks.accept(letter(payment(open_order().current_voucher)))
    WebhookDelivery.objects.update(outcome="unreadable", next_action_at=None)
    delivery, browser = WebhookDelivery.objects.get(), clerk("view_webhookdelivery", "replay_webhook", "view_order")
    before = everything()
    shown = text_of(browser.post(page_of(delivery, "rehearse")))
    assert "Nothing has changed yet." in shown
    assert "payment code: waiting for payment → paid" in shown
    assert "order: waiting for payment → paid" in shown
    assert everything() == before
    told = text_of(browser.post(page_of(delivery, "replay"), follow=True))
    assert "Replayed. It came to: applied." in told
    assert "luz · replayed: applied" in told
    assert (only_voucher().state, only_order().state) == ("paid", "paid")


def test_a_sample_is_verified_with_a_secret_by_its_name(clerk: Any, psp: Any, account: Any, open_order: Any) -> None:
    with pytest.raises(InvalidSignature):
        webhooks.accept(letter(payment(open_order().current_voucher), secret="the-old-one"))
    keys = {"login": "sandbox_login", "trans_key": "sandbox_trans_key"}
    account(CREDENTIALS={**keys, "secret_key": ["sandbox_secret_key", "the-old-one"]})
    delivery, browser = WebhookDelivery.objects.get(), clerk("view_webhookdelivery", "replay_webhook")
    asked = browser.get(page_of(delivery, "verify")).content.decode()
    assert ("default · secret_key 2" in asked, "the-old-one" in asked) == (True, False)
    told = text_of(browser.post(page_of(delivery, "verify"), {"secret": "default · secret_key 2"}, follow=True))
    assert "The signature holds with “default · secret_key 2”. The message stays refused" in told
    wrong = text_of(browser.post(page_of(delivery, "verify"), {"secret": "default · secret_key 1"}, follow=True))
    assert "The signature does not hold with “default · secret_key 1”." in wrong
    assert browser.post(page_of(delivery, "verify"), {"secret": "the-old-one"}).status_code == 422
    assert only_voucher().state == "issued"


def test_G17_without_the_permission_nothing_is_replayed_or_verified(
    clerk: Any, deliveries: list[WebhookDelivery]
) -> None:
    browser = clerk("view_webhookdelivery", "view_raw_payload", "view_order")
    before = everything()
    for act in ("rehearse", "replay", "verify"):
        for delivery in deliveries:
            assert browser.post(page_of(delivery, act), {"secret": "default · secret_key 1"}).status_code == 403
    allowed = clerk("view_webhookdelivery", "replay_webhook")
    for act in ("rehearse", "replay"):
        assert allowed.get(page_of(deliveries[0], act)).status_code == 405
        refused = text_of(allowed.post(page_of(deliveries[2], act), follow=True))
        assert "This notification cannot be replayed" in refused
    assert "This notification cannot be verified again" in text_of(allowed.get(page_of(deliveries[2], "verify")))
    assert everything() == before


def test_the_inbox_is_filtered_by_verdict_outcome_and_day(clerk: Any, deliveries: list[WebhookDelivery]) -> None:
    browser = clerk("view_webhookdelivery")
    for filters, count in (
        ({"verdict__exact": "forged"}, 1),
        ({"outcome__exact": "applied"}, 1),
        ({"verdict__exact": "verified", "outcome__exact": "unreadable"}, 1),
        ({"received_at__gte": "2030-01-01 00:00:00+00:00"}, 0),
        ({}, 3),
    ):
        page = text_of(browser.get(INBOX, filters))
        assert f"{count} webhook deliver" in page, filters


def test_P6_each_page_asks_a_pinned_number_of_questions(clerk: Any, deliveries: list[WebhookDelivery]) -> None:
    browser = clerk("view_webhookdelivery", "view_raw_payload", "replay_webhook")
    for address, questions in ((INBOX, 6), (page_of(deliveries[0]), 8), (page_of(deliveries[2]), 8)):
        browser.get(address)
        with CaptureQueriesContext(connection) as asked:
            assert browser.get(address).status_code == 200
        assert len(asked) == questions, "\n".join(each["sql"] for each in asked)
