"""Threads that start together, on real PostgreSQL, against a PSP that would let us refund too much."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, connections

from pagoefectivo import shop
from pagoefectivo.domain.messages import Update
from pagoefectivo.domain.states import Source
from pagoefectivo.models import Order, Voucher
from pagoefectivo.sandbox.operations import Operations
from pagoefectivo.sandbox.server import Handler, SandboxServer
from pagoefectivo.services import lifecycle, seams
from pagoefectivo.services.claiming import claim_row
from pagoefectivo.services.lifecycle import Evidence
from pagoefectivo.services.polling import ask_voucher

PATIENCE = 20.0
FIGURES = "race"  # under this name a report carries what was counted
PAYER = shop.Payer(
    email="maria.quispe@example.pe",
    name="María Quispe",
    phone="+51987654321",
    document_type="DNI",
    document_number="45678912",
)
Work = Callable[[], Any]


class Team:
    """A fixed set of threads, each with a database connection of its own."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._pool = ThreadPoolExecutor(size, thread_name_prefix="racer")

    def race(self, *works: Work) -> list[Any]:
        """Start all works at the same instant; return what each returned or raised, in their order."""
        assert len(works) <= self.size
        start = threading.Barrier(len(works))

        def run(work: Work) -> Any:
            connection.ensure_connection()
            start.wait(PATIENCE)
            try:
                return work()
            except Exception as error:  # noqa: BLE001 - losing a race is an outcome like any other
                return error

        return [each.result(PATIENCE) for each in [self._pool.submit(run, work) for work in works]]

    def disband(self) -> None:
        """Close every thread's connection and end the threads."""
        leave = threading.Barrier(self.size)

        def close() -> None:
            leave.wait(PATIENCE)  # holds each thread until all have one of these
            connections.close_all()

        for each in [self._pool.submit(close) for _ in range(self.size)]:
            each.result(PATIENCE)
        self._pool.shutdown()


@pytest.fixture
def pair() -> Iterator[Team]:
    """Two threads."""
    team = Team(2)
    yield team
    team.disband()


@pytest.fixture
def eight() -> Iterator[Team]:
    """Eight threads."""
    team = Team(8)
    yield team
    team.disband()


@pytest.fixture(scope="session")
def sandbox() -> Iterator[SandboxServer]:
    """One PSP for the whole run. It is lax on purpose: only our own cap keeps refunds below the payment.

    It gives no idle connection up: a call that met one at that very moment would fail, and no race have caused it.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Handler, "timeout", 3600)
        with SandboxServer(permissive=True) as server:
            yield server


@pytest.fixture
def psp(sandbox: SandboxServer, settings: Any) -> Operations:
    """The PSP's control panel, with the account `default` pointed at it."""
    sandbox.control.reset()
    settings.PAGOEFECTIVO = {
        "PUBLIC_BASE_URL": "http://127.0.0.1:9",
        "ACCOUNTS": {
            "default": {
                "PROVIDER": "dlocal",
                "ENVIRONMENT": "sandbox",
                "CREDENTIALS": {
                    "login": "sandbox_login",
                    "trans_key": "sandbox_trans_key",
                    "secret_key": "sandbox_secret_key",
                },
                "BASE_URL": sandbox.url_of("dlocal"),
            }
        },
    }
    return sandbox.control


@pytest.fixture
def issued(psp: Operations) -> Callable[..., Order]:
    """Open an order and issue its code."""

    def opened(reference: str = "A-1042", amount: str = "89.90") -> Order:
        return shop.open_order(reference=reference, amount=amount, currency="PEN", payer=PAYER)

    return opened


@pytest.fixture
def paid(psp: Operations, issued: Callable[..., Order]) -> Callable[..., Order]:
    """Open an order that is paid at the counter and confirmed by a query."""

    def opened(reference: str = "A-1042", amount: str = "89.90") -> Order:
        voucher = Voucher.objects.get(order=issued(reference, amount))
        psp.pay(voucher.code)
        ask(voucher)
        order = shop.get_order(reference=reference)
        assert order.state == "paid"
        return order

    return opened


def ask(voucher: Voucher) -> None:
    """Ask the PSP about a voucher now and apply the answer."""
    claim = claim_row(Voucher, voucher.pk)
    assert claim is not None
    ask_voucher(voucher, claim, source=Source.POLL)


def told(update: Update, source: Source, account: str = "default") -> Work:
    """Return somebody who brings this statement."""

    def bring() -> lifecycle.Applied:
        return seams.transact(
            lambda: lifecycle.apply(
                update, source=source, evidence=Evidence(account), actor="provider", now=seams.now()
            )
        )

    return bring


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say how much was raced, and what came of it."""
    total: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") == "call":
                total.update(dict(report.user_properties).get(FIGURES, {}))
    if total:
        told_of = ", ".join(f"{total[name]} {name}" for name in ("doubles", "losses"))
        terminalreporter.write_line(
            f"{total['pairs']} pairs, {total['rounds']} races: {total['errors']} errors reached a caller, "
            f"{total['deadlocks']} of them deadlocks; {told_of}"
        )
