"""Calls that move money: reserve, send, record. What may have been sent is looked up before it is sent again."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TypeVar

from pagoefectivo.domain.decisions import AfterSilence, after_absence
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Ambiguous, NotSent, ProviderError, ProviderFault, Refused
from pagoefectivo.domain.messages import Absent, Command, PaymentUpdate, RefundUpdate, Verb
from pagoefectivo.domain.refunds import eligibility
from pagoefectivo.domain.states import UNANSWERED_REFUND, UNANSWERED_VOUCHER, Source, VoucherState
from pagoefectivo.models import PaymentEvent, Refund, Voucher
from pagoefectivo.providers.base import Gateway, Operation
from pagoefectivo.services import breaker, facts, lifecycle, recovery, requests, seams, setbacks
from pagoefectivo.services.accounts import EffectiveAccount, account_named, is_by_hand, resend_bounds
from pagoefectivo.services.claiming import Claim, claim_row, shared_now
from pagoefectivo.services.exchanges import BatchRecorder, ExchangeRecorder, recorder_for
from pagoefectivo.services.scheduling import let_go

Statement = TypeVar("Statement", PaymentUpdate, RefundUpdate, PaymentUpdate | RefundUpdate)


def submit(model: type[Voucher | Refund], claim: Claim, *, source: Source) -> None:
    """Bring one claimed row from *requested* to *issued* or *pending*, or as far as the provider lets it.

    Commits *submitting* before anything is sent; on any later try asks the provider first. Raises no ProviderError:
    what went wrong is on the row and in ErrorOccurrence, and the row is due again. RuntimeError for a refund that
    people pay out by hand.
    """
    waiting = model._default_manager.get(pk=claim.row_id)
    if isinstance(waiting, Refund) and is_by_hand(waiting):
        raise RuntimeError("a refund by bank transfer is never sent to a provider")
    operation = _moving(waiting) if waiting.first_sent_at is None else _asking(waiting)
    bar = breaker.bar(waiting.account, operation)
    if bar:
        setbacks.note(waiting, breaker.Barred(operation, bar), verb=Verb.RETRY, source=source, claim=claim)
        return
    begun = seams.transact(lambda: _begin(model, claim, source))
    if begun is None:
        return
    row, is_first_try = begun
    account, recorder = account_named(row.account), recorder_for(row, until=row.lease_until)
    gateway = account.gateway(recorder)
    try:
        update = _send(row, gateway) if is_first_try else _find_or_send(row, account, gateway)
    except ProviderError as error:
        _note_setback(row, error, source, claim, is_first_try=is_first_try)
    else:
        record(about(row, update), recorder, source=source, claim=claim)


def cancel_at_provider(voucher: Voucher, *, source: Source) -> None:
    """Withdraw a code where the provider can; where it cannot, or does not answer, the code is watched instead."""
    account = account_named(voucher.account)
    if not account.capabilities.cancel_voucher:
        return
    recorder = recorder_for(voucher)
    gateway = account.gateway(recorder)
    try:
        with breaker.guarded(voucher.account, Operation.CANCEL_VOUCHER):
            update = gateway.cancel_voucher(voucher.provider_reference)
    except ProviderError as error:
        setbacks.note(voucher, error, verb=Verb.RETRY, source=source, claim=None)
    else:
        record(about(voucher, update), recorder, source=source, claim=None)


def extend_at_provider(claim: Claim, *, source: Source) -> None:
    """Ask for the deadline that is wanted for a claimed code, and commit the answer.

    Raises Refused after keeping it: the deadline stays as it is, and nobody wants another. What had no answer is kept
    as well, and read back by the next question.
    """
    voucher = Voucher.objects.get(pk=claim.row_id)
    recorder = recorder_for(voucher, until=voucher.lease_until)
    gateway = account_named(voucher.account).gateway(recorder)
    if voucher.extend_wanted_until is None:
        raise LookupError("nobody asked for a new deadline")
    try:
        with breaker.guarded(voucher.account, Operation.EXTEND_VOUCHER):
            update = gateway.extend_voucher(voucher.provider_reference, voucher.extend_wanted_until)
    except ProviderError as error:
        if isinstance(error, Refused):
            Voucher.objects.filter(pk=voucher.pk).update(extend_wanted_at=None, extend_wanted_until=None)
        setbacks.note(voucher, error, verb=Verb.RETRY, source=source, claim=claim)
        if isinstance(error, Refused):
            raise
    else:
        record(about(voucher, update), recorder, source=source, claim=claim)


def extend_again(voucher: Voucher, *, source: Source) -> None:
    """Ask once more for a deadline that was asked for and, as just read, is not there.

    Only once what was sent can no longer be under way. It names the same instant, so it does no harm twice.
    """
    now = seams.now()
    if not voucher.is_being_extended(now) or voucher.extend_wanted_at is None:
        return
    in_flight, _ = resend_bounds(account_named(voucher.account))
    if now - voucher.extend_wanted_at < in_flight:
        return
    claim = claim_row(Voucher, voucher.pk)
    if claim is None:
        return
    Voucher.objects.filter(pk=voucher.pk).update(extend_wanted_at=now)
    with suppress(Refused):
        extend_at_provider(claim, source=source)


def follow_message(claim: Claim, *, source: Source) -> None:
    """Ask about a code that ended without a name at the provider, where a message has given it one since.

    Nobody knew whether it exists, and now it may be paid. Without such a message it is left in peace.
    """
    voucher = Voucher.objects.get(pk=claim.row_id)
    if not _name_in_message(voucher):
        let_go(Voucher, [claim])
        return
    recorder = recorder_for(voucher)
    gateway = account_named(voucher.account).gateway(recorder)
    try:
        with breaker.guarded(voucher.account, Operation.FETCH_PAYMENT):
            found = _named_by_message(voucher, gateway)
    except ProviderError as error:
        setbacks.note(voucher, error, verb=Verb.RETRY, source=source, claim=claim)
        return
    if found is None:
        let_go(Voucher, [claim])
    else:
        record(about(voucher, found), recorder, source=source, claim=claim)


def about(row: Voucher | Refund, update: Statement) -> Statement:
    """Return what a provider answered as said of `row`: an answer about one row is about it, whatever it calls it."""
    return replace(update, reference=row.reference)


def record(
    update: PaymentUpdate | RefundUpdate,
    recorder: ExchangeRecorder | BatchRecorder,
    *,
    source: Source,
    claim: Claim | None,
) -> lifecycle.Applied:
    """Commit what a provider answered, with the call it answered as its evidence."""
    evidence = lifecycle.Evidence(recorder.account, request_id=recorder.request_id, claim=claim)
    applied = seams.transact(
        lambda: lifecycle.apply(update, source=source, evidence=evidence, actor="provider", now=seams.now())
    )
    recovery.notice(update, applied)
    return applied


def _begin(model: type[Voucher | Refund], claim: Claim, source: Source) -> tuple[Voucher | Refund, bool] | None:
    applied = _obey(model, claim, Verb.SUBMIT, source)
    row = applied.refund or applied.voucher
    if row.state not in UNANSWERED_VOUCHER and row.state not in UNANSWERED_REFUND:
        return None
    if not claim.is_for(row):
        return None
    is_first_try = row.first_sent_at is None
    if is_first_try and isinstance(row, Voucher) and row.cancel_wanted_at:
        _obey(model, claim, Verb.FAIL, source, why="cancel_wanted")
        return None
    if is_first_try and (objection := objection_to(row)):
        _obey(model, claim, Verb.FAIL, source, why=objection, error_code=objection)
        return None
    if is_first_try:
        row.first_sent_at = shared_now()
        row.save()
    return row, is_first_try


def objection_to(row: Voucher | Refund) -> ErrorCode | None:
    """Return why the rules that let a refund be asked for no longer let it be sent: money may have gone back meanwhile."""
    if isinstance(row, Voucher):
        return None
    paid = facts.of_paid_voucher(Voucher.objects.get(pk=row.voucher_id))
    besides = replace(paid, reserved_amount=paid.reserved_amount - row.amount)
    rules = account_named(row.account).refund_rules
    objections = eligibility(besides, row.amount, row.currency, rules, seams.now())
    return objections[0].code if objections else None


def _obey(
    model: type[Voucher | Refund],
    claim: Claim,
    verb: Verb,
    source: Source,
    *,
    why: str = "sent_to_provider",
    error_code: ErrorCode | None = None,
) -> lifecycle.Applied:
    is_refund = model is Refund
    command = Command(
        verb,
        voucher_id=None if is_refund else claim.row_id,
        refund_id=claim.row_id if is_refund else None,
        why=why,
        error_code=error_code,
    )
    evidence = lifecycle.Evidence(account="")
    return lifecycle.apply(command, source=source, evidence=evidence, actor="system", now=seams.now())


def _find_or_send(row: Voucher | Refund, account: EffectiveAccount, gateway: Gateway) -> PaymentUpdate | RefundUpdate:
    found: PaymentUpdate | RefundUpdate | Absent
    with breaker.guarded(row.account, _asking(row)):
        if isinstance(row, Refund):
            found = gateway.find_refund(row.reference, row.voucher.provider_reference)
        elif row.provider_reference:  # a code that was held back: it is known, only not as it was asked for
            found = gateway.fetch_payment(row.provider_reference)
        else:
            found = gateway.find_payment(row.reference)
            if isinstance(found, Absent) and not found.proves_never:
                found = _named_by_message(row, gateway) or found
    return _after_absence(row, account, gateway, found) if isinstance(found, Absent) else found


def _named_by_message(voucher: Voucher, gateway: Gateway) -> PaymentUpdate | None:
    """Ask about the payment that a message gave as this voucher's; it is, where the provider itself says so."""
    named = _name_in_message(voucher)
    found = gateway.fetch_payment(named) if named else None
    return found if found and found.reference == voucher.reference else None


