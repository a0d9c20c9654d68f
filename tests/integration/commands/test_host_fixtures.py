"""`pagoefectivo.testing`: what a host shop's own tests stand on."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest

from pagoefectivo import conf, shop
from pagoefectivo.models import Order, Refund, WebhookDelivery
from pagoefectivo.sandbox.server import SandboxServer
from pagoefectivo.services.actors import SHOP
from pagoefectivo.testing import IssueVoucher, NetworkBlocked, Pay, SettleRefund


def test_a_voucher_is_issued_and_paid(issue_voucher: IssueVoucher, pay: Pay) -> None:
    order = issue_voucher("120.00", reference="A-1")
    assert (order.reference, order.state, order.vouchers.get().state) == ("A-1", "awaiting_payment", "issued")
    paid = pay(order)
    assert (paid.state, str(paid.paid_amount)) == ("paid", "120.00")


def test_a_refund_ends_as_the_bank_decides(issue_voucher: IssueVoucher, pay: Pay, settle_refund: SettleRefund) -> None:
    order = pay(issue_voucher("100.00"))

    def wish(amount: str) -> Refund:
        return shop.request_refund(reference=order.reference, amount=amount, reason="buyer_request", actor=SHOP)

    first, second = settle_refund(wish("40.00")), settle_refund(wish("60.00"), "reject")
    assert (first.state, second.state) == ("succeeded", "failed")
    after = shop.get_order(reference=order.reference)
    assert (after.state, str(after.refunded_amount)) == ("partially_refunded", "40.00")


def test_each_test_starts_with_empty_books(psp: SandboxServer, issue_voucher: IssueVoucher) -> None:
    assert psp.control.payments() == []
    issue_voucher()
    assert len(psp.control.payments()) == 1


def test_the_accounts_of_the_settings_point_at_the_sandbox_and_keep_their_rules(
    settings: Any, request: pytest.FixtureRequest
) -> None:
    settings.PAGOEFECTIVO = {
        "PUBLIC_BASE_URL": "https://shop.example",
        "ACCOUNTS": {
            "lima": {
                "PROVIDER": "dlocal",
                "ENVIRONMENT": "production",
                "CREDENTIALS": {"login": "live", "trans_key": "live", "secret_key": "live"},
                "CONFIRMATION": "webhook",
            }
        },
    }
    psp = request.getfixturevalue("psp")
    account = conf.current().accounts["lima"]
    assert account.base_url == psp.url_of("dlocal")
    assert (account.environment, account.webhook_is_enough) == ("sandbox", True)
    assert "live" not in account.credentials.values()


def test_without_a_live_server_no_notification_comes_and_the_order_is_paid_all_the_same(
    issue_voucher: IssueVoucher, pay: Pay
) -> None:
    assert pay(issue_voucher()).state == "paid"
    assert WebhookDelivery.objects.count() == 0


def test_with_a_live_server_the_notification_is_delivered(
    live_server: Any, issue_voucher: IssueVoucher, pay: Pay
) -> None:
    assert pay(issue_voucher()).state == "paid"
    assert WebhookDelivery.objects.get().verdict == "verified"


def test_faults_can_be_planned(psp: SandboxServer, issue_voucher: IssueVoucher, work: Callable[[Order], Order]) -> None:
    psp.control.fault("create", "timeout_after")
    order = issue_voucher()
    assert order.vouchers.get().state == "unknown"
    assert work(order).vouchers.get().state == "issued"
    assert len(psp.control.payments()) == 1


@pytest.mark.parametrize(("family", "address"), [(socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")])
def test_G01_other_machines_are_out_of_reach(no_network: None, family: int, address: str) -> None:
    with socket.socket(family) as wire, pytest.raises(NetworkBlocked, match=address):
        wire.connect((address, 443))


def test_names_are_blocked_before_they_are_looked_up(no_network: None) -> None:
    with socket.socket() as wire, pytest.raises(NetworkBlocked):
        wire.connect_ex(("api.dlocal.example", 443))


def test_an_account_whose_address_is_registered_at_the_psp_hears_of_its_payment(
    settings: Any, live_server: Any, request: pytest.FixtureRequest
) -> None:
    account = {"PROVIDER": "pagoefectivo_direct", "ENVIRONMENT": "production"}
    settings.PAGOEFECTIVO = {"PUBLIC_BASE_URL": "https://shop.example", "ACCOUNTS": {"direct": account}}
    psp = request.getfixturevalue("psp")
    assert conf.current().accounts["direct"].base_url == psp.url_of("pagoefectivo_direct")
    paid = request.getfixturevalue("pay")(request.getfixturevalue("issue_voucher")())
    delivery = WebhookDelivery.objects.get()
    assert (paid.state, delivery.account, delivery.verdict, delivery.outcome) == ("paid", "direct", "stale", "applied")
    assert delivery.voucher == paid.vouchers.get()
