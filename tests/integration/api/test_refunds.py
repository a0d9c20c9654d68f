"""Refunds over the REST API, against the PSP's own books."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from pagoefectivo.models import Refund, RefundDestination
from pagoefectivo.sandbox.operations import Operations
from pagoefectivo.selectors.expectations import expected_refund_dates
from tests.integration.api.conftest import ApiClient, decided, order_like, problem, written
from tests.integration.by_hand import BY_HAND, OTHER_CCI

pytestmark = pytest.mark.django_db(transaction=True)

MISTYPED_CCI = "00219300123456789031"
DESTINATION: dict[str, Any] = {
    "holder_name": "María Quispe",
    "document": {"type": "DNI", "number": "45678912"},
    "bank_code": "002",
    "account_number": "00219300000000000001",
}


def asking(amount: str = "30.00", **more: Any) -> dict[str, Any]:
    return {"amount": amount, "reason": "buyer_request", **more}


def test_a_refund_is_answered_in_the_shape_of_the_contract_and_followed_to_its_end(
    api: ApiClient, psp: Operations, paid_order: Any, world: Any, sweep: Any
) -> None:
    paid_order()

    answer = api.post("orders/A-1042/refunds/", asking(note="size", destination=DESTINATION))

    assert answer.status_code == 201
    document = json.loads(answer.content)
    refund = Refund.objects.get()
    awaited = expected_refund_dates(refund)
    assert awaited is not None
    assert document == {
        "id": refund.public_id,
        "state": "pending",
        "amount": "30.00",
        "currency": "PEN",
        "reason": "buyer_request",
        "provider_reference": psp.refunds()[0]["id"],
        "page_url": refund.page_url,
        "approval": None,
        "error": None,
        "expected": {"from": awaited.first.isoformat(), "to": awaited.last.isoformat()},
        "created_at": document["created_at"],
        "updated_at": document["updated_at"],
    }
    order = json.loads(api.get("orders/A-1042/").content)
    assert "page_url" not in order["refunds"][0]  # a key for orders may not read refunds
    assert (order["state"], order["refunded_amount"], order["refundable_amount"]) == ("paid", "0.00", "59.90")
    psp.settle_refund(psp.refunds()[0]["id"])
    world.advance(seconds=2)
    sweep()
    ended = json.loads(api.get(f"refunds/{refund.public_id}/").content)
    assert (ended["state"], ended["expected"]) == ("succeeded", None)
    after = json.loads(api.get("orders/A-1042/").content)
    assert (after["state"], after["refunded_amount"], after["refunds"][0]["id"]) == (
        "partially_refunded", "30.00", refund.public_id,
    )  # fmt: skip


def test_a_refund_of_what_is_not_paid_is_422_with_every_reason_and_no_call(api: ApiClient, psp: Operations) -> None:
    api.post("orders/", order_like())
    before = decided()

    answer = api.post("orders/A-1042/refunds/", asking())

    assert answer.status_code == 422
    refusal = problem(answer)
    assert [reason["code"] for reason in refusal["reasons"]] == ["REFUND_NOT_PAID"]
    assert all(refusal["reasons"][0][part] for part in ("message", "next_step"))
    assert decided() == before
    assert psp.refunds() == []


def test_E04_partial_refunds_stop_at_the_last_cent(api: ApiClient, psp: Operations, paid_order: Any) -> None:
    paid_order()
    assert [api.post("orders/A-1042/refunds/", asking(each)).status_code for each in ("40.00", "49.89")] == [201, 201]

    too_much = api.post("orders/A-1042/refunds/", asking("0.02"))
    the_rest = api.post("orders/A-1042/refunds/", asking("0.01"))

    assert (too_much.status_code, problem(too_much)["code"]) == (422, "REFUND_AMOUNT_EXCEEDED")
    assert problem(too_much)["fields"].keys() == {"amount"}
    assert the_rest.status_code == 201
    assert sum(float(each["amount"]) for each in psp.refunds()) == pytest.approx(89.90)
    assert Refund.objects.count() == 3


def test_E03_the_same_request_twice_is_one_refund(api: ApiClient, psp: Operations, paid_order: Any) -> None:
    paid_order()

    first = api.post("orders/A-1042/refunds/", asking(), key="refund-1")
    second = api.post("orders/A-1042/refunds/", asking(), key="refund-1")

    assert first.content == second.content
    assert (Refund.objects.count(), len(psp.refunds())) == (1, 1)


def test_E02_two_requests_for_the_whole_are_one_refund(api: ApiClient, psp: Operations, paid_order: Any) -> None:
    paid_order()

    answers = [api.post("orders/A-1042/refunds/", asking("89.90")) for _ in range(2)]

    assert [each.status_code for each in answers] == [201, 422]
    assert (Refund.objects.count(), len(psp.refunds())) == (1, 1)


IMPOSSIBLE = [
    "0",
    "0.00",
    "-1.00",
    "1.001",
    "NaN",
    "Infinity",
    "1e3",
    "",
    "99999999999.00",
    30,
    30.5,
    None,
    True,
    ["1"],
]


def test_E05_impossible_amounts_are_refused_before_anything(api: ApiClient, psp: Operations, paid_order: Any) -> None:
    paid_order()
    before = written()

    for amount in IMPOSSIBLE:
        answer = api.post("orders/A-1042/refunds/", {"amount": amount, "reason": "other"})
        assert (amount, answer.status_code) == (amount, 400)
        assert problem(answer)["fields"].keys() == {"amount"}

    assert written() == before
    assert psp.refunds() == []


def test_an_unknown_reason_is_refused(api: ApiClient, paid_order: Any) -> None:
    paid_order()

    answer = api.post("orders/A-1042/refunds/", asking(reason="because"))

    assert (answer.status_code, problem(answer)["fields"].keys()) == (422, {"reason"})
    assert Refund.objects.count() == 0


def test_a_refund_that_the_provider_rejects_keeps_its_error_and_can_be_retried(
    api: ApiClient, psp: Operations, paid_order: Any, world: Any, sweep: Any
) -> None:
    paid_order()
    first = json.loads(api.post("orders/A-1042/refunds/", asking()).content)
    psp.settle_refund(first["provider_reference"], "reject")
    world.advance(seconds=2)
    sweep()

    failed = json.loads(api.get(f"refunds/{first['id']}/").content)
    again = api.post(f"refunds/{first['id']}/retry/")

    assert (failed["state"], failed["error"]["code"]) == ("failed", "REFUND_REJECTED")
    assert failed["error"].keys() == {"code", "raw_code", "message", "who", "next_step"}
    assert again.status_code == 201
    assert json.loads(again.content)["id"] != first["id"]
    assert len(psp.refunds()) == 2


def test_a_refund_over_the_threshold_waits_for_another_key(
    api: ApiClient, key: Callable[..., ApiClient], psp: Operations, paid_order: Any, account: Any
) -> None:
    account(REFUND_APPROVAL_OVER="50.00")
    paid_order()
    waiting = json.loads(api.post("orders/A-1042/refunds/", asking("60.00")).content)
    assert (waiting["state"], psp.refunds()) == ("awaiting_approval", [])
    path, seen = f"refunds/{waiting['id']}/approve/", {"seen": waiting["approval"]["seen"]}

    own = api.post(path, seen)
    blind = key("refunds:approve", name="supervisor").post(path)
    other = key("refunds:approve", name="supervisor").post(path, seen)

    assert (own.status_code, problem(own)["code"]) == (422, "APPROVAL_SELF")
    assert (blind.status_code, problem(blind)["fields"].keys()) == (400, {"seen"})
    assert (other.status_code, json.loads(other.content)["state"]) == (200, "pending")
    assert len(psp.refunds()) == 1


def test_E18_an_approver_is_shown_where_the_money_goes_and_approves_exactly_that(
    api: ApiClient, key: Callable[..., ApiClient], paid_order: Any, account: Any
) -> None:
    account(PROVIDER=BY_HAND)
    paid_order()
    given = {**DESTINATION, "holder_name": "Rosa Huamán", "account_number": MISTYPED_CCI}
    waiting = json.loads(key("refunds:write").post("orders/A-1042/refunds/", asking(destination=given)).content)
    assert (waiting["state"], waiting["approval"]) == ("awaiting_approval", None)  # this key may not approve
    boss, path = key("refunds:approve", name="boss"), f"refunds/{waiting['id']}/"

    shown = json.loads(boss.get(path).content)["approval"]

    assert shown["destination"] == {
        "holder": "R•••• H••••", "document": "DNI ••••912", "bank": "BCP", "account": "••••031", "entered_by": "key:erp",
    }  # fmt: skip
    assert [each["code"] for each in shown["warnings"]] == ["digits_do_not_fit", "name_differs"]
    assert shown["warnings"][1]["message"] == "La cuenta no está a nombre de quien hizo el pedido."

    api.post(f"{path}destination/", {**DESTINATION, "account_number": OTHER_CCI, "bank_code": "011"})
    before = decided()
    stale = boss.post(f"{path}approve/", {"seen": shown["seen"]})
    assert (stale.status_code, problem(stale)["code"]) == (409, "APPROVAL_STALE")
    assert decided() == before
    anew = json.loads(boss.get(path).content)["approval"]
    assert [each["code"] for each in anew["warnings"]] == ["account_changed"]
    approved = boss.post(f"{path}approve/", {"seen": anew["seen"]})
    assert (approved.status_code, json.loads(approved.content)["state"]) == (200, "requested")
    assert json.loads(boss.get(path).content)["approval"] is None


@pytest.mark.parametrize("act", ["decline", "cancel"])
def test_a_waiting_refund_can_be_taken_back_and_frees_its_amount(
    api: ApiClient, psp: Operations, paid_order: Any, account: Any, act: str
) -> None:
    account(REFUND_APPROVAL_OVER="0")
    paid_order()
    waiting = json.loads(api.post("orders/A-1042/refunds/", asking()).content)
    assert json.loads(api.get("orders/A-1042/").content)["refundable_amount"] == "59.90"

    answer = api.post(f"refunds/{waiting['id']}/{act}/")
    twice = api.post(f"refunds/{waiting['id']}/{act}/")

    assert (answer.status_code, json.loads(answer.content)["state"]) == (200, "canceled")
    assert (twice.status_code, problem(twice)["code"]) == (409, "REFUND_ALREADY_SENT")
    assert json.loads(api.get("orders/A-1042/").content)["refundable_amount"] == "89.90"
    assert psp.refunds() == []


def test_a_destination_is_stored_for_an_unsent_refund_and_never_shown(
    api: ApiClient, paid_order: Any, account: Any
) -> None:
    account(REFUND_APPROVAL_OVER="0")
    paid_order()
    waiting = json.loads(api.post("orders/A-1042/refunds/", asking()).content)

    answer = api.post(f"refunds/{waiting['id']}/destination/", DESTINATION)

    assert (answer.status_code, json.loads(answer.content)["state"]) == (200, "awaiting_approval")
    assert RefundDestination.objects.get().account_number == DESTINATION["account_number"]
    everything_shown = answer.content + api.get("orders/A-1042/timeline/").content
    assert DESTINATION["account_number"].encode() not in everything_shown
    assert b"Quispe" not in everything_shown


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"account_number": "12"}, "account_number"),
        ({"account_number": "0021 930 1"}, "account_number"),
        ({"bank_code": "123456789"}, "bank_code"),
        ({"document": {"type": "PAPER", "number": "1"}}, "document.type"),
        ({"iban": "X"}, "iban"),
    ],
)
def test_a_destination_that_cannot_be_is_refused(
    api: ApiClient, paid_order: Any, account: Any, changes: dict[str, Any], field: str
) -> None:
    account(REFUND_APPROVAL_OVER="0")
    paid_order()
    waiting = json.loads(api.post("orders/A-1042/refunds/", asking()).content)

    answer = api.post(f"refunds/{waiting['id']}/destination/", {**DESTINATION, **changes})

    assert (answer.status_code, problem(answer)["fields"].keys()) == (400, {field})
    assert RefundDestination.objects.count() == 0
