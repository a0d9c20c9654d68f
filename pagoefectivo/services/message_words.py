"""What each message says. The code is in no subject; of a bank account only the last digits are in any body."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop as noop

from pagoefectivo.domain.buyer_messages import MessageKind as K


@dataclass(frozen=True, slots=True)
class Words:
    """Texts may name {reference}, {amount}, {deadline}, {moment} and {account}; `short` is the SMS and ends in its {link}.

    The deadline is the payment code's; about a refund it is the one for naming an account.
    """

    subject: str | Promise
    heading: str | Promise
    body: str | Promise
    button: str | Promise
    short: str


_HOW = _("See how to pay")
_STATUS = _("See where it stands")
_REFUND_PAGE = _("See your refund")
_GIVE_ACCOUNT = _("Give my account")
_ACCOUNT_BODY = _(
    "The shop wants to give {amount} of your order {reference} back to you. The money goes to a bank account in your "
    "name, for cash cannot come back the way it went. Tell us your account on the page below: you have until {deadline} "
    "(Lima time)."
)
_ACCOUNT_SHORT = noop("{shop}: we need your bank account to give you back {amount}. {link}")

WORDS: dict[K, Words] = {
    K.VOUCHER_ISSUED: Words(
        _("Your payment code for order {reference}"),
        _("Your payment code is ready"),
        _("Pay the exact amount. If the cashier or the app shows another amount, do not pay and write to us."),
        _HOW,
        noop("{shop}: CIP {code}, pay {amount} by {deadline} {link}"),
    ),
    K.REMINDER_HALF: Words(
        _("Your order {reference} waits for your payment"),
        _("Your payment code still waits"),
        _("You can pay it until {deadline} (Lima time). If you have paid already, you need not do anything: we write to you as soon as the payment is confirmed."),
        _HOW,
        noop("{shop}: CIP {code} unpaid, {amount} by {deadline} {link}"),
    ),
    K.REMINDER_LAST: Words(
        _("Your payment code for order {reference} ends soon"),
        _("Your payment code ends soon"),
        _("You can pay it until {deadline} (Lima time). If you go to an agent, make sure it is still open. If you have paid already, you need not do anything."),
        _HOW,
        noop("{shop}: CIP {code} ends {deadline}. Pay {amount} {link}"),
    ),
    K.PAID: Words(
        _("We received your payment for order {reference}"),
        _("Payment received!"),
        _("We received {amount} on {moment} (Lima time). Your order {reference} is confirmed."),
        _STATUS,
        noop("{shop}: we received your payment of {amount}. Your order is confirmed. {link}"),
    ),
    K.PAID_LATE: Words(
        _("We received your payment for order {reference} after the deadline"),
        _("We received your payment after the deadline"),
        _("We received {amount} on {moment} (Lima time). Your order {reference} goes ahead all the same."),
        _STATUS,
        noop("{shop}: we received {amount} after the deadline. Your order goes ahead. {link}"),
    ),
    K.IN_REVIEW: Words(
        _("We are reviewing your payment for order {reference}"),
        _("We are reviewing your payment"),
        _("We received {amount}. Something does not match and a person is looking at it. Do not pay again."),
        _STATUS,
        noop("{shop}: we received {amount} and are reviewing it. Do not pay again. {link}"),
    ),
    K.EXPIRED: Words(
        _("The payment code for order {reference} has expired"),
        _("This code has expired"),
        _("It expired on {deadline} (Lima time). Do not pay it: giving the money back could take long. If you have paid it already, write to us."),
        _STATUS,
        noop("{shop}: your payment code has expired. Do not pay it any more. {link}"),
    ),
    K.REFUND_REQUESTED: Words(
        _("The refund for order {reference} has begun"),
        _("Your refund has begun"),
        _("The shop is giving {amount} of your order {reference} back to you. We write to you as soon as it is on its way."),
        _REFUND_PAGE,
        noop("{shop}: your refund of {amount} has begun. {link}"),
    ),
    K.REFUND_NEEDS_ACCOUNT: Words(
        _("We need your bank account to refund order {reference}"),
        _("We need your bank account"),
        _ACCOUNT_BODY,
        _GIVE_ACCOUNT,
        _ACCOUNT_SHORT,
    ),
    K.REFUND_NEEDS_ACCOUNT_DAY_3: Words(
        _("Your refund for order {reference} waits for your bank account"),
        _("Your refund waits for your bank account"),
        _ACCOUNT_BODY,
        _GIVE_ACCOUNT,
        _ACCOUNT_SHORT,
    ),
    K.REFUND_NEEDS_ACCOUNT_DAY_7: Words(
        _("Your refund for order {reference} still waits for your bank account"),
        _("Your refund still waits for your bank account"),
        _ACCOUNT_BODY,
        _GIVE_ACCOUNT,
        _ACCOUNT_SHORT,
    ),
    K.REFUND_NEEDS_ACCOUNT_LAST: Words(
        _("Last reminder: your refund for order {reference} needs your bank account"),
        _("Last reminder about your refund"),
        _ACCOUNT_BODY,
        _GIVE_ACCOUNT,
        _ACCOUNT_SHORT,
    ),
    K.REFUND_ACCOUNT_GIVEN: Words(
        _("A bank account was given for the refund of order {reference}"),
        _("A bank account was given for your refund"),
        _("On {moment} (Lima time) a bank account was given for your refund of {amount}: {account}. If it was you, you need not do anything. If it was not you, write to us at once."),
        _REFUND_PAGE,
        noop("{shop}: bank account given for your refund of {amount}. Not you? Write to us. {link}"),
    ),
    K.REFUND_ACCOUNT_CHANGED: Words(
        _("The bank account for the refund of order {reference} was changed"),
        _("The bank account for your refund was changed"),
        _("On {moment} (Lima time) the bank account for your refund of {amount} was changed. The money goes to this one now: {account}. If it was you, you need not do anything. If it was not you, write to us at once."),
        _REFUND_PAGE,
        noop("{shop}: new bank account for your refund of {amount}. Not you? Write to us. {link}"),
    ),
    K.REFUND_SENT: Words(
        _("Your refund for order {reference} is on its way"),
        _("Your refund is on its way"),
        _("{amount} of your order {reference} is on its way. It has not reached you yet; we write to you when it is confirmed."),
        _REFUND_PAGE,
        noop("{shop}: your refund of {amount} is on its way. {link}"),
    ),
    K.REFUND_DONE: Words(
        _("Your refund for order {reference} was made"),
        _("Your money was given back"),
        _("{amount} of your order {reference} was given back to you on {moment} (Lima time)."),
        _REFUND_PAGE,
        noop("{shop}: your refund of {amount} was given back to you. {link}"),
    ),
    K.REFUND_FAILED: Words(
        _("Your refund for order {reference} was rejected"),
        _("Your refund was rejected"),
        _("The transfer of {amount} was rejected. You have not lost your money: it is with the shop. If the shop does not write to you, write to us."),
        _REFUND_PAGE,
        noop("{shop}: your refund of {amount} was rejected. Your money is with the shop; write to us. {link}"),
    ),
    K.REFUND_RETURNED: Words(
        _("Your bank sent the refund for order {reference} back"),
        _("Your bank sent your refund back"),
        _("The transfer of {amount} came back to the shop. You have not lost your money. If the shop does not write to you, write to us."),
        _REFUND_PAGE,
        noop("{shop}: your bank sent your refund of {amount} back; write to us. {link}"),
    ),
    K.REFUND_WITHDRAWN: Words(
        _("The refund for order {reference} was withdrawn"),
        _("Your refund was withdrawn"),
        _("The shop withdrew the refund of {amount} that we had told you of. If you did not expect this, write to us."),
        _REFUND_PAGE,
        noop("{shop}: your refund of {amount} was withdrawn. Questions? Write to us. {link}"),
    ),
    K.LINK_WANTED: Words(
        _("The link to your order {reference}"),
        _("Here is your link"),
        _("Somebody who knows your e-mail asked for this link, you perhaps. If it was not you, you need not do anything: the link was sent to you alone."),
        _("Open my page"),
        noop("{shop}: the link to your order. {link}"),
    ),
}  # fmt: skip
