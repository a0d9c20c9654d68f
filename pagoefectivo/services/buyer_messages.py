"""Writing down what a buyer is to be told, in the transaction of the change itself; sending again on demand."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Case, Max, When

from pagoefectivo import conf, conf_messages
from pagoefectivo.conf_messages import ChannelConfig
from pagoefectivo.domain import buyer_messages as rules
from pagoefectivo.domain.buyer_messages import MessageKind, Standing
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import NotFound, Reason, RuleRefused
from pagoefectivo.domain.states import UNANSWERED_REFUND, OrderState, RefundState, VoucherState
from pagoefectivo.models import BuyerMessage, Order, Refund, RefundDestination, StateChange, Voucher
from pagoefectivo.services import seams
from pagoefectivo.services.actors import BUYER, Actor, Permission
from pagoefectivo.services.subjects import Locked, lock_order

MOST_RESENDS = 3
RESENDS_WITHIN = timedelta(hours=1)
EMAIL = "email"
_OPEN_ORDER = frozenset({OrderState.AWAITING_PAYMENT, OrderState.IN_REVIEW})
_OPEN_REFUND = frozenset({RefundState.AWAITING_DESTINATION, RefundState.PENDING}) | UNANSWERED_REFUND
_TRIED = (
    BuyerMessage.Outcome.SENT,
    BuyerMessage.Outcome.REFUSED,
    BuyerMessage.Outcome.BOUNCED,
    BuyerMessage.Outcome.FAILED,
    BuyerMessage.Outcome.UNCERTAIN,
)


def messages_of(change: StateChange, locked: Locked) -> list[BuyerMessage]:
    """Return the unsaved messages that one change means for the buyer, for every channel that carries them.

    A message that exists already is refused by the database; insert them with `ignore_conflicts`.
    """
    config = conf_messages.current()
    if not config.channels:
        return []
    voucher, refund = _subject_of(change, locked)
    standing = standing_of(locked.order, voucher, refund, locked.vouchers)
    planned = rules.planned_for(
        change.subject,
        str(change.to_state),
        standing,
        change.at,
        quiet=config.quiet,
        account_within=conf.current().refund_account_deadline,
    )
    return [
        _row(locked.order, None if refund else voucher, refund, each, channel, change.at)
        for each in planned
        for channel in config.channels.values()
        if each.kind in channel.kinds
    ]


def tell_of_account(refund: Refund, given: RefundDestination) -> None:
    """Write down that an account was given for a refund, or took another's place: once for each account.

    Whoever gave it, it is the owner of the money who is told. Must run in the transaction that keeps the account.
    """
    kind = MessageKind.REFUND_ACCOUNT_CHANGED if given.replaces_id else MessageKind.REFUND_ACCOUNT_GIVEN
    planned = rules.Planned(kind, given.created_at)
    rows = [
        _row(refund.order, None, refund, planned, channel, given.created_at, occurrence=str(given.pk))
        for channel in conf_messages.current().channels.values()
        if kind in channel.kinds
    ]
    if rows:
        BuyerMessage.objects.bulk_create(rows, ignore_conflicts=True)
        seams.ring()


def standing_of(order: Order, voucher: Voucher, refund: Refund | None, vouchers: list[Voucher]) -> Standing:
    """Return the facts on which the truth of a message about these rows depends."""
    paid = next((each for each in vouchers if each.paid_amount > 0), None)
    return Standing(
        order=OrderState(order.state),
        voucher=VoucherState(voucher.state),
        deadline=voucher.expires_at or voucher.wanted_expiry_at,
        is_newest=voucher.attempt == max(each.attempt for each in vouchers),
        is_withdrawing=order.cancel_wanted_at is not None or voucher.cancel_wanted_at is not None,
        has_money=order.paid_amount > 0 or paid is not None,
        is_late=bool(paid and paid.paid_at and paid.expires_at and paid.paid_at > paid.expires_at),
        refund=None if refund is None else RefundState(refund.state),
        has_destination=refund is not None and refund.destination_id is not None,
        account_until=refund.account_until if refund is not None else None,
    )


def resend(public_id: str, *, actor: Actor) -> BuyerMessage:
    """Write one message down once more, to be sent at once to the address on file; the first one stays as it is.

    Raises PermissionRefused, NotFound, RuleRefused(MESSAGE_OUTDATED) where it is no longer true or was never sent,
    and RuleRefused(MESSAGE_TOO_OFTEN) after three within an hour on one order, whoever asked.
    """
    actor.require(Permission.RESEND_MESSAGES)
    found = BuyerMessage.objects.filter(public_id=public_id).select_related("order").first()
    if found is None or not actor.sees(found.order.account):
        raise NotFound
    return seams.transact(lambda: _resend(found, actor.name))


def resend_newest(page_key: str) -> None:
    """Send the buyer's newest message that still holds once more, by e-mail, at the wish of whoever has the link.

    Does nothing where there is none, where one waits to be sent, or after three within an hour; tells nobody which.
    """
    newest = BuyerMessage.objects.filter(order__page_key=page_key, channel=EMAIL, repeat=0, outcome__in=_TRIED)
    for found in newest.exclude(kind=MessageKind.LINK_WANTED).order_by("-pk"):
        try:
            seams.transact(lambda found=found: _resend(found, BUYER.name))  # type: ignore[misc]
        except RuleRefused as refusal:
            if refusal.code == ErrorCode.MESSAGE_OUTDATED:
                continue
        return


def send_newest_again(order_id: int, by: str) -> BuyerMessage | None:
    """Have an order's newest e-mail that still holds sent once more; one that is about to be sent is enough. None: there is none.

    Must run inside a unit of work. Raises RuleRefused(MESSAGE_TOO_OFTEN) after three within an hour, whoever asked.
    """
    mails = BuyerMessage.objects.filter(order=order_id, channel=EMAIL).order_by("-pk")
    about_to = mails.filter(outcome=BuyerMessage.Outcome.WAITING, due_at__lte=seams.now()).first()
    if about_to is not None:
        return about_to
    for found in mails.filter(repeat=0, outcome__in=_TRIED).exclude(kind=MessageKind.LINK_WANTED):
        try:
            return _resend(found, by)
        except RuleRefused as refusal:
            if refusal.code != ErrorCode.MESSAGE_OUTDATED:
                raise
    return None


def mail_link(email: str) -> None:
    """Mail the link to the newest open order or refund of whoever has this e-mail, to the address on file alone.

    The newest order where nothing is open. Does nothing for an e-mail that no order has, within ten minutes of the last
    such mail, and after five in a day; tells nobody which.
    """
    config = conf_messages.current()
    refund, order = _newest_refund(email), _newest_order(email)
    if order is None or not config.mails(MessageKind.LINK_WANTED):
        return
    if refund is not None and order.state in _OPEN_ORDER and order.created_at > refund.created_at:
        refund = None
    seams.transact(lambda: _mail_link(refund.order_id if refund else order.pk, refund, config.channels[EMAIL]))


def record_bounce(public_id: str, *, reason: str = "") -> bool:
    """Note that a message which had left came back; False where there is no such message. `reason` names no person."""
    left = (BuyerMessage.Outcome.SENT, BuyerMessage.Outcome.UNCERTAIN)
    found = BuyerMessage.objects.filter(public_id=public_id, outcome__in=left)
    return bool(found.update(outcome=BuyerMessage.Outcome.BOUNCED, failure=reason[:64], done_at=seams.now()))


def _subject_of(change: StateChange, locked: Locked) -> tuple[Voucher, Refund | None]:
    """An order's change is told of its newest payment code."""
    refund = next((each for each in locked.refunds if each.pk == change.refund_id), None)
    newest = max(locked.vouchers, key=lambda voucher: voucher.attempt)
    return next((each for each in locked.vouchers if each.pk == change.voucher_id), newest), refund


