"""What waits for a person, whose it is, and the proof that nobody is blind. A fixed number of queries at any size."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import PermissionsMixin
from django.db import connection
from django.db.models import (
    BigIntegerField,
    CharField,
    Count,
    DateTimeField,
    DecimalField,
    F,
    Field,
    Q,
    QuerySet,
    Sum,
    Value,
    Window,
)
from django.db.models.functions import Cast, Concat

from pagoefectivo import conf
from pagoefectivo.models import AccountPulse, ApiExchange, Job, Ownership, Voucher, WebhookDelivery
from pagoefectivo.selectors.work_lanes import Lane
from pagoefectivo.services import seams
from pagoefectivo.services.upkeep import HEARTBEAT

MOST = 500
SHOWN = 5
MOST_COLLEAGUES = 200
SWEEP_STALE = timedelta(minutes=3)  # a beat comes every few seconds, cron every minute
QUERY_STALE = timedelta(hours=2)  # unless the account's own schedule is slower
WEBHOOK_STALE = timedelta(hours=24)
_COLUMNS = (
    "lane",
    "item",
    "waits_since",
    "reference_shown",
    "what_shown",
    "sum_shown",
    "sum_currency",
    "goes_to",
    "weighs",
    "in_lane",
)
_TEXT, _NUMBER, _INSTANT = CharField(), BigIntegerField(), DateTimeField()
_SUM = DecimalField(max_digits=14, decimal_places=2)


@dataclass(frozen=True, slots=True)
class Item:
    """What waits, `weight` things of a kind. `amount` and `target` are None where there is none; a grouped item cannot be owned."""

    lane: Lane
    row_id: int
    since: datetime
    reference: str
    what: str
    amount: Decimal | None
    currency: str
    target: int | None
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits in one lane: the oldest items, and how many there are. Beyond 500 nobody counts: `is_cut` then."""

    lane: Lane
    items: tuple[Item, ...]
    count: int
    is_cut: bool


@dataclass(frozen=True, slots=True)
class Sign:
    """When one thing last happened that shows that we are not blind; `is_stale`: somebody should look why not since."""

    at: datetime | None
    is_stale: bool


@dataclass(frozen=True, slots=True)
class Pulse:
    """The last notification, the last question to a provider, the last sweep; `deaf` names accounts that hear nothing."""

    webhook: Sign
    query: Sign
    sweep: Sign
    deaf: tuple[str, ...] = field(default=())

    @property
    def is_well(self) -> bool:
        """Whether an empty queue may be believed."""
        return not (self.webhook.is_stale or self.query.is_stale or self.sweep.is_stale or self.deaf)


def backlogs(
    lanes: Sequence[Lane], *, shown: int = SHOWN, of: Mapping[str, Iterable[int]] | None = None
) -> list[Backlog]:
    """Return what waits in each lane, in one query: how much, and the `shown` oldest of each.

    With `of` only rows that it names by their kind are looked at.
    """
    now = seams.now()
    wanted = [lane for lane in lanes if of is None or lane.subject(now) in of]
    found: dict[str, list[tuple[Any, ...]]] = {lane.name: [] for lane in lanes}
    for name, *columns in _rows_of([branch(lane, now, shown=shown, of=of) for lane in wanted]):
        found[name].append(tuple(columns))
    return [_backlog(lane, found[lane.name], shown) for lane in lanes]


def _backlog(lane: Lane, rows: Sequence[tuple[Any, ...]], shown: int) -> Backlog:
    items = sorted((Item(lane, *columns) for *columns, _ in rows), key=_age)
    count = max(len(rows), rows[0][-1]) if rows else 0
    return Backlog(lane, tuple(items[: min(lane.most or shown, MOST)]), min(count, MOST), is_cut=count > MOST)


def _age(item: Item) -> datetime:
    return item.since


def branch(
    lane: Lane, now: datetime, *, shown: int = SHOWN, of: Mapping[str, Iterable[int]] | None = None
) -> QuerySet[Any, Any]:
    """Return the query of one lane, as it is joined with the others: the same columns, ordered, cut, each with the count.

    It is cut before it looks up what is shown, so that a lane with very many rows costs little more than one with 500.
    """
    looks, rows = lane.shown, lane.rows(now).order_by()
    if of is not None:
        rows = rows.filter(pk__in=list(of[lane.subject(now)]))
    if lane.can_be_owned:
        oldest = rows.order_by(lane.since).values("pk")[: MOST + 1]
        rows = rows.model._default_manager.filter(pk__in=oldest)
    columns: dict[str, Any] = {
        "lane": Value(lane.name),
        "item": F("pk") if lane.can_be_owned else Value(0),
        "waits_since": F(lane.since) if isinstance(lane.since, str) else lane.since,
        "reference_shown": looks.reference,
        "what_shown": looks.what,
        "sum_shown": looks.amount or Value(None),
        "sum_currency": looks.currency or Value(""),
        "goes_to": looks.target or Value(None),
        "weighs": F(lane.weight) if lane.weight else Value(1),
        "in_lane": _in_lane(lane),
    }
    kinds: tuple[Field[Any, Any], ...] = (
        _TEXT,
        _NUMBER,
        _INSTANT,
        _TEXT,
        _TEXT,
        _SUM,
        _TEXT,
        _NUMBER,
        _NUMBER,
        _NUMBER,
    )
    typed = {name: Cast(value, kind) for (name, value), kind in zip(columns.items(), kinds, strict=True)}
    cut: QuerySet[Any, Any] = rows.annotate(**typed).order_by("waits_since").values_list(*_COLUMNS)
    return cut[: shown if lane.can_be_owned else MOST + 1]


