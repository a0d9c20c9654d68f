"""Floods and outages: the database is spared, the provider comes again, and signed letters always pass."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from pagoefectivo.models import WebhookDelivery, WebhookRejection
from pagoefectivo.views import webhooks
from pagoefectivo.views.senders import Limit
from tests.integration.webhooks.conftest import SECRET

pytestmark = pytest.mark.django_db(transaction=True)

FORGED = {"X-Date": "now", "Authorization": "V2-HMAC-SHA256, Signature: " + "0" * 64}


@pytest.fixture
def few(monkeypatch: Any) -> int:
    """Limits small enough to reach: five by one sender, eight by all."""
    monkeypatch.setattr(webhooks, "FROM_ONE_SENDER", Limit("unsigned", 5))
    monkeypatch.setattr(webhooks, "FROM_EVERYBODY", Limit("unsigned-all", 8))
    return 5


def _letter(number: int) -> bytes:
    return json.dumps({"id": f"D-4-{number}", "status": "PAID"}).encode()


def test_A19_a_flood_is_refused_before_the_database_and_signed_letters_pass(
    deliver: Any, few: int, django_assert_num_queries: Any
) -> None:
    statuses = [deliver(_letter(number), headers=FORGED).status_code for number in range(few + 1)]
    assert statuses == [401] * (few + 1)
    with django_assert_num_queries(0):
        refused = [deliver(_letter(number), headers=FORGED) for number in range(20)]
    assert {(answer.status_code, answer.content, answer["Retry-After"]) for answer in refused} == {(429, b"", "60")}
    with django_assert_num_queries(1):
        assert deliver(_letter(1)).status_code == 200
    assert WebhookRejection.objects.get().count == few + 1
    assert WebhookDelivery.objects.filter(verdict="verified").count() == 1


def test_A19_a_flood_from_many_senders_is_refused_as_well(deliver: Any, few: int) -> None:
    for number in range(9):
        assert deliver(_letter(number), headers=FORGED, REMOTE_ADDR=f"203.0.113.{number}").status_code == 401
    assert deliver(_letter(9), headers=FORGED, REMOTE_ADDR="198.51.100.9").status_code == 429
    assert deliver(_letter(10), REMOTE_ADDR="198.51.100.9").status_code == 200


def test_A19_one_sender_of_ipv6_is_a_whole_network(deliver: Any, few: int) -> None:
    for number in range(few + 1):
        assert deliver(_letter(number), headers=FORGED, REMOTE_ADDR=f"2001:db8::{number:x}").status_code == 401
    assert deliver(_letter(9), headers=FORGED, REMOTE_ADDR="2001:db8::ffff").status_code == 429
    assert deliver(_letter(9), headers=FORGED, REMOTE_ADDR="2001:db8:1::1").status_code == 401


def test_G24_an_invented_forwarded_address_hides_no_flood(deliver: Any, few: int) -> None:
    for number in range(few + 1):
        deliver(_letter(number), headers=FORGED | {"X-Forwarded-For": f"203.0.113.{number}"})
    assert deliver(_letter(9), headers=FORGED | {"X-Forwarded-For": "198.51.100.1"}).status_code == 429
    assert {delivery.remote_ip for delivery in WebhookDelivery.objects.all()} == {"127.0.0.1"}


def test_signed_letters_are_never_counted(deliver: Any, few: int) -> None:
    assert [deliver(_letter(number)).status_code for number in range(3 * few)] == [200] * 3 * few


def test_a_cache_that_is_down_stops_nobody(deliver: Any, few: int, settings: Any) -> None:
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:9/0"}
    }
    assert deliver(_letter(1)).status_code == 200
    assert [deliver(_letter(2), headers=FORGED).status_code for _ in range(few + 3)] == [401] * (few + 3)


def test_a_flood_writes_no_log_line_each(deliver: Any, few: int, caplog: Any) -> None:
    caplog.set_level(logging.INFO)
    for number in range(20):
        deliver(_letter(number), headers=FORGED)
    assert caplog.text == ""


def test_A17_a_table_that_cannot_be_written_means_come_again(deliver: Any, body: bytes, caplog: Any) -> None:
    other = connections["default"].copy()
    other.set_autocommit(False)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '100ms'")
    try:
        with other.cursor() as cursor:
            cursor.execute("LOCK TABLE pagoefectivo_webhookdelivery IN ACCESS EXCLUSIVE MODE")
        answer = deliver(body)
    finally:
        other.rollback()
        other.close()
        connection.close()
    assert (answer.status_code, answer.content, answer["Retry-After"]) == (503, b"", "60")
    assert "was not stored (OperationalError)" in caplog.text
    assert "D-4-1" not in caplog.text
    assert SECRET not in caplog.text
    assert not WebhookDelivery.objects.exists()
    assert deliver(body).status_code == 200


def test_A17_a_connection_that_died_means_come_again(deliver: Any, body: bytes) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [pid] = cursor.fetchone()
    other = connections["default"].copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
        assert deliver(body).status_code == 503
    finally:
        other.close()
        connection.close()
    assert deliver(body).status_code == 200
    assert WebhookDelivery.objects.count() == 1


def test_A18_stored_although_the_answer_was_lost_the_next_try_is_a_repetition(deliver: Any, body: bytes) -> None:
    with CaptureQueriesContext(connection):
        deliver(body)  # the provider hears nothing of it
    first = WebhookDelivery.objects.get()
    assert deliver(body).status_code == 200
    again = WebhookDelivery.objects.get()
    assert (again.pk, again.repeats, again.body) == (first.pk, 1, first.body)
