"""Sending what waits: each message at most once by itself, and only while what it says is true.

*sending* is committed before a channel is called. A process that is killed meanwhile leaves it so, and whoever finds
it later cannot know whether the message left: it is marked *uncertain* for people to see, and is not sent again.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from pagoefectivo import conf, conf_messages
from pagoefectivo.channels.base import Channel, channel_named
from pagoefectivo.conf_messages import ChannelConfig
from pagoefectivo.domain import buyer_messages as rules
from pagoefectivo.domain.buyer_messages import MessageKind
from pagoefectivo.domain.sending import Address, Fate, RenderedMessage, SendOutcome
from pagoefectivo.domain.timing import spread, step
from pagoefectivo.models import BuyerMessage, Order, RefundDestination
from pagoefectivo.services import seams
from pagoefectivo.services.buyer_messages import rows_of, standing_of
from pagoefectivo.services.claiming import Claim
from pagoefectivo.services.message_content import Told, rendered

PAUSE = timedelta(seconds=30)  # of a channel that did not answer, so that payments do not wait for it
Outcome = BuyerMessage.Outcome
_ENDS = {Fate.SENT: Outcome.SENT, Fate.REFUSED: Outcome.REFUSED, Fate.UNCERTAIN: Outcome.UNCERTAIN}

logger = logging.getLogger("pagoefectivo.messages")


def deliver(claim: Claim) -> None:
    """Send one due message, or find that it need not be sent, or set when it is tried again.

    Runs in no transaction; must be called by the holder of the row's lease.
    """
    message = BuyerMessage.objects.select_related("order").get(pk=claim.row_id)
    now = seams.now()
    if message.outcome == Outcome.SENDING:
        _end(claim, Outcome.UNCERTAIN, "killed_while_sending")
        return
    config = conf_messages.current().channels.get(message.channel)
    told = _told(message)
    if config is None or MessageKind(message.kind) not in config.kinds or not _holds(message, told, now):
        _end(claim, Outcome.NOT_NEEDED)
        return
    later = rules.postponed(MessageKind(message.kind), told.standing, now, conf_messages.current().quiet)
    if later is not None and later > now:
        _keep(claim, next_action_at=later, due_at=later, lease_until=None, attempts=0)
        return
    _try(claim, message, told, config)


def _told(message: BuyerMessage) -> Told:
    vouchers, refunds = list(message.order.vouchers.all()), list(message.order.refunds.all())
    voucher, refund = rows_of(message, vouchers, refunds)
    standing = standing_of(message.order, voucher, refund, vouchers)
    return Told(message.order, vouchers, voucher, refund, standing, _account(message))


def _account(message: BuyerMessage) -> RefundDestination | None:
    """The very account that a message tells of, whichever the refund has by now."""
    if MessageKind(message.kind) not in rules.ABOUT_ACCOUNT:
        return None
    return RefundDestination.objects.filter(pk=message.occurrence).first()


def _holds(message: BuyerMessage, told: Told, now: datetime) -> bool:
    kind = MessageKind(message.kind)
    if not rules.is_true(kind, told.standing, now):
        return False
    if kind not in rules.ONLY_AFTER_OTHERS:
        return True
    return BuyerMessage.objects.filter(refund=message.refund_id, outcome=Outcome.SENT).exists()


def _try(claim: Claim, message: BuyerMessage, told: Told, config: ChannelConfig) -> None:
    now = seams.now()
    paused = seams.memory().get(_pause_of(config))
    if paused is not None and now < paused <= now + PAUSE:
        _keep(claim, next_action_at=paused + PAUSE * seams.jitter(), lease_until=None)
        return
    channel = channel_named(config.backend, config.options)
    address = _address(message.order, channel)
    if not address:
        _end(claim, Outcome.NOT_NEEDED, "no_address")
        return
    finished = rendered(message, told, address, now)
    if not _keep(claim, outcome=Outcome.SENDING, sending_at=now):
        return  # somebody else took it over while we looked
    _record(claim, message, config, _sent(channel, finished))


def _sent(channel: Channel, finished: RenderedMessage) -> SendOutcome:
    try:
        return channel.send(finished)
    except Exception as error:  # noqa: BLE001 - a channel of the shop's may raise anything, at any moment
        return SendOutcome(Fate.UNCERTAIN, type(error).__name__)


def _record(claim: Claim, message: BuyerMessage, config: ChannelConfig, outcome: SendOutcome) -> None:
    now = seams.now()
    if outcome.fate is not Fate.NOT_SENT:
        _conclude(claim, _ENDS[outcome.fate], outcome.code, now)
        return
    seams.memory()[_pause_of(config)] = now + PAUSE
    if rules.is_stale(message.due_at, now):
        _conclude(claim, Outcome.FAILED, outcome.code, now)
        return
    wait = spread(step(conf.current().timing.retry, claim.attempts - 1), seams.jitter())
    _write(
        claim,
        outcome=Outcome.WAITING,
        failure=outcome.code[:64],
        done_at=None,
        next_action_at=now + wait,
        lease_until=None,
    )


def _conclude(claim: Claim, outcome: BuyerMessage.Outcome, code: str, now: datetime) -> None:
    """Write down what a channel said: a fact, whoever holds the row by now."""
    _write(claim, outcome=outcome, failure=code[:64], done_at=now, next_action_at=None, lease_until=None)
    if outcome is not Outcome.SENT:
        logger.warning("Message %s to a buyer ended as %s (%s).", claim.row_id, outcome.value, code)


def _write(claim: Claim, **columns: object) -> None:
    BuyerMessage.objects.filter(pk=claim.row_id).update(**columns)


def _keep(claim: Claim, **columns: object) -> bool:
    """Change a row only while its lease is ours."""
    return bool(BuyerMessage.objects.filter(pk=claim.row_id, lease_token=claim.token).update(**columns))


def _end(claim: Claim, outcome: BuyerMessage.Outcome, code: str = "") -> None:
    _keep(claim, outcome=outcome, failure=code, done_at=seams.now(), next_action_at=None, lease_until=None)
    if outcome is Outcome.UNCERTAIN:
        logger.warning("Message %s to a buyer may have been sent (%s).", claim.row_id, code)


def _address(order: Order, channel: Channel) -> str:
    return str(order.payer_email if channel.address is Address.EMAIL else order.payer_phone)


def _pause_of(config: ChannelConfig) -> str:
    return f"pause of channel {config.name}"
