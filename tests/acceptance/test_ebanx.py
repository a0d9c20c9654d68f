"""The same shop at EBANX: notifications that only point, deadlines that are days, refunds that wait for the buyer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pagoefectivo import shop
from pagoefectivo.models import ErrorOccurrence, Order, Refund, WebhookDelivery
from pagoefectivo.sandbox.server import SandboxServer
from pagoefectivo.services import sweep
from pagoefectivo.services.actors import SHOP
from pagoefectivo.testing import (
    IssueVoucher,
    Pay,
    SettleRefund,
    issue_voucher,
    no_network,
    pay,
    psp,
    sandbox_server,
    settle_refund,
    work,
)

__all__ = ["issue_voucher", "no_network", "pay", "psp", "sandbox_server", "settle_refund", "work"]

Work = Callable[[Order], Order]


@pytest.fixture(autouse=True)
def at_ebanx(settings: Any) -> None:
    settings.PAGOEFECTIVO = {
        "PUBLIC_BASE_URL": "https://shop.example",
        "ACCOUNTS": {"default": {"PROVIDER": "ebanx"}},
    }


def wish(order: Order, amount: str) -> Refund:
    return shop.request_refund(reference=order.reference, amount=amount, reason="buyer_request", actor=SHOP)


def test_a_notification_that_only_points_brings_the_question_forward_and_the_order_is_paid(
    at_ebanx: None, live_server: Any, issue_voucher: IssueVoucher, psp: SandboxServer
) -> None:
    order = issue_voucher("120.00", reference="A" * 64)
    voucher = order.vouchers.get()
    assert voucher.state == "issued"
    assert voucher.expires_at is not None
    assert voucher.expires_at >= voucher.wanted_expiry_at
    psp.control.pay(voucher.code)
    assert psp.control.wait_idle(5)
    delivery = WebhookDelivery.objects.get()
    sweep.run()  # no question but the one that the notification brought forward is due yet
    delivery.refresh_from_db()
    assert (delivery.outcome, delivery.voucher_id) == ("applied", voucher.pk)
    paid = shop.get_order(reference=order.reference)
    assert (paid.state, str(paid.paid_amount)) == ("paid", "120.00")


def test_partial_refunds_wait_for_the_buyer_and_arrive(
    issue_voucher: IssueVoucher, pay: Pay, work: Work, settle_refund: SettleRefund, psp: SandboxServer
) -> None:
    order = pay(issue_voucher("100.00"))
    wish(order, "40.00")
    wish(order, "60.00")
    work(order)
    first, second = Refund.objects.order_by("pk")
    assert [first.state, second.state] == ["pending", "pending"]
    psp.control.advance(61)
    work(order)
    first.refresh_from_db()
    assert first.state == "pending"
    assert settle_refund(first).state == "succeeded"
    assert settle_refund(second).state == "succeeded"
    after = shop.get_order(reference=order.reference)
    assert (after.state, str(after.refunded_amount)) == ("refunded", "100.00")


def test_a_buyer_who_never_fills_the_form_frees_the_amount(
    issue_voucher: IssueVoucher, pay: Pay, work: Work, psp: SandboxServer
) -> None:
    order = pay(issue_voucher("100.00"))
    refund = wish(order, "100.00")
    work(order)
    psp.control.advance(7 * 86400 + 1)
    work(order)
    refund.refresh_from_db()
    assert (refund.state, refund.error_code) == ("failed", "REFUND_CANCELLED")
    assert wish(order, "100.00").state != "failed"


@pytest.mark.parametrize("operation", ["create", "refund"])
def test_what_was_lost_on_the_way_back_is_found_and_never_sent_twice(
    operation: str, issue_voucher: IssueVoucher, pay: Pay, work: Work, psp: SandboxServer
) -> None:
    if operation == "create":
        psp.control.fault("create", "timeout_after")
    order = issue_voucher("100.00")
    if operation == "create":
        assert order.vouchers.get().state == "unknown"
        order = work(order)
        assert order.vouchers.get().state == "issued"
        assert len(psp.control.payments()) == 1
        return
    order = pay(order)
    psp.control.fault("refund", "timeout_after")
    wish(order, "30.00")
    work(order)
    work(order)
    (refund,) = Refund.objects.all()
    (there,) = psp.control.refunds()
    assert (refund.state, refund.provider_reference) == ("pending", there["id"])
    assert not ErrorOccurrence.objects.filter(code="REFUND_DUPLICATE").exists()


def test_an_unpaid_order_is_withdrawn_at_the_provider_too(issue_voucher: IssueVoucher, psp: SandboxServer) -> None:
    order = issue_voucher()
    shop.cancel_order(reference=order.reference)
    assert shop.get_order(reference=order.reference).state == "canceled"
    assert [each["state"] for each in psp.control.payments()] == ["canceled"]
