"""One sentence of truth for an order and for a refund: what holds now, and what comes next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from pagoefectivo.admin.presentation import actor_word, lima, money
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.states import LIVE_REFUND, OrderState, RefundState, VoucherState
from pagoefectivo.models import Anomaly, Order, Refund, Voucher
from pagoefectivo.selectors.vouchers import is_lost


def of_order(
    order: Order,
    vouchers: Sequence[Voucher],
    refunds: Sequence[Refund],
    anomalies: Sequence[Anomaly],
    *,
    accepted_by: str = "",
) -> str:
    """Say where an order stands. `vouchers` oldest first; `anomalies` are the open ones; who accepted it, if anybody."""
    match OrderState(order.state):
        case OrderState.AWAITING_PAYMENT:
            return _of_awaiting(order, vouchers[-1] if vouchers else None)
        case OrderState.IN_REVIEW:
            oddities = ", ".join(str(each.get_kind_display()) for each in anomalies if each.holds_order)
            held = _("Do not deliver yet: a person has to decide ({oddities}).").format(oddities=oddities or "?")
            return f"{_of_paid(order, vouchers)} {held}" if order.paid_amount > 0 else held
        case OrderState.EXPIRED:
            return _("Not paid: the time to pay is over. Nothing was received, so there is nothing to give back.")
        case OrderState.CANCELED:
            return _("Withdrawn before it was paid. Nothing was received, so there is nothing to give back.")
        case _:
            accepted = _("Accepted by {who}.").format(who=actor_word(accepted_by)) if accepted_by else ""
            return " ".join(filter(None, [_of_paid(order, vouchers), accepted, _of_refunds(order, refunds)]))


def of_refund(refund: Refund) -> str:
    """Say where one refund stands and whether its money is on the way, back, or safe here."""
    return f"{money(refund.amount, refund.currency)}: {_by_hand(refund) or _by_provider(refund)}"


def _by_hand(refund: Refund) -> str:
    """Return what is only true of a refund by bank transfer, or nothing."""
    if refund.state == RefundState.REQUESTED and refund.approved_by and refund.first_sent_at:
        return _(
            "Approved before a backup was restored: look in the bank's statement whether it was paid. Then withdraw it."
        )
    if refund.state == RefundState.REQUESTED and refund.approved_by:
        return _("Approved: it goes into the next payout file. Nothing has been paid yet.")
    if refund.payout_id is None:
        return ""
    if refund.state == RefundState.PENDING:
        return _("Handed to the bank in a payout file; what the bank did with it is not recorded yet.")
    if refund.state == RefundState.SUCCEEDED:
        return _("Given back: the bank paid it out, operation {number}.").format(number=refund.provider_reference)
    return ""


def _by_provider(refund: Refund) -> str:
    sentence: str = {
        RefundState.REQUESTED: _("Asked for; it is about to be sent to the provider."),
        RefundState.AWAITING_APPROVAL: _("Nothing has been sent: another person has to approve it first."),
        RefundState.AWAITING_DESTINATION: _("Nothing has been sent: the buyer's bank account is missing."),
        RefundState.SUBMITTING: _("It is being sent to the provider, which has not answered yet."),
        RefundState.UNKNOWN: _(
            "We do not know yet whether it went out. It will NOT be sent again: the provider is asked until it answers."
        ),
        RefundState.PENDING: _("On its way: the provider has it and has not confirmed yet that the buyer got it."),
        RefundState.SUCCEEDED: _("Given back: the provider confirmed it."),
        RefundState.FAILED: _("Not given back: it was refused. The money is free again, so it can be refunded anew."),
        RefundState.CANCELED: _("Withdrawn before anything was sent. The money is free again."),
        RefundState.RETURNED: _("The bank sent it back. The buyer does not have the money; it is free again."),
    }[RefundState(refund.state)]
    return sentence


def _of_awaiting(order: Order, voucher: Voucher | None) -> str:
    if order.cancel_wanted_at is not None:
        return _("Being withdrawn: the provider is asked one last time whether it was paid.")
    if voucher is None:
        return _("There is no payment code yet.")
    deadline = lima(voucher.expires_at or voucher.wanted_expiry_at)
    match VoucherState(voucher.state):
        case VoucherState.REQUESTED | VoucherState.SUBMITTING:
            return _("The payment code is being created; the provider has not answered yet.")
        case VoucherState.UNKNOWN if is_lost(voucher):
            return _("Nobody can find out whether the code was created. Issue a new code, or give the lost one up.")
        case VoucherState.UNKNOWN:
            return _("We do not know yet whether the code was created; the provider is asked before anything is sent.")
        case VoucherState.ISSUED:
            return _("Not paid yet. The buyer can pay the code until {deadline} (Lima time).").format(deadline=deadline)
        case VoucherState.CONFIRMING:
            return _("Announced as paid, not confirmed: the provider is being asked. Do not deliver yet.")
        case VoucherState.FAILED if voucher.error_code == ErrorCode.CREATE_LOST:
            return _(
                "The code was lost and given up: the buyer may have it, and nobody can look it up. Issue a new code."
            )
        case VoucherState.FAILED:
            return _("No payment code could be created, so the buyer cannot pay. Issue a new code once it is mended.")
        case _:
            return _("Not paid yet. The last code can no longer be paid.")


def _of_paid(order: Order, vouchers: Sequence[Voucher]) -> str:
    paid = [voucher for voucher in vouchers if voucher.paid_amount > 0]
    when = min((voucher.paid_at for voucher in paid if voucher.paid_at), default=None)
    amount = money(order.paid_amount, order.currency)
    if len(paid) > 1:
        twice = _("Paid with {number} codes: {amount} in all.").format(number=len(paid), amount=amount)
        return " ".join([twice, *(_beside_the_deadline(each) for each in paid if _is_late(each))])
    asked = money(order.amount, order.currency)
    truth = (
        _("Paid: {amount} on {date} (Lima time)").format(amount=amount, date=lima(when))
        if order.paid_amount == order.amount
        else _("Paid: {amount} instead of {asked} on {date} (Lima time)").format(
            amount=amount, asked=asked, date=lima(when)
        )
    )
    return f"{truth}, {_beside_the_deadline(paid[0])}" if paid and paid[0].paid_at else f"{truth}."


def _is_late(voucher: Voucher) -> bool:
    return voucher.paid_at is not None and voucher.paid_at > _deadline(voucher)


def _beside_the_deadline(voucher: Voucher) -> str:
    """How long before or after its deadline a code was paid."""
    paid_at, deadline = voucher.paid_at, _deadline(voucher)
    if paid_at is None:
        return ""
    if _is_late(voucher):
        return _("late: {span} after the deadline.").format(span=timesince(deadline, paid_at, depth=2))
    return _("{span} before the deadline.").format(span=timesince(paid_at, deadline, depth=2))


def _deadline(voucher: Voucher) -> datetime:
    deadline: datetime = voucher.expires_at or voucher.wanted_expiry_at
    return deadline


def _of_refunds(order: Order, refunds: Sequence[Refund]) -> str:
    lost = [refund for refund in refunds if refund.state == RefundState.UNKNOWN]
    moving = [refund for refund in refunds if refund.state in LIVE_REFUND]
    parts = []
    if order.refunded_amount >= order.paid_amount > 0:
        parts.append(_("All of it was given back."))
    elif order.refunded_amount > 0:
        parts.append(_("{amount} was given back.").format(amount=money(order.refunded_amount, order.currency)))
    if lost:
        parts.append(_("The outcome of a refund is unknown: do not send it again."))
    elif moving:
        total = money(sum(refund.amount for refund in moving), order.currency)
        parts.append(_("A refund of {amount} is under way and not confirmed.").format(amount=total))
    return " ".join(parts) or _("Nothing was given back.")
