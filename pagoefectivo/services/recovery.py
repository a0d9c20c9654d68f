"""After a restored backup: no call that moves money until everything unfinished was read again at the provider.

What a backup believes unsent may have been sent, what it believes unpaid may be paid, and refunds may exist that it
never saw. Keys and references have a random part that is stored in the row, so what is made anew after a restore
never repeats one that was used before it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from pagoefectivo import conf
from pagoefectivo.domain.exceptions import NotFound
from pagoefectivo.domain.messages import PaymentUpdate, RefundUpdate
from pagoefectivo.domain.states import (
    UNANSWERED_REFUND,
    UNANSWERED_VOUCHER,
    UNSENT_REFUND,
    RefundState,
    VoucherState,
)
from pagoefectivo.models import ApiExchange, Order, Recovery, Refund, StateChange, Voucher
from pagoefectivo.providers.base import READS, Operation
from pagoefectivo.services import breaker, lifecycle, seams
from pagoefectivo.services.accounts import account_named, resend_bounds

WHY = "recovery"
_OUR_VOUCHER = re.compile(r"(.+)-(\d+)-[0-9A-F]{12}", re.ASCII)
_OUR_REFUND = re.compile(r"R-[0-9A-F]{20}", re.ASCII)
_NOT_SENT_VOUCHER = UNANSWERED_VOUCHER | {VoucherState.REQUESTED}
_NOT_SENT_REFUND = UNANSWERED_REFUND | {RefundState.REQUESTED}
_QUESTIONS = READS - {Operation.AUTHORIZE}  # a token tells nothing of a voucher
_UNANSWERED_HTTP = (401, 403, 429)

logger = logging.getLogger("pagoefectivo.recovery")


@dataclass(frozen=True, slots=True)
class Progress:
    """One recovery under way, and how much of what it has to read again is still unread."""

    account: str
    since: datetime
    by: str
    why: str
    is_detected: bool
    unread_vouchers: int
    unread_refunds: int

    @property
    def unread(self) -> int:
        return self.unread_vouchers + self.unread_refunds


def start(accounts: Iterable[str] | None = None, *, by: str, why: str, is_detected: bool = False) -> list[str]:
    """Stop all calls that move money of the accounts (None: all), and make everything unfinished due to be read.

    Committed per account on return; the other processes see it within a second. Returns the accounts that were not
    in recovery before. Raises NotFound for an account that is not in the settings.
    """
    known = conf.current().accounts
    chosen = list(known) if accounts is None else list(accounts)
    if not set(chosen) <= set(known):
        raise NotFound
    return [account for account in chosen if seams.transact(lambda: _start(account, by, why, is_detected=is_detected))]  # noqa: B023 - called at once


def status() -> list[Progress]:
    """Return the recoveries under way with what is still unread, in four queries each."""
    return [_progress(recovery) for recovery in Recovery.objects.filter(finished_at=None).order_by("account")]


def finish(accounts: Iterable[str] | None = None, *, by: str, force: bool = False) -> list[Progress]:
    """Let money move again where everything was read; return the recoveries that go on because something is unread.

    With `force` nothing goes on: a person answers for what is left unread, and how much that was is kept.
    """
    chosen = None if accounts is None else set(accounts)
    going_on = []
    for each in status():
        if chosen is not None and each.account not in chosen:
            continue
        if each.unread and not force:
            going_on.append(each)
        else:
            _finish(each, by)
    return going_on


def finish_what_was_read() -> None:
    """End the recoveries that began by themselves once nothing of theirs is unread; a person ends the others."""
    for each in status():
        if each.is_detected and not each.unread:
            _finish(each, "system")


def notice(update: PaymentUpdate | RefundUpdate, applied: lifecycle.Applied) -> None:
    """Look at an applied answer: a listed refund that bears our reference and was unknown here tells of a lost row."""
    outside = {
        change.refund.provider_reference
        for change in applied.changes
        if change.refund is not None and change.why == "started_outside"
    }
    listed = update.refunds if outside and isinstance(update, PaymentUpdate) else ()
    if any(each.provider_reference in outside and _OUR_REFUND.fullmatch(each.reference) for each in listed):
        _detect(applied.order.account, "the provider lists a refund of ours that is unknown here")


def notice_stranger(update: PaymentUpdate | RefundUpdate, account: str, received_at: datetime) -> None:
    """Look at a verified message about something unknown: was it ours, of an order or a payment that we do know?

    A message that came before the account's last recovery has had its effect.
    """
    if Recovery.objects.filter(account=account, started_at__gte=received_at).exists():
        return
    if isinstance(update, RefundUpdate):
        ours = _OUR_REFUND.fullmatch(update.reference) and update.payment_reference
        known = Voucher.objects.filter(account=account, provider_reference=update.payment_reference)
        if ours and known.exists():
            _detect(account, "a message names a refund of ours that is unknown here")
        return
    named = _OUR_VOUCHER.fullmatch(update.reference)
    if not named:
        return
    order = Order.objects.filter(account=account, reference=named[1]).annotate(newest=Max("vouchers__attempt")).first()
    if order is not None and int(named[2]) > (order.newest or 0):
        _detect(account, "a message names a payment code of ours that is unknown here")


def _detect(account: str, why: str) -> None:
    if start([account], by="system", why=why, is_detected=True):
        logger.error(
            "Account %s is in recovery: %s. Was a backup restored? Money stands still until all is read.", account, why
        )


def _start(account: str, by: str, why: str, *, is_detected: bool) -> bool:
    now = seams.now()
    _, is_new = Recovery.objects.get_or_create(
        account=account,
        finished_at=None,
        defaults={"started_at": now, "started_by": by, "why": why[:200], "is_detected": is_detected},
    )
    if not is_new:
        return False
    breaker.open_by_hand(account, breaker.MOVES, by=by, why=WHY)
    _distrust_unsent(account, now)
    _make_due(account, now)
    return True


def _distrust_unsent(account: str, now: datetime) -> None:
    """Whatever is unsent here may have been sent: it is looked up first, as old as the newest thing that we know."""
    newest = StateChange.objects.filter(order__account=account).aggregate(Max("at"))["at__max"] or now
    sent_at = min(newest, now)
    never_sent = Q(account=account, first_sent_at=None)
    Voucher.objects.filter(never_sent, state__in=_NOT_SENT_VOUCHER).update(first_sent_at=sent_at)
    Refund.objects.filter(never_sent, state__in=UNSENT_REFUND | UNANSWERED_REFUND).update(first_sent_at=sent_at)


def _make_due(account: str, now: datetime) -> None:
    """What has a name at the provider is due now; what has none, once nothing can be on its way there any more."""
    in_flight, _ = resend_bounds(account_named(account))
    named = ~Q(provider_reference="")
    _vouchers(account, now).filter(named).update(next_action_at=now)
    _vouchers(account, now).filter(~named).update(next_action_at=now + in_flight)
    _refunds(account, now).filter(named).update(next_action_at=now)
    _refunds(account, now).filter(~named).update(next_action_at=now + in_flight)


def _vouchers(account: str, started_at: datetime) -> QuerySet[Voucher]:
    """Every code that may still change, and every payment that may still be refunded."""
    window = account_named(account).capabilities.refund_window
    refundable = Q(paid_at__gte=started_at - window) | Q(paid_at=None)  # not every provider says when
    open_ones = Q(next_action_at__isnull=False) | (refundable & Q(state=VoucherState.PAID))
    there = ~Q(provider_reference="") | Q(state__in=_NOT_SENT_VOUCHER)
    return Voucher.objects.filter(open_ones, there, account=account, created_at__lt=started_at)


def _refunds(account: str, started_at: datetime) -> QuerySet[Refund]:
    """What the provider can be asked about; and what waits for a payout file, until a person has read the bank's books."""
    there = ~Q(provider_reference="") | Q(state__in=_NOT_SENT_REFUND)
    unread = Refund.objects.filter(there, account=account, created_at__lt=started_at, next_action_at__isnull=False)
    return unread.filter(payout=None)


