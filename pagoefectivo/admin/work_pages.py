"""What the work queue and the search show: cards, one lane, the signs of life, and what was found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Prefetch
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pagoefectivo.admin.noting import note
from pagoefectivo.admin.orders import LISTED
from pagoefectivo.admin.permission_words import who_may
from pagoefectivo.admin.presentation import LIMA, is_sandbox, lima, moment, money, state_badge
from pagoefectivo.admin.reading import SEES_PEOPLE, search_address
from pagoefectivo.admin.search import KIND_WORDS
from pagoefectivo.domain.clues import SHORTEST_PHONE, Clue, without_gaps
from pagoefectivo.domain.redaction import mask_email
from pagoefectivo.models import AccessLog, Order, Ownership, Voucher
from pagoefectivo.selectors import work
from pagoefectivo.selectors.calendar import today
from pagoefectivo.selectors.search import NEEDS, Findings
from pagoefectivo.selectors.work import Backlog, Item, Pulse
from pagoefectivo.selectors.work_lanes import Lane, cases_of, lanes_of
from pagoefectivo.services import seams
from pagoefectivo.services.actors import STAFF_PERMISSIONS

OWNS = "pagoefectivo.own_work"
ON_A_LANE = 100
FOUND_SHOWN = 50
A_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Row:
    """One item as people read it."""

    item: Item
    address: str
    what: str
    amount: str
    age: str
    waits: str
    since: object
    owner: str
    is_mine: bool
    lane_address: str


@dataclass(frozen=True, slots=True)
class Card:
    """One lane with something in it, as people read it."""

    lane: Lane
    address: str
    count: str
    oldest: str
    rows: list[Row]
    more: int


def queue(request: HttpRequest) -> dict[str, Any]:
    """Return what the front page shows: the lanes of this person, what is theirs, and that nobody is blind."""
    site = str(getattr(request, "current_app", "") or "admin")
    user: Any = request.user
    lanes = reachable(lanes_of(user), site)
    own = [lane for lane in reachable([cases_of(user)], site) if user.has_perms(lane.permissions)]
    found = work.backlogs([*lanes, *own])
    logs, cases = found[: len(lanes)], found[len(lanes) :]
    owners = work.owners_of((item for log in logs for item in log.items), user=user)
    rows = _Rows(owners, lanes, user, site)
    pulse = work.pulse()
    mine = [item for log in (*cases, *_logs_of(user, owners, lanes)) for item in log.items]
    return {
        "first": _first(logs, rows),
        "cards": [rows.card(log) for log in logs if log.items],
        "nothing_in": [log.lane.title for log in logs if not log.items],
        "yours": [rows.row(item) for item in sorted(mine, key=lambda item: item.since)[:ON_A_LANE]],
        "may_own": user.has_perm(OWNS),
        "may_release_all": any(rows.is_mine(item) for item in mine),
        "release_address": _page_of_queue("release", site),
        "sees_lanes": bool(lanes),
        "signs": signs(pulse),
        "is_well": pulse.is_well,
        "search_address": search_address(site) if user.has_perm("pagoefectivo.view_order") else "",
        "is_sandbox": is_sandbox(),
    }


def waiting(request: HttpRequest) -> dict[str, Any]:
    """Return what the start page of an admin site says of the queue: how much waits for this person, and what first."""
    site = str(getattr(request, "current_app", "") or "admin")
    user: Any = request.user
    lanes = reachable(lanes_of(user), site)
    if not lanes:
        return {"queue_address": ""}
    logs = work.backlogs(list(lanes))
    owners = work.owners_of((item for log in logs for item in log.items), user=user)
    return {
        "queue_address": _page_of_queue("changelist", site),
        "number": sum(log.count for log in logs if not log.lane.is_background),
        "is_cut": any(log.is_cut for log in logs),
        "first": _first(logs, _Rows(owners, lanes, user, site)),
    }


def _first(logs: Iterable[Backlog], rows: _Rows) -> Row | None:
    item = work.first_of(logs, left_out=rows.is_anothers)
    if item is None:
        return None
    row = rows.row(item)
    return replace(row, what=row.what.rstrip("."))  # it stands in the middle of a sentence


def _logs_of(user: Any, owners: Mapping[tuple[str, int], Ownership], lanes: Iterable[Lane]) -> list[Backlog]:
    """Return what this person has and what still waits of it; nothing is asked where they have nothing."""
    mine: dict[str, list[int]] = {}
    for (subject, row_id), held in owners.items():
        if held.owner_id == user.pk:
            mine.setdefault(subject, []).append(row_id)
    return work.backlogs(list(lanes), shown=ON_A_LANE, of=mine) if mine else []


def one_lane(request: HttpRequest, lane: Lane) -> dict[str, Any]:
    """Return what the page of one lane shows: the oldest hundred, whose they are, and who may be given some."""
    site = str(getattr(request, "current_app", "") or "admin")
    user: Any = request.user
    (log,) = work.backlogs([lane], shown=ON_A_LANE)
    items = log.items
    rows = _Rows(work.owners_of(items, user=user), reachable([lane], site), user, site)
    may_own = lane.can_be_owned and user.has_perm(OWNS)
    may_dismiss = lane.dismissed_by is not None and user.has_perm(STAFF_PERMISSIONS[lane.dismissed_by])
    return {
        "lane": lane,
        "card": rows.card(log),
        "rows": [rows.row(item) for item in items],
        "is_all": sum(item.weight for item in items) == log.count and not log.is_cut,
        "shown": len(items),
        "may_own": may_own,
        "may_dismiss": may_own and may_dismiss,
        "colleagues": work.colleagues() if may_own and items else [],
        "sees_history": user.has_perm("pagoefectivo.view_ownership"),
    }


def reachable(lanes: Iterable[Lane], site: str) -> dict[Lane, str]:
    """Return the lanes whose things have a page in this admin site, with the page's name; a shop may have left one out."""
    found = {}
    for lane in lanes:
        if _address(lane, 0, site):
            found[lane] = lane.page
    return found