def _in_lane(lane: Lane) -> Any:
    if not lane.can_be_owned:
        return Value(0)  # grouped rows are counted when read
    return Window(Sum(lane.weight)) if lane.weight else Window(Count("*"))


def first_of(logs: Iterable[Backlog], *, left_out: Callable[[Item], bool]) -> Item | None:
    """Return what to do first: of what is shown, where money may be lost before what else waits, then the oldest.

    What is `left_out`, such as what a colleague has, is nobody else's to begin; what no buyer waits for comes last.
    """
    open_ones = (item for log in logs for item in log.items if not left_out(item))
    return min(open_ones, key=lambda item: (item.lane.urgency, item.since), default=None)


def owners_of(items: Iterable[Item], *, user: Any) -> dict[tuple[str, int], Ownership]:
    """Return who has each of these items, by subject and row; nobody's are left out. And what `user` has besides.

    One query; of the user's at most as much as a queue counts, the newest.
    """
    now = seams.now()
    wanted: dict[str, set[int]] = {}
    for item in items:
        if item.lane.can_be_owned:
            wanted.setdefault(item.lane.subject(now), set()).add(item.row_id)
    condition = Q(owner=user)
    for subject, row_ids in wanted.items():
        condition |= Q(subject=subject, row_id__in=row_ids)
    held = Ownership.objects.filter(condition, until=None).order_by("-pk")[: 2 * MOST]
    return {(each.subject, each.row_id): each for each in held}


def colleagues() -> list[str]:
    """Return the user names of those who may own work, at most 200; one query."""
    people = get_user_model()
    able = people._default_manager.filter(is_active=True, is_staff=True)
    if issubclass(people, PermissionsMixin):
        owns = {"codename": "own_work", "content_type__app_label": "pagoefectivo"}
        direct = {f"user_permissions__{name}": value for name, value in owns.items()}
        by_group = {f"groups__permissions__{name}": value for name, value in owns.items()}
        able = able.filter(Q(is_superuser=True) | Q(**direct) | Q(**by_group)).distinct()
    return [person.get_username() for person in able.order_by(people.USERNAME_FIELD)[:MOST_COLLEAGUES]]


def pulse() -> Pulse:
    """Return the signs of life, in one query."""
    now = seams.now()
    last = dict(_rows_of(_last_signs()))
    deaf = tuple(sorted(name.partition(":")[2] for name in last if name.startswith("deaf:")))
    slowest = max(QUERY_STALE, 2 * conf.current().timing.poll[-1])
    return Pulse(
        webhook=_sign(last.get("webhook"), now, WEBHOOK_STALE, matters=True),
        query=_sign(last.get("query"), now, slowest, matters="live" in last),
        sweep=_sign(last.get("sweep"), now, SWEEP_STALE, matters=True),
        deaf=deaf,
    )


def _last_signs() -> list[QuerySet[Any, Any]]:
    believed = WebhookDelivery.objects.exclude(outcome=WebhookDelivery.Outcome.REJECTED)
    newest = (
        ("webhook", believed.order_by("-received_at"), "received_at"),
        ("query", ApiExchange.objects.order_by("-sent_at"), "sent_at"),
        ("sweep", Job.objects.filter(name=HEARTBEAT), "ran_at"),
        ("live", Voucher.objects.filter(next_action_at__isnull=False), "created_at"),
    )
    signs = [
        rows.annotate(sign=Cast(Value(name), _TEXT), at_last=F(at)).values_list("sign", "at_last")[:1]
        for name, rows, at in newest
    ]
    return [*signs, _deaf()]


def _deaf() -> QuerySet[Any, Any]:
    named = Concat(Value("deaf:"), F("account"), output_field=_TEXT)
    rows = AccountPulse.objects.exclude(deaf_why="").annotate(sign=Cast(named, _TEXT), at_last=F("deaf_since"))
    return rows.values_list("sign", "at_last")[: MOST + 1]


def _sign(at: datetime | None, now: datetime, longest: timedelta, *, matters: bool) -> Sign:
    return Sign(at, is_stale=matters and (at is None or now - at > longest))


def _rows_of(branches: Sequence[QuerySet[Any, Any]]) -> Iterable[tuple[Any, ...]]:
    """Read several queries as one; a database that cannot cut the parts of a union is asked for each."""
    if not branches:
        return []
    if len(branches) > 1 and connection.features.supports_slicing_ordering_in_compound:
        first, *rest = branches
        return first.union(*rest, all=True)
    return (row for each in branches for row in each)
