"""Who has what waits for a person: taking it, handing it over, giving it back, and saying that it needs nothing more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.db import IntegrityError

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import NotFound, Reason, RuleRefused, StateConflict
from pagoefectivo.models import Ownership
from pagoefectivo.selectors.work_lanes import Lane, lane_named
from pagoefectivo.services import seams
from pagoefectivo.services.actors import Actor, Permission, PermissionRefused

MOST_AT_ONCE = 100


def take(lane_name: str, row_ids: Sequence[int], *, actor: Actor) -> int:
    """Make these items the actor's, all of them or none; those that are already stay so. Returns how many were free.

    Commits one ownership for each. Raises PermissionRefused for anybody but a person who may see the lane, NotFound,
    StateConflict where one waits no more, and StateConflict(WORK_OWNED) where somebody else has one.
    """
    lane, person = _admitted(lane_name, actor)
    return _once(lambda: _give(lane, row_ids, person, actor, only_free=True))


def hand_over(lane_name: str, row_ids: Sequence[int], *, to: str, actor: Actor) -> int:
    """Give these items to a person by user name, all of them or none, whoever has them now. Returns how many moved.

    Ends each ownership and begins another, both with the actor and the time. Raises as `take` does, and
    RuleRefused(WORK_OWNER_UNFIT) where that person is not active staff or may not see or own what is in the lane.
    """
    lane, _ = _admitted(lane_name, actor)
    heir = get_user_model()._default_manager.filter(is_active=True, is_staff=True, username=to).first()
    if heir is None or not _may_own(heir, lane):
        raise RuleRefused(Reason(ErrorCode.WORK_OWNER_UNFIT, field="to"))
    return _once(lambda: _give(lane, row_ids, heir, actor, only_free=False))


def release(lane_name: str, row_ids: Sequence[int], *, actor: Actor) -> int:
    """End whoever's ownership of these items, so that they are anybody's. Returns how many were owned. Raises as `take`."""
    lane, _ = _admitted(lane_name, actor)

    def give_back() -> int:
        held = _held(lane, row_ids)
        _end(held, actor)
        return len(held)

    return _once(give_back)


def release_all(*, actor: Actor) -> int:
    """End all that the actor has, also of what waits no more, so that it is anybody's. Returns how many that were.

    Raises PermissionRefused for anybody but a person who may own work.
    """
    actor.require_person(Permission.OWN_WORK)

    def give_back() -> int:
        held = Ownership.objects.filter(owner_id=actor.user_id, until=None)
        rows = list(held.select_for_update().order_by("pk"))
        _end({each.pk: each for each in rows}, actor)
        return len(rows)

    return seams.transact(give_back)


def set_aside(lane_name: str, row_ids: Sequence[int], *, why: str, actor: Actor) -> int:
    """Say that these items need nothing more, and why; they leave the queue, all of them or none, and nothing else changes.

    Only in lanes that no later fact empties. Raises as `take` does, RuleRefused(WORK_REASON_MISSING), and NotFound for
    a lane in which it cannot be said.
    """
    lane, person = _admitted(lane_name, actor)
    if lane.dismissed_by is None:
        raise NotFound
    actor.require(lane.dismissed_by)
    if not why.strip():
        raise RuleRefused(Reason(ErrorCode.WORK_REASON_MISSING, field="why"))

    def dismiss() -> int:
        held = _held(lane, row_ids)
        _end(held, actor)
        now = seams.now()
        for row_id in row_ids:
            _begin(lane, row_id, person, actor, until=now, ended_by=actor.name, sets_aside=True, why=why.strip()[:300])
        return len(row_ids)

    return _once(dismiss)


def _once(work: Callable[[], int]) -> int:
    """Do it in one transaction; of two who take the same thing at the same instant the second is told."""
    try:
        return seams.transact(work)
    except IntegrityError:
        raise StateConflict from None


def _admitted(lane_name: str, actor: Actor) -> tuple[Lane, Any]:
    """Return the lane and the person; whoever may not see the lane may not know what is in it."""
    actor.require_person(Permission.OWN_WORK)
    lane = lane_named(lane_name)
    person = get_user_model()._default_manager.filter(pk=actor.user_id or 0).first()
    if lane is None or person is None or not lane.can_be_owned:
        raise NotFound
    if not _may_own(person, lane):
        raise PermissionRefused(Permission.OWN_WORK)
    return lane, person


def _may_own(person: Any, lane: Lane) -> bool:
    return bool(person.has_perms(("pagoefectivo.own_work", *lane.permissions)))


def _give(lane: Lane, row_ids: Sequence[int], person: Any, actor: Actor, *, only_free: bool) -> int:
    held = _held(lane, row_ids)
    others = [each for each in held.values() if each.owner_id != person.pk]
    if others and only_free:
        raise StateConflict(ErrorCode.WORK_OWNED)
    _end({each.row_id: each for each in others}, actor)
    mine = {each.row_id for each in held.values() if each.owner_id == person.pk}
    moved = [row_id for row_id in dict.fromkeys(row_ids) if row_id not in mine]
    for row_id in moved:
        _begin(lane, row_id, person, actor)
    return len(moved)


def _held(lane: Lane, row_ids: Sequence[int]) -> dict[int, Ownership]:
    """Return the open ownerships of items that wait, locked; raises StateConflict where one of the items waits no more."""
    now = seams.now()
    wanted = set(row_ids)
    if not wanted or len(wanted) > MOST_AT_ONCE:
        raise NotFound
    if lane.rows(now).filter(pk__in=wanted).count() != len(wanted):
        raise StateConflict
    open_ones = Ownership.objects.filter(subject=lane.subject(now), row_id__in=wanted, until=None)
    return {each.row_id: each for each in open_ones.select_for_update().order_by("pk")}


def _end(held: dict[int, Ownership], actor: Actor) -> None:
    ended = Ownership.objects.filter(pk__in=[each.pk for each in held.values()])
    ended.update(until=seams.now(), ended_by=actor.name)


def _begin(lane: Lane, row_id: int, person: Any, actor: Actor, **more: Any) -> None:
    now = seams.now()
    Ownership.objects.create(
        subject=lane.subject(now),
        row_id=row_id,
        owner=person,
        owner_name=person.get_username()[:160],
        since=now,
        given_by=actor.name,
        **more,
    )
