"""The figures for Prometheus. Needs the extra `metrics`; nothing else of the app does.

from pagoefectivo.metrics import register
register()                                  # once per process that serves your /metrics
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from pagoefectivo.selectors.figures import Figures, Waiting, figures
from pagoefectivo.selectors.periods import Period, patience
from pagoefectivo.selectors.service_levels import CONFIRMED_WITHIN, Reading, totals
from pagoefectivo.services import seams

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.metrics_core import Metric

PREFIX = "pagoefectivo"
LAST_DAY = timedelta(days=1)


class Collector:
    """Takes one look at the database per scrape: a constant number of queries, no row names, no personal data."""

    def collect(self) -> Iterator[Metric]:
        """Yield every figure as a gauge."""
        from prometheus_client.metrics_core import GaugeMetricFamily

        now = seams.now()
        with patience():
            last_day = list(_last_day(Reading(Period(now - LAST_DAY, now), now)))
        for name, text, labels, samples in (*_gauges(figures()), *last_day):
            family = GaugeMetricFamily(f"{PREFIX}_{name}", text, labels=labels)
            for values, number in samples:
                family.add_metric(values, number)
            yield family

    def describe(self) -> Iterable[Metric]:
        """Registering asks nothing of the database."""
        return ()


def register(registry: CollectorRegistry | None = None) -> Collector:
    """Register with a Prometheus registry (None: the default one). Raises ImportError without prometheus-client."""
    from prometheus_client import REGISTRY

    collector = Collector()
    (registry or REGISTRY).register(collector)
    return collector


def exposition() -> str:
    """Return one scrape in Prometheus' text format. Raises ImportError without prometheus-client."""
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry()
    register(registry)
    return generate_latest(registry).decode()


Sample = tuple[list[str], float]
Gauge = tuple[str, str, list[str], list[Sample]]


def _gauges(seen: Figures) -> Iterator[Gauge]:
    yield "due_rows", "Rows that are due and not being worked on.", ["kind"], _counts(seen.due)
    yield "oldest_due_seconds", "How long the oldest of them has been due.", ["kind"], _ages(seen.due)
    yield "ambiguous", "Instructions whose outcome is not known.", ["kind"], _counts(seen.ambiguous)
    yield "ambiguous_oldest_seconds", "Since when the oldest was first sent.", ["kind"], _ages(seen.ambiguous)
    yield "review_open", "What waits for a person.", ["kind"], _counts(seen.review)
    yield "review_oldest_seconds", "How long the oldest has waited.", ["kind"], _ages(seen.review)
    yield "orders_held", "Orders that an open question holds.", [], [([], seen.orders_held)]
    yield "inbox_backlog", "Notifications that are stored and not yet applied.", [], [([], seen.inbox_backlog)]
    yield (
        "webhook_lag_average_seconds",
        "From received to applied, last hour.",
        [],
        _one(seen.webhook_lag_average_seconds),
    )
    yield "webhook_lag_longest_seconds", "The longest of the last hour.", [], _one(seen.webhook_lag_longest_seconds)
    yield (
        "payments_announced",
        "Payments of the last day that a message announced.",
        ["account"],
        _by_name(seen.payments_announced),
    )
    yield (
        "payments_found_by_poll",
        "Payments of the last day found by asking.",
        ["account"],
        _by_name(seen.payments_found_by_poll),
    )
    yield "poll_share", "Which part of the last day's payments only asking found.", [], _one(seen.poll_share)
    yield "breaker_open", "1 while calls are not made.", ["account", "operation", "why"], [
        ([each.account, each.operation or "*", each.why], float(each.is_open)) for each in seen.breakers
    ]  # fmt: skip
    yield "account_deaf", "1 while notifications cannot be relied on.", ["account", "why"], [
        ([account, why], 1.0) for account, why in seen.deaf_accounts.items()
    ]  # fmt: skip
    yield "account_in_recovery", "1 while no money moves until all is read.", ["account"], [
        ([account], 1.0) for account in seen.accounts_in_recovery
    ]  # fmt: skip
    yield "stuck_rows", "Rows that are parked because their work always fails.", [], [([], seen.stuck_rows)]
    yield "sweep_seconds_ago", "The heartbeat: when a sweep last ran.", [], _one(seen.sweep_seconds_ago)
    yield "invariants_seconds_ago", "When the invariants were last recomputed.", [], _one(seen.invariants_seconds_ago)
    yield "invariants_violated", "How many of them did not hold.", [], [([], seen.invariants_violated)]


def _last_day(read: Reading) -> Iterator[Gauge]:
    """How the last day went; every label is of a list that is known beforehand, or an account's operation."""
    told, found, within = totals(read.confirmations)
    yield "payments_known", "Payments of the last day, by who told first.", ["path"], [
        (["notification"], told), (["query"], found)
    ]  # fmt: skip
    yield "payments_known_within", "How many of them were known so many seconds after they were paid.", ["seconds"], [
        ([str(seconds)], count) for seconds, count in zip(CONFIRMED_WITHIN, within, strict=True)
    ]  # fmt: skip
    yield "notifications", "Notifications of the last day.", ["verdict"], [
        (["received"], sum(row.received for row in read.notifications)),
        (["turned_away"], sum(row.rejected for row in read.notifications)),
    ]  # fmt: skip
    yield "provider_calls", "Calls of the last day by how they ended.", ["operation", "outcome"], [
        ([row.operation, outcome], count)
        for row in read.operations
        for outcome, count in (
            ("answered", row.calls - row.failed), ("refused", row.refused), ("no_answer", row.unanswered)
        )
    ]  # fmt: skip
    yield "provider_latency_ms", "How long the provider took, last day.", ["operation", "share"], [
        ([row.operation, share], number)
        for row in read.operations
        for share, number in (("0.5", row.median_ms), ("0.95", row.p95_ms))
        if number is not None
    ]  # fmt: skip
    yield "refunds_arrived", "Refunds that arrived on the last day, against what was promised.", ["verdict"], [
        ([verdict], sum(getattr(row, verdict) for row in read.refunds)) for verdict in ("in_time", "late", "unpromised")
    ]  # fmt: skip
    codes = read.codes
    yield "codes", "Codes asked for on the last day, by how far they came.", ["step"], [
        ([step], getattr(codes, step)) for step in ("asked", "issued", "seen", "paid")
    ]  # fmt: skip
    yield "codes_unpaid_share", "Which part is still unpaid so many hours after it was issued.", ["hours"], [
        ([str(row.hours)], row.share) for row in codes.survival if row.watched
    ]  # fmt: skip
    yield "failures", "What failed on the last day, by its reason.", ["code", "operation"], [
        ([row.code, row.operation], row.count) for row in read.failures
    ]  # fmt: skip


def _counts(waiting: Mapping[str, Waiting]) -> list[Sample]:
    return [([kind], each.count) for kind, each in waiting.items()]


def _ages(waiting: Mapping[str, Waiting]) -> list[Sample]:
    return [([kind], each.oldest_seconds) for kind, each in waiting.items()]


def _by_name(numbers: Mapping[str, int]) -> list[Sample]:
    return [([name], number) for name, number in numbers.items()]


def _one(number: float | None) -> list[Sample]:
    return [] if number is None else [([], number)]
