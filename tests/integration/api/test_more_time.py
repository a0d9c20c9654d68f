"""More time for a code, and a lost code given up, over the REST API."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pagoefectivo.sandbox.operations import Operations
from tests.integration.api.conftest import ApiClient, decided, order_like, problem

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def provider() -> str:
    return "pagoefectivo_direct"


def test_the_buyer_gets_more_time(api: ApiClient, psp: Operations) -> None:
    before = json.loads(api.post("orders/", order_like(expires_in="PT24H")).content)["voucher"]
    answer = api.post("orders/A-1042/extend/", {"expires_in": "PT48H"})
    after = json.loads(answer.content)["voucher"]
    assert (answer.status_code, after["code"], after["state"]) == (200, before["code"], "issued")
    assert after["expires_at"] > before["expires_at"]


def test_without_an_answer_it_is_202_and_the_deadline_is_read_back(
    api: ApiClient, psp: Operations, world: Any, sweep: Any
) -> None:
    before = json.loads(api.post("orders/", order_like(expires_in="PT24H")).content)["voucher"]
    psp.fault("extend", "html", work=True)
    answer = api.post("orders/A-1042/extend/", {"expires_in": "PT48H"})
    assert (answer.status_code, json.loads(answer.content)["voucher"]) == (202, before)
    world.advance(seconds=2)
    sweep()
    assert json.loads(api.get("orders/A-1042/").content)["voucher"]["expires_at"] > before["expires_at"]


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"expires_in": "PT30H"}, 422, "EXTEND_NOT_LATER"),
        ({"expires_in": "P400D"}, 422, "CREATE_EXPIRY_INVALID"),
        ({"expires_in": "PT0S"}, 400, "REQUEST_INVALID"),
        ({"expires_in": 48}, 400, "REQUEST_INVALID"),
        ({}, 400, "REQUEST_INVALID"),
    ],
)
def test_what_cannot_be_is_named_and_changes_nothing(
    api: ApiClient, psp: Operations, asked: dict[str, Any], status: int, code: str
) -> None:
    api.post("orders/", order_like(expires_in="PT48H"))
    psp.clear_calls()
    before = decided()
    answer = api.post("orders/A-1042/extend/", asked)
    assert (answer.status_code, problem(answer)["code"], list(problem(answer)["fields"])) == (
        status,
        code,
        ["expires_in"],
    )
    assert (decided(), psp.call_counts()) == (before, {})


def test_a_lost_code_is_given_up_once_nobody_can_find_it(
    api: ApiClient, psp: Operations, world: Any, sweep: Any
) -> None:
    psp.fault("create", "html", work=True)
    assert api.post("orders/", order_like()).status_code == 202
    early = api.post("orders/A-1042/give-up/")
    assert (early.status_code, problem(early)["code"]) == (409, "NOTHING_LOST")
    world.advance(minutes=3)
    sweep()
    answer = api.post("orders/A-1042/give-up/")
    assert (answer.status_code, json.loads(answer.content)["voucher"]["state"]) == (200, "failed")
    assert json.loads(api.post("orders/A-1042/vouchers/").content)["voucher"]["state"] == "issued"