def _name_in_message(voucher: Voucher) -> str | None:
    told = PaymentEvent.objects.filter(voucher=voucher, refund=None, is_believed=False).exclude(payment_identity="")
    return told.order_by("-pk").values_list("payment_identity", flat=True).first()


def is_beyond_finding(voucher: Voucher) -> bool:
    """Whether nobody can tell any more if an unanswered code exists, so that only a person may ask for another."""
    if voucher.state != VoucherState.UNKNOWN or voucher.first_sent_at is None:
        return False
    account = account_named(voucher.account)
    in_flight, key_life = resend_bounds(account)
    proves_never = account.capabilities.absent_payment_proves_never
    follows = after_absence(
        voucher.first_sent_at, shared_now(), proves_never=proves_never, in_flight=in_flight, key_life=key_life
    )
    return follows is AfterSilence.ASK_ON


def _after_absence(
    row: Voucher | Refund, account: EffectiveAccount, gateway: Gateway, absent: Absent
) -> PaymentUpdate | RefundUpdate:
    now = shared_now()  # our own may have been put right meanwhile, and then no time has passed at all
    in_flight, key_life = resend_bounds(account)
    sent_at = row.first_sent_at or now
    follows = after_absence(sent_at, now, proves_never=absent.proves_never, in_flight=in_flight, key_life=key_life)
    if follows is AfterSilence.WAIT:
        raise NotSent(_silence(row, retry_after=(sent_at + in_flight - now).total_seconds() + 1))
    if follows is AfterSilence.ASK_ON or (follows is AfterSilence.SEND_AGAIN and objection_to(row)):
        raise NotSent(_silence(row))
    if follows is AfterSilence.GIVE_UP and (isinstance(row, Refund) or now > row.wanted_expiry_at):
        raise Refused(_silence(row))
    if follows is AfterSilence.GIVE_UP:  # proved never to have happened: its time in flight begins anew
        type(row)._default_manager.filter(pk=row.pk).update(first_sent_at=now)
    return _send(row, gateway)


