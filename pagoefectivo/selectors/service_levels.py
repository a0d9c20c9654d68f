"""How well it went in a stretch of time: confirmations, notifications, calls, refunds, codes and failures, in numbers.

Each function is one query over one index range of time. No names, no amounts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

from django.db.models import Count, DurationField, Exists, ExpressionWrapper, F, FloatField, Max, Min, OuterRef, Q

from pagoefectivo.domain.localtime import LIMA
from pagoefectivo.models import ApiExchange, ErrorOccurrence, Refund, StateChange, Voucher, WebhookDelivery
from pagoefectivo.selectors.expectations import promised_refund_dates
from pagoefectivo.selectors.periods import Percentile, Period

MINUTE, HOUR, DAY = 60, 3600, 86400
CONFIRMED_WITHIN = (MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 6 * HOUR, DAY)
SURVIVAL_HOURS = (0, 1, 2, 3, 6, 12, 24, 36, 48, 72, 96)
MOST_REFUNDS = 20_000
_VERIFIED = (WebhookDelivery.Verdict.VERIFIED, WebhookDelivery.Verdict.STALE)


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Payments of one step: how many a notification told first, how many a query found, and from paid to known."""

    at: datetime
    told: int
    found: int
    median: timedelta | None
    p95: timedelta | None
    within: tuple[int, ...]  # how many within each of CONFIRMED_WITHIN seconds

    @property
    def count(self) -> int:
        return self.told + self.found


@dataclass(frozen=True, slots=True)
class Heard:
    """Notifications of one step: how many came, how many were turned away, and from received to applied."""

    at: datetime
    received: int
    rejected: int
    median: timedelta | None
    p95: timedelta | None
    longest: timedelta | None


@dataclass(frozen=True, slots=True)
class Called:
    """Calls of one step, or of one operation in the whole time: how many, without an answer, refused, and milliseconds."""

    at: datetime
    operation: str
    calls: int
    unanswered: int
    refused: int
    median_ms: float | None
    p95_ms: float | None

    @property
    def failed(self) -> int:
        return self.unanswered + self.refused


@dataclass(frozen=True, slots=True)
class Refunded:
    """Refunds that arrived after so many days since the provider accepted them, against what was promised."""

    days: int
    in_time: int
    late: int
    unpromised: int


class Survival(NamedTuple):
    """Codes `watched` since the step before, which are as many `hours` old, and of them those `unpaid` by then.

    `share` of all codes is unpaid then, by Kaplan and Meier: codes that are too young say nothing, and it never rises.
    """

    hours: int
    watched: int
    unpaid: int
    share: float


