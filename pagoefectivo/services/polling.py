"""Asking the provider: one row at once for a person, many at a time for the clock. A question changes nothing there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q

from pagoefectivo.domain.exceptions import ProviderError
from pagoefectivo.domain.messages import PaymentUpdate, Pointer, PointerKind, Verb
from pagoefectivo.domain.states import PaymentStatus, Source, VoucherState
from pagoefectivo.models import Refund, Voucher
from pagoefectivo.providers.base import Operation
from pagoefectivo.services import breaker, quiet_polls, scheduling, seams, setbacks
from pagoefectivo.services.accounts import account_named, wire
from pagoefectivo.services.claiming import Claim
from pagoefectivo.services.exchanges import BatchRecorder, announce, flush, recorder_for
from pagoefectivo.services.submission import about, record

IN_FLIGHT = 32
AFTER_EACH_OTHER = timedelta(milliseconds=50)


@dataclass(slots=True)
class _Question:
    voucher: Voucher
    claim: Claim
    recorder: BatchRecorder
    answer: PaymentUpdate | ProviderError | None = None


def ask_voucher(voucher: Voucher, claim: Claim, *, source: Source) -> None:
    """Ask about one issued voucher and commit the answer. Raises the ProviderError after keeping it."""
    recorder = recorder_for(voucher)
    gateway = account_named(voucher.account).gateway(recorder)
    try:
        with breaker.guarded(voucher.account, Operation.FETCH_PAYMENT):
            update = gateway.fetch_payment(voucher.provider_reference)
    except ProviderError as error:
        setbacks.note(voucher, error, verb=Verb.RETRY, source=source, claim=claim)
        raise
    record(about(voucher, update), recorder, source=source, claim=claim)


def ask_refund(claim: Claim, *, source: Source) -> None:
    """Ask about one refund that the provider has, and commit the answer or the setback."""
    refund = Refund.objects.select_related("voucher").get(pk=claim.row_id)
    recorder = recorder_for(refund)
    gateway = account_named(refund.account).gateway(recorder)
    try:
        with breaker.guarded(refund.account, Operation.FETCH_REFUND):
            update = gateway.fetch_refund(refund.provider_reference, refund.voucher.provider_reference)
    except ProviderError as error:
        setbacks.note(refund, error, verb=Verb.RETRY, source=source, claim=claim)
    else:
        record(about(refund, update), recorder, source=source, claim=claim)


def ask_vouchers(claims: list[Claim], *, source: Source) -> None:
    """Ask about many vouchers, up to 32 at a time, and commit every answer.

    What says nothing new costs a constant number of statements for the whole batch; what moves something goes through
    the single writer, one unit of work each. What a breaker bars is put back.
    """
    questions, held = _admitted(_questions(claims))
    announce([question.recorder for question in questions], Operation.FETCH_PAYMENT)
    seams.side_by_side(_ask, questions, width=IN_FLIGHT)
    flush([question.recorder for question in questions])
    _hear(questions)
    _put_back(held)
    quiet = quiet_polls.postpone([heard for question in questions if (heard := _still_waiting(question))])
    for question in questions:
        if question.voucher.pk not in quiet:
            _commit(question, source)


def bring_forward(pointer: Pointer, account: str) -> int | None:
    """Make the row that a message points at due now, ahead of the budget; return its voucher, None if it is not ours."""
    now = seams.now()
    if pointer.kind is PointerKind.REFUND:
        refund = Refund.objects.filter(account=account).filter(_pointed(pointer)).only("voucher_id").first()
        if refund is not None:
            Refund.objects.filter(pk=refund.pk).update(next_action_at=now)
            return refund.voucher_id
    named = _pointed(pointer) if pointer.kind is PointerKind.PAYMENT else Q(pk=None)
    by_payment = Q(provider_reference=pointer.payment_reference) if pointer.payment_reference else Q(pk=None)
    found = Voucher.objects.filter(account=account).filter(named | by_payment).values_list("pk", flat=True).first()
    if found is not None:
        Voucher.objects.filter(pk=found).update(next_action_at=now, attempts=0)
    return found


def _pointed(pointer: Pointer) -> Q:
    ours = Q(reference=pointer.reference) if pointer.reference else Q(pk=None)
    theirs = Q(provider_reference=pointer.provider_reference) if pointer.provider_reference else Q(pk=None)
    return ours | theirs


def _questions(claims: list[Claim]) -> list[_Question]:
    vouchers = Voucher.objects.select_related("order").in_bulk([claim.row_id for claim in claims])
    return [
        _Question(voucher, claim, BatchRecorder(voucher.account, voucher.pk, seams.new_id()))
        for claim in claims
        if (voucher := vouchers[claim.row_id]).provider_reference
    ]


def _admitted(questions: list[_Question]) -> tuple[list[_Question], list[_Question]]:
    admitted, held = [], []
    for account, mine in _by_account(questions):
        may, _ = breaker.admit(account, Operation.FETCH_PAYMENT, len(mine))
        admitted += mine[:may]
        held += mine[may:]
    return admitted, held


def _put_back(held: list[_Question]) -> None:
    """Where the one try went well meanwhile, the others are due at once."""
    for account, mine in _by_account(held):
        bar = breaker.bar(account, Operation.FETCH_PAYMENT)
        claims = [question.claim for question in mine]
        scheduling.put_back(Voucher, claims, due=bar.until if bar else seams.now(), apart=AFTER_EACH_OTHER)


def _hear(questions: list[_Question]) -> None:
    for account, mine in _by_account(questions):
        ends = [each.answer if isinstance(each.answer, ProviderError) else None for each in mine]
        breaker.hear(account, Operation.FETCH_PAYMENT, ends)


def _by_account(questions: list[_Question]) -> list[tuple[str, list[_Question]]]:
    accounts = dict.fromkeys(question.voucher.account for question in questions)
    return [(name, [each for each in questions if each.voucher.account == name]) for name in accounts]


def _ask(question: _Question) -> None:
    voucher, recorder = question.voucher, question.recorder
    effective = account_named(voucher.account)
    ids = iter([recorder.request_id])
    outside = wire(lambda: next(ids, None) or seams.new_id())
    try:
        update = effective.provider.gateway(effective.account, recorder, outside).fetch_payment(
            voucher.provider_reference
        )
    except ProviderError as error:
        question.answer = error
    else:
        question.answer = about(voucher, update)


def _still_waiting(question: _Question) -> quiet_polls.Heard | None:
    answer, voucher = question.answer, question.voucher
    if not isinstance(answer, PaymentUpdate) or answer.status is not PaymentStatus.PENDING or answer.refunds:
        return None
    if voucher.state != VoucherState.ISSUED or voucher.cancel_wanted_at is not None:
        return None
    return voucher, question.claim, answer


def _commit(question: _Question, source: Source) -> None:
    if isinstance(question.answer, ProviderError):
        setbacks.note(question.voucher, question.answer, verb=Verb.RETRY, source=source, claim=question.claim)
    elif question.answer is not None:
        record(question.answer, question.recorder, source=source, claim=question.claim)
