"""What a shift begins and ends with: what comes first, how much of it there is, and giving back what one has."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from pagoefectivo.domain.states import AnomalyKind
from pagoefectivo.models import Ownership
from pagoefectivo.services import work
from pagoefectivo.services.actors import staff
from tests.integration.admin.conftest import text_of
from tests.integration.admin.test_work import ENGLISH, LANE, QUEUE, seated
from tests.integration.admin.waiting import ONE_IN_EACH, place_anomaly, place_rejection

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_one_has_is_given_back_from_the_front_page_one_by_one_or_all_at_once(hire: Any) -> None:
    sees = ("view_refund", "own_work")
    luz, rosa = hire("luz", *sees), hire("rosa", *sees)
    refunds = [ONE_IN_EACH["refunds-to-approve"]() for _ in range(3)]
    lane, queue = reverse(LANE, args=["refunds-to-approve"]), reverse(QUEUE)
    browser = seated(luz)
    browser.post(lane, {"act": "take", "row": [refund.pk for refund in refunds]})
    work.take("refunds-failed", [ONE_IN_EACH["refunds-failed"]().pk], actor=staff(rosa))
    page = browser.get(queue).content.decode()
    assert page.count('<input type="hidden" name="act" value="release">') == 3
    assert "Give everything back" in text_of(browser.get(queue))
    browser.post(lane, {"act": "release", "row": refunds[0].pk, "back": "queue"})
    assert "Yours: 2" in text_of(browser.get(queue))
    release = reverse("admin:pagoefectivo_ownership_release")
    assert browser.get(release).status_code == 405
    assert seated(hire("reader", "view_refund")).post(release).status_code == 403
    assert "2 were given back." in text_of(browser.post(release, follow=True))
    assert [each.owner_name for each in Ownership.objects.filter(until=None)] == ["rosa"]
    assert "Give everything back" not in text_of(browser.get(queue))


def test_the_queue_and_the_start_page_say_what_comes_first(hire: Any) -> None:
    user = hire("luz", "view_refund", "view_anomaly", "view_order", "own_work", "view_webhookrejection", "view_webhookdelivery")  # fmt: skip
    browser, start, queue = seated(user), reverse("admin:index"), reverse(QUEUE)
    assert "First:" not in text_of(browser.get(queue))
    place_rejection(hours=5)
    old = place_anomaly(AnomalyKind.UNDERPAID, at=timezone.now() - timedelta(hours=3))
    place_anomaly(AnomalyKind.UNDERPAID, at=timezone.now() - timedelta(hours=2))
    first = f"First: {old.order.reference} , S/ 89.90, Amounts that differ · paid less than asked, waiting for 3 hours."
    assert first in text_of(browser.get(queue)), "a buyer waits, longer than any other"
    assert f"Work queue: 2 wait {first}" in text_of(browser.get(start))
    assert queue in browser.get(start).content.decode()
    grave = ONE_IN_EACH["refunds-unknown"]()
    assert f"First: {grave.order.reference}" in text_of(browser.get(queue)), "money may be lost"
    rosa = hire("rosa", "view_refund", "own_work")
    work.take("refunds-unknown", [grave.pk], actor=staff(rosa))
    assert first in text_of(browser.get(queue)), "a colleague has that one"
    assert "Work queue" not in text_of(seated(hire("visitor", "view_apikey")).get(start))


def test_rejected_notifications_are_counted_one_by_one_and_since_their_hour(admin_client: Client) -> None:
    place_rejection(hours=1)
    place_rejection(hours=2)
    page = text_of(admin_client.get(reverse(QUEUE), headers=ENGLISH))
    assert re.search(
        r"Rejected notifications, last 24 hours: 6 The first came in the hour of (\d\d/\d\d )?\d\d:00\.", page
    )
    assert page.count(" × 3") == 3, "on top and in the lane"
    lane = text_of(admin_client.get(reverse(LANE, args=["webhooks-rejected"]), headers=ENGLISH))
    assert "Waiting: 6. The first came in the hour of" in lane
    assert "The oldest 2 are listed" not in lane
