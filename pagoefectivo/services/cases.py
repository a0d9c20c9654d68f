"""Working on cases. Each act is a person's, is written into the case's history with it, and moves no money and no order."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend

from pagoefectivo.domain.business_days import business_days_after
from pagoefectivo.domain.cases import (
    BY_HAND,
    DAYS_TO_WORK,
    EVIDENCE_GOES_TO,
    MOST_DAYS,
    OUTCOMES,
    CaseAct,
    CaseKind,
    CaseStanding,
    Exhibit,
    LinkKind,
    Responsible,
    subject_of,
)
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import NotFound, Reason, RuleRefused, StateConflict
from pagoefectivo.domain.money import SYMBOLS
from pagoefectivo.models import Case, CaseEntry, CaseLink
from pagoefectivo.selectors import calendar
from pagoefectivo.selectors.cases import Place, named, place_of
from pagoefectivo.services import seams
from pagoefectivo.services.actors import STAFF_PERMISSIONS, Actor, Permission
from pagoefectivo.services.subjects import lock_order

LONGEST_NOTE = 2000
MOST_LINKS = 50
LONGEST_ABOUT = 200
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # none that is taken for another on the telephone


@dataclass(frozen=True, slots=True)
class Opening:
    """What a new case is: `about` in one line, without anybody's name; `days` are business days from today in Lima."""

    kind: CaseKind
    about: str
    amount: Decimal | None = None
    currency: str = ""
    days: int | None = None

    @property
    def days_to_work(self) -> int:
        """Those that were asked for, or else what is usual for its kind."""
        return DAYS_TO_WORK[self.kind] if self.days is None else self.days


def open_case(what: LinkKind, row_id: int, opening: Opening, *, actor: Actor) -> Case:
    """Open a case about one thing and link it with what stands above it. Whoever opens it owns it.

    Locks the order. Where a case about the same anomaly is open, or one of the same kind about the same other thing,
    that one is returned and nothing is written. Raises PermissionRefused for anybody but a person, NotFound, and
    RuleRefused(CASE_INCOMPLETE).
    """
    actor.require_person(Permission.OPEN_CASES)
    place = place_of(what, row_id)
    if place is None or not actor.sees(place.account):
        raise NotFound
    _refuse_incomplete(opening)
    return seams.transact(lambda: _open(place, subject_of(opening.kind, what, row_id), opening, actor))


def assign(public_id: str, user_id: int | None, *, actor: Actor) -> Case:
    """Make a person the owner, or nobody. Taking a case oneself needs `cases:work`, giving it to others `cases:assign`.

    Raises PermissionRefused, NotFound, StateConflict(CASE_ENDED), and RuleRefused(CASE_OWNER_UNFIT) for somebody who may not work on cases.
    """
    is_taken = user_id is not None and user_id == actor.user_id
    owner = _worker(user_id) if user_id is not None else None

    def change(case: Case) -> None:
        before, case.owner = case.owner, owner
        if before != owner:
            _write(case, CaseAct.ASSIGNED, actor, owner_before=_name(before), owner=_name(owner))

    return _act(public_id, Permission.WORK_CASES if is_taken else Permission.ASSIGN_CASES, actor, change)


def note(public_id: str, text: str, *, actor: Actor) -> Case:
    """Add a note, which is kept encrypted, stays in the house and cannot be changed; also to a case that has ended."""
    said = _said(text, "note", LONGEST_NOTE)

    def change(case: Case) -> None:
        _write(case, CaseAct.NOTED, actor, note=said)

    return _act(public_id, Permission.WORK_CASES, actor, change, also_ended=True)


def link(public_id: str, number: str, *, actor: Actor) -> Case:
    """Link what bears a number; what is linked already changes nothing.

    Raises, besides what every act raises, RuleRefused: CASE_LINK_UNKNOWN, and CASE_OTHER_ACCOUNT for a thing of another
    account, whose messages another provider must not get.
    """
    found = named(number.strip())
    place = place_of(*found) if found is not None else None

    def change(case: Case) -> None:
        if found is None or place is None or not actor.sees(place.account):
            raise RuleRefused(Reason(ErrorCode.CASE_LINK_UNKNOWN, "number"))
        if place.account != case.account:
            raise RuleRefused(Reason(ErrorCode.CASE_OTHER_ACCOUNT, "number"))
        what, row_id = found
        if case.links.count() >= MOST_LINKS:
            raise RuleRefused(_incomplete("links"))
        if not CaseLink.objects.filter(case=case, what=what, row_id=row_id).exists():
            add_link(case, place.order_id, what, row_id, actor)
            _write(case, CaseAct.LINKED, actor, what=what, number=number.strip())

    return _act(public_id, Permission.WORK_CASES, actor, change)


