"""What the refund desk reads: accounts on file, what a buyer will be told, every try at the provider."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from pagoefectivo import conf, conf_messages
from pagoefectivo.domain.buyer_messages import MessageKind
from pagoefectivo.domain.states import UNANSWERED_REFUND, RefundState
from pagoefectivo.models import ApiExchange, ErrorOccurrence, Order, Refund, RefundDestination, Voucher
from pagoefectivo.providers.base import Operation
from pagoefectivo.services import seams
from pagoefectivo.services.accounts import account_named, is_by_hand
from pagoefectivo.services.actors import SYSTEM

MOST_ATTEMPTS = 50
_TRIES = (Operation.REQUEST_REFUND, Operation.FIND_REFUND)


@dataclass(frozen=True, slots=True)
class Window:
    """How long a payment may still be refunded."""

    left: int
    days: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call that sent a refund or looked for it, and what went wrong with it."""

    number: int
    exchange: ApiExchange
    error: ErrorOccurrence | None

    @property
    def is_question(self) -> bool:
        """Whether it only asked what became of the refund."""
        return self.exchange.operation != Operation.REQUEST_REFUND


def accounts_on_file(order: Order) -> list[RefundDestination]:
    """Return the bank accounts that earlier refunds of an order went to and that are not erased, newest first."""
    ids = Refund.objects.filter(order=order, destination__isnull=False).values("destination_id")
    kept = RefundDestination.objects.filter(pk__in=ids).order_by("-pk")
    return [each for each in kept if each.account_number]


def window_of(voucher: Voucher) -> Window | None:
    """Return the whole days that are left to refund a payment; None where it is not paid."""
    if voucher.paid_at is None:
        return None
    window = account_named(voucher.account).refund_rules.window
    left = voucher.paid_at + window - seams.now()
    return Window(max(left // timedelta(days=1), 0), window // timedelta(days=1))


def told_along(state: RefundState, *, by_hand: bool) -> list[MessageKind]:
    """Return what a buyer will be told of a refund that begins in `state` and goes well, over any channel."""
    kinds = [MessageKind.REFUND_NEEDS_ACCOUNT] if state is RefundState.AWAITING_DESTINATION else []
    kinds += [MessageKind.REFUND_REQUESTED] if by_hand else []
    kinds += [MessageKind.REFUND_SENT, MessageKind.REFUND_DONE]
    carried = {kind for channel in conf_messages.current().channels.values() for kind in channel.kinds}
    return [kind for kind in kinds if kind in carried]


def attempts_of(refund: Refund, decisive: frozenset[str] = frozenset()) -> list[Attempt]:
    """Return the newest calls that sent a refund, looked for it or went wrong, oldest first, in two queries at most.

    `decisive` are the ids of further calls that belong to them: the questions whose answers moved the refund.
    """
    if refund.first_sent_at is None and not refund.error_code:
        return []
    shown = ("request_id", "operation", "sent_at", "outcome", "http_status", "duration_ms")
    errors = {error.request_id: error for error in ErrorOccurrence.objects.filter(refund=refund).order_by("-pk")}
    wanted = Q(operation__in=_TRIES) | Q(request_id__in=[each for each in errors if each])
    wanted = wanted & Q(refund=refund) | Q(request_id__in=decisive)
    calls = list(ApiExchange.objects.filter(wanted).only(*shown).order_by("-pk")[:MOST_ATTEMPTS])
    return [Attempt(number, call, errors.get(call.request_id)) for number, call in enumerate(reversed(calls), 1)]


def next_try(refund: Refund) -> datetime | None:
    """Return when the provider is asked or sent to next by itself; None where nothing is left to do at the provider."""
    waits = {RefundState.AWAITING_APPROVAL, RefundState.AWAITING_DESTINATION}
    ended = {RefundState.FAILED, RefundState.CANCELED}
    return None if refund.state in waits | ended or refund.payout_id else refund.next_action_at


def approval_deadline(refund: Refund) -> datetime | None:
    """Return until when a refund may be approved; None where it waits for none, or until somebody decides.

    Counted from when the approval was asked for or the bank account was given, whatever came last. What the rules of
    the account propose by themselves is owed to the buyer and waits as long as it takes.
    """
    if refund.state != RefundState.AWAITING_APPROVAL or refund.is_approved or refund.requested_by == SYSTEM.name:
        return None
    given_at = refund.destination.created_at if refund.destination else refund.changed_at
    return max(refund.changed_at, given_at) + conf.current().refund_approval_expires


def may_be_asked(refund: Refund) -> bool:
    """Whether the provider may know something of a refund that is not known here yet."""
    sent = refund.state in UNANSWERED_REFUND and refund.first_sent_at is not None
    return (sent or refund.state == RefundState.PENDING) and not is_by_hand(refund)
