"""Two acts, one of them cut in two by the other: the orders of events that races found, brought about on purpose."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from django.db import connection, transaction

from pagoefectivo import shop
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import StateConflict
from pagoefectivo.domain.states import Source
from pagoefectivo.models import ErrorOccurrence, Order, Refund, Voucher
from pagoefectivo.sandbox.operations import Operations
from pagoefectivo.services import breaker, doubts, refunds, seams, sweep
from pagoefectivo.services.actors import SHOP, Actor
from tests.concurrency.conftest import PAYER

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.servers]

ANA = Actor("ana", SHOP.permissions)
Intruder = Callable[[], object]


@contextmanager
def just_before_the_lock(intruder: Intruder) -> Iterator[None]:
    """Let somebody else act after the rows were read and before they are locked."""
    waiting = [intruder]

    def unit_of_work() -> AbstractContextManager[Any]:
        if waiting:
            waiting.pop()()
        return transaction.atomic(durable=True)

    with seams.use(unit_of_work=unit_of_work):
        yield


@contextmanager
def around_statement(
    beginning: str, *, before: Intruder | None = None, after: Intruder | None = None
) -> Iterator[None]:
    """Let somebody else act around the first statement that begins so."""
    seen: list[str] = []

    def wrapper(execute: Any, sql: str, *rest: Any) -> Any:
        is_it = not seen and " ".join(sql.split()).startswith(beginning)
        if is_it:
            seen.append(sql)
            (before or bool)()
        result = execute(sql, *rest)
        if is_it:
            (after or bool)()
        return result

    with connection.execute_wrapper(wrapper):
        yield
    assert seen, f"nothing began with {beginning}"


def open_it() -> Order:
    return shop.open_order(reference="A-1042", amount="89.90", currency="PEN", payer=PAYER)


@pytest.fixture
def failed(psp: Operations) -> Order:
    """An order whose first code was refused; the next would not be."""
    limits = psp.configure()["limits"]
    psp.configure(limits={"PEN": ["2.00", "3.00"]})
    order = open_it()
    psp.configure(limits=limits)
    assert Voucher.objects.get().state == "failed"
    psp.clear_calls()
    return order


@pytest.fixture
def drafted(psp: Operations, paid: Callable[..., Order], settings: Any) -> Refund:
    """A refund that waits for approval and is due to be looked at."""
    account = {**settings.PAGOEFECTIVO["ACCOUNTS"]["default"], "REFUND_APPROVAL_OVER": "0"}
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "ACCOUNTS": {"default": account}}
    paid()
    refund = shop.request_refund(reference="A-1042", amount="10.00", reason="other", actor=SHOP)
    Refund.objects.update(next_action_at=seams.now())
    psp.clear_calls()
    return refund


def test_B08_a_double_click_after_a_refusal_issues_one_code_and_both_see_it(psp: Operations, failed: Order) -> None:
    with just_before_the_lock(open_it):
        order = open_it()
    assert order.current_voucher is not None
    assert (order.current_voucher.attempt, order.current_voucher.state) == (2, "issued")
    assert psp.call_counts() == {"create": 1}


def test_B17_a_code_is_not_renewed_on_an_order_that_is_withdrawn_meanwhile(psp: Operations, failed: Order) -> None:
    def withdraw() -> None:
        shop.cancel_order(reference="A-1042")

    with just_before_the_lock(withdraw), pytest.raises(StateConflict) as refused:
        shop.reissue_voucher(reference="A-1042")
    assert refused.value.code is ErrorCode.ORDER_CLOSED
    assert (Order.objects.get().state, Voucher.objects.count()) == ("canceled", 1)
    assert psp.call_counts() == {}


def test_B17_nor_by_opening_it_again(psp: Operations, failed: Order) -> None:
    with just_before_the_lock(lambda: shop.cancel_order(reference="A-1042")):
        order = open_it()
    assert (order.state, Voucher.objects.count()) == ("canceled", 1)
    assert psp.call_counts() == {}


def test_B08_of_two_who_renew_the_same_code_at_once_one_does(psp: Operations, failed: Order) -> None:
    def renew() -> None:
        shop.reissue_voucher(reference="A-1042")

    with just_before_the_lock(renew), pytest.raises(StateConflict):
        renew()
    assert list(Voucher.objects.order_by("pk").values_list("state", flat=True)) == ["failed", "issued"]
    assert psp.call_counts() == {"create": 1}


def test_E18_an_approval_given_while_the_sweep_looks_is_sent_now_and_not_tomorrow(
    psp: Operations, drafted: Refund
) -> None:
    def approve() -> None:
        refunds.approve(drafted.public_id, seen=doubts.seen_of(drafted), actor=ANA, source=Source.STAFF)

    with around_statement('UPDATE "pagoefectivo_refund" SET "next_action_at"', before=approve):
        sweep.run()
    assert Refund.objects.get().state == "pending"
    assert psp.call_counts() == {"refund": 1}


def test_a_refund_withdrawn_under_the_sweeps_hands_is_not_asked_about(psp: Operations, drafted: Refund) -> None:
    """It has no name at the provider: a question about it would be read as the provider's fault."""

    def withdraw() -> None:
        refunds.cancel(drafted.public_id, actor=SHOP, source=Source.STAFF)

    with around_statement('UPDATE "pagoefectivo_refund" SET lease_token', after=withdraw):
        report = sweep.run()
    assert (report.refunds, report.failures) == (1, 0)
    assert psp.call_counts() == {}
    assert not ErrorOccurrence.objects.exists()
    assert Refund.objects.values("state", "next_action_at", "lease_until").get() == {
        "state": "canceled",
        "next_action_at": None,
        "lease_until": None,
    }