@dataclass(frozen=True, slots=True)
class Codes:
    """What became of the codes asked for: the funnel, and how many stay unpaid for how many hours."""

    asked: int
    issued: int
    seen: int
    paid: int
    survival: tuple[Survival, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """One reason for which something failed."""

    code: str
    operation: str
    count: int


class Reading:
    """All figures of one stretch of time, each read once, when it is first asked for."""

    def __init__(self, period: Period, now: datetime) -> None:
        self.period, self.now = period, now

    @cached_property
    def confirmations(self) -> list[Confirmed]:
        return confirmations(self.period)

    @cached_property
    def notifications(self) -> list[Heard]:
        return notifications(self.period)

    @cached_property
    def calls(self) -> list[Called]:
        return calls(self.period)

    @cached_property
    def operations(self) -> list[Called]:
        return operations(self.period)

    @cached_property
    def refunds(self) -> list[Refunded]:
        return refunds(self.period)

    @cached_property
    def codes(self) -> Codes:
        return codes(self.period, self.now)

    @cached_property
    def failures(self) -> list[Failed]:
        return failures(self.period)


def confirmations(period: Period) -> list[Confirmed]:
    """Count payments by when they became known. A payment was told first if its notification came before it was known."""
    told = Exists(
        WebhookDelivery.objects.filter(
            voucher=OuterRef("voucher"), verdict__in=_VERIFIED, received_at__lte=OuterRef("at")
        )
    )
    took = _between("voucher__paid_at", "at")
    rows: Iterable[Any] = (
        StateChange.objects.filter(**period.within("at"), **period.of_account("voucher__account"))
        .filter(subject="voucher", transition="pay")
        .annotate(was_told=told, took=took, step=period.step("at"))
        .order_by()
        .values("step")
        .annotate(
            told=Count("pk", filter=Q(was_told=True)),
            found=Count("pk", filter=Q(was_told=False)),
            median=Percentile("took", 0.5),
            p95=Percentile("took", 0.95),
            **{
                f"within_{seconds}": Count("pk", filter=Q(took__lte=timedelta(seconds=seconds)))
                for seconds in CONFIRMED_WITHIN
            },
        )
        .order_by("step")
    )
    return [
        Confirmed(
            at=row["step"],
            told=row["told"],
            found=row["found"],
            median=row["median"],
            p95=row["p95"],
            within=tuple(row[f"within_{seconds}"] for seconds in CONFIRMED_WITHIN),
        )
        for row in rows
    ]


def notifications(period: Period) -> list[Heard]:
    """Count notifications by when they came, and measure how long they took to be applied."""
    applied = ~Q(outcome=WebhookDelivery.Outcome.REJECTED) & Q(done_at__isnull=False)
    rows = (
        WebhookDelivery.objects.filter(**period.within("received_at"), **period.of_account())
        .annotate(took=_between("received_at", "done_at"), step=period.step("received_at"))
        .order_by()
        .values("step")
        .annotate(
            received=Count("pk"),
            rejected=Count("pk", filter=Q(outcome=WebhookDelivery.Outcome.REJECTED)),
            median=Percentile("took", 0.5, filter=applied),
            p95=Percentile("took", 0.95, filter=applied),
            longest=Max("took", filter=applied),
        )
        .order_by("step")
    )
    return [
        Heard(row["step"], row["received"], row["rejected"], row["median"], row["p95"], row["longest"]) for row in rows
    ]


def calls(period: Period) -> list[Called]:
    """Count calls to the provider by hour or day."""
    return _calls(period, "step", {"step": period.step("sent_at")})


def operations(period: Period) -> list[Called]:
    """Count calls to the provider by what was asked of it."""
    return _calls(period, "operation", {})


def _calls(period: Period, key: str, more: dict[str, Any]) -> list[Called]:
    rows = (
        ApiExchange.objects.filter(**period.within("sent_at"), **period.of_account())
        .annotate(**more)
        .order_by()
        .values(key)
        .annotate(
            calls=Count("pk"),
            unanswered=Count("pk", filter=Q(outcome=ApiExchange.Outcome.NO_RESPONSE)),
            refused=Count("pk", filter=Q(http_status__gte=400)),
            median=Percentile("duration_ms", 0.5, output_field=FloatField()),
            p95=Percentile("duration_ms", 0.95, output_field=FloatField()),
        )
        .order_by(key)
    )
    return [
        Called(
            at=row.get("step", period.since),
            operation=row.get("operation", ""),
            calls=row["calls"],
            unanswered=row["unanswered"],
            refused=row["refused"],
            median_ms=row["median"],
            p95_ms=row["p95"],
        )
        for row in rows
    ]


def refunds(period: Period) -> list[Refunded]:
    """Count refunds that arrived, by days since they were accepted; the newest 20 000 of the stretch at most."""
    arrived = StateChange.objects.filter(
        **period.within("at"), **period.of_account("refund__account"), subject="refund", to_state="succeeded"
    )
    accepted = StateChange.objects.filter(refund=OuterRef("refund"), subject="refund", to_state="pending")
    begun = accepted.order_by().values("refund").annotate(first=Min("at")).values("first")
    rows = (
        arrived.annotate(accepted_at=begun)
        .order_by("-at")
        .values_list("at", "accepted_at", "refund__account", "refund__payout", "refund__destination")
    )
    counted: Counter[tuple[int, str]] = Counter()
    for at, accepted_at, account, payout, destination in rows[:MOST_REFUNDS]:
        since = accepted_at or at  # one that was done with its answer was never on its way
        refund = Refund(account=account, payout_id=payout, destination_id=destination)
        promised = promised_refund_dates(refund, since)
        verdict = "unpromised" if promised is None else "late" if promised.is_late_on(_day(at)) else "in_time"
        counted[(_day(at) - _day(since)).days, verdict] += 1
    return [
        Refunded(days, *(counted[days, verdict] for verdict in ("in_time", "late", "unpromised")))
        for days in sorted({days for days, _ in counted})
    ]


def codes(period: Period, now: datetime) -> Codes:
    """Follow the codes that were asked for; only those old enough for an hour are counted at it."""
    has_code = ~Q(code="")
    waits = {}
    unpaid = has_code
    for hours in SURVIVAL_HOURS:
        age = timedelta(hours=hours)
        watched = unpaid & Q(created_at__lte=now - age)
        unpaid = has_code & (Q(took__isnull=True) | Q(took__gt=age))
        waits[f"watched_{hours}"] = Count("pk", filter=watched)
        waits[f"unpaid_{hours}"] = Count("pk", filter=watched & unpaid)
    found = (
        Voucher.objects.filter(**period.within("created_at"), **period.of_account())
        .annotate(took=_between("created_at", "paid_at"))
        .aggregate(
            asked=Count("pk"),
            issued=Count("pk", filter=has_code),
            seen=Count("pk", filter=has_code & (Q(seen_at__isnull=False) | Q(said_paid_at__isnull=False))),
            paid=Count("pk", filter=Q(paid_at__isnull=False)),
            **waits,
        )
    )
    return Codes(
        asked=found["asked"],
        issued=found["issued"],
        seen=found["seen"],
        paid=found["paid"],
        survival=tuple(_survival(found)),
    )


def _survival(found: Mapping[str, int]) -> Iterator[Survival]:
    share = 1.0
    for hours in SURVIVAL_HOURS:
        watched, unpaid = found[f"watched_{hours}"], found[f"unpaid_{hours}"]
        share *= unpaid / watched if watched else 1
        yield Survival(hours, watched, unpaid, share)


def failures(period: Period) -> list[Failed]:
    """Count what failed by its reason, the most frequent first."""
    rows = (
        ErrorOccurrence.objects.filter(**period.within("occurred_at"), **period.of_account())
        .order_by()
        .values("code", "operation")
        .annotate(many=Count("pk"))
        .order_by("-many", "code", "operation")
    )
    return [Failed(row["code"], row["operation"], row["many"]) for row in rows]


def totals(rows: Iterable[Confirmed]) -> tuple[int, int, tuple[int, ...]]:
    """Add confirmations up: told, found, and how many within each of CONFIRMED_WITHIN."""
    told = found = 0
    within = [0] * len(CONFIRMED_WITHIN)
    for row in rows:
        told, found = told + row.told, found + row.found
        within = [a + b for a, b in zip(within, row.within, strict=True)]
    return told, found, tuple(within)


def _between(first: str, then: str) -> ExpressionWrapper[Any]:
    return ExpressionWrapper(F(then) - F(first), output_field=DurationField())


def _day(instant: datetime) -> Any:
    return instant.astimezone(LIMA).date()
