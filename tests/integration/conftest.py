"""Real parts for every integration test: PostgreSQL, the sandbox company over HTTP, and our own web server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from pagoefectivo import shop
from pagoefectivo.models import Order, Voucher
from pagoefectivo.sandbox.server import SandboxServer
from pagoefectivo.services import sweep as sweeping

PAYER = shop.Payer(
    email="maria.quispe@example.pe",
    name="María Quispe",
    phone="+51987654321",
    document_type="DNI",
    document_number="45678912",
)


@pytest.fixture(scope="session")
def sandbox() -> Iterator[SandboxServer]:
    """One PSP for the whole run; each test starts with it empty."""
    with SandboxServer(hang_seconds=1.5, retry_seconds=[0.2, 0.5]) as server:
        yield server


@pytest.fixture
def psp(sandbox: SandboxServer, settings: Any) -> Any:
    """The PSP's control panel, with the account `default` pointed at it."""
    sandbox.control.reset()
    settings.PAGOEFECTIVO = {
        "PUBLIC_BASE_URL": "http://127.0.0.1:9",
        "SHOP_NAME": "Mi Tienda",
        "TIMING": {"POLL": ["1s"], "RETRY": ["1s"], "CONNECT": "1s", "READ": "1s", "LEASE": "5s"},
        "ACCOUNTS": {
            "default": {
                "PROVIDER": "dlocal",
                "ENVIRONMENT": "sandbox",
                "CREDENTIALS": {
                    "login": "sandbox_login",
                    "trans_key": "sandbox_trans_key",
                    "secret_key": "sandbox_secret_key",
                },
                "BASE_URL": sandbox.dlocal_url,
            }
        },
    }
    return sandbox.control


@pytest.fixture
def account(psp: Any, settings: Any) -> Callable[..., None]:
    """Change keys of the account, as a shop would in its settings."""

    def change(**keys: Any) -> None:
        written = {**settings.PAGOEFECTIVO["ACCOUNTS"]["default"], **keys}
        settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "ACCOUNTS": {"default": written}}

    return change


@pytest.fixture
def listening(psp: Any, settings: Any, live_server: LiveServer) -> LiveServer:
    """Our web server, where the PSP's notifications arrive by themselves."""
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "PUBLIC_BASE_URL": live_server.url}
    return live_server


@pytest.fixture
def open_order(psp: Any) -> Callable[..., Order]:
    """Open an order as a storefront does."""

    def opened(reference: str = "A-1042", amount: str = "89.90", **more: Any) -> Order:
        return shop.open_order(**{"reference": reference, "amount": amount, "currency": "PEN", "payer": PAYER} | more)

    return opened


@pytest.fixture
def sweep() -> Callable[[], sweeping.SweepReport]:
    """Make everything due that waits, and work on it: what the clock would do later."""

    def pass_over() -> sweeping.SweepReport:
        return sweeping.run(most_rounds=20)

    return pass_over


def only_voucher() -> Voucher:
    """The one voucher there is."""
    return Voucher.objects.get()


def cents(written: str) -> Decimal:
    """An amount with two decimals."""
    return Decimal(written)