def _row(
    order: Order,
    voucher: Voucher | None,
    refund: Refund | None,
    each: rules.Planned,
    channel: ChannelConfig,
    at: datetime,
    *,
    occurrence: str = "",
) -> BuyerMessage:
    return BuyerMessage(
        public_id=_new_public_id(),
        order=order,
        voucher=voucher if each.kind in rules.ABOUT_VOUCHER else None,
        refund=refund,
        kind=each.kind,
        occurrence=occurrence,
        channel=channel.name,
        language=order.language,
        due_at=each.due_at,
        next_action_at=each.due_at,
        created_at=at,
    )


def _resend(found: BuyerMessage, by: str) -> BuyerMessage:
    locked, now = lock_order(found.order_id), seams.now()
    same = BuyerMessage.objects.filter(
        order=found.order_id,
        voucher=found.voucher_id,
        refund=found.refund_id,
        kind=found.kind,
        occurrence=found.occurrence,
        channel=found.channel,
    )
    if not is_sendable_again(found, locked.order, locked.vouchers, locked.refunds, now):
        raise RuleRefused(Reason(ErrorCode.MESSAGE_OUTDATED))
    recent = BuyerMessage.objects.filter(order=found.order_id, repeat__gt=0, created_at__gt=now - RESENDS_WITHIN)
    if recent.count() >= MOST_RESENDS or same.filter(outcome=BuyerMessage.Outcome.WAITING).exists():
        raise RuleRefused(Reason(ErrorCode.MESSAGE_TOO_OFTEN))
    row = BuyerMessage.objects.create(
        public_id=_new_public_id(),
        order_id=found.order_id,
        voucher_id=found.voucher_id,
        refund_id=found.refund_id,
        kind=found.kind,
        occurrence=found.occurrence,
        channel=found.channel,
        language=locked.order.language,
        repeat=(same.aggregate(last=Max("repeat"))["last"] or 0) + 1,
        requested_by=by,
        due_at=now,
        next_action_at=now,
        created_at=now,
    )
    seams.ring()
    return row


