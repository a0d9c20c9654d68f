"""What stands around a measurement: a database of its own, servers as child processes, letters signed beforehand."""

from __future__ import annotations

import json
import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection
from django.utils import timezone

from pagoefectivo.domain.states import VoucherState
from pagoefectivo.links import new_page_key
from pagoefectivo.models import Order, Voucher
from pagoefectivo.providers.dlocal.webhook import signature
from tests.benchmarks.floors import EXCHANGE, INBOX, LOGIN, SECRET
from tooling.processes import Child, Children, free_port

CONNECTIONS = 8


@contextmanager
def database() -> Iterator[None]:
    """A fresh database with our tables and the floors' own, gone afterwards."""
    from django.core.management import call_command

    name = connection.settings_dict["NAME"]
    _administer(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name}")
    try:
        call_command("migrate", verbosity=0)
        with connection.cursor() as cursor:
            cursor.execute(INBOX)
            cursor.execute(EXCHANGE)
        yield
    finally:
        connection.close()
        _administer(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _administer(*statements: str) -> None:
    settings = connection.settings_dict
    address = psycopg.conninfo.make_conninfo(
        dbname="postgres",
        host=settings["HOST"] or None,
        port=settings["PORT"] or None,
        user=settings["USER"] or None,
        password=settings["PASSWORD"] or None,
    )
    with psycopg.connect(address, autocommit=True) as administrator:
        for statement in statements:
            administrator.execute(statement)  # type: ignore[arg-type, unused-ignore]


@contextmanager
def children() -> Iterator[Children]:
    """Child processes that end with the block."""
    with Children() as started:
        yield started


class WebServer:
    """Our shop behind gunicorn: one process, eight threads. `broker` replaces the environment's."""

    def __init__(self, started: Children, folder: Path, *, broker: str | None = None, psp: str = "") -> None:
        self.port = free_port()
        environment = {**os.environ, "BENCHMARK_PSP_URL": psp or "http://127.0.0.1:9"}
        if broker is not None:
            environment["PAGOEFECTIVO_BROKER_URL"] = broker
        self._child = Child(
            "gunicorn",
            [
                *(sys.executable, "-m", "gunicorn", "tests.benchmarks.wsgi:application", "--workers", "1"),
                *("--worker-class", "gthread", "--threads", str(CONNECTIONS), "--bind", f"127.0.0.1:{self.port}"),
                *("--keep-alive", "120", "--log-level", "error", "--worker-tmp-dir", folder),
            ],
            log=folder / f"web-{self.port}.log",
            env=environment,
        )
        started.add(self._child).wait_until(lambda: is_listening(self.port))
        warm_up(self.port)

    @property
    def process_id(self) -> int:
        return self._child.process.pid


def stub_psp(started: Children, folder: Path, *, seconds: float, status: str) -> str:
    """Start a provider; return its base URL."""
    port = free_port()
    argv = [sys.executable, "-m", "tests.benchmarks.stub", str(port), str(seconds), status]
    started.add(Child("provider", argv, log=folder / f"psp-{port}.log")).wait_until(lambda: is_listening(port))
    return f"http://127.0.0.1:{port}"


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def warm_up(port: int) -> None:
    """Let every thread of the server load its code and open its connection."""
    request(port, [get(port, "/floor/nowhere/")] * 4 * CONNECTIONS, expect=b"404")


def folder() -> tempfile.TemporaryDirectory[str]:
    """A place for the logs of child processes."""
    return tempfile.TemporaryDirectory(prefix="pagoefectivo-bench-")


def get(port: int, path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()


def letters(port: int, path: str, count: int, *, start: int = 0, prefix: str = "D") -> list[bytes]:
    """Distinct signed notifications "this is paid", as complete HTTP requests."""
    return [_letter(port, path, f"{prefix}-{number}") for number in range(start, start + count)]


def _letter(port: int, path: str, reference: str) -> bytes:
    document: dict[str, Any] = {
        "id": reference, "order_id": f"{reference}-1", "amount": 89.90, "currency": "PEN", "status": "PAID",
        "status_code": "200", "status_detail": "The payment was paid.", "country": "PE",
        "payment_method_id": "EF", "payment_method_type": "TICKET", "payment_method_flow": "DIRECT",
        "created_date": "2026-11-23T11:00:00.000+0000", "approved_date": "2026-11-23T12:00:00.000+0000",
        "notification_url": "https://shop.example/pagoefectivo/webhooks/default/",
        "payer": {"name": "Maria Quispe", "email": "maria.quispe@example.pe", "document": "45678912"},
    }  # fmt: skip
    body = json.dumps(document).encode()
    date = timezone.now().strftime("%Y-%m-%dT%H:%M:%S.000Z")
    signed = signature(LOGIN, date, body, SECRET)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"X-Date: {date}\r\nX-Login: {LOGIN}\r\nX-Version: 2.1\r\nUser-Agent: dLocal\r\nAccept: */*\r\n"
        f"Authorization: V2-HMAC-SHA256, Signature: {signed}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def request(port: int, requests: Sequence[bytes], *, expect: bytes = b"200") -> float:
    """Send all over eight kept connections, each next as soon as the last is answered; return the seconds it took."""
    waiting, failures = iter(requests), list[BaseException]()
    lock, start = threading.Lock(), threading.Barrier(CONNECTIONS + 1)

    def work() -> None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=30) as wire:
                wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                start.wait()
                while True:
                    with lock:
                        each = next(waiting, None)
                    if each is None:
                        return
                    _exchange(wire, each, expect)
        except BaseException as error:  # noqa: BLE001 - told to the caller below
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    start.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return time.perf_counter() - began


def paced(port: int, requests: Sequence[bytes], *, a_second: float) -> list[float]:
    """Send at a fixed rate, whatever the server does; return each one's seconds from when it was due to its answer."""
    latencies, lock, began = list[float](), threading.Lock(), time.perf_counter() + 0.1

    def work(first: int) -> None:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as wire:
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for place in range(first, len(requests), CONNECTIONS):
                due = began + place / a_second
                time.sleep(max(0.0, due - time.perf_counter()))
                _exchange(wire, requests[place], b"200")
                with lock:
                    latencies.append(time.perf_counter() - due)

    threads = [threading.Thread(target=work, args=(first,)) for first in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return latencies


def _exchange(wire: socket.socket, request: bytes, expect: bytes) -> None:
    wire.sendall(request)
    answer = wire.recv(65536)
    while b"\r\n\r\n" not in answer:
        answer += wire.recv(65536)
    head, _, body = answer.partition(b"\r\n\r\n")
    if head[9:12] != expect:
        raise AssertionError(f"the server answered {head.decode()}")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
    while len(body) < length:
        body += wire.recv(65536)


def issued_vouchers(count: int, *, prefix: str = "D") -> list[Voucher]:
    """Insert orders with an issued code each, due now."""
    now = timezone.now()
    orders = Order.objects.bulk_create(
        Order(
            reference=f"{prefix}-{n}", account="default", amount="89.90", currency="PEN", description="Zapatillas",
            payer_email="maria.quispe@example.pe", payer_name="Maria Quispe", payer_document_type="DNI",
            payer_document_number="45678912", expires_in=timedelta(days=2), page_key=new_page_key(), created_at=now,
            updated_at=now,
        )
        for n in range(count)
    )  # fmt: skip
    return Voucher.objects.bulk_create(
        Voucher(
            public_id=f"vch_{prefix}{n}", order=order, account="default", reference=f"{prefix}-{n}-1",
            idempotency_key=f"{prefix}{n}", amount="89.90", currency="PEN", state=VoucherState.ISSUED,
            code=f"{n:010}", barcode=f"{n:010}", provider_reference=f"{prefix}-{n}", created_at=now, changed_at=now,
            wanted_expiry_at=now + timedelta(days=2), expires_at=now + timedelta(days=2), first_sent_at=now,
            next_action_at=now,
        )
        for n, order in enumerate(orders)
    )  # fmt: skip


def rest() -> None:
    """Nothing due is left, and the planner knows the tables."""
    now = timezone.now() + timedelta(days=1)
    Voucher.objects.update(next_action_at=now)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE pagoefectivo_webhookdelivery, bench_inbox CASCADE")
        cursor.execute("VACUUM ANALYZE")
