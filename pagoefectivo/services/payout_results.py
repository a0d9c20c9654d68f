"""What the bank did with payouts, as a second person read it: one at a time, or a file of many at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from django.db import IntegrityError

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Reason, RuleRefused, StateConflict
from pagoefectivo.domain.localtime import LIMA
from pagoefectivo.domain.messages import RefundUpdate
from pagoefectivo.domain.payouts import OPERATION_NUMBER, REJECTIONS, BankResult, Outcome, read_results
from pagoefectivo.domain.states import Proof, RefundState, RefundStatus, Source
from pagoefectivo.models import ErrorOccurrence, PaymentEvent, Refund
from pagoefectivo.services import lifecycle, occurrences, seams
from pagoefectivo.services.actors import Actor, Permission
from pagoefectivo.services.commands import choose
from pagoefectivo.services.payouts import OPERATION
from pagoefectivo.services.refunds import refund_named
from pagoefectivo.services.subjects import Locked, lock_order

_STATUS = {
    Outcome.PAID: RefundStatus.SUCCEEDED,
    Outcome.REJECTED: RefundStatus.FAILED,
    Outcome.RETURNED: RefundStatus.RETURNED,
}
_MUST_STAND = {
    Outcome.PAID: RefundState.PENDING,
    Outcome.REJECTED: RefundState.PENDING,
    Outcome.RETURNED: RefundState.SUCCEEDED,
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """One line of results: the refund it is about, and why it cannot be recorded, if so."""

    result: BankResult
    refund: Refund | None
    refusal: Reason | None


@dataclass(frozen=True, slots=True)
class Review:
    """All lines of results. `is_recorded` only where not one was refused and it was no dry run."""

    verdicts: tuple[Verdict, ...]
    is_recorded: bool

    @property
    def refusals(self) -> tuple[Verdict, ...]:
        return tuple(each for each in self.verdicts if each.refusal is not None)


def mark_paid(public_id: str, *, operation_number: str, on: date, actor: Actor, source: Source) -> Refund:
    """Record that the bank paid one refund out: it is *succeeded*. Raises RuleRefused and StateConflict.

    The actor must be a person who neither asked for the refund nor made its payout file; each operation number of the
    bank counts once per account.
    """
    return _one(public_id, Outcome.PAID, actor, source, operation_number=operation_number, on=on)


def mark_rejected(public_id: str, *, code: ErrorCode, on: date, actor: Actor, source: Source) -> Refund:
    """Record that the bank refused one refund, and why (`REJECTIONS`): it is *failed*, its amount free again."""
    return _one(public_id, Outcome.REJECTED, actor, source, code=code, on=on)


def mark_returned(public_id: str, *, on: date, actor: Actor, source: Source) -> Refund:
    """Record that the bank sent a paid refund back: it is *returned*, its amount free again."""
    return _one(public_id, Outcome.RETURNED, actor, source, on=on)


def record_file(content: bytes, *, actor: Actor, source: Source, dry_run: bool) -> Review:
    """Record a file of results, all of its lines or none; a dry run says what would be refused and writes nothing.

    Raises UnreadableFile with line and reason before anything is looked up.
    """
    actor.require_person(Permission.SETTLE_PAYOUTS)
    return record(read_results(content), actor=actor, source=source, dry_run=dry_run)


def record(results: Sequence[BankResult], *, actor: Actor, source: Source, dry_run: bool = False) -> Review:
    """Record results, all or none, each held against the rules under its order's lock."""
    actor.require_person(Permission.SETTLE_PAYOUTS)
    work = _Recording(tuple(results), actor, source, dry_run=dry_run)
    try:
        return seams.transact(work)
    except (IntegrityError, _JustRecorded):  # somebody else did so with one of the operation numbers at this instant
        return seams.transact(work)


def _one(public_id: str, outcome: Outcome, actor: Actor, source: Source, **stated: object) -> Refund:
    actor.require_person(Permission.SETTLE_PAYOUTS)
    refund = refund_named(public_id, actor=actor)
    review = record([BankResult(refund.reference, outcome, **stated)], actor=actor, source=source)  # type: ignore[arg-type]
    for verdict in review.refusals:
        if verdict.refusal and verdict.refusal.code is ErrorCode.STATE_CONFLICT:
            raise StateConflict
        if verdict.refusal:
            raise RuleRefused(verdict.refusal)
    return refund_named(public_id, actor=actor)


class _JustRecorded(Exception):
    """An operation number that nobody had recorded when it was judged is another refund's by now."""


