"""Orders over the REST API, against the PSP's own books."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pagoefectivo.models import Order, Voucher
from pagoefectivo.sandbox.operations import Operations
from tests.integration.api.conftest import ApiClient, decided, order_like, problem

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_order_is_answered_with_its_issued_code_in_the_shape_of_the_contract(
    api: ApiClient, psp: Operations
) -> None:
    answer = api.post("orders/", order_like(expires_in="PT48H", description="Zapatos", metadata={"cart": [1, "x"]}))

    assert answer.status_code == 201
    assert answer["Cache-Control"] == "no-store"
    document = json.loads(answer.content)
    voucher = Voucher.objects.get()
    page = voucher.order.page_url
    assert document == {
        "reference": "A-1042",
        "state": "awaiting_payment",
        "amount": "89.90",
        "currency": "PEN",
        "paid_amount": "0.00",
        "refunded_amount": "0.00",
        "refundable_amount": "0.00",
        "account": "default",
        "voucher": {
            "id": voucher.public_id,
            "state": "issued",
            "code": psp.payments()[0]["code"],
            "barcode_svg_url": f"{page}barcode.svg",
            "expires_at": document["voucher"]["expires_at"],
            "page_url": page,
            "paid_at": None,
        },
        "refunds": [],
        "created_at": document["created_at"],
    }
    assert document["created_at"].endswith("Z")
    assert document["voucher"]["expires_at"].endswith("Z")
    assert voucher.order.metadata == {"cart": [1, "x"]}
    assert json.loads(api.get("orders/A-1042/").content) == document


def test_an_order_speaks_the_language_it_was_opened_in_and_no_unknown_one(api: ApiClient, psp: Operations) -> None:
    assert api.post("orders/", order_like(language="zh")).status_code == 201
    assert api.post("orders/", order_like(reference="A-1043")).status_code == 201
    refused = api.post("orders/", order_like(reference="A-1044", language="qu"))
    assert (refused.status_code, "language" in refused.content.decode()) == (400, True)
    assert dict(Order.objects.values_list("reference", "language")) == {"A-1042": "zh", "A-1043": "es"}


def test_B08_the_same_order_from_two_tabs_is_one_order_with_one_code(api: ApiClient, psp: Operations) -> None:
    first = api.post("orders/", order_like())
    second = api.post("orders/", order_like())

    assert (first.status_code, second.status_code) == (201, 200)
    assert json.loads(first.content) == json.loads(second.content)
    assert (Order.objects.count(), len(psp.payments())) == (1, 1)


@pytest.mark.parametrize("change", [{"amount": "89.91"}, {"amount": "8.99"}])
def test_a_reference_with_another_amount_is_a_conflict(api: ApiClient, psp: Operations, change: dict[str, str]) -> None:
    api.post("orders/", order_like())
    before = decided()

    answer = api.post("orders/", order_like(**change))

    assert (answer.status_code, problem(answer)["code"]) == (409, "REFERENCE_CONFLICT")
    assert decided() == before
    assert len(psp.payments()) == 1


def test_a_provider_that_does_not_answer_is_202_and_it_goes_on_by_itself(
    api: ApiClient, psp: Operations, world: Any, sweep: Any
) -> None:
    psp.fault("create", "timeout_after")

    answer = api.post("orders/", order_like())

    assert answer.status_code == 202
    document = json.loads(answer.content)
    assert (document["voucher"]["state"], document["voucher"]["code"]) == ("unknown", None)
    assert document["voucher"]["barcode_svg_url"] is None
    world.advance(seconds=6)
    sweep()
    later = json.loads(api.get("orders/A-1042/").content)
    assert later["voucher"]["code"] == psp.payments()[0]["code"]
    assert len(psp.payments()) == 1


def test_B11_a_refusal_of_the_provider_is_422_with_its_code_and_what_comes_next(
    api: ApiClient, psp: Operations
) -> None:
    passport = {**order_like()["payer"], "document": {"type": "PASSPORT", "number": "AB123456"}}

    answer = api.post("orders/", order_like(payer=passport))

    assert answer.status_code == 422
    refusal = problem(answer)
    assert (refusal["code"], refusal["raw_code"], refusal["reference"]) == ("CREATE_FIELD_INVALID", "5001", "A-1042")
    assert psp.payments() == []
    assert Voucher.objects.get().state == "failed"
    corrected = api.post("orders/", order_like())
    assert (corrected.status_code, json.loads(corrected.content)["voucher"]["state"]) == (200, "issued")


def test_a_new_code_replaces_the_old_one(api: ApiClient, psp: Operations) -> None:
    old = json.loads(api.post("orders/", order_like()).content)["voucher"]

    answer = api.post("orders/A-1042/vouchers/")

    assert answer.status_code == 201
    new = json.loads(answer.content)["voucher"]
    assert (new["state"], new["id"] != old["id"], new["code"] != old["code"]) == ("issued", True, True)
    assert [each["code"] for each in psp.payments()] == [old["code"], new["code"]]


def test_an_unpaid_order_can_be_canceled_and_a_paid_one_cannot(api: ApiClient, paid_order: Any) -> None:
    api.post("orders/", order_like(reference="B-1"))
    paid_order("B-2")

    canceled, refused = api.post("orders/B-1/cancel/"), api.post("orders/B-2/cancel/")

    assert (canceled.status_code, json.loads(canceled.content)["state"]) == (200, "canceled")
    assert (refused.status_code, problem(refused)["code"]) == (409, "ORDER_ALREADY_PAID")


def test_refresh_asks_the_provider_and_tells_what_follows(api: ApiClient, psp: Operations) -> None:
    code = json.loads(api.post("orders/", order_like()).content)["voucher"]["code"]
    psp.pay(code)

    answer = api.post("orders/A-1042/refresh/")

    assert answer.status_code == 200
    document = json.loads(answer.content)
    assert (document["state"], document["paid_amount"], document["refundable_amount"]) == ("paid", "89.90", "89.90")
    assert document["voucher"]["paid_at"].endswith("Z")


def test_a_provider_that_cannot_be_asked_is_503_with_patience(api: ApiClient, psp: Operations) -> None:
    api.post("orders/", order_like())
    psp.fault("get_payment", "429", retry_after=7)

    answer = api.post("orders/A-1042/refresh/", key="again")

    assert (answer.status_code, problem(answer)["code"], answer["Retry-After"]) == (503, "PSP_RATE_LIMITED", "7")


@pytest.mark.parametrize("path", ["orders/NONE/", "orders/NONE/timeline/", "refunds/rfd_none/", "orders/a%00b/", "x/"])
def test_what_is_not_there_is_a_problem(api: ApiClient, path: str) -> None:
    answer = api.get(path)

    assert (answer.status_code, problem(answer)["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    "act",
    ["orders/{}/vouchers/", "orders/{}/cancel/", "orders/{}/refresh/", "orders/{}/give-up/", "orders/{}/refunds/"],
)
def test_acting_on_what_is_not_there_is_a_problem(api: ApiClient, act: str) -> None:
    body = {"amount": "1.00", "reason": "other"} if "refunds" in act else None

    answer = api.post(act.format("NONE"), body)

    assert (answer.status_code, problem(answer)["code"]) == (404, "NOT_FOUND")


def test_an_address_answers_with_and_without_its_last_slash(api: ApiClient) -> None:
    assert api.post("orders", order_like()).status_code == 201
    assert api.get("orders/A-1042").status_code == 200


def test_G23_links_come_from_the_settings_whatever_host_is_asked(api: ApiClient, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]

    answer = api.post("orders/", order_like(), Host="evil.example", X_Forwarded_Host="evil.example")

    assert b"evil.example" not in answer.content
    assert json.loads(answer.content)["voucher"]["page_url"].startswith("http://127.0.0.1:9/pagoefectivo/v/")


def test_a_host_with_atomic_requests_takes_orders_all_the_same(api: ApiClient, monkeypatch: Any) -> None:
    from django.db import connections

    monkeypatch.setitem(connections["default"].settings_dict, "ATOMIC_REQUESTS", True)

    assert api.post("orders/", order_like()).status_code == 201
