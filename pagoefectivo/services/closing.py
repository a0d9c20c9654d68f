"""Closing an account's month with two signatures, opening it again with two, and noting what arrived at the bank.

Every act holds the lock of the account's settlement work, in one transaction: no file, no difference and no other act
comes between what was looked at and what was written.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeVar

from pagoefectivo import conf
from pagoefectivo.domain.closing import digest_of, figures_of
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import NotFound, Reason, RuleRefused, StateConflict
from pagoefectivo.domain.localtime import written_month
from pagoefectivo.domain.money import CENT, LARGEST, SYMBOLS
from pagoefectivo.domain.month import CloseState
from pagoefectivo.models import BankReceipt, CloseAct, MonthlyClose
from pagoefectivo.selectors.calendar import today
from pagoefectivo.selectors.months import close_of, draft_of
from pagoefectivo.services import seams
from pagoefectivo.services.actors import Actor, Permission
from pagoefectivo.services.discrepancies import refuse_closed
from pagoefectivo.services.settlements import lock_account

logger = logging.getLogger("pagoefectivo.closing")
LONGEST_WHY = 500
Act = CloseAct.Act
Row = TypeVar("Row", MonthlyClose, BankReceipt)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What a bank statement says: an amount of two decimals, below zero where the provider took money back."""

    currency: str
    amount: Decimal
    day: date
    batch: str = ""
    reference: str = ""


def prepare(account: str, month: date, *, actor: Actor) -> MonthlyClose:
    """Freeze the figures of a month with their SHA-256 as the first of two people.

    Raises PermissionRefused for who may not and for who is no person, NotFound for an account that there is not,
    StateConflict where it is prepared or closed already, and RuleRefused(MONTH_NOT_READY), with each thing that is
    left, while its checklist blocks; nothing is written then.
    """
    person = actor.require_person(Permission.PREPARE_CLOSES)

    def prepared(close: MonthlyClose | None) -> MonthlyClose:
        _expect(close, CloseState.OPEN)
        draft = draft_of(account, month, close)
        left = [check for check in draft.checks if check.blocks and check.left]
        if left:
            said = written_month(month)
            raise RuleRefused(
                *(
                    Reason(ErrorCode.MONTH_NOT_READY, check.name, {"month": said, "left": check.said.rstrip(".。")})
                    for check in left
                )
            )
        row = close or MonthlyClose(account=account, month=month)
        row.standing = CloseState.PREPARED.value
        row.figures = figures_of(draft)
        row.digest = digest_of(row.figures)
        row.prepared_by, row.preparer_id, row.prepared_at = actor.name, person, seams.now()
        return _kept(row, Act.PREPARED, actor, person)

    return _act(account, month, actor, prepared)


def withdraw(account: str, month: date, *, actor: Actor) -> MonthlyClose:
    """Take a preparation back, one's own or another's: the figures can change again.

    Raises PermissionRefused, NotFound, and StateConflict where the month is not prepared.
    """
    person = actor.require_person(Permission.PREPARE_CLOSES)

    def withdrawn(close: MonthlyClose | None) -> MonthlyClose:
        row = _expect(close, CloseState.PREPARED)
        digest = row.digest
        row.standing, row.figures, row.digest = CloseState.OPEN.value, {}, ""
        row.prepared_by, row.preparer_id, row.prepared_at = "", None, None
        return _kept(row, Act.WITHDRAWN, actor, person, digest=digest)

    return _act(account, month, actor, withdrawn)


def sign(account: str, month: date, digest: str, *, actor: Actor) -> MonthlyClose:
    """Sign the prepared figures that have this SHA-256 as the second person: from now on the month is closed.

    Raises PermissionRefused, NotFound, StateConflict where the month is not prepared, RuleRefused(MONTH_SELF) for who
    prepared it, whatever they are called now, and RuleRefused(MONTH_CHANGED) where the person saw other figures or the
    rows no longer come to them; nothing is written then.
    """
    person = actor.require_person(Permission.SIGN_CLOSES)

    def signed(close: MonthlyClose | None) -> MonthlyClose:
        row = _expect(close, CloseState.PREPARED)
        _refuse_same(actor, row.prepared_by, row.preparer_id)
        if not digest == row.digest == digest_of(row.figures) == digest_of(figures_of(draft_of(account, month, row))):
            raise RuleRefused(Reason(ErrorCode.MONTH_CHANGED, values={"month": written_month(month)}))
        row.standing = CloseState.CLOSED.value
        row.signed_by, row.signer_id, row.signed_at = actor.name, person, seams.now()
        return _kept(row, Act.SIGNED, actor, person)

    return _act(account, month, actor, signed)


def ask_reopening(account: str, month: date, why: str, *, actor: Actor) -> MonthlyClose:
    """Ask that a closed month be opened again. It stays closed until another person agrees.

    Raises PermissionRefused, NotFound, StateConflict where it is not closed, RuleRefused(MONTH_UNSAID) without a reason.
    """
    person = actor.require_person(Permission.REOPEN_CLOSES)
    said = _said(why)

    def asked(close: MonthlyClose | None) -> MonthlyClose:
        row = _expect(close, CloseState.CLOSED)
        row.standing = CloseState.REOPENING.value
        row.asked_by, row.asker_id, row.asked_at, row.asked_why = actor.name, person, seams.now(), said
        return _kept(row, Act.ASKED, actor, person, why=said)

    return _act(account, month, actor, asked)