def unlink(public_id: str, link_id: int, *, actor: Actor) -> Case:
    """Take a link away; the history keeps that there was one. The last one stays: a case is about something.

    Raises, besides what every act raises, StateConflict where the link is gone, and RuleRefused(CASE_INCOMPLETE).
    """

    def change(case: Case) -> None:
        row = CaseLink.objects.filter(case=case, pk=link_id).first()
        if row is None:
            raise StateConflict
        if case.links.count() == 1:
            raise RuleRefused(_incomplete("links"))
        _write(case, CaseAct.UNLINKED, actor, what=row.what, row=row.row_id)
        row.delete()

    return _act(public_id, Permission.WORK_CASES, actor, change)


def move_due_date(public_id: str, day: date, why: str, *, actor: Actor) -> Case:
    """Move the day until which it must be answered. Raises RuleRefused(CASE_INCOMPLETE) for a day that is over."""
    reason = _said(why, "why", LONGEST_NOTE)
    if day < calendar.today():
        raise RuleRefused(_incomplete("due_date"))

    def change(case: Case) -> None:
        before, case.due_date = case.due_date, day
        _write(case, CaseAct.DUE_MOVED, actor, note=reason, due_before=before.isoformat(), due=day.isoformat())

    return _act(public_id, Permission.WORK_CASES, actor, change)


def judge(public_id: str, responsible: Responsible, why: str, *, actor: Actor) -> Case:
    """Say whose responsibility it was and why; `why` is one line without anybody's name, for it goes into letters."""
    reason = _said(why, "why", 300)

    def change(case: Case) -> None:
        before, case.responsible, case.responsible_why = case.responsible, responsible.value, reason
        _write(case, CaseAct.JUDGED, actor, note=reason, before=before, responsible=responsible.value)

    return _act(public_id, Permission.WORK_CASES, actor, change)


def tick(public_id: str, exhibit: Exhibit, *, is_there: bool, where: str, actor: Actor) -> Case:
    """Say that a piece of evidence that only people know of is at hand, and where; or that it is not after all."""
    if exhibit not in BY_HAND:
        raise RuleRefused(_incomplete("exhibit"))
    act = CaseAct.TICKED if is_there else CaseAct.UNTICKED
    place = _said(where, "where", LONGEST_NOTE) if is_there else where.strip()[:LONGEST_NOTE]

    def change(case: Case) -> None:
        _write(case, act, actor, note=place, exhibit=exhibit.value)

    return _act(public_id, Permission.WORK_CASES, actor, change)


def send_evidence(public_id: str, to: Responsible, how: str, *, actor: Actor) -> Case:
    """Note that the evidence went to the provider, the bank or the buyer, and how: a ticket's number, an address."""
    way = _said(how, "how", LONGEST_NOTE)
    if to not in EVIDENCE_GOES_TO:
        raise RuleRefused(_incomplete("to"))

    def change(case: Case) -> None:
        case.standing = CaseStanding.EVIDENCE_SENT.value
        _write(case, CaseAct.EVIDENCE_SENT, actor, note=way, whom=to.value)

    return _act(public_id, Permission.WORK_CASES, actor, change)


def end(public_id: str, outcome: CaseStanding, reason: str, *, actor: Actor) -> Case:
    """Say how a case ended and why. What money has to move moves by a refund, not by this; a case does not open again.

    Raises, besides what every act raises, RuleRefused(CASE_INCOMPLETE) for an outcome that its kind does not have.
    """
    why = _said(reason, "reason", LONGEST_NOTE)

    def change(case: Case) -> None:
        if outcome not in OUTCOMES[CaseKind(case.kind)]:
            raise RuleRefused(_incomplete("outcome"))
        case.standing, case.ended_at = outcome.value, seams.now()
        _write(case, CaseAct.ENDED, actor, note=why, outcome=outcome.value)

    return _act(public_id, Permission.CLOSE_CASES, actor, change)


