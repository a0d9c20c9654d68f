"""Working on what does not add up: taken, explained, matched by hand, made a case. No money and no state moves by it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from pagoefectivo.domain.cases import CaseKind, LinkKind
from pagoefectivo.domain.discrepancies import PERSONS_REASONS, DiscrepancyAct, DiscrepancyReason
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import NotFound, Reason, RuleRefused
from pagoefectivo.domain.localtime import written_month
from pagoefectivo.domain.money import CENT
from pagoefectivo.domain.settlements import TOLERANCE, UNCOUNTED, Verdict
from pagoefectivo.models import (
    Case,
    Discrepancy,
    DiscrepancyEntry,
    Refund,
    SettlementLine,
    SettlementReport,
    SettlementShare,
    Voucher,
)
from pagoefectivo.selectors.months import close_of
from pagoefectivo.services import cases, seams
from pagoefectivo.services.actors import SYSTEM, Actor, Permission
from pagoefectivo.services.settlement_shares import refuse_settled_already
from pagoefectivo.services.settlements import lock_account

LONGEST = 500


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a line and what it is about: the number of a payment code or of a refund, and an amount, signed as the line's."""

    number: str
    amount: Decimal


def take(number: int, *, actor: Actor) -> Discrepancy:
    """Let whoever acts own a difference. Raises PermissionRefused, NotFound, RuleRefused(DIFFERENCE_SETTLED, MONTH_CLOSED)."""
    actor.require_person(Permission.WORK_DIFFERENCES)

    def taken(found: Discrepancy) -> None:
        found.owner_id = actor.user_id
        _write(found, DiscrepancyAct.TAKEN, actor)

    return _act(number, actor, taken)


def release(number: int, *, actor: Actor) -> Discrepancy:
    """Let nobody own a difference. Raises as `take` does."""
    actor.require_person(Permission.WORK_DIFFERENCES)

    def released(found: Discrepancy) -> None:
        found.owner_id = None
        _write(found, DiscrepancyAct.RELEASED, actor)

    return _act(number, actor, released)


def note(number: int, text: str, *, actor: Actor) -> Discrepancy:
    """Write a sentence into a difference's history. Raises as `take` does, and RuleRefused for an empty one."""
    actor.require_person(Permission.WORK_DIFFERENCES)
    said = _said(text)
    return _act(number, actor, lambda found: _write(found, DiscrepancyAct.NOTED, actor, said))


def settle(number: int, reason: str, text: str, *, actor: Actor) -> Discrepancy:
    """Say why the two sides differed, with one sentence, and be done with it.

    Raises as `take` does, and RuleRefused(DIFFERENCE_UNEXPLAINED) without both; nothing is written then.
    """
    actor.require_person(Permission.WORK_DIFFERENCES)
    if reason not in PERSONS_REASONS:
        raise RuleRefused(Reason(ErrorCode.DIFFERENCE_UNEXPLAINED, field="reason"))
    said = _said(text)
    return _act(number, actor, lambda found: _settle(found, DiscrepancyReason(reason), said, actor))


def reopen(number: int, text: str, *, actor: Actor) -> Discrepancy:
    """Work on a settled difference again, with a reason. One that a match by hand settled stays settled. Raises as `take`."""
    actor.require_person(Permission.WORK_DIFFERENCES)
    said = _said(text)

    def reopened(found: Discrepancy) -> None:
        if found.settled_at is None or found.reason == DiscrepancyReason.MATCHED:
            raise RuleRefused(Reason(ErrorCode.DIFFERENCE_SETTLED))
        found.settled_at, found.settled_by, found.reason, found.resolution = None, "", "", ""
        _write(found, DiscrepancyAct.REOPENED, actor, said)

    return _act(number, actor, reopened, is_open=False)


def open_case(number: int, *, actor: Actor) -> Case:
    """Open a case about the payment or refund of a difference, or return the one there; both name each other.

    Raises as `take` does, and NotFound where nothing of ours is known to be meant.
    """
    actor.require_person(Permission.WORK_DIFFERENCES)
    found = _named(number, actor)
    refuse_closed(found.account, found.month)
    if found.voucher_id is None:
        raise NotFound
    what, row_id = (LinkKind.REFUND, found.refund_id) if found.refund_id else (LinkKind.VOUCHER, found.voucher_id)
    amount = abs(found.amount).quantize(CENT)
    opening = cases.Opening(
        CaseKind.INQUIRY,
        f"{found.number}: {Verdict(found.verdict)}",
        amount=amount or None,
        currency=found.currency if amount else "",
    )
    case = cases.open_case(what, row_id or 0, opening, actor=actor)

    def opened(found: Discrepancy) -> None:
        found.case = case
        _write(found, DiscrepancyAct.CASE_OPENED, actor, case.public_id)

    _act(number, actor, opened)
    return case


