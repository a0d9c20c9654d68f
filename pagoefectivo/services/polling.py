"""Asking the provider: one row at once for a person, many at a time for the clock. A question changes nothing there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q

from pagoefectivo.domain.exceptions import ProviderError
from pagoefectivo.domain.messages import PaymentUpdate, Pointer, PointerKind, Verb
from pagoefectivo.domain.states import PaymentStatus, Source, VoucherState
from pagoefectivo.models import Refund, Voucher
from pagoefectivo.providers.base import Operation
from pagoefectivo.services import breaker, delays, quiet_polls, scheduling, seams, setbacks
from pagoefectivo.services.accounts import account_named, payments_per_question, wire
from pagoefectivo.services.claiming import Claim
from pagoefectivo.services.exchanges import BatchRecorder, announce, flush, recorder_for
from pagoefectivo.services.submission import about, extend_again, record

IN_FLIGHT = 32
AFTER_EACH_OTHER = timedelta(milliseconds=50)


@dataclass(slots=True)
class _Asked:
    voucher: Voucher
    claim: Claim
    answer: PaymentUpdate | ProviderError | None = None


@dataclass(slots=True)
class _Question:
    """One call about one or several vouchers of an account; `failure` is of the call as a whole."""

    account: str
    about: list[_Asked]
    recorder: BatchRecorder
    failure: ProviderError | None = None


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
    applied = record(about(voucher, update), recorder, source=source, claim=claim)
    extend_again(applied.voucher, source=source)


def ask_refund(claim: Claim, *, source: Source) -> None:
    """Ask about one refund that the provider has, and commit the answer or the setback.

    Where it is still not known to have arrived and should have, that is noted.
    """
    refund = Refund.objects.select_related("voucher").get(pk=claim.row_id)
    recorder = recorder_for(refund)
    gateway = account_named(refund.account).gateway(recorder)
    try:
        with breaker.guarded(refund.account, Operation.FETCH_REFUND):
            update = gateway.fetch_refund(refund.provider_reference, refund.voucher.provider_reference)
    except ProviderError as error:
        setbacks.note(refund, error, verb=Verb.RETRY, source=source, claim=claim)
        delays.note(refund, Operation.FETCH_REFUND)
    else:
        applied = record(about(refund, update), recorder, source=source, claim=claim)
        delays.note(applied.refund or refund, Operation.FETCH_REFUND)


def ask_vouchers(claims: list[Claim], *, source: Source) -> None:
    """Ask about many vouchers, up to 32 calls at a time, each about as many as the provider takes; commit every answer.

    What says nothing new costs a constant number of statements for the whole batch; what moves something goes through
    the single writer, one unit of work each. What a breaker bars is put back.
    """
    questions, held = _admitted(_questions(claims))
    announce([question.recorder for question in questions], Operation.FETCH_PAYMENT)
    seams.side_by_side(_ask, questions, width=IN_FLIGHT)
    flush([question.recorder for question in questions])
    _hear(questions)
    _put_back(held)
    asked = [(each, question) for question in questions for each in question.about]
    quiet = quiet_polls.postpone([heard for each, _ in asked if (heard := _still_waiting(each))])
    for each, question in asked:
        if each.voucher.pk not in quiet:
            _commit(each, question.recorder, source)


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


def ask_soon(vouchers: Iterable[Voucher]) -> None:
    """Make every voucher that the provider knows and nobody has paid due now, ahead of the budget; rings on commit."""
    open_at_provider = [each.pk for each in vouchers if each.provider_reference and each.paid_amount <= 0]
    if open_at_provider:
        Voucher.objects.filter(pk__in=open_at_provider).update(next_action_at=seams.now(), attempts=0)
        seams.ring()


def ask_about_refund_soon(refund: Refund) -> None:
    """Make a refund that the provider has due now; rings on commit."""
    Refund.objects.filter(pk=refund.pk).update(next_action_at=seams.now())
    seams.ring()


def _pointed(pointer: Pointer) -> Q:
    ours = Q(reference=pointer.reference) if pointer.reference else Q(pk=None)
    theirs = Q(provider_reference=pointer.provider_reference) if pointer.provider_reference else Q(pk=None)
    return ours | theirs


def _questions(claims: list[Claim]) -> list[_Question]:
    vouchers = Voucher.objects.select_related("order").in_bulk([claim.row_id for claim in claims])
    by_account: dict[str, list[_Asked]] = {}
    for claim in claims:
        if (voucher := vouchers[claim.row_id]).provider_reference:
            by_account.setdefault(voucher.account, []).append(_Asked(voucher, claim))
    return [_question(account, together) for account, asked in by_account.items() for together in _cut(account, asked)]


def _cut(account: str, asked: list[_Asked]) -> Iterator[list[_Asked]]:
    size = payments_per_question(account)
    return (asked[start : start + size] for start in range(0, len(asked), size))


def _question(account: str, asked: list[_Asked]) -> _Question:
    voucher_id = asked[0].voucher.pk if len(asked) == 1 else None
    return _Question(account, asked, BatchRecorder(account, voucher_id, seams.new_id()))


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
        claims = [each.claim for question in mine for each in question.about]
        scheduling.put_back(Voucher, claims, due=bar.until if bar else seams.now(), apart=AFTER_EACH_OTHER)


def _hear(questions: list[_Question]) -> None:
    for account, mine in _by_account(questions):
        breaker.hear(account, Operation.FETCH_PAYMENT, [question.failure for question in mine])


def _by_account(questions: list[_Question]) -> list[tuple[str, list[_Question]]]:
    accounts = dict.fromkeys(question.account for question in questions)
    return [(name, [each for each in questions if each.account == name]) for name in accounts]


def _ask(question: _Question) -> None:
    effective = account_named(question.account)
    ids = iter([question.recorder.request_id])
    outside = wire(lambda: next(ids, None) or seams.new_id())
    gateway = effective.provider.gateway(effective.account, question.recorder, outside)
    names = list(dict.fromkeys(each.voucher.provider_reference for each in question.about))
    answers: Mapping[str, PaymentUpdate | ProviderError]
    try:
        answers = gateway.fetch_payments(names) if len(names) > 1 else {names[0]: gateway.fetch_payment(names[0])}
    except ProviderError as error:
        question.failure = error
        answers = dict.fromkeys(names, error)
    for each in question.about:
        answer = answers[each.voucher.provider_reference]
        each.answer = answer if isinstance(answer, ProviderError) else about(each.voucher, answer)


def _still_waiting(asked: _Asked) -> quiet_polls.Heard | None:
    answer, voucher = asked.answer, asked.voucher
    if not isinstance(answer, PaymentUpdate) or answer.status is not PaymentStatus.PENDING or answer.refunds:
        return None
    if voucher.state != VoucherState.ISSUED or voucher.cancel_wanted_at or voucher.extend_wanted_until:
        return None
    return voucher, asked.claim, answer


def _commit(asked: _Asked, recorder: BatchRecorder, source: Source) -> None:
    if isinstance(asked.answer, ProviderError):
        setbacks.note(asked.voucher, asked.answer, verb=Verb.RETRY, source=source, claim=asked.claim)
    elif asked.answer is not None:
        applied = record(asked.answer, recorder, source=source, claim=asked.claim)
        extend_again(applied.voucher, source=source)