@dataclass(frozen=True, slots=True)
class _Recording:
    """One unit of work over some results."""

    results: tuple[BankResult, ...]
    actor: Actor
    source: Source
    dry_run: bool

    def __call__(self) -> Review:
        found = self._locked()
        verdicts = tuple(self._judge(found))
        if self.dry_run or any(each.refusal for each in verdicts):
            return Review(verdicts, is_recorded=False)
        for result in self.results:
            self._apply(result, *found[result.reference])
        return Review(verdicts, is_recorded=True)

    def _locked(self) -> dict[str, tuple[Locked, Refund]]:
        """Lock the orders by ascending id; only refunds of payout files that the actor may know of are found."""
        named = Refund.objects.filter(reference__in={result.reference for result in self.results})
        known = named.filter(payout__isnull=False).values_list("order_id", "account", "reference")
        seen = {reference for _, account, reference in known if self.actor.sees(account)}
        found = {}
        for order_id in sorted({order_id for order_id, _, reference in known if reference in seen}):
            locked = lock_order(order_id)
            found.update({each.reference: (locked, each) for each in locked.refunds if each.reference in seen})
        return found

    def _judge(self, found: dict[str, tuple[Locked, Refund]]) -> Iterator[Verdict]:
        references: set[str] = set()
        numbers: set[tuple[str, str]] = set()
        for result in self.results:
            refund = found[result.reference][1] if result.reference in found else None
            number = (refund.account if refund else "", result.identity)
            refusal = _objection(result, refund, self.actor)
            if result.reference in references:
                refusal = refusal or _invalid("reference")
            if result.outcome is Outcome.PAID and number in numbers:
                refusal = refusal or Reason(ErrorCode.PAYOUT_OPERATION_REUSED)
            references.add(result.reference)
            numbers.add(number)
            yield Verdict(result, refund, refusal)

    def _apply(self, result: BankResult, locked: Locked, refund: Refund) -> None:
        now, is_paid = seams.now(), result.outcome is Outcome.PAID
        choose(locked, refund)
        code = ErrorCode(result.code) if result.outcome is Outcome.REJECTED else None
        update = RefundUpdate(
            _STATUS[result.outcome],
            result.outcome,
            Proof.ATTESTED,
            reference=refund.reference,
            provider_reference=result.operation_number if is_paid else "",
            amount=refund.amount,
            currency=refund.currency,
            error_code=code,
            occurred_at=_noon(result.on) if result.on else None,
            event_identity=result.identity if is_paid else "",
        )
        applied = lifecycle.write(
            locked,
            update,
            source=self.source,
            evidence=lifecycle.Evidence(refund.account),
            actor=self.actor.name,
            now=now,
        )
        if is_paid and not applied.is_new:
            raise _JustRecorded
        if code:
            occurrences.keep(
                ErrorOccurrence(code=code, operation=OPERATION, account=refund.account, refund=refund, occurred_at=now)
            )


def _objection(result: BankResult, refund: Refund | None, actor: Actor) -> Reason | None:
    """Return why one result cannot be recorded, the gravest reason first."""
    if refund is None or refund.payout is None:
        return Reason(ErrorCode.NOT_FOUND)
    persons = {refund.requester_id, refund.payout.maker_id} - {None}
    if actor.name in {refund.requested_by, refund.payout.made_by} or actor.user_id in persons:
        return Reason(ErrorCode.PAYOUT_SELF)
    if refund.state != _MUST_STAND[result.outcome]:
        return Reason(ErrorCode.STATE_CONFLICT)
    made_on, today = (at.astimezone(LIMA).date() for at in (refund.payout.created_at, seams.now()))
    if result.on is None or not made_on <= result.on <= today:
        return _invalid("date")
    if result.outcome is Outcome.REJECTED and result.code not in REJECTIONS:
        return _invalid("code")
    return _against_number(result, refund) if result.outcome is Outcome.PAID else None


def _against_number(result: BankResult, refund: Refund) -> Reason | None:
    if not OPERATION_NUMBER.fullmatch(result.operation_number) or not result.identity.removeprefix("bank "):
        return _invalid("operation_number")
    if PaymentEvent.objects.filter(account=refund.account, event_identity=result.identity).exists():
        return Reason(ErrorCode.PAYOUT_OPERATION_REUSED)
    return None


def _invalid(field: str) -> Reason:
    return Reason(ErrorCode.PAYOUT_RESULT_INVALID, field=field)


def _noon(day: date) -> datetime:
    """The bank names a day; noon in Lima is that day in UTC as well."""
    return datetime.combine(day, time(12), LIMA)