def signs(pulse: Pulse) -> list[dict[str, Any]]:
    """Say when each thing last happened that shows that nobody is blind, and what to do where it is long ago."""
    lines = [
        (pulse.webhook, _("Last notification"), _("Look at the provider whether notifications are switched on.")),
        (pulse.query, _("Last question to the provider"), _("Codes are waiting and nobody asks: look at the sweep.")),
        (pulse.sweep, _("Last sweep"), _("Nobody works: start beat, or the sweep from cron.")),
    ]
    told = [
        {
            "name": name,
            "when": _("{age} ago").format(age=_age(sign.at)) if sign.at else _("never"),
            "exactly": lima(sign.at) if sign.at else "",
            "is_stale": sign.is_stale,
            "advice": advice if sign.is_stale else "",
        }
        for sign, name, advice in lines
    ]
    if pulse.deaf:
        why = _("No notifications reach these accounts, so their payments are found by asking: {names}.")
        told[0] |= {"is_stale": True, "advice": why.format(names=", ".join(pulse.deaf))}
    return told


def found(request: HttpRequest, findings: Findings) -> dict[str, Any]:
    """Return what was recognised and the newest fifty orders that it names, masked as far as the reader may see."""
    sees, ids = request.user.has_perm(SEES_PEOPLE), findings.order_ids[:FOUND_SHOWN]
    if sees and ids:
        note(request, AccessLog.Kind.PEOPLE, subject="search")
    newest = Prefetch("vouchers", Voucher.objects.only(*LISTED))
    rows = Order.objects.filter(pk__in=ids).defer("payer_document_number", "metadata").prefetch_related(newest)
    return {
        "recognised": [line for clue in findings.clues for line in _recognised(clue, findings)],
        "unknown": [line for clue in findings.clues for line in _unknown(clue, findings)],
        "is_known": not any(findings.closed & {*clue.kinds} for clue in findings.clues),
        "orders": [_order(order, findings, sees=sees) for order in rows.order_by("-pk")],
        "is_cut": findings.is_cut or len(findings.order_ids) > FOUND_SHOWN,
        "shown": len(ids),
    }


def results(number: int) -> str:
    """Return `1 result`, `2 results`."""
    return ngettext("{number} result", "{number} results", number).format(number=number)


class _Rows:
    """Items as one person reads them in one admin site."""

    def __init__(
        self, owners: Mapping[tuple[str, int], Ownership], lanes: Iterable[Lane], user: Any, site: str
    ) -> None:
        now = seams.now()
        self._owners, self._user, self._site = owners, user, site
        self._subjects = {lane.name: lane.subject(now) for lane in lanes}

    def _held(self, item: Item) -> Ownership | None:
        return self._owners.get((self._subjects[item.lane.name], item.row_id)) if item.lane.can_be_owned else None

    def is_mine(self, item: Item) -> bool:
        held = self._held(item)
        return held is not None and held.owner_id == self._user.pk

    def is_anothers(self, item: Item) -> bool:
        held = self._held(item)
        return held is not None and held.owner_id != self._user.pk

    def _lane_address(self, lane: Lane) -> str:
        return _page_of_queue("lane", self._site, lane.name)

    def row(self, item: Item) -> Row:
        held = self._held(item)
        return Row(
            item=item,
            address=_address(item.lane, item.target, self._site),
            what=_what(item),
            amount=money(item.amount, item.currency) if item.amount is not None and item.currency else "",
            age=_hour(item.since) if item.lane.is_hourly else _age(item.since),
            waits=_waits(item),
            since=moment(item.since),
            owner=held.owner_name if held else "",
            is_mine=self.is_mine(item),
            lane_address=self._lane_address(item.lane) if item.lane.can_be_owned else "",
        )

    def card(self, log: Backlog) -> Card:
        shown = log.items[: work.SHOWN]
        return Card(
            lane=log.lane,
            address=self._lane_address(log.lane),
            count=f"{work.MOST}+" if log.is_cut else str(log.count),
            oldest=_oldest(log.items[0]) if log.items else "",
            rows=[self.row(item) for item in shown],
            more=log.count - sum(item.weight for item in shown),
        )