def reopen(account: str, month: date, *, actor: Actor) -> MonthlyClose:
    """Agree to a re-opening as another person: the next revision begins, and the one before stays readable for ever.

    Returns the new revision. Raises PermissionRefused, NotFound, StateConflict where nobody asked, and
    RuleRefused(MONTH_SELF) for who asked, whatever they are called now.
    """
    person = actor.require_person(Permission.REOPEN_CLOSES)

    def reopened(close: MonthlyClose | None) -> MonthlyClose:
        row = _expect(close, CloseState.REOPENING)
        _refuse_same(actor, row.asked_by, row.asker_id)
        row.agreed_by, row.agreer_id, row.agreed_at = actor.name, person, seams.now()
        _kept(row, Act.REOPENED, actor, person, why=row.asked_why)
        return MonthlyClose.objects.create(account=account, month=month, revision=row.revision + 1)

    return _act(account, month, actor, reopened)


def keep_closed(account: str, month: date, why: str, *, actor: Actor) -> MonthlyClose:
    """Leave a month closed that somebody asked to open again: another person declines it, or who asked withdraws it.

    Who asked is known whatever they are called now. The request stays in the history. Raises PermissionRefused,
    NotFound, StateConflict where nobody asked, RuleRefused(MONTH_UNSAID) without a reason.
    """
    person = actor.require_person(Permission.REOPEN_CLOSES)
    said = _said(why)

    def kept_closed(close: MonthlyClose | None) -> MonthlyClose:
        row = _expect(close, CloseState.REOPENING)
        act = Act.RETRACTED if _is_same(actor, row.asked_by, row.asker_id) else Act.DECLINED
        row.standing = CloseState.CLOSED.value
        row.asked_by, row.asker_id, row.asked_at, row.asked_why = "", None, None, ""
        return _kept(row, act, actor, person, why=said)

    return _act(account, month, actor, kept_closed)


def note_receipt(account: str, month: date, arrival: Arrival, *, actor: Actor) -> BankReceipt:
    """Note what arrived at the shop's bank for a month.

    Raises PermissionRefused, NotFound, and RuleRefused: RECEIPT_UNFIT for an amount of nothing or of more than two
    decimals, a currency that we do not hold, or a day to come; MONTH_CLOSED.
    """
    person = actor.require_person(Permission.NOTE_RECEIPTS)
    unfit = [
        field
        for field, fits in (
            ("currency", arrival.currency in SYMBOLS),
            ("amount", arrival.amount and abs(arrival.amount) <= LARGEST and arrival.amount % CENT == 0),
            ("day", arrival.day <= today()),
        )
        if not fits
    ]
    if unfit:
        raise RuleRefused(*(Reason(ErrorCode.RECEIPT_UNFIT, field=field) for field in unfit))

    def noted(_close: MonthlyClose | None) -> BankReceipt:
        refuse_closed(account, month)
        return BankReceipt.objects.create(
            account=account,
            month=month,
            currency=arrival.currency,
            amount=arrival.amount,
            day=arrival.day,
            batch=arrival.batch.strip()[:100],
            reference=arrival.reference.strip()[:64],
            noted_by=actor.name,
            noter_id=person,
            at=seams.now(),
        )

    return _act(account, month, actor, noted)


def strike_receipt(receipt_id: int, why: str, *, actor: Actor) -> BankReceipt:
    """Strike a bank receipt out by a second row with the opposite amount and a reason; return that row.

    Raises PermissionRefused, NotFound, StateConflict where it is struck out, or is itself a strike, and RuleRefused:
    MONTH_UNSAID without a reason; MONTH_CLOSED.
    """
    person = actor.require_person(Permission.NOTE_RECEIPTS)
    said = _said(why)
    wrong = BankReceipt.objects.filter(pk=receipt_id).first()
    if wrong is None:
        raise NotFound

    def struck(_close: MonthlyClose | None) -> BankReceipt:
        refuse_closed(wrong.account, wrong.month)
        if wrong.strikes_id is not None or BankReceipt.objects.filter(strikes=wrong).exists():
            raise StateConflict
        return BankReceipt.objects.create(
            account=wrong.account,
            month=wrong.month,
            currency=wrong.currency,
            amount=-wrong.amount,
            day=wrong.day,
            batch=wrong.batch,
            reference=wrong.reference,
            strikes=wrong,
            why=said,
            noted_by=actor.name,
            noter_id=person,
            at=seams.now(),
        )

    return _act(wrong.account, wrong.month, actor, struck)


def _act(account: str, month: date, actor: Actor, work: Callable[[MonthlyClose | None], Row]) -> Row:
    if account not in conf.current().accounts or not actor.sees(account) or month.day != 1:
        raise NotFound

    def act() -> Row:
        lock_account(account)
        return work(close_of(account, month))

    return seams.transact(act)


def _expect(close: MonthlyClose | None, standing: CloseState) -> MonthlyClose:
    if (CloseState(close.standing) if close else CloseState.OPEN) is not standing:
        raise StateConflict
    return close  # type: ignore[return-value]  # None only where it is open, and there nobody reads it


def _refuse_same(actor: Actor, name: str, person_id: int | None) -> None:
    if _is_same(actor, name, person_id):
        raise RuleRefused(Reason(ErrorCode.MONTH_SELF))


def _is_same(actor: Actor, name: str, person_id: int | None) -> bool:
    return actor.name == name or actor.user_id == person_id


def _kept(
    row: MonthlyClose, act: CloseAct.Act, actor: Actor, person: int, *, digest: str = "", why: str = ""
) -> MonthlyClose:
    row.save()
    CloseAct.objects.create(
        close=row,
        act=act,
        digest=digest or row.digest,
        why=why,
        actor=actor.name,
        person_id=person,
        at=seams.now(),
    )
    logger.info("month %s, revision %s: %s by %s", row, row.revision, act.value, actor.name)
    return row


def _said(why: str) -> str:
    said = " ".join(why.split())[:LONGEST_WHY]
    if not said:
        raise RuleRefused(Reason(ErrorCode.MONTH_UNSAID, field="why"))
    return said
