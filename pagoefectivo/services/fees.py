"""Entering, ending and withdrawing fee schedules. Each act stays on the row, with who did it, when and why."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.db.models import Q

from pagoefectivo import conf
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import NotFound, Reason, RuleRefused, StateConflict
from pagoefectivo.domain.fees import Market, Schedule
from pagoefectivo.models import FeeSchedule, FeeTier
from pagoefectivo.models.fees import PERCENTS, SUMS
from pagoefectivo.services import seams
from pagoefectivo.services.actors import Actor, Permission

logger = logging.getLogger("pagoefectivo.fees")
LONGEST_NAME, LONGEST_WHY = 80, 200
_LOCK = 0x66656573  # a number that nobody else locks


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What is entered: the terms, for which account, from which day to which, both included; None: until it is ended."""

    account: str
    name: str
    terms: Schedule
    market: Market
    valid_from: date
    valid_until: date | None = None


def begin(agreed: Agreement, *, why: str, actor: Actor) -> FeeSchedule:
    """Enter a schedule with its tiers. Locks all schedules against other writers until it is committed.

    Raises PermissionRefused, and RuleRefused: ACCOUNT_UNKNOWN; FEES_INCOMPLETE without a name or a reason, and for a
    last day before the first; FEES_OVERLAP where another schedule of the account and currency holds on one of its days.
    """
    actor.require(Permission.KEEP_FEES)
    if agreed.account not in conf.current().accounts or not actor.sees(agreed.account):
        raise RuleRefused(Reason(ErrorCode.ACCOUNT_UNKNOWN, "account"))
    name, reason = _said(agreed.name, "name", LONGEST_NAME), _said(why, "why", LONGEST_WHY)
    if agreed.valid_until is not None and agreed.valid_until < agreed.valid_from:
        raise RuleRefused(Reason(ErrorCode.FEES_INCOMPLETE, "valid_until"))

    def write() -> FeeSchedule:
        _lock()
        _refuse_overlap(agreed)
        row = FeeSchedule.objects.create(
            account=agreed.account,
            name=name,
            currency=agreed.terms.currency,
            settlement_currency=agreed.terms.settlement_currency or agreed.terms.currency,
            market=agreed.market.value,
            valid_from=agreed.valid_from,
            valid_until=agreed.valid_until,
            planned_until=agreed.valid_until,
            **{each: getattr(agreed.terms, each) for each in (*PERCENTS, *SUMS)},
            why=reason,
            created_by=actor.name,
            creator_id=actor.person_id,
            created_at=seams.now(),
        )
        FeeTier.objects.bulk_create(
            FeeTier(schedule=row, from_payments=tier.from_payments, percent=tier.percent, fixed=tier.fixed)
            for tier in agreed.terms.tiers
        )
        return row

    row = seams.transact(write)
    logger.info("fee schedule %s of %s from %s on, entered by %s", row.pk, row.account, row.valid_from, actor.name)
    return row


def end(schedule_id: int, last_day: date, *, why: str, actor: Actor) -> FeeSchedule:
    """Say on which day it holds for the last time, at the latest the day that was planned. A day that is over changes
    what is expected of the days after it.

    Locks the row. Raises PermissionRefused, NotFound, StateConflict(FEES_ENDED), and RuleRefused(FEES_INCOMPLETE)
    without a reason and for a day before its first or after its last.
    """

    def change(row: FeeSchedule) -> None:
        if last_day < row.valid_from or (row.valid_until is not None and last_day > row.valid_until):
            raise RuleRefused(Reason(ErrorCode.FEES_INCOMPLETE, "last_day"))
        row.valid_until = last_day

    return _close(schedule_id, why, actor, change)


def withdraw(schedule_id: int, *, why: str, actor: Actor) -> FeeSchedule:
    """Say that it was wrong from the start: it counts for no day, past or to come, and stays readable.

    Locks the row. Raises PermissionRefused, NotFound, StateConflict(FEES_ENDED), and RuleRefused(FEES_INCOMPLETE)
    without a reason.
    """

    def change(row: FeeSchedule) -> None:
        row.is_withdrawn = True

    return _close(schedule_id, why, actor, change)


def _close(schedule_id: int, why: str, actor: Actor, change: Callable[[FeeSchedule], None]) -> FeeSchedule:
    actor.require(Permission.KEEP_FEES)
    reason = _said(why, "why", LONGEST_WHY)

    def write() -> FeeSchedule:
        row = FeeSchedule.objects.select_for_update().filter(pk=schedule_id).first()
        if row is None or not actor.sees(row.account):
            raise NotFound
        if row.ended_at is not None:
            raise StateConflict(ErrorCode.FEES_ENDED)
        change(row)
        row.ended_by, row.ender_id, row.ended_at, row.ended_why = actor.name, actor.person_id, seams.now(), reason
        row.save(update_fields=["valid_until", "is_withdrawn", "ended_by", "ender", "ended_at", "ended_why"])
        return row

    row = seams.transact(write)
    said = "withdrawn" if row.is_withdrawn else f"ended on {row.valid_until}"
    logger.info("fee schedule %s of %s %s by %s", row.pk, row.account, said, actor.name)
    return row


def _lock() -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _refuse_overlap(agreed: Agreement) -> None:
    rows = FeeSchedule.objects.filter(account=agreed.account, currency=agreed.terms.currency, is_withdrawn=False)
    rows = rows.filter(Q(valid_until__isnull=True) | Q(valid_until__gte=agreed.valid_from))
    if agreed.valid_until is not None:
        rows = rows.filter(valid_from__lte=agreed.valid_until)
    other = rows.order_by("valid_from").first()
    if other is not None:
        days = f"{_written(other.valid_from)} – {_written(other.valid_until) if other.valid_until else '…'}"
        raise RuleRefused(Reason(ErrorCode.FEES_OVERLAP, "valid_from", {"name": f"“{other.name}”", "days": days}))


def _written(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def _said(text: str, field: str, longest: int) -> str:
    said = text.strip()
    if not said or len(said) > longest:
        raise RuleRefused(Reason(ErrorCode.FEES_INCOMPLETE, field))
    return said