def _progress(recovery: Recovery) -> Progress:
    account, since = recovery.account, recovery.started_at
    vouchers = refunds = 0
    if account in conf.current().accounts:
        answered = ApiExchange.objects.filter(
            sent_at__gte=since, outcome=ApiExchange.Outcome.ANSWERED, operation__in=_QUESTIONS, http_status__lt=500
        ).exclude(http_status__in=_UNANSWERED_HTTP)
        unread = Q(asked_at=None) | Q(asked_at__lt=since)
        unnamed = Q(provider_reference="")
        of_voucher = Exists(answered.filter(voucher=OuterRef("pk"), refund=None))
        of_refund = Exists(answered.filter(refund=OuterRef("pk")))
        vouchers = _vouchers(account, since).filter(unread).exclude(unnamed & Q(of_voucher)).count()
        refunds = _refunds(account, since).filter(unread).exclude(unnamed & Q(of_refund)).count()
    return Progress(account, since, recovery.started_by, recovery.why, recovery.is_detected, vouchers, refunds)


def _finish(progress: Progress, by: str) -> None:
    def end() -> None:
        Recovery.objects.filter(account=progress.account, finished_at=None).update(
            finished_at=seams.now(), finished_by=by, left_unread=progress.unread
        )
        breaker.close(progress.account, breaker.MOVES)

    seams.transact(end)
    logger.warning("The recovery of account %s is over: money moves again.", progress.account)
