"""P1: a notification verified, stored and answered, over HTTP, beside the least that could do it."""

from __future__ import annotations

from functools import partial
from itertools import count
from pathlib import Path
from statistics import median

from tests.benchmarks.measure import Row, cpu_seconds, interleaved, median_ratio, percentile
from tests.benchmarks.stage import WebServer, children, folder, letters, paced, request, rest

BATCH, ROUNDS = 100, 15
OURS, FLOOR = "/pagoefectivo/webhooks/default/", "/floor/webhooks/default/"
BY_HAND = "/floor/webhooks-by-hand/default/"
GONE = "redis://127.0.0.1:9/0"
LATENCY_GOAL_MS, CPU_GOAL, UNHURT = 300, 1.3, 0.9


def measure() -> list[Row]:
    """Return the row of P1."""
    rest()
    with folder() as logs, children() as started:
        with_broker, without = WebServer(started, Path(logs)), WebServer(started, Path(logs), broker=GONE)
        fresh = count(0, BATCH)
        cpu: dict[str, list[float]] = {"floor": [], "ours": []}

        def batch(server: WebServer, path: str, keep: str = "") -> float:
            sent = letters(server.port, path, BATCH, start=next(fresh))
            before = cpu_seconds(server.process_id)
            seconds = request(server.port, sent)
            if keep:
                cpu[keep].append((cpu_seconds(server.process_id) - before) / BATCH)
            return BATCH / seconds

        works = [
            partial(batch, with_broker, FLOOR, "floor"),
            partial(batch, with_broker, OURS, "ours"),
            partial(batch, without, OURS),
            partial(batch, with_broker, BY_HAND),
        ]
        floor, ours, broken, by_hand = interleaved(works, ROUNDS)
        slow = paced(with_broker.port, letters(with_broker.port, OURS, 300, start=next(fresh) + 10**6), a_second=100)
    ratio, hurt = median_ratio(ours, floor), median_ratio(broken, ours)
    cpu_ratio, p99 = median_ratio(cpu["ours"], cpu["floor"]), percentile(slow, 0.99) * 1000
    return [
        Row(
            "P1",
            "notification acknowledged over HTTP",
            "req/s",
            floor=median(floor),
            ours=median(ours),
            value=ratio,
            goal=0.9,
            conditions={
                f"processor time of the server: {cpu_ratio:.2f} of the floor's (goal ≤ {CPU_GOAL})": cpu_ratio
                <= CPU_GOAL,
                f"with the broker gone: {hurt:.2f} of the speed with it (goal ≥ {UNHURT}, the noise of this machine)": hurt
                >= UNHURT,
                f"p99 at 100 a second: {p99:.0f} ms (goal < {LATENCY_GOAL_MS} ms)": p99 < LATENCY_GOAL_MS,
            },
            notes=(f"beside a floor whose INSERT is written by hand: {median_ratio(ours, by_hand):.2f}",),
            also={
                "by_hand": round(median_ratio(ours, by_hand), 3),
                "cpu_ratio": round(cpu_ratio, 3),
                "broker_down": round(hurt, 3),
                "p99_ms": round(p99, 1),
            },
        )
    ]
