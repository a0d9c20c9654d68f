"""Every scenario of the sandbox, played to its end without anybody at the console: what the shop knows then is the truth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from pagoefectivo import shop
from pagoefectivo.models import ErrorOccurrence, Refund, WebhookDelivery
from pagoefectivo.sandbox.psps import faces
from pagoefectivo.sandbox.scenarios import DAY, LATER, SCENARIOS, SOON
from pagoefectivo.services.actors import SHOP
from tests.integration.conftest import PAYER
from tests.integration.ledger import cents, moves, oddities, only_order, only_refund, only_voucher

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.servers]


@dataclass(frozen=True)
class End:
    """What is known in the end; `asked` is what the PSP's books say was created and refunded."""

    voucher: str = "paid"
    order: str = "paid"
    paid: str = "89.90"
    oddities: tuple[str, ...] = ()
    refund: str = ""
    asked: tuple[int, int] = (1, 0)


PAID = End()
REFUNDED = End(order="refunded", refund="succeeded", asked=(1, 1))
KEPT = replace(REFUNDED, order="paid")
ENDS = {
    "paid-at-once": PAID,
    "paid-late": End(order="in_review", oddities=("paid_late",)),
    "paid-twice": End(order="in_review", paid="179.80", oddities=("overpaid",)),
    "paid-short": End(order="in_review", paid="88.90", oddities=("underpaid",)),
    "paid-over": End(order="in_review", paid="90.90", oddities=("overpaid",)),
    "paid-in-dollars": End(order="in_review", paid="0.00", oddities=("currency_mismatch",)),
    "never-paid": End("expired", "expired", "0.00"),
    "webhook-lost": PAID,
    "webhooks-silent": PAID,
    "webhook-doubled": PAID,
    "webhook-forged": PAID,
    "webhook-stale": PAID,
    "webhook-first": PAID,
    "create-timeout": PAID,
    "create-unreadable": PAID,
    "provider-busy": PAID,
    "status-unknown": PAID,
    "payment-reversed": End(order="paid", oddities=("payment_reversed",)),
    "refund-on-dashboard": End(
        order="refunded", oddities=("refund_started_outside",), refund="succeeded", asked=(1, 1)
    ),
    "refund-done": REFUNDED,
    "refund-timeout": REFUNDED,
    "refund-rejected": replace(KEPT, refund="failed"),
    "form-unfilled": replace(KEPT, refund="failed"),
    "refund-returned": replace(KEPT, refund="returned", oddities=("refund_returned",)),
    "balance-empty": REFUNDED,
}


FACES = faces()
PLAYED = [
    (face.name, each.slug)
    for face in FACES
    for each in SCENARIOS.values()
    if not each.needs or each.needs in face.abilities
]


def play(psp: Any, world: Any, sweep: Any) -> None:
    """Let every act of a scenario happen, and then the longest that anybody here waits before asking again."""
    for pause in (SOON, LATER, 3 * LATER, 1.25 * DAY):
        world.advance(seconds=pause)
        assert psp.wait_idle()
        sweep()


def test_every_scenario_has_its_end() -> None:
    assert set(ENDS) == set(SCENARIOS)
    assert len(SCENARIOS) >= 20


@pytest.mark.parametrize(("provider", "name"), PLAYED)
def test_a_scenario_ends_in_the_truth(
    provider: str, name: str, psp: Any, listening: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    open_order(payer=replace(PAYER, email=f"{name}@sandbox.example"))
    play(psp, world, sweep)
    if SCENARIOS[name].gives_back:
        assert only_order().state == "paid"
        shop.request_refund(reference="A-1042", amount="89.90", reason="damaged", actor=SHOP)
        play(psp, world, sweep)
    voucher, order, refunds = only_voucher(), only_order(), Refund.objects.all()
    known = End(
        voucher.state,
        order.state,
        str(order.paid_amount),
        tuple(oddities()),
        refunds.get().state if refunds else "",
        (len(psp.payments()), len(psp.refunds())),
    )
    assert known == ENDS[name]


def test_the_buyers_address_names_the_scenario_and_the_console_shows_it(psp: Any, open_order: Any) -> None:
    open_order(payer=replace(PAYER, email="paid-short@sandbox.example"))
    open_order("A-1043", payer=replace(PAYER, email="nobody@sandbox.example"))
    open_order("A-1044")
    assert [payment["scenario"] for payment in psp.payments()] == ["paid-short", "", ""]


def test_the_choice_at_the_console_is_for_the_next_code_alone(
    psp: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    psp.scenario("create-timeout")
    assert open_order().current_voucher.state == "unknown"
    assert open_order("A-1043").current_voucher.state == "issued"
    world.advance(seconds=2)
    sweep()
    assert [payment["scenario"] for payment in psp.payments()] == ["create-timeout", ""]
    assert moves("voucher").count("lose") == 1
    assert ErrorOccurrence.objects.count() == 1


@pytest.mark.parametrize(
    ("ending", "state"), [("9001", "failed"), ("9002", "returned"), ("9003", "failed"), ("9999", "pending")]
)
def test_the_last_digits_of_the_bank_account_say_what_the_bank_does(
    ending: str, state: str, psp: Any, listening: Any, paid_order: Any, world: Any, sweep: Any
) -> None:
    paid_order()
    account = shop.Destination("María Quispe", "DNI", "45678912", "002", f"0021931234567890{ending}", "S")
    shop.request_refund(reference="A-1042", amount="89.90", reason="damaged", actor=SHOP, destination=account)
    play(psp, world, sweep)
    assert only_refund().state == state
    assert only_order().refunded_amount == cents("0.00")


def test_a_forged_notification_of_a_scenario_moved_nothing(
    psp: Any, listening: Any, open_order: Any, world: Any, sweep: Any
) -> None:
    open_order(payer=replace(PAYER, email="webhook-forged@sandbox.example"))
    play(psp, world, sweep)
    assert {delivery.verdict for delivery in WebhookDelivery.objects.all()} == {"forged"}
    assert only_order().state == "paid"
