"""Pytest fixtures for the tests of a host shop.

In the topmost `conftest.py` write `pytest_plugins = ["pagoefectivo.testing"]`, in a deeper one
`from pagoefectivo.testing import *`. They need pytest-django. Tests that use them run on committed rows (as with
`transactional_db`), because a provider is never called inside a transaction.

    def test_a_paid_order_is_packed(issue_voucher, pay):
        order = issue_voucher("89.90", reference="A-1042")
        pay(order)
        assert Parcel.objects.filter(reference="A-1042").exists()
"""

from __future__ import annotations

import copy
import ipaddress
import itertools
import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any, Protocol

import pytest

from pagoefectivo import conf
from pagoefectivo.domain.messages import Payer
from pagoefectivo.links import notification_url
from pagoefectivo.models import Order, Refund
from pagoefectivo.sandbox.server import SandboxServer
from pagoefectivo.services import sweep

__all__ = ["NetworkBlocked", "issue_voucher", "no_network", "pay", "psp", "sandbox_server", "settle_refund", "work"]

BUYER = Payer(
    email="buyer@example.com",
    name="Rosa Huamán",
    phone="987654321",
    document_type="DNI",
    document_number="45678912",
)
NOWHERE = "http://127.0.0.1:9"  # where notifications go in a test without `live_server`: refused at once
NOTIFICATION_SECONDS = 10.0

pytest.register_assert_rewrite(f"{__name__}.conformance")  # its promises explain themselves where they are broken
_numbers = itertools.count(1)


class NetworkBlocked(RuntimeError):
    """A test tried to reach another machine."""


class IssueVoucher(Protocol):
    """The type of the fixture `issue_voucher`."""

    def __call__(
        self,
        amount: Decimal | str = ...,
        *,
        reference: str | None = ...,
        currency: str = ...,
        payer: Payer = ...,
        account: str | None = ...,
        expires_in: timedelta | None = ...,
    ) -> Order:
        """Open an order with an issued code."""


class Pay(Protocol):
    """The type of the fixture `pay`."""

    def __call__(self, order: Order, amount: str | None = ..., *, late: bool = ..., twice: bool = ...) -> Order:
        """Pay an order's newest code."""


class SettleRefund(Protocol):
    """The type of the fixture `settle_refund`."""

    def __call__(self, refund: Refund, outcome: str = ..., *, reason: str | None = ...) -> Refund:
        """Let the bank decide."""


