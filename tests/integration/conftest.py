"""The stage of every story: a running PSP, our own web server, two clocks that move together."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone, translation
from pytest_django.live_server_helper import LiveServer

from pagoefectivo import shop, signals
from pagoefectivo.links import notification_url
from pagoefectivo.models import Order
from pagoefectivo.sandbox.operations import Operations
from pagoefectivo.sandbox.server import SandboxServer
from pagoefectivo.services import seams
from pagoefectivo.services import sweep as sweeping
from pagoefectivo.views import senders
from tests.integration.by_hand import BY_HAND

WAITS = {"CONNECT": "1s", "READ": "3s", "LEASE": "9s"}  # a busy machine is slow; only a fault that hangs takes so long
HANGS = 3.3

PAYER = shop.Payer(
    email="maria.quispe@example.pe",
    name="María Quispe",
    phone="+51987654321",
    document_type="DNI",
    document_number="45678912",
)


class World:
    """Our clock and the PSP's. Moving it makes due what would have been due by then; nobody sleeps."""

    def __init__(self, psp: Operations) -> None:
        self._psp = psp
        self._ahead = timedelta()

    def now(self) -> datetime:
        return timezone.now() + self._ahead

    def advance(self, **duration: float) -> None:
        """Let time pass at both companies."""
        self._ahead += timedelta(**duration)
        self._psp.advance(timedelta(**duration).total_seconds())

    def skew(self, **duration: float) -> None:
        """Let our clock alone go wrong."""
        self._ahead += timedelta(**duration)


@pytest.fixture(autouse=True)
def _one_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """The minute in which visits are counted does not end within a story, however slow the machine is."""
    began = time.time()
    monkeypatch.setattr(senders, "time", SimpleNamespace(time=lambda: began, monotonic=time.monotonic))


@pytest.fixture(autouse=True)
def _own_language() -> None:
    """The last test's visitor may have read another language, and left it to this thread."""
    translation.deactivate()


@pytest.fixture(scope="session")
def sandbox() -> Iterator[SandboxServer]:
    """One PSP for the whole run; each test starts with it empty."""
    with SandboxServer(hang_seconds=HANGS, retry_seconds=[0.2, 0.5]) as server:
        yield server


@pytest.fixture
def provider() -> str:
    """The provider that a story plays on, unless it is told of another."""
    return "dlocal"


@pytest.fixture
def psp(sandbox: SandboxServer, provider: str, settings: Any) -> Iterator[Operations]:
    """The PSP's control panel, with the account `default` pointed at it."""
    sandbox.control.reset()
    settings.PAGOEFECTIVO = {
        "PUBLIC_BASE_URL": "http://127.0.0.1:9",
        "SHOP_NAME": "Mi Tienda",
        "TIMING": {"POLL": ["1s"], "RETRY": ["1s"], **WAITS},
        "ACCOUNTS": {
            "default": {
                "PROVIDER": provider,
                "ENVIRONMENT": "sandbox",
                "CREDENTIALS": dict(sandbox.company.faces[provider].merchant().secrets),
                "BASE_URL": sandbox.url_of(provider),
            }
        },
    }
    with seams.use():  # a process that remembers no token of the company before
        yield sandbox.control


@pytest.fixture
def account(psp: Operations, settings: Any) -> Callable[..., None]:
    """Change keys of the account, as a shop would in its settings."""

    def change(**keys: Any) -> None:
        written = {**settings.PAGOEFECTIVO["ACCOUNTS"]["default"], **keys}
        settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "ACCOUNTS": {"default": written}}

    return change


@pytest.fixture
def silent(psp: Operations, settings: Any) -> None:
    """Buyers are told nothing: the time that a mail takes is not the story's."""
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "MESSAGES": {"CHANNELS": {}}}


@pytest.fixture
def by_hand(account: Callable[..., None]) -> None:
    """The account's provider has no API for refunds: people pay them out."""
    account(PROVIDER=BY_HAND)


@pytest.fixture
def listening(psp: Operations, settings: Any, live_server: LiveServer) -> LiveServer:
    """Our web server, where the PSP's notifications arrive by themselves: its address is in their panel, too."""
    settings.PAGOEFECTIVO = {**settings.PAGOEFECTIVO, "PUBLIC_BASE_URL": live_server.url}
    psp.configure(notification_url=notification_url("default"))
    return live_server


@pytest.fixture
def world(psp: Operations) -> Iterator[World]:
    """Time that a story can let pass."""
    world = World(psp)
    with seams.use(now=world.now, database_now=world.now):
        yield world


@pytest.fixture
def open_order(psp: Operations) -> Callable[..., Order]:
    """Open an order as a storefront does."""

    def opened(reference: str = "A-1042", amount: str = "89.90", **more: Any) -> Order:
        wanted: dict[str, Any] = {"currency": "PEN", "payer": PAYER, **more}
        return shop.open_order(reference=reference, amount=amount, **wanted)

    return opened


@pytest.fixture
def sweep() -> Callable[[], sweeping.SweepReport]:
    """Work on everything that is due, as cron does."""

    def pass_over() -> sweeping.SweepReport:
        return sweeping.run(most_rounds=20)

    return pass_over


@pytest.fixture
def paid_order(psp: Operations, open_order: Callable[..., Order], world: World, sweep: Any) -> Callable[..., Order]:
    """Open an order and have it paid at the counter; a poll finds the money."""

    def paid(reference: str = "A-1042", amount: str = "89.90", **more: Any) -> Order:
        voucher = open_order(reference, amount, **more).current_voucher
        assert voucher is not None
        psp.pay(voucher.code)
        world.advance(seconds=2)
        sweep()
        order = shop.get_order(reference=reference)
        assert (order.state, order.paid_amount) == ("paid", Decimal(amount))
        return order

    return paid


@pytest.fixture
def heard() -> Iterator[list[str]]:
    """The names of the signals that the host shop heard, in order."""
    names: list[str] = []

    def listener(name: str) -> Callable[..., None]:
        def listen(**_: Any) -> None:
            names.append(name)

        return listen

    for name, signal in signals.BY_NAME.items():
        signal.connect(listener(name), weak=False, dispatch_uid=f"heard.{name}")
    yield names
    for name, signal in signals.BY_NAME.items():
        signal.disconnect(dispatch_uid=f"heard.{name}")