def _page_of_queue(what: str, site: str, *args: str) -> str:
    """Return where a page of the queue is; empty in a shop's own admin site that has left the queue out."""
    try:
        return reverse(f"admin:pagoefectivo_ownership_{what}", args=args, current_app=site)
    except NoReverseMatch:
        return ""


def _address(lane: Lane, target: int | None, site: str) -> str:
    args = [] if lane.page.endswith("_changelist") else [target or 0]
    try:
        return reverse(f"admin:pagoefectivo_{lane.page}", args=args, current_app=site) + lane.narrowed
    except NoReverseMatch:
        return ""


def _what(item: Item) -> str:
    words = str(item.lane.words(item.what)) if item.what else ""
    return f"{words} × {item.weight}" if item.weight > 1 else words


def _waits(item: Item) -> str:
    """Say for how long something has waited; of what is counted by the hour, in which hour the first came."""
    if item.lane.is_hourly:
        return _("since the hour of {hour}").format(hour=_hour(item.since))
    return _("for {age}").format(age=_age(item.since))


def _hour(since: datetime) -> str:
    there = since.astimezone(LIMA)
    return f"{there:%H:%M}" if there.date() == today() else f"{there:%d/%m %H:%M}"


def _oldest(item: Item) -> str:
    if item.lane.is_hourly:
        return _("The first came in the hour of {hour}.").format(hour=_hour(item.since))
    return _("The oldest has waited for {age}.").format(age=_age(item.since))


def _age(since: datetime | None) -> str:
    if since is None:
        return ""
    now = seams.now()
    return timesince(since, now, depth=1) if now - since >= A_MINUTE else _("less than a minute")


def _recognised(clue: Clue, findings: Findings) -> Iterable[str]:
    for kind in clue.kinds:
        orders = {hit.order_id for hit in findings.hits if hit.clue == clue.text and hit.kind is kind}
        if orders:
            said = _("“{term}” looks like {kind}: {results}.")
            yield said.format(term=clue.text, kind=KIND_WORDS[kind], results=results(len(orders)))


def _unknown(clue: Clue, findings: Findings) -> Iterable[str]:
    """Say of a clue that found nothing why: of what this person may not look for, nobody has looked whether it is known."""
    if any(hit.clue == clue.text for hit in findings.hits):
        return
    closed = [kind for kind in clue.kinds if kind in findings.closed]
    if without_gaps(clue.text).isdecimal() and len(without_gaps(clue.text)) < SHORTEST_PHONE:
        yield _(
            "“{term}”: the last digits of a phone cannot be looked for; ask for the whole phone, the e-mail or the code."
        ).format(term=clue.text)
    if not closed:
        kinds = [str(KIND_WORDS[kind]) for kind in clue.kinds]
        may_be = _(" or ").join([", ".join(kinds[:-1]), kinds[-1]] if kinds[1:] else kinds)
        yield _("“{term}” may be {kinds}; nothing is known of it.").format(term=clue.text, kinds=may_be)
    for kind in closed:
        said = _("“{term}” may be {kind}, which you may not look for. Who may: {desks}.")
        yield said.format(term=clue.text, kind=KIND_WORDS[kind], desks=who_may(STAFF_PERMISSIONS[NEEDS[kind]]))


def _order(order: Order, findings: Findings, *, sees: bool) -> dict[str, Any]:
    voucher = order.current_voucher
    code = (voucher.code if sees else voucher.masked_code) if voucher else ""
    kinds = dict.fromkeys(hit.kind for hit in findings.hits if hit.order_id == order.pk)
    return {
        "order": order,
        "badge": state_badge(order),
        "amount": money(order.amount, order.currency),
        "code": code,
        "email": order.payer_email if sees else mask_email(order.payer_email),
        "created": moment(order.created_at),
        "by": ", ".join(str(KIND_WORDS[kind]) for kind in kinds),
    }