def test_a_code_withdrawn_before_it_was_sent_is_not_looked_at_for_ever(psp: Operations) -> None:
    seams.transact(lambda: breaker.open_by_hand("default", breaker.MOVES, by="ana", why="a pause"))
    breaker.forget()
    open_it()
    assert Voucher.objects.get().state == "requested"
    shop.cancel_order(reference="A-1042")
    ended = Voucher.objects.get()
    assert (ended.state, ended.next_action_at) == ("canceled", None)

    Voucher.objects.update(next_action_at=seams.now(), lease_until=None)  # as an older version left such rows
    assert sweep.run().vouchers == 1
    assert Voucher.objects.values("next_action_at", "lease_until").get() == {
        "next_action_at": None,
        "lease_until": None,
    }
    assert psp.call_counts() == {}


def test_F07_a_question_whose_connection_is_given_up_meanwhile_is_noted_and_asked_again(
    psp: Operations, paid: Callable[..., Order]
) -> None:
    """The other end may close a kept-alive connection in the moment it is used; the end of a race met one so."""
    paid()
    before = Voucher.objects.values("state", "paid_amount", "reserved_amount").get()
    psp.fault("get_payment", "drop_before")
    for _ in range(2):
        Voucher.objects.update(next_action_at=seams.now(), lease_until=None)
        psp.clear_calls()
        assert sweep.run().failures == 0
    assert psp.call_counts() == {"get_payment": 1}
    assert list(ErrorOccurrence.objects.values_list("code", "raw_message")) == [
        ("PSP_UNAVAILABLE", "connection broken"),
    ]
    assert Voucher.objects.values("state", "paid_amount", "reserved_amount").get() == before


@pytest.mark.parametrize(("kind", "end", "held"), [("drop_before", "unknown", 0), ("drop_after", "pending", 1)])
def test_E01_a_refund_whose_connection_is_given_up_meanwhile_is_looked_up_and_never_sent_twice(
    kind: str, end: str, held: int, psp: Operations, paid: Callable[..., Order]
) -> None:
    paid()
    psp.clear_calls()
    psp.fault("refund", kind)
    assert shop.request_refund(reference="A-1042", amount="10.00", reason="other", actor=SHOP).state == "unknown"
    for _ in range(3):
        Refund.objects.filter(state="unknown").update(next_action_at=seams.now(), lease_until=None)
        assert sweep.run().failures == 0
    assert (Refund.objects.get().state, len(psp.refunds())) == (end, held)
    assert psp.call_counts()["refund"] == 1
    assert Voucher.objects.get().reserved_amount == 10
