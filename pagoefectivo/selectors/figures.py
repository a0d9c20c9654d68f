"""How the machine does, in numbers for dashboards and alarms: ages in seconds, counts, states. No names, no amounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Max, Min, Q

from pagoefectivo.domain.states import UNANSWERED_REFUND, UNANSWERED_VOUCHER
from pagoefectivo.models import (
    AccountPulse,
    Anomaly,
    CircuitBreaker,
    Job,
    OutboxMessage,
    Recovery,
    Refund,
    StuckRow,
    Voucher,
    WebhookDelivery,
)
from pagoefectivo.models.fields import DueRow
from pagoefectivo.services import pace, seams
from pagoefectivo.services.upkeep import HEARTBEAT, INVARIANTS

LAG_WINDOW = timedelta(hours=1)
SHARE_WINDOW = timedelta(hours=24)
KINDS: dict[str, type[DueRow]] = {
    "delivery": WebhookDelivery,
    "voucher": Voucher,
    "refund": Refund,
    "announcement": OutboxMessage,
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many rows wait, and for how many seconds the oldest of them; 0 where none does."""

    count: int
    oldest_seconds: float


@dataclass(frozen=True, slots=True)
class Breaker:
    """One breaker that is not quietly closed; `operation` may be "" (every call) or "moves"."""

    account: str
    operation: str
    is_open: bool
    failures: int
    why: str
    by: str
    since: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Figures:
    """One look at everything; None where there is nothing to measure."""

    at: datetime
    due: dict[str, Waiting]
    ambiguous: dict[str, Waiting]
    review: dict[str, Waiting]
    orders_held: int
    inbox_backlog: int
    webhook_lag_average_seconds: float | None
    webhook_lag_longest_seconds: float | None
    payments_announced: dict[str, int]
    payments_found_by_poll: dict[str, int]
    breakers: list[Breaker]
    deaf_accounts: dict[str, str]
    accounts_in_recovery: list[str]
    stuck_rows: int
    sweep_seconds_ago: float | None
    invariants_seconds_ago: float | None
    invariants_violated: int

    @property
    def poll_share(self) -> float | None:
        """Which part of the last day's payments only asking found, from 0 to 1."""
        found, told = sum(self.payments_found_by_poll.values()), sum(self.payments_announced.values())
        return found / (found + told) if found + told else None

    def as_dict(self) -> dict[str, Any]:
        """Return plain values: instants in ISO 8601."""
        written = asdict(self) | {"poll_share": self.poll_share, "at": self.at.isoformat()}
        for breaker in written["breakers"]:
            breaker.update({name: at.isoformat() if (at := breaker[name]) else None for name in ("since", "until")})
        return written


def figures() -> Figures:
    """Take one look, in sixteen queries at any size; each goes by an index of what is unfinished, or by time."""
    now = seams.now()
    jobs = {job.name: job for job in Job.objects.all()}
    shares = list(pace.payments_since(now - SHARE_WINDOW))
    kinds = Anomaly.objects.filter(closed_at=None).values("kind")
    open_anomalies = kinds.annotate(count=Count("pk"), oldest=Min("opened_at")).order_by("kind")
    held = Anomaly.objects.filter(closed_at=None, holds_order=True).aggregate(orders=Count("order", distinct=True))
    lag = _webhook_lag(now)
    return Figures(
        at=now,
        due={kind: _due(model, now) for kind, model in KINDS.items()},
        ambiguous={
            "voucher": _waiting(_unanswered(Voucher, UNANSWERED_VOUCHER), now),
            "refund": _waiting(_unanswered(Refund, UNANSWERED_REFUND), now),
        },
        review={row["kind"]: _waiting(row, now) for row in open_anomalies},
        orders_held=held["orders"],
        inbox_backlog=WebhookDelivery.objects.filter(next_action_at__isnull=False).count(),
        webhook_lag_average_seconds=_seconds(lag["average"]),
        webhook_lag_longest_seconds=_seconds(lag["longest"]),
        payments_announced={account: told for account, told, _ in shares},
        payments_found_by_poll={account: found for account, _, found in shares},
        breakers=_breakers(now),
        deaf_accounts=dict(AccountPulse.objects.exclude(deaf_why="").values_list("account", "deaf_why")),
        accounts_in_recovery=list(Recovery.objects.filter(finished_at=None).values_list("account", flat=True)),
        stuck_rows=StuckRow.objects.filter(parked_at__isnull=False, last_at__gte=now - timedelta(days=2)).count(),
        sweep_seconds_ago=_ago(jobs.get(HEARTBEAT), now),
        invariants_seconds_ago=_ago(jobs.get(INVARIANTS), now),
        invariants_violated=len(jobs[INVARIANTS].outcome) if INVARIANTS in jobs else 0,
    )


def _due(model: type[DueRow], now: datetime) -> Waiting:
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    rows = model._default_manager.filter(free, next_action_at__lte=now)
    return _waiting(rows.aggregate(count=Count("pk"), oldest=Min("next_action_at")), now)


def _unanswered(model: type[Voucher | Refund], states: frozenset[Any]) -> dict[str, Any]:
    sent = model._default_manager.filter(next_action_at__isnull=False, state__in=states, first_sent_at__isnull=False)
    return sent.aggregate(count=Count("pk"), oldest=Min("first_sent_at"))


def _waiting(row: Mapping[str, Any], now: datetime) -> Waiting:
    oldest = row["oldest"]
    return Waiting(row["count"], max((now - oldest).total_seconds(), 0.0) if oldest else 0.0)


def _webhook_lag(now: datetime) -> dict[str, Any]:
    lag = ExpressionWrapper(F("done_at") - F("received_at"), output_field=DurationField())
    lately = WebhookDelivery.objects.filter(received_at__gte=now - LAG_WINDOW, done_at__isnull=False)
    applied = lately.exclude(outcome=WebhookDelivery.Outcome.REJECTED)
    return applied.aggregate(average=Avg(lag), longest=Max(lag))


def _breakers(now: datetime) -> list[Breaker]:
    rows = CircuitBreaker.objects.filter(Q(failures__gt=0) | Q(opened_at__isnull=False))
    return [
        Breaker(
            account=row.account,
            operation=row.operation,
            is_open=row.opened_at is not None and (row.until_at is None or row.until_at > now),
            failures=row.failures,
            why=row.why,
            by=row.opened_by,
            since=row.opened_at,
            until=row.until_at,
        )
        for row in rows.order_by("account", "operation")
    ]


def _seconds(length: timedelta | None) -> float | None:
    return None if length is None else length.total_seconds()


def _ago(job: Job | None, now: datetime) -> float | None:
    return None if job is None else (now - job.ran_at).total_seconds()