def case_named(public_id: str, *, actor: Actor) -> Case:
    """Return a case; raises NotFound also where the actor may not know of it."""
    case = Case.objects.select_related("owner").filter(public_id=public_id).first()
    if case is None or not actor.sees(case.account):
        raise NotFound
    return case


def record(case: Case, act: CaseAct, actor: Actor, *, note: str = "", **details: Any) -> None:
    """Add a line to a case's history. Must run inside a unit of work that holds the case's lock."""
    _write(case, act, actor, note=note, **details)


def hold(public_id: str) -> Case:
    """Lock one case. Must run inside a unit of work, after the order's lock where both are held."""
    return Case.objects.select_for_update(no_key=True).get(public_id=public_id)


def begin(account: str, subject: str, opening: Opening, *, actor: Actor) -> Case:
    """Write down a new case and its opening. Must run inside a unit of work in which no case about `subject` is open."""
    case = Case.objects.create(
        public_id="K-" + "".join(secrets.choice(_LETTERS) for _ in range(8)),
        kind=opening.kind.value,
        account=account,
        subject=subject,
        about=" ".join(opening.about.split()),
        amount=opening.amount,
        currency=opening.currency if opening.amount is not None else "",
        owner_id=actor.user_id,
        due_date=business_days_after(calendar.today(), opening.days_to_work, calendar.is_closed),
        opened_at=seams.now(),
        opened_by=actor.name,
    )
    _write(case, CaseAct.OPENED, actor, about=case.about, due=case.due_date.isoformat())
    return case


def add_link(case: Case, order_id: int, what: LinkKind, row_id: int, actor: Actor) -> None:
    """Link one thing that hangs below an order. Must run inside a unit of work in which nobody else changes the case."""
    CaseLink.objects.create(
        case=case, order_id=order_id, what=what.value, row_id=row_id, linked_at=seams.now(), linked_by=actor.name
    )


def workers() -> Any:
    """The people who may work on cases: those of the staff who hold the permission, by name."""
    permitted: Any = ModelBackend().with_perm(STAFF_PERMISSIONS[Permission.WORK_CASES])
    return permitted.filter(is_staff=True).order_by(get_user_model().USERNAME_FIELD)


def _act(
    public_id: str, permission: Permission, actor: Actor, change: Callable[[Case], None], *, also_ended: bool = False
) -> Case:
    actor.require_person(permission)
    case_named(public_id, actor=actor)

    def work() -> Case:
        case = hold(public_id)
        if case.ended_at is not None and not also_ended:
            raise StateConflict(ErrorCode.CASE_ENDED)
        change(case)
        case.save()
        return case

    return seams.transact(work)


def _open(place: Place, subject: str, opening: Opening, actor: Actor) -> Case:
    lock_order(place.order_id)
    known = Case.objects.filter(subject=subject, ended_at=None).first()
    if known is not None:
        return known
    case = begin(place.account, subject, opening, actor=actor)
    for what, row_id in place.rows.items():
        add_link(case, place.order_id, what, row_id, actor)
    return case


def _write(case: Case, act: CaseAct, actor: Actor, *, note: str = "", **details: Any) -> None:
    CaseEntry.objects.create(case=case, act=act.value, actor=actor.name, at=seams.now(), note=note, details=details)


def _refuse_incomplete(opening: Opening) -> None:
    lacking = [
        *([] if 0 < len(" ".join(opening.about.split())) <= LONGEST_ABOUT and "\0" not in opening.about else ["about"]),
        *([] if opening.amount is None or (opening.amount > 0 and opening.currency in SYMBOLS) else ["amount"]),
        *([] if 0 <= opening.days_to_work <= MOST_DAYS else ["days"]),
    ]
    if lacking:
        raise RuleRefused(*map(_incomplete, lacking))


def _said(text: str, field: str, longest: int) -> str:
    said = text.strip()
    if not 0 < len(said) <= longest or "\0" in said:
        raise RuleRefused(_incomplete(field))
    return said


def _incomplete(field: str) -> Reason:
    return Reason(ErrorCode.CASE_INCOMPLETE, field)


def _worker(user_id: int) -> Any:
    user = workers().filter(pk=user_id).first()
    if user is None:
        raise RuleRefused(Reason(ErrorCode.CASE_OWNER_UNFIT, "owner"))
    return user


def _name(user: Any) -> str:
    return "" if user is None else f"staff:{user.get_username()}"
