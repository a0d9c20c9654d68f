"""Creating a voucher when the answer is lost, late, wrong, or asked for twice: one code at the PSP, shown once."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.db import connection

from pagoefectivo import shop
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import StateConflict
from pagoefectivo.models import ErrorOccurrence, Order, Voucher
from pagoefectivo.services import seams
from pagoefectivo.services.api_keys import create_key
from tests.acceptance.journeys import asked, on
from tests.integration.ledger import calls_of, everything, moves, oddities, only_order, only_voucher, outbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.servers]

TOO_LOW = {"PEN": ["1.00", "2.00"]}  # a contract with which the PSP turns an ordinary amount down


@on("look-up")
def test_B01_a_create_that_timed_out_after_the_psp_did_it_is_adopted(
    provider: str, psp: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    psp.fault("create", "timeout_after")
    voucher = open_order().current_voucher
    assert (voucher.state, voucher.code, voucher.error_code) == ("unknown", "", ErrorCode.CREATE_OUTCOME_UNKNOWN)
    world.advance(seconds=2)
    sweep()
    [payment] = psp.payments()
    assert (only_voucher().state, only_voucher().code) == ("issued", payment["code"])
    assert (only_voucher().provider_reference, only_voucher().reference) == (payment["id"], payment["order_id"])
    assert calls_of(psp, "create") == 1, "looked up, not sent again"
    assert moves("voucher") == ["submit", "lose", "issue"]
    assert outbox() == ["voucher_issued"]


@on("look-up")
def test_F12_a_clock_that_is_put_right_between_two_tries_makes_no_second_one_too_soon(
    provider: str, psp: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    slow = [timedelta(minutes=50)]
    with seams.use(now=lambda: world.now() - slow[0], database_now=world.now):
        open_order()
        assert calls_of(psp, "create") == 0, "the lease of who opened it was over before it could leave"
        psp.fault("create", "timeout_before")
        world.advance(seconds=90)
        sweep()
        assert (only_voucher().state, calls_of(psp, "create")) == ("unknown", 1)
        slow[0] = timedelta()  # to our own clock the first try is now fifty minutes old
        world.advance(seconds=20)
        sweep()
        assert calls_of(psp, "create") == 1, "it may still be under way there"
        world.advance(minutes=3)
        sweep()
    assert (calls_of(psp, "create"), len(psp.payments()), only_voucher().state) == (2, 1, "issued")


@on(lacking="look-up")
def test_B01_a_lost_code_that_nobody_can_look_up_is_never_asked_for_again_and_a_person_is_told(
    provider: str, psp: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    psp.fault("create", "timeout_after")
    assert open_order().current_voucher.state == "unknown"
    for hours in (1, 4, 24):
        world.advance(hours=hours)
        sweep()
    assert (only_voucher().state, only_voucher().code, only_order().state) == ("unknown", "", "awaiting_payment")
    assert (calls_of(psp, "create"), len(psp.payments())) == (1, 1), "a second code could be paid beside the first"
    assert oddities() == ["outcome_unknown"]


@on(lacking="look-up")
def test_B01_a_lost_code_that_nobody_can_look_up_is_found_by_its_payment(
    provider: str, psp: Any, listening: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    psp.fault("create", "timeout_after")
    assert open_order().current_voucher.state == "unknown"
    [payment] = psp.payments()
    psp.pay(payment["code"])
    assert psp.wait_idle()
    world.advance(seconds=2)
    sweep()
    assert (only_voucher().state, only_voucher().code, only_order().state) == ("paid", payment["code"], "paid")
    assert (calls_of(psp, "create"), oddities()) == (1, [])


@on("look-up", "sent again")
def test_B02_a_create_that_timed_out_before_the_psp_saw_it_is_sent_again_in_the_same_words(
    provider: str, psp: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    psp.fault("create", "timeout_before")
    assert open_order().current_voucher.state == "unknown"
    world.advance(seconds=2)
    sweep()
    assert (only_voucher().state, calls_of(psp, "create"), psp.payments()) == ("unknown", 1, [])
    world.advance(minutes=3)
    sweep()
    [payment] = psp.payments()
    assert (only_voucher().state, only_voucher().code) == ("issued", payment["code"])
    first, second = psp.calls("create")
    assert first["body"] == second["body"]


@on("keys")
def test_B02_what_is_sent_again_bears_its_first_key(
    provider: str, psp: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    psp.fault("create", "500")
    assert open_order().current_voucher.state == "unknown"
    world.advance(minutes=3)
    sweep()
    key = only_voucher().idempotency_key
    assert [key in call["headers"].values() for call in psp.calls("create")] == [True, True]


@on("look-up")
def test_B03_a_late_execution_is_waited_for(provider: str, psp: Any, open_order: Any, world: Any, sweep: Any) -> None:
    psp.fault("create", "late_execution", after=60.0)
    assert open_order().current_voucher.state == "unknown"
    world.advance(seconds=30)
    sweep()
    assert (only_voucher().state, calls_of(psp, "create")) == ("unknown", 1)
    world.advance(seconds=100)
    sweep()
    assert (only_voucher().state, len(psp.payments()), calls_of(psp, "create")) == ("issued", 1, 1)


@on()
def test_B08_the_same_reference_again_is_the_same_order(provider: str, psp: Any, open_order: Any) -> None:
    first = open_order()
    before = everything()
    again = open_order()
    assert (again.pk, again.page_url) == (first.pk, first.page_url)
    assert (everything(), len(psp.payments()), asked(psp)) == (before, 1, {"create": 1})
    with pytest.raises(StateConflict) as conflict:
        open_order(amount="89.91")
    assert conflict.value.code is ErrorCode.REFERENCE_CONFLICT
    assert (everything(), asked(psp)) == (before, {"create": 1})


@on()
def test_B08_a_double_click_issues_one_code(provider: str, psp: Any, open_order: Any) -> None:
    psp.configure(latency_seconds=0.2)
    both, seen = threading.Barrier(4), []

    def click() -> None:
        both.wait()
        seen.append(open_order().page_url)
        connection.close()

    tabs = [threading.Thread(target=click) for _ in range(4)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    assert (len(seen), len(set(seen))) == (4, 1)
    assert (Order.objects.count(), Voucher.objects.count(), len(psp.payments())) == (1, 1, 1)
    assert asked(psp) == {"create": 1}


@on("contract limits")
def test_what_the_provider_refused_may_be_put_right_and_tried_again(
    provider: str, psp: Any, open_order: Any, world: Any
) -> None:
    usual = psp.configure()["limits"]
    psp.configure(limits=TOO_LOW)
    refused = open_order()
    assert (refused.state, refused.current_voucher.state) == ("awaiting_payment", "failed")
    psp.configure(limits=usual)
    assert open_order().current_voucher.state == "issued"
    assert list(Voucher.objects.order_by("pk").values_list("attempt", "state")) == [(1, "failed"), (2, "issued")]
    assert len(psp.payments()) == 1


@on()
def test_B11_a_refusal_by_the_provider_is_final(
    provider: str, psp: Any, account: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    account(LIMITS={"PEN": ["1.00", "50000.00"]})  # the shop believes more of its contract than is in it
    voucher = open_order(amount="20000.00").current_voucher
    assert (voucher.state, voucher.error_code.partition("_")[0]) == ("failed", "CREATE")
    [error] = ErrorOccurrence.objects.all()
    assert (error.code, error.operation) == (voucher.error_code, "issue_voucher")
    assert error.entry.sentence(field="amount", minimum="", maximum="")
    world.advance(days=2)
    sweep()
    assert (asked(psp), psp.payments()) == ({"create": 1}, [])
    assert (only_order().state, oddities()) == ("awaiting_payment", [])


def test_B11_a_refusal_names_the_field_and_keeps_the_providers_code(psp: Any, open_order: Any) -> None:
    psp.configure(document_lengths=[11])
    voucher = open_order().current_voucher
    assert (voucher.state, voucher.error_code, voucher.raw_code) == ("failed", ErrorCode.CREATE_FIELD_INVALID, "5001")
    [error] = ErrorOccurrence.objects.all()
    assert (error.code, error.http_status, error.operation) == (ErrorCode.CREATE_FIELD_INVALID, 400, "issue_voucher")
    assert error.entry.sentence(field="document")


@on()
def test_an_order_withdrawn_before_anything_was_sent_is_never_sent(
    provider: str, psp: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    psp.fault("create", "429", retry_after=5)
    assert open_order().current_voucher.state == "submitting"
    assert shop.cancel_order(reference="A-1042").state == "awaiting_payment", "it ends by itself"
    world.advance(seconds=6)
    sweep()
    assert (only_voucher().state, only_order().state, psp.payments()) == ("failed", "canceled", [])
    assert asked(psp) == {"create": 1}


@on()
def test_the_same_idempotency_key_twice_over_http_is_one_order_and_one_answer(
    provider: str, psp: Any, listening: Any, settings: Any
) -> None:
    _, key = create_key("till", ["orders:read", "orders:write"])
    address = f"{listening.url}/pagoefectivo/api/v1/orders/"
    headers = {"Authorization": f"Api-Key {key}", "Idempotency-Key": "till-7-0042"}
    wanted: dict[str, Any] = {
        "reference": "A-1042",
        "amount": "89.90",
        "currency": "PEN",
        "payer": {"email": "ana@example.pe", "name": "Ana", "document": {"type": "DNI", "number": "45678912"}},
    }
    first = requests.post(address, json=wanted, headers=headers, timeout=10)
    assert (first.status_code, first.json()["voucher"]["code"]) == (201, psp.payments()[0]["code"])
    before = everything(besides={"IdempotentRequest", "ApiKey"})
    again = requests.post(address, json=wanted, headers=headers, timeout=10)
    assert (again.status_code, again.content) == (201, first.content)
    other = requests.post(address, json=wanted | {"amount": "1.00"}, headers=headers, timeout=10)
    assert (other.status_code, other.json()["code"]) == (422, ErrorCode.IDEMPOTENCY_KEY_REUSED)
    assert (everything(besides={"IdempotentRequest", "ApiKey"}), asked(psp)) == (before, {"create": 1})