def match(number: int, parts: Sequence[Part], *, actor: Actor) -> Discrepancy:
    """Say what the line of a difference is about: one payment or refund, or several whose parts add up to it.

    Locks the difference and its line. A proposal is confirmed by naming what was proposed. Raises as `take` does, and
    RuleRefused(MATCH_DOES_NOT_ADD_UP, MATCH_ANOTHER_ACCOUNT), and MATCH_ALREADY_SETTLED where other lines left less of a
    payment or refund than is named; nothing is written then. No payment is changed by it.
    """
    actor.require_person(Permission.MATCH_LINES)

    def matched(found: Discrepancy) -> None:
        if found.line_id is None:
            raise NotFound
        line = SettlementLine.objects.select_for_update(no_key=True).get(pk=found.line_id)
        shares = [_share(line, part, actor) for part in parts]
        amount = line.amount if line.amount is not None else line.booked
        total = sum((each.amount for each in shares), Decimal(0))
        if not shares or abs(total - amount) > TOLERANCE:
            values = {"parts": f"{total:.2f}", "line": f"{amount:.2f}"}
            raise RuleRefused(Reason(ErrorCode.MATCH_DOES_NOT_ADD_UP, field="parts", values=values))
        refuse_settled_already(line, shares)
        SettlementShare.objects.bulk_create(shares)
        line.verdict = Verdict.MATCHED
        line.voucher_id = shares[0].voucher_id if len(shares) == 1 else None
        line.refund_id = shares[0].refund_id if len(shares) == 1 else None
        line.save(update_fields=["verdict", "voucher", "refund"])
        _write(found, DiscrepancyAct.MATCHED, actor, ", ".join(part.number for part in parts)[:LONGEST])
        _settle(found, DiscrepancyReason.MATCHED, "", actor)

    return _act(number, actor, matched)


def settle_arrived(report: SettlementReport) -> int:
    """Settle what was missing at the provider and stands in this report; inside the caller's transaction."""
    lines = SettlementLine.objects.filter(report=report).exclude(verdict__in=UNCOUNTED)
    missing = Discrepancy.objects.select_for_update().filter(
        account=report.account, settled_at__isnull=True, line__isnull=True
    )
    came = [
        *missing.filter(refund__isnull=True, voucher__in=lines.filter(kind="payment").values("voucher")),
        *missing.filter(refund__in=lines.filter(kind="refund").values("refund")),
    ]
    for found in came:
        _settle(found, DiscrepancyReason.ARRIVED, str(report)[:LONGEST], SYSTEM)
        found.save()
    return len(came)


def ask_about_unpaid(report: SettlementReport) -> int:
    """Let the provider be asked at once about payments that it settled and that are not paid here. Two statements.

    Inside the caller's transaction, so that no file is imported of which nobody asks.
    """
    unpaid = SettlementLine.objects.filter(report=report, kind="payment", verdict=Verdict.MISSING_HERE)
    asked = Voucher.objects.filter(
        pk__in=unpaid.filter(voucher__isnull=False).values("voucher"), paid_at__isnull=True
    ).exclude(provider_reference="")
    count = asked.update(next_action_at=seams.now())
    if count:
        seams.ring()
    return count


def refuse_closed(account: str, month: date) -> None:
    """Raise RuleRefused(MONTH_CLOSED) where a month is closed; it stays as it is while the account's lock is held."""
    close = close_of(account, month)
    if close is not None and close.is_closed:
        said = written_month(month)
        raise RuleRefused(Reason(ErrorCode.MONTH_CLOSED, field="month", values={"month": said}))


def _share(line: SettlementLine, part: Part, actor: Actor) -> SettlementShare:
    refund = Refund.objects.filter(account=line.account, public_id=part.number).first()
    voucher = refund.voucher if refund else Voucher.objects.filter(account=line.account, public_id=part.number).first()
    if voucher is None or actor.user_id is None:
        raise RuleRefused(Reason(ErrorCode.MATCH_ANOTHER_ACCOUNT, field="parts", values={"number": part.number}))
    return SettlementShare(
        line=line,
        voucher=voucher,
        refund=refund,
        amount=part.amount,
        currency=line.currency or line.book_currency,
        matched_by=actor.name,
        matcher_id=actor.user_id,
        matched_at=seams.now(),
    )


def _act(number: int, actor: Actor, work: Callable[[Discrepancy], None], *, is_open: bool = True) -> Discrepancy:
    def act() -> Discrepancy:
        named = _named(number, actor)
        lock_account(named.account)
        refuse_closed(named.account, named.month)
        found = Discrepancy.objects.select_for_update(no_key=True).get(pk=number)
        if is_open and found.settled_at is not None:
            raise RuleRefused(Reason(ErrorCode.DIFFERENCE_SETTLED))
        work(found)
        found.save()
        return found

    return seams.transact(act)


def _named(number: int, actor: Actor) -> Discrepancy:
    found = Discrepancy.objects.filter(pk=number).first()
    if found is None or not actor.sees(found.account):
        raise NotFound
    return found


def _settle(found: Discrepancy, reason: DiscrepancyReason, said: str, actor: Actor) -> None:
    found.reason, found.resolution = reason, said
    found.settled_at, found.settled_by = seams.now(), actor.name
    _write(found, DiscrepancyAct.SETTLED, actor, said)


def _write(found: Discrepancy, act: DiscrepancyAct, actor: Actor, said: str = "") -> None:
    DiscrepancyEntry.objects.create(
        discrepancy=found, act=act, said=said, actor=actor.name, person_id=actor.user_id, at=seams.now()
    )


def _said(text: str) -> str:
    said = " ".join(text.split())[:LONGEST]
    if not said:
        raise RuleRefused(Reason(ErrorCode.DIFFERENCE_UNEXPLAINED, field="text"))
    return said
