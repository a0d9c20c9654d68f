"""P4: asking about many codes at once, 32 in flight, of a provider that takes 50 ms; answers written."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from pagoefectivo import conf
from pagoefectivo.domain.states import Source
from pagoefectivo.models import Voucher
from pagoefectivo.services.claiming import claim_due
from pagoefectivo.services.polling import IN_FLIGHT, ask_vouchers
from pagoefectivo.services.sweep import BATCH
from tests.benchmarks.measure import Row
from tests.benchmarks.stage import children, folder, issued_vouchers, rest, stub_psp

VOUCHERS, LATENCY = 800, 0.05
CEILING = IN_FLIGHT / LATENCY
QUERIES, CPU_MS = 3, 2


@dataclass(frozen=True)
class Pass:
    """One question about every code."""

    a_second: float
    queries: float
    cpu_ms: float

    def __str__(self) -> str:
        return (
            f"{self.a_second:.0f} a second, {self.queries:.2f} queries and {self.cpu_ms:.2f} ms of processor time each"
        )


def measure() -> list[Row]:
    """Return the row of P4."""
    with folder() as logs, children() as started:
        url = stub_psp(started, Path(logs), seconds=LATENCY, status="PENDING")
        settings.PAGOEFECTIVO["ACCOUNTS"]["default"]["BASE_URL"] = url
        conf.forget()
        rest()
        issued_vouchers(VOUCHERS, prefix="P4")
        first, again = _ask_all(), _ask_all()
    return [
        Row(
            "P4",
            f"codes asked about, {IN_FLIGHT} in flight, {LATENCY * 1000:.0f} ms each",
            "per s",
            floor=CEILING,
            ours=again.a_second,
            value=again.a_second / CEILING,
            goal=0.85,
            decides=False,
            conditions={
                f"{again.queries:.2f} queries for each (goal ≤ {QUERIES})": again.queries <= QUERIES,
                f"{again.cpu_ms:.2f} ms of processor time for each (goal ≤ {CPU_MS})": again.cpu_ms <= CPU_MS,
            },
            notes=(
                f"a code's first question, through the single writer: {first}",
                f"every later one that says nothing new:             {again}",
                "what stands in the way is written in docs/explanation-performance.md",
            ),
            also={"queries": round(again.queries, 3), "cpu_ms": round(again.cpu_ms, 3), "first": vars(first)},
        )
    ]


def _ask_all() -> Pass:
    Voucher.objects.filter(reference__startswith="P4").update(next_action_at=timezone.now(), lease_until=None)
    counted: Counter[str] = Counter()

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        counted["queries"] += 1
        return execute(sql, params, many, context)

    began, used = time.perf_counter(), time.process_time()
    with connection.execute_wrapper(count):
        while claims := claim_due(Voucher, BATCH):
            counted["asked"] += len(claims)
            ask_vouchers(claims, source=Source.POLL)
    seconds, cpu = time.perf_counter() - began, time.process_time() - used
    assert counted["asked"] == VOUCHERS
    return Pass(VOUCHERS / seconds, counted["queries"] / VOUCHERS, cpu * 1000 / VOUCHERS)