@pytest.fixture
def no_network() -> Iterator[None]:
    """Any connection to another machine raises NetworkBlocked, whoever opens it; loopback and Unix sockets work."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def guarded(self: socket.socket, address: Any) -> None:
        _refuse_far(self.family, address)
        connect(self, address)

    def guarded_ex(self: socket.socket, address: Any) -> int:
        _refuse_far(self.family, address)
        return connect_ex(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        patch.setattr(socket.socket, "connect_ex", guarded_ex)
        yield


@pytest.fixture(scope="session")
def sandbox_server() -> Iterator[SandboxServer]:
    """The sandbox PSP as a server in this process, one for the whole run. Tests take `psp`, which empties it first."""
    with SandboxServer(hang_seconds=2.0) as server:
        yield server


@pytest.fixture
def psp(
    request: pytest.FixtureRequest,
    sandbox_server: SandboxServer,
    transactional_db: None,
    no_network: None,
    settings: Any,
) -> SandboxServer:
    """The sandbox PSP with empty books; every account of the settings that it can play points at it.

    `psp.control` pays, expires, refuses, plans faults and moves the clock (see `pagoefectivo.sandbox.control`). With
    pytest-django's `live_server` in the same test, notifications are delivered to it; else only questions tell.
    """
    live = request.getfixturevalue("live_server").url if "live_server" in request.fixturenames else NOWHERE
    sandbox_server.control.reset()
    settings.PAGOEFECTIVO = _pointed_at(sandbox_server, conf.read_settings(), live)
    _register_addresses(sandbox_server)
    return sandbox_server


@pytest.fixture
def issue_voucher(psp: SandboxServer) -> IssueVoucher:
    """A function that opens an order (S/ 89.90 unless told) and returns it with its code issued by the sandbox."""

    def issue(
        amount: Decimal | str = "89.90",
        *,
        reference: str | None = None,
        currency: str = "PEN",
        payer: Payer = BUYER,
        account: str | None = None,
        expires_in: timedelta | None = None,
    ) -> Order:
        from pagoefectivo import shop

        return shop.open_order(
            reference=reference or f"TEST-{next(_numbers)}",
            amount=amount,
            currency=currency,
            payer=payer,
            account=account,
            expires_in=expires_in,
        )

    return issue


@pytest.fixture
def work(psp: SandboxServer) -> Callable[[Order], Order]:
    """A function that lets pass what happens by itself: notifications arrive, the provider is asked, signals are sent.

    Takes an order and returns it as it is afterwards.
    """

    def settle(order: Order) -> Order:
        from pagoefectivo import shop

        psp.control.wait_idle(NOTIFICATION_SECONDS)
        sweep.run()
        shop.refresh_order(reference=order.reference)
        sweep.run()
        return shop.get_order(reference=order.reference)

    return settle


@pytest.fixture
def pay(psp: SandboxServer, work: Callable[[Order], Order]) -> Pay:
    """A function that pays an order's newest code at the counter and returns the order once that is known here."""

    def pay_at_the_counter(
        order: Order, amount: str | None = None, *, late: bool = False, twice: bool = False
    ) -> Order:
        voucher = order.vouchers.latest("attempt")
        take_cash = psp.control.pay  # the counter's act; what it does to the order is for the lifecycle
        take_cash(voucher.code, amount, late=late, twice=twice)
        return work(order)

    return pay_at_the_counter


@pytest.fixture
def settle_refund(psp: SandboxServer, work: Callable[[Order], Order]) -> SettleRefund:
    """A function with which the bank decides a pending refund (succeed, reject, cancel, return); returns it afterwards."""

    def decide(refund: Refund, outcome: str = "succeed", *, reason: str | None = None) -> Refund:
        psp.control.settle_refund(refund.provider_reference, outcome, reason=reason)
        work(refund.order)
        return Refund.objects.select_related("order", "voucher").get(pk=refund.pk)

    return decide


def _pointed_at(server: SandboxServer, written: dict[str, Any], public_base_url: str) -> dict[str, Any]:
    """Return the host's settings with its accounts at the sandbox; rules such as CONFIRMATION and LIMITS stay."""
    pointed = copy.deepcopy(written)
    accounts = pointed.get("ACCOUNTS")
    if not isinstance(accounts, dict) or not accounts:
        accounts = {"default": copy.deepcopy(conf.SANDBOX_ACCOUNT)}
    for account in accounts.values():
        face = server.company.faces.get(account.get("PROVIDER"))
        if face is not None:
            account["ENVIRONMENT"] = conf.SANDBOX
            account["CREDENTIALS"] = dict(face.merchant().secrets)
            account["BASE_URL"] = server.url_of(face.name)
    return {**pointed, "PUBLIC_BASE_URL": public_base_url, "ACCOUNTS": accounts}


def _register_addresses(server: SandboxServer) -> None:
    """Tell each PSP where its customer listens; several never let a request say so. One customer has one address."""
    for account in reversed(list(conf.current().accounts.values())):
        face = server.company.faces.get(account.provider)
        if face is not None:
            merchant, address = face.merchant(), notification_url(account.name)
            server.control.add_merchant(merchant.login, dict(merchant.secrets), address, psp=face.name)


def _refuse_far(family: int, address: Any) -> None:
    if family not in {socket.AF_INET, socket.AF_INET6}:
        return
    host = str(address[0])
    try:
        is_near = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_near = host == "localhost"
    if not is_near:
        raise NetworkBlocked(f"a test connected to {host!r}; only this machine is allowed")
