"""P2: from the notification to the paid order: letterbox, two workers and the database on the same processors."""

from __future__ import annotations

import os
import sys
import time
from itertools import count
from pathlib import Path
from statistics import median

from pagoefectivo.models import Order
from tests.benchmarks.measure import Row
from tests.benchmarks.stage import (
    WebServer,
    children,
    folder,
    issued_vouchers,
    letters,
    request,
    rest,
    stub_psp,
)
from tooling.processes import Child, Children

VOUCHERS, BATCH, WORKERS, ROUNDS = 150, 200, 2, 3
OURS, FLOOR = "/pagoefectivo/webhooks/default/", "/floor/webhooks/default/"
PATIENCE = 120.0


def measure() -> list[Row]:
    """Return the row of P2."""
    rest()
    floor, ours = [], []
    with folder() as logs, children() as started:
        psp = stub_psp(started, Path(logs), seconds=0, status="PAID")
        server = WebServer(started, Path(logs), psp=psp)
        for worker in range(WORKERS):
            _worker(started, Path(logs) / f"worker-{worker}.log", psp)
        fresh = count(0, BATCH)
        for turn in range(ROUNDS):
            floor.append(BATCH / request(server.port, letters(server.port, FLOOR, BATCH, start=next(fresh))))
            ours.append(_until_paid(server, f"P2-{turn}"))
    return [
        Row(
            "P2",
            "notification to paid order, all work on 2 cores",
            "per s",
            floor=median(floor),
            ours=median(ours),
            value=median(ours) / median(floor),
            goal=0.5,
            decides=False,
            notes=("what stands in the way is written in docs/explanation-performance.md",),
        )
    ]


def _until_paid(server: WebServer, prefix: str) -> float:
    from pagoefectivo.models import Voucher

    issued_vouchers(VOUCHERS, prefix=prefix)
    Voucher.objects.filter(reference__startswith=prefix).update(next_action_at="2030-01-01T00:00:00Z")
    began = time.perf_counter()
    request(server.port, letters(server.port, OURS, VOUCHERS, prefix=prefix))
    while Order.objects.filter(reference__startswith=prefix, state="paid").count() < VOUCHERS:
        if time.perf_counter() - began > PATIENCE:
            raise TimeoutError("the orders were not paid in time")
        time.sleep(0.02)
    return VOUCHERS / (time.perf_counter() - began)


def _worker(started: Children, log: Path, psp: str) -> None:
    environment = {**os.environ, "BENCHMARK_PSP_URL": psp}
    child = Child("worker", [sys.executable, "-m", "tests.benchmarks.worker"], log=log, env=environment)
    started.add(child).wait_until(lambda: "ready" in log.read_text())
