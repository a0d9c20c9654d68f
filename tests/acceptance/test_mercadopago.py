"""Whole stories with Mercado Pago: told by ids alone, refunded in the answer, and with every answer lost on the way."""

from __future__ import annotations

from typing import Any

import pytest

from pagoefectivo import shop
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.models import Refund
from pagoefectivo.sandbox.server import SandboxServer
from pagoefectivo.services.actors import SHOP
from tests.integration.ledger import calls_of, cents, moves, only_order, only_refund, only_voucher

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.servers]


@pytest.fixture(autouse=True)
def _at_mercado_pago(account: Any, sandbox: SandboxServer) -> None:
    face = sandbox.company.faces["mercadopago"]
    url = sandbox.url_of(face.name)
    account(PROVIDER=face.name, CREDENTIALS=dict(face.merchant().secrets), BASE_URL=url)


def ask_back(amount: str = "89.90") -> Refund:
    return shop.request_refund(reference="A-1042", amount=amount, reason="damaged", actor=SHOP)


def test_a_notification_only_makes_us_ask_and_a_refund_is_done_at_once(
    psp: Any, listening: Any, open_order: Any, sweep: Any
) -> None:
    voucher = open_order().current_voucher
    psp.pay(voucher.code)
    assert psp.wait_idle()
    assert psp.deliveries()[0]["attempts"][0]["status"] == 200
    sweep()
    assert (only_voucher().state, only_order().state) == ("paid", "paid")

    ask_back()
    assert psp.wait_idle()
    sweep()

    (made,) = psp.refunds()
    assert (only_refund().state, only_refund().provider_reference) == ("succeeded", made["id"])
    assert (only_order().state, only_order().refunded_amount) == ("refunded", cents("89.90"))
    assert [call["body"] for call in psp.calls("refund")] == [""]


def test_a_refund_whose_answer_was_lost_is_had_back_by_its_key_and_is_one(
    psp: Any, paid_order: Any, world: Any, sweep: Any
) -> None:
    paid_order()
    psp.fault("refund", "timeout_after")
    assert ask_back().state == "unknown"
    shop.refresh_order(reference="A-1042")
    assert not only_refund().is_outside, "it may be ours, so it is not taken for somebody else's"
    world.advance(seconds=2)
    sweep()
    assert (only_refund().state, calls_of(psp, "refund")) == ("unknown", 1), "it may still be under way there"

    world.advance(minutes=3)
    sweep()

    (made,) = psp.refunds()
    assert (only_refund().state, only_refund().provider_reference) == ("succeeded", made["id"])
    assert {call["headers"]["x-idempotency-key"] for call in psp.calls("refund")} == {only_refund().idempotency_key}
    assert (calls_of(psp, "refund"), only_order().state) == (2, "refunded")


def test_a_refund_from_the_dashboard_is_never_taken_for_the_lost_one(
    psp: Any, paid_order: Any, world: Any, sweep: Any
) -> None:
    voucher = paid_order().current_voucher
    psp.fault("refund", "timeout_before")
    assert ask_back().state == "unknown"
    theirs = psp.dashboard_refund(voucher.code)
    psp.settle_refund(theirs["id"])

    world.advance(minutes=3)
    sweep()
    assert (only_refund().state, only_refund().error_code) == ("unknown", ErrorCode.REFUND_DUPLICATE)
    world.advance(hours=2)
    asked = calls_of(psp, "refund")
    sweep()

    assert (only_refund().state, only_refund().provider_reference) == ("unknown", "")
    assert (moves("refund"), only_voucher().reserved_amount) == (["ask", "submit", "lose"], cents("89.90"))
    assert calls_of(psp, "refund") == asked, "its key may be forgotten: a person decides"
    assert [each["id"] for each in psp.refunds()] == [theirs["id"]]


def test_without_balance_a_refund_waits_and_leaves_by_itself(psp: Any, paid_order: Any, world: Any, sweep: Any) -> None:
    paid_order()
    psp.configure(balance="0.00")
    refund = ask_back()
    assert (refund.state, refund.error_code) == ("submitting", ErrorCode.REFUND_INSUFFICIENT_FUNDS)
    psp.configure(balance="89.90")
    world.advance(minutes=1)
    sweep()
    assert (only_refund().state, only_order().state) == ("succeeded", "refunded")
