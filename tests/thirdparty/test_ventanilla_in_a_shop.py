"""A shop sells, is paid and refunds through a provider that it named in its settings, and in no other file."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from pagoefectivo import shop
from pagoefectivo.services import sweep
from pagoefectivo.services.actors import SHOP
from tests.thirdparty.company import API_KEY, SIGNING_KEY, Company, open_company

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.servers]


@pytest.fixture
def company(settings: Any, live_server: Any) -> Iterator[Company]:
    """Ventanilla, and a shop whose settings name its provider by the path of its class."""
    with open_company() as company:
        settings.PAGOEFECTIVO = {
            "PUBLIC_BASE_URL": live_server.url,
            "ACCOUNTS": {
                "ventanilla": {
                    "PROVIDER": "tests.thirdparty.ventanilla.Ventanilla",
                    "ENVIRONMENT": "sandbox",
                    "CREDENTIALS": {"api_key": API_KEY, "signing_key": [SIGNING_KEY]},
                    "BASE_URL": company.url,
                },
            },
        }
        yield company


def test_an_order_is_sold_paid_and_refunded_through_it(company: Company) -> None:
    call_command("check", "--fail-level", "ERROR")
    payer = shop.Payer(email="ana@correo.pe", name="Ana Flores")
    order = shop.open_order(reference="A-7", amount="89.90", currency="PEN", payer=payer)
    (sold,) = company.codes.values()
    voucher = order.vouchers.get()
    assert (voucher.state, voucher.code) == ("issued", sold["code"])

    assert company.collect(sold["code"]) == 200
    sweep.run()
    order = shop.get_order(reference="A-7")
    assert (order.state, order.paid_amount) == ("paid", Decimal("89.90"))

    shop.request_refund(reference="A-7", amount="30.00", reason="damaged", actor=SHOP)
    sweep.run()
    order = shop.get_order(reference="A-7")
    assert (order.state, order.refunded_amount) == ("partially_refunded", Decimal("30.00"))
    assert [(each["code_id"], each["amount"]) for each in company.refunds.values()] == [(sold["id"], 30.0)]


def test_keys_that_it_does_not_declare_are_named_at_start_up(company: Company, settings: Any) -> None:
    account = {**settings.PAGOEFECTIVO["ACCOUNTS"]["ventanilla"], "CREDENTIALS": {"api_kee": "x"}}
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "ACCOUNTS": {"ventanilla": account}}
    with pytest.raises(SystemCheckError, match="api_key"):
        call_command("check", "--fail-level", "ERROR")
