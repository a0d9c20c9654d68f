"""What the letterbox answers, and that it answers only after the letter is safe."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from pagoefectivo.models import ErrorOccurrence, WebhookDelivery, WebhookRejection
from tests.integration.ledger import everything
from tests.integration.webhooks.conftest import DOOR, PAID, SECRET, signed

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_signed_letter_is_stored_with_one_statement_and_answered_with_nothing(deliver: Any, body: bytes) -> None:
    with CaptureQueriesContext(connection) as asked:
        answer = deliver(body)
    assert (answer.status_code, answer.content, dict(answer.cookies)) == (200, b"", {})
    [statement] = [query["sql"].split()[0] for query in asked.captured_queries]
    assert statement == "INSERT"
    delivery = WebhookDelivery.objects.get()
    assert (delivery.body, delivery.verdict, delivery.outcome) == (body, "verified", "waiting")
    assert delivery.remote_ip == "127.0.0.1"


def test_A18_the_same_letter_again_is_answered_alike_and_kept_once(deliver: Any, body: bytes) -> None:
    assert [deliver(body).status_code for _ in range(3)] == [200, 200, 200]
    delivery = WebhookDelivery.objects.get()
    assert delivery.repeats == 2


@pytest.mark.parametrize(
    "change",
    [
        {"Authorization": "V2-HMAC-SHA256, Signature: " + "0" * 64},
        {"Authorization": ""},
        {"Authorization": "none"},
        {"X-Date": ""},
        {"X-Date": "2020-01-01T00:00:00.000Z"},
        {"X-Login": "somebody_else"},
    ],
)
def test_A05_a_forged_letter_gets_401_learns_nothing_and_changes_nothing(
    deliver: Any, body: bytes, change: dict[str, str]
) -> None:
    before = everything(besides={"WebhookDelivery", "WebhookRejection"})
    answer = deliver(body, headers=signed(body) | change)
    assert (answer.status_code, answer.content) == (401, b"")
    assert everything(besides={"WebhookDelivery", "WebhookRejection"}) == before
    assert WebhookRejection.objects.get().count == 1
    sample = WebhookDelivery.objects.get()
    assert (sample.verdict, sample.outcome, sample.next_action_at) == ("forged", "rejected", None)


def test_A05_of_many_forged_letters_five_samples_of_4_kib_are_kept(deliver: Any) -> None:
    for number in range(8):
        assert deliver(b'{"n": %d}' % number + b" " * 10_000, headers={"X-Date": "x"}).status_code == 401
    assert WebhookRejection.objects.get().count == 8
    assert [len(sample.body) for sample in WebhookDelivery.objects.all()] == [4096] * 5


def test_A08_a_letter_signed_for_another_account_is_refused(deliver: Any, body: bytes) -> None:
    assert deliver(body, headers=signed(body, login="other_login")).status_code == 401
    assert deliver(body, headers=signed(body, secret="other_secret")).status_code == 401
    assert not WebhookDelivery.objects.exclude(verdict="forged").exists()


@pytest.mark.parametrize("headers", [None, {}])
def test_an_account_that_does_not_exist_is_404_signed_or_not(
    deliver: Any, body: bytes, headers: dict[str, str] | None, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        answer = deliver(body, headers=headers, door="/pagoefectivo/webhooks/nobody/")
    assert (answer.status_code, answer.content) == (404, b"")


def test_A14_without_a_secret_nothing_is_accepted_and_the_provider_comes_again(
    deliver: Any, body: bytes, psp: Any, account: Any
) -> None:
    account(CREDENTIALS={"login": "sandbox_login", "trans_key": "sandbox_trans_key", "secret_key": ""})
    answer = deliver(body)
    assert (answer.status_code, answer.content, answer["Retry-After"]) == (503, b"", "60")
    assert not WebhookDelivery.objects.exclude(verdict="forged").exists()


@pytest.mark.parametrize(
    "brought",
    [
        {"Authorization": "none, Signature: " + "0" * 64},
        {"Authorization": "V2-HMAC-MD5, Signature: " + "0" * 32},
        {"Authorization": "V2-HMAC-SHA256, Signature: " + "0" * 64, "X-Secret-Key": SECRET, "Alg": "none"},
    ],
)
def test_A15_what_the_sender_says_of_keys_and_algorithms_is_not_heard(
    deliver: Any, body: bytes, brought: dict[str, str]
) -> None:
    assert deliver(body, headers=signed(body) | brought).status_code == 401


def test_A16_old_and_new_secret_are_both_accepted(deliver: Any, body: bytes, psp: Any, account: Any) -> None:
    keys = {"login": "sandbox_login", "trans_key": "sandbox_trans_key", "secret_key": ["new_secret", SECRET]}
    account(CREDENTIALS=keys)
    assert deliver(body).status_code == 200
    assert deliver(b"{}", headers=signed(b"{}", secret="new_secret")).status_code == 200
    assert list(WebhookDelivery.objects.order_by("pk").values_list("secret_index", flat=True)) == [1, 0]


UNREADABLE = [
    b"",
    b"null",
    b"[]",
    b'"paid"',
    b"{",
    b'{"id": "1", "id": "2", "status": "PAID"}',
    b'{"id": "1", "status": "PAID", "amount": NaN}',
    b'{"id": "1", "status": "PAID", "amount": 1e400}',
    b'{"id": "1", "status": "PAID", "amount": ' + b"9" * 5000 + b"}",
    b'{"id": {"a": 1}, "status": ["PAID"]}',
    b'{"id": "\\u0000", "status": "PAID"}',
    b'{"id": "\xff\xfe", "status": "PAID"}',
    b"\xef\xbb\xbf{}",
    b"[" * 100_000,
    b'{"a":' * 30_000 + b"1" + b"}" * 30_000,
    bytes(range(256)) * 8,
]


@pytest.mark.parametrize("letter", UNREADABLE, ids=lambda letter: repr(letter[:24]))
def test_A10_a_signed_letter_that_cannot_be_read_is_kept_and_parked(
    deliver: Any, psp: Any, sweep: Any, letter: bytes
) -> None:
    assert deliver(letter).status_code == 200
    delivery = WebhookDelivery.objects.get()
    assert delivery.body == letter
    sweep()
    delivery.refresh_from_db()
    assert (delivery.outcome, delivery.next_action_at) == ("unreadable", None)
    assert ErrorOccurrence.objects.count() == 1


def test_A20_a_poisonous_letter_is_taken_each_time_and_blocks_none_behind_it(
    deliver: Any, psp: Any, open_order: Any, sweep: Any
) -> None:
    voucher = open_order().current_voucher
    psp.pay(voucher.code)
    genuine = json.dumps({**PAID, "id": voucher.provider_reference, "order_id": voucher.reference}).encode()
    assert [deliver(letter).status_code for letter in [*UNREADABLE, *UNREADABLE, genuine]] == [200] * 33
    sweep()
    outcomes = Counter(WebhookDelivery.objects.values_list("outcome", flat=True))
    assert outcomes == {"unreadable": len(UNREADABLE), "applied": 1}
    voucher.refresh_from_db()
    assert voucher.state == "paid"


def test_G07_the_letterbox_alone_needs_no_csrf_token_and_knows_no_session(body: bytes) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(get_user_model().objects.create_user("luz"))
    with CaptureQueriesContext(connection) as asked:
        answer = client.post(DOOR, body, content_type="application/json", headers=signed(body))
    assert answer.status_code == 200
    assert len(asked) == 1


@pytest.mark.parametrize("method", ["get", "head", "put", "delete", "options"])
def test_only_post_is_taken(client: Client, method: str, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        answer = getattr(client, method)(DOOR)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert answer.content == (b"" if method == "head" else b"POST only.\n")


def test_a_host_with_atomic_requests_changes_nothing(deliver: Any, body: bytes, monkeypatch: Any) -> None:
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    with CaptureQueriesContext(connection) as asked:
        assert deliver(body).status_code == 200
    assert [query["sql"].split()[0] for query in asked.captured_queries] == ["INSERT"]


def test_a_header_that_cannot_be_kept_does_not_cost_the_letter(deliver: Any, body: bytes) -> None:
    assert deliver(body, HTTP_USER_AGENT="curl\x00\x1b[31m").status_code == 200
    headers = WebhookDelivery.objects.get().headers
    assert "X-Date" in headers
    assert "User-Agent" not in headers
    assert str(PAID["id"]) not in str(headers)