def _newest_refund(email: str) -> Refund | None:
    """The newest refund that its buyer has heard of and that has not ended."""
    theirs = Refund.objects.filter(order__payer_email__in=_spellings(email), state__in=_OPEN_REFUND)
    return theirs.filter(page_key__isnull=False).order_by("-created_at").first()


def _newest_order(email: str) -> Order | None:
    is_over = Case(When(state__in=_OPEN_ORDER, then=0), default=1)
    return Order.objects.filter(payer_email__in=_spellings(email)).order_by(is_over, "-created_at").first()


def _spellings(email: str) -> set[str]:
    """As it was typed, and as most shops keep it."""
    return {email, email.lower()}


def _mail_link(order_id: int, refund: Refund | None, channel: ChannelConfig) -> None:
    locked, now = lock_order(order_id), seams.now()
    same_kind = BuyerMessage.objects.filter(kind=MessageKind.LINK_WANTED)
    lately = same_kind.filter(
        order__payer_email__in=_spellings(locked.order.payer_email), created_at__gt=now - rules.ONE_DAY
    )
    if not rules.may_mail_link(list(lately.values_list("created_at", flat=True)), now):
        return
    row = _row(locked.order, None, refund, rules.Planned(MessageKind.LINK_WANTED, now), channel, now)
    last = same_kind.filter(order=locked.order, refund=refund).aggregate(last=Max("repeat"))["last"]
    row.repeat, row.requested_by = 0 if last is None else last + 1, BUYER.name
    row.save()
    seams.ring()


def is_sendable_again(
    message: BuyerMessage, order: Order, vouchers: list[Voucher], refunds: list[Refund], now: datetime
) -> bool:
    """Whether a message was tried before and still says what is true; exact only under the order's lock."""
    voucher, refund = rows_of(message, vouchers, refunds)
    standing = standing_of(order, voucher, refund, vouchers)
    return message.outcome in _TRIED and rules.is_true(MessageKind(message.kind), standing, now)


def rows_of(message: BuyerMessage, vouchers: list[Voucher], refunds: list[Refund]) -> tuple[Voucher, Refund | None]:
    """Return the payment code and the refund that a message speaks of; about an order, its newest code."""
    refund = next((each for each in refunds if each.pk == message.refund_id), None)
    wanted = refund.voucher_id if refund is not None else message.voucher_id
    newest = max(vouchers, key=lambda voucher: voucher.attempt)
    return next((each for each in vouchers if each.pk == wanted), newest), refund


def _new_public_id() -> str:
    return f"msg_{seams.new_id().replace('-', '')}"