def _send(row: Voucher | Refund, gateway: Gateway) -> PaymentUpdate | RefundUpdate:
    with breaker.guarded(row.account, _moving(row)):
        if isinstance(row, Refund):
            return gateway.request_refund(requests.refund_request(row))
        return gateway.issue_voucher(requests.voucher_request(row))


def _moving(row: Voucher | Refund) -> Operation:
    return Operation.REQUEST_REFUND if isinstance(row, Refund) else Operation.ISSUE_VOUCHER


def _asking(row: Voucher | Refund) -> Operation:
    return Operation.FIND_REFUND if isinstance(row, Refund) else Operation.FIND_PAYMENT


def _note_setback(
    row: Voucher | Refund, error: ProviderError, source: Source, claim: Claim, *, is_first_try: bool
) -> None:
    """Refused ends the row, ambiguity makes it *unknown*, and what surely did not happen is tried afresh."""
    verb = Verb.RETRY
    if isinstance(error, Refused):
        verb = Verb.FAIL
    elif isinstance(error, Ambiguous):
        verb = Verb.LOSE
    elif is_first_try:
        type(row)._default_manager.filter(pk=row.pk, lease_token=claim.token).update(first_sent_at=None)
    setbacks.note(row, error, verb=verb, source=source, claim=claim)


def _silence(row: Voucher | Refund, retry_after: float | None = None) -> ProviderFault:
    is_refund = isinstance(row, Refund)
    code = ErrorCode.REFUND_OUTCOME_UNKNOWN if is_refund else ErrorCode.CREATE_OUTCOME_UNKNOWN
    return ProviderFault(code, operation="find_refund" if is_refund else "find_payment", retry_after=retry_after)
