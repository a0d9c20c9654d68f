"""Finding orders, page after page, and reading what happened to one."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from pagoefectivo.models import Order, Refund
from pagoefectivo.sandbox.operations import Operations
from pagoefectivo.selectors import calendar
from pagoefectivo.selectors import orders as known_orders
from pagoefectivo.selectors.timeline import timeline_of
from pagoefectivo.services import refunds, seams
from tests.integration.api.conftest import PAYER, ROOT, ApiClient, order_like

pytestmark = pytest.mark.django_db(transaction=True)


def references(answer: Any) -> list[str]:
    return [order["reference"] for order in json.loads(answer.content)["results"]]


@pytest.fixture
def five(api: ApiClient) -> list[str]:
    """Five orders, oldest first."""
    names = [f"L-{number}" for number in range(5)]
    for name in names:
        payer = {**PAYER, "email": f"{name.lower()}@example.pe"}
        assert api.post("orders/", order_like(reference=name, payer=payer)).status_code == 201
    return names


def test_pages_follow_each_other_without_gap_or_repetition(api: ApiClient, five: list[str]) -> None:
    found: list[str] = []
    answer: Any = api.get("orders/", limit=2)
    for _ in range(3):
        found += references(answer)
        following = json.loads(answer.content)["next"]
        if following:
            assert following.startswith(f"http://127.0.0.1:9{ROOT}orders/?")
            answer = api.client.get(following.removeprefix("http://127.0.0.1:9"), headers=api.headers)

    assert found == five[::-1]
    assert following is None


def test_each_filter_finds_its_order(api: ApiClient, psp: Operations, five: list[str]) -> None:
    third = Order.objects.get(reference="L-2")
    code = third.current_voucher.code  # type: ignore[union-attr]
    api.post("orders/L-3/cancel/")

    assert references(api.get("orders/", reference="L-2")) == ["L-2"]
    assert references(api.get("orders/", code=code)) == ["L-2"]
    assert references(api.get("orders/", email="l-2@example.pe")) == ["L-2"]
    assert references(api.get("orders/", state="canceled")) == ["L-3"]
    assert references(api.get("orders/", created_after=third.created_at.isoformat())) == ["L-4", "L-3", "L-2"]
    assert references(api.get("orders/", created_before=third.created_at.isoformat())) == ["L-1", "L-0"]
    assert references(api.get("orders/", account="default", state="awaiting_payment", limit=1)) == ["L-4"]
    assert references(api.get("orders/", account="other")) == []


def test_a_list_costs_the_same_queries_for_one_order_and_for_many(
    api: ApiClient, paid_order: Any, five: list[str], django_assert_num_queries: Any
) -> None:
    paid_order("P-1")
    paid_order("P-2")
    asked = {"amount": "1.00", "reason": "other"}
    api.post("orders/P-1/refunds/", asked)
    api.post("orders/P-2/refunds/", asked)

    with django_assert_num_queries(5):  # the key, orders, vouchers, refunds, freezing anomalies
        one = api.get("orders/", reference="P-1")
    with django_assert_num_queries(5):
        all_of_them = api.get("orders/")

    assert (len(references(one)), len(references(all_of_them))) == (1, 7)


def test_the_days_of_many_refunds_cost_one_query_a_year_and_none_again_within_the_minute(
    api: ApiClient, account: Any, paid_order: Any, django_assert_num_queries: Any
) -> None:
    account(CAPABILITIES={"refund_takes": [1, 3], "refund_counts_from_details": False})
    paid_order("P-1")
    for _ in range(4):
        api.post("orders/P-1/refunds/", {"amount": "1.00", "reason": "other"})
    noon = datetime(2026, 6, 15, 17, tzinfo=UTC)
    Refund.objects.update(changed_at=noon)
    with seams.use(now=lambda: noon):
        calendar.forget()
        with django_assert_num_queries(6):  # the key, the order, vouchers, refunds, freezing anomalies, the calendar
            (order,) = json.loads(api.get("orders/").content)["results"]
        with django_assert_num_queries(5):
            api.get("orders/")
    assert [each["expected"] for each in order["refunds"]] == [{"from": "2026-06-16", "to": "2026-06-18"}] * 4


def test_a_list_shows_an_order_as_it_is_shown_alone(api: ApiClient, paid_order: Any) -> None:
    paid_order()

    assert json.loads(api.get("orders/").content)["results"] == [json.loads(api.get("orders/A-1042/").content)]


def test_what_is_refundable_is_said_by_the_rules_that_a_request_is_held_against(
    api: ApiClient, paid_order: Any, five: list[str], account: Callable[..., None], world: Any
) -> None:
    paid_order("P-1")
    paid_order("P-2")
    api.post("orders/P-2/refunds/", {"amount": "80.00", "reason": "other"})
    orders = list(Order.objects.order_by("pk"))

    def both() -> list[tuple[str, str]]:
        listed = known_orders.refundable_amounts(orders)
        return [(f"{listed[order.pk]:.2f}", f"{refunds.refundable(order).amount:.2f}") for order in orders]

    assert both() == [*[("0.00", "0.00")] * 5, ("89.90", "89.90"), ("9.90", "9.90")]
    account(REFUND_REQUIRES="settled")
    assert both() == [("0.00", "0.00")] * 7
    account(REFUND_REQUIRES="paid")
    world.advance(days=181)
    assert both() == [("0.00", "0.00")] * 7


def test_an_order_whose_account_is_gone_can_still_be_read(api: ApiClient, paid_order: Any, settings: Any) -> None:
    paid_order()
    entry = settings.PAGOEFECTIVO["ACCOUNTS"]["default"]
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "ACCOUNTS": {"renamed": entry}}

    answer = api.get("orders/A-1042/")

    assert (answer.status_code, json.loads(answer.content)["refundable_amount"]) == (200, "0.00")


def test_the_timeline_tells_the_whole_story_in_order_and_masked(
    api: ApiClient, psp: Operations, paid_order: Any, world: Any, sweep: Any
) -> None:
    paid_order()
    refund = json.loads(api.post("orders/A-1042/refunds/", {"amount": "30.00", "reason": "other"}).content)
    psp.settle_refund(refund["provider_reference"], "reject")
    world.advance(seconds=2)
    sweep()

    answer = api.get("orders/A-1042/timeline/")

    entries = json.loads(answer.content)["results"]
    assert [entry["at"] for entry in entries] == sorted(entry["at"] for entry in entries)
    assert all(entry["at"].endswith("Z") and entry["sentence"] for entry in entries)
    assert {"state_change", "event", "exchange"} <= {entry["kind"] for entry in entries}
    moves = [
        (entry["details"]["subject"], entry["details"]["to"]) for entry in entries if entry["kind"] == "state_change"
    ]
    assert [to for subject, to in moves if subject == "voucher"] == ["submitting", "issued", "paid"]
    assert [to for subject, to in moves if subject == "refund"] == ["requested", "submitting", "pending", "failed"]
    calls = [entry["details"] for entry in entries if entry["kind"] == "exchange"]
    assert len(calls) == len(psp.calls())
    assert all(call["http_status"] == 200 and call["duration_ms"] is not None for call in calls)
    code = Order.objects.get().current_voucher.code  # type: ignore[union-attr]
    for secret in (code, "maria.quispe", "Quispe", "45678912", "987654321", "sandbox_secret_key"):
        assert secret not in answer.content.decode()


def test_a_timeline_costs_three_queries_however_long_it_is(
    paid_order: Any, world: Any, sweep: Any, django_assert_num_queries: Any
) -> None:
    order = paid_order()

    with django_assert_num_queries(3):
        short = timeline_of(order)
    for _ in range(3):
        world.advance(days=10)
        sweep()
    with django_assert_num_queries(3):
        assert len(timeline_of(order)) > len(short)


def test_a_timeline_shows_errors_with_their_next_step_and_anomalies_opened_and_closed(
    api: ApiClient, psp: Operations, world: Any, sweep: Any
) -> None:
    psp.fault("create", "503")
    assert api.post("orders/", order_like()).status_code == 202
    world.advance(minutes=3)
    sweep()
    code = json.loads(api.get("orders/A-1042/").content)["voucher"]["code"]
    psp.pay(code, amount="50.00")
    api.post("orders/A-1042/refresh/")

    entries = json.loads(api.get("orders/A-1042/timeline/").content)["results"]

    errors = [entry["details"] for entry in entries if entry["kind"] == "error"]
    assert [(error["code"], error["http_status"]) for error in errors] == [("CREATE_OUTCOME_UNKNOWN", 503)]
    assert all(error["next_step"] and error["who"] for error in errors)
    assert [entry["details"]["anomaly"] for entry in entries if entry["kind"] == "anomaly_opened"] == ["underpaid"]
