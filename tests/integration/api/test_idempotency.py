"""One POST, one answer, however often it is sent."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from pagoefectivo.models import IdempotentRequest, Order, Refund
from pagoefectivo.sandbox.operations import Operations
from tests.integration.api.conftest import ApiClient, order_like, problem, written

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_same_key_and_request_get_the_stored_answer_byte_for_byte(api: ApiClient, psp: Operations) -> None:
    first = api.post("orders/", order_like(), key="k")
    psp.pay(json.loads(first.content)["voucher"]["code"])
    api.post("orders/A-1042/refresh/")

    second = api.post("orders/", order_like(), key="k")

    assert (second.status_code, second.content) == (first.status_code, first.content)
    assert (first.has_header("Idempotent-Replayed"), second["Idempotent-Replayed"]) == (False, "true")
    assert second["Content-Type"] == first["Content-Type"] == "application/json"
    assert (Order.objects.count(), len(psp.payments())) == (1, 1)


def test_a_stored_refusal_is_a_problem_again(api: ApiClient) -> None:
    first = api.post("orders/", order_like(amount="1.00"), key="k")
    second = api.post("orders/", order_like(amount="1.00"), key="k")

    assert (first.status_code, problem(first)["code"]) == (422, "CREATE_AMOUNT_TOO_LOW")
    assert (second.content, second["Idempotent-Replayed"]) == (first.content, "true")
    assert problem(second)["fields"].keys() == {"amount"}


@pytest.mark.parametrize(("path", "change"), [("orders/", {"amount": "89.91"}), ("orders", {})])
def test_the_same_key_with_another_request_is_refused(
    api: ApiClient, psp: Operations, path: str, change: dict[str, str]
) -> None:
    api.post("orders/", order_like(), key="k")
    before = written()

    answer = api.post(path, order_like(**change), key="k")

    assert (answer.status_code, problem(answer)["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert written() == before


@pytest.mark.parametrize("sent", [None, "", "a b", "x" * 256, "ñ"])
def test_a_post_needs_a_key_that_can_be_read(api: ApiClient, psp: Operations, sent: str | None) -> None:
    before = written()
    headers = {} if sent is None else {"Idempotency-Key": sent}

    answer = api.send("orders/", json.dumps(order_like()).encode(), headers)

    assert (answer.status_code, problem(answer)["code"]) == (400, "IDEMPOTENCY_KEY_MISSING")
    assert written() == before
    assert psp.payments() == []


def test_two_keys_of_the_api_may_use_the_same_idempotency_key(key: Callable[..., ApiClient]) -> None:
    answers = [key(name=name).post("orders/", order_like(reference=name), key="k") for name in ("one", "two")]

    assert [each.status_code for each in answers] == [201, 201]


def test_while_the_first_one_runs_the_second_is_told_to_wait(api: ApiClient, psp: Operations) -> None:
    psp.fault("create", "delay", seconds=0.8)
    answers: list[Any] = []

    def first() -> None:
        answers.append(api.post("orders/", order_like(), key="k"))
        connection.close()

    running = threading.Thread(target=first)
    running.start()
    try:
        patience = time.monotonic() + 5
        while not Order.objects.exists() and time.monotonic() < patience:
            time.sleep(0.01)
        second = api.post("orders/", order_like(), key="k")
    finally:
        running.join(timeout=10)

    assert (second.status_code, problem(second)["code"]) == (409, "IDEMPOTENCY_IN_PROGRESS")
    assert 1 <= int(second["Retry-After"]) <= 5
    assert answers[0].status_code == 201
    again = api.post("orders/", order_like(), key="k")
    assert (again.status_code, again.content) == (201, answers[0].content)
    assert len(psp.payments()) == 1


def test_a_request_that_died_is_taken_over_and_nothing_happens_twice(
    api: ApiClient, psp: Operations, paid_order: Any
) -> None:
    paid_order()
    asked = {"amount": "30.00", "reason": "other"}
    first = api.post("orders/A-1042/refunds/", asked, key="k")
    _die(locked_for=timedelta(seconds=60))
    assert api.post("orders/A-1042/refunds/", asked, key="k").status_code == 409
    _die(locked_for=timedelta(seconds=-1))

    second = api.post("orders/A-1042/refunds/", asked, key="k")

    assert (second.status_code, json.loads(second.content)["id"]) == (201, json.loads(first.content)["id"])
    assert (Refund.objects.count(), len(psp.refunds())) == (1, 1)
    assert IdempotentRequest.objects.get().status == 201


def _die(*, locked_for: timedelta) -> None:
    IdempotentRequest.objects.update(status=None, body=None, locked_until=timezone.now() + locked_for)


def test_an_answer_that_was_not_meant_to_last_is_not_kept(api: ApiClient, psp: Operations) -> None:
    api.post("orders/", order_like())
    psp.fault("get_payment", "500")

    first = api.post("orders/A-1042/refresh/", key="k")
    second = api.post("orders/A-1042/refresh/", key="k")

    assert (first.status_code, problem(first)["code"]) == (503, "PSP_UNAVAILABLE")
    assert (second.status_code, second.has_header("Idempotent-Replayed")) == (200, False)
    assert psp.call_counts()["get_payment"] == 2


def test_a_fault_of_ours_says_nothing_and_lets_the_key_try_again(
    api: ApiClient, psp: Operations, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise LookupError("maria.quispe@example.pe 45678912")

    with monkeypatch.context() as patch:
        patch.setattr("pagoefectivo.services.submission.submit", broken)
        first = api.post("orders/", order_like(reference="Z-1"), key="k")

    fault = problem(first)
    assert (first.status_code, fault["code"]) == (500, "INTERNAL_FAULT")
    assert fault["instance"].removeprefix("urn:uuid:") in caplog.text
    assert "LookupError" in caplog.text
    assert "maria" not in caplog.text + first.content.decode()
    assert IdempotentRequest.objects.count() == 0
    assert api.post("orders/", order_like(reference="Z-1"), key="k").status_code == 202
