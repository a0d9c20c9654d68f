"""What a buyer is told of a refund in each state: one face, one heading, one honest sentence."""

from __future__ import annotations

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from pagoefectivo.domain.states import UNSENT_REFUND, RefundState
from pagoefectivo.models import Refund
from pagoefectivo.selectors.refund_pages import Route, Standing
from pagoefectivo.views.voucher_faces import Words


class RefundFace(StrEnum):
    """What the page shows; its words stand in FACES."""

    NEEDS_ACCOUNT = "needs_account"
    TOO_LATE = "too_late"
    REQUESTED = "requested"
    CHECKED = "checked"
    SAVED = "saved"
    UNCONFIRMED = "unconfirmed"
    ON_ITS_WAY = "on_its_way"
    ASKED_BY_PROVIDER = "asked_by_provider"
    DONE = "done"
    ACCOUNT_REJECTED = "account_rejected"
    REJECTED = "rejected"
    SENT_BACK = "sent_back"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"


FACES: dict[RefundFace, Words] = {
    RefundFace.NEEDS_ACCOUNT: Words(
        "warning",
        _("Your bank details are missing"),
        _("Tell us where your money goes"),
        _("We will give you back {amount}. You have until {deadline} (Lima time) to give us your account."),
    ),
    RefundFace.TOO_LATE: Words(
        "warning",
        _("Time is over"),
        _("The time to give us your account is over"),
        _("It ended on {deadline} (Lima time). Your {amount} are still yours: ask the shop for a new link."),
    ),
    RefundFace.REQUESTED: Words(
        "waiting",
        _("Requested"),
        _("Your refund is requested"),
        _("We will give you back {amount}. It has not been sent yet."),
    ),
    RefundFace.CHECKED: Words(
        "waiting",
        _("Being checked"),
        _("A person is checking your refund"),
        _("Before {amount} leaves, a person of the shop looks at it. You need not do anything."),
    ),
    RefundFace.SAVED: Words(
        "waiting",
        _("Saved"),
        _("Your refund is saved"),
        _("We send {amount} as soon as the payment service takes it. You need not do anything."),
    ),
    RefundFace.UNCONFIRMED: Words(
        "waiting",
        _("To be confirmed"),
        _("We are making sure that your refund went out"),
        _("The payment service has not confirmed yet whether {amount} went out. It is asked until it does; nothing is sent twice."),
    ),
    RefundFace.ON_ITS_WAY: Words(
        "waiting",
        _("On its way"),
        _("Your money is on its way"),
        _("{amount} are on their way to you and have not arrived yet."),
    ),
    RefundFace.ASKED_BY_PROVIDER: Words(
        "warning",
        _("Look at your e-mail"),
        _("You will be asked for your account by e-mail"),
        _("{provider} has your refund of {amount} and writes to the e-mail of your order to ask where it goes. Without your answer it cannot be paid."),
    ),
    RefundFace.DONE: Words(
        "done",
        _("Refunded"),
        _("Your money was given back"),
        _("{amount} were given back to you; it was confirmed on {moment} (Lima time)."),
    ),
    RefundFace.ACCOUNT_REJECTED: Words(
        "stopped",
        _("Rejected"),
        _("The bank did not take the transfer"),
        _("{reason} You have not lost your money: your {amount} are with the shop. Give another account and it is tried again."),
    ),
    RefundFace.REJECTED: Words(
        "stopped",
        _("Rejected"),
        _("Your refund was rejected"),
        _("You have not lost your money: your {amount} are with the shop. A person of the shop has to look at it; write to them."),
    ),
    RefundFace.SENT_BACK: Words(
        "stopped",
        _("Sent back"),
        _("Your bank sent the money back"),
        _("You have not lost your money: your {amount} are with the shop again."),
    ),
    RefundFace.REPLACED: Words(
        "waiting",
        _("Tried again"),
        _("Your refund is tried again"),
        _("This try did not work. Another one over {amount} has taken its place."),
    ),
    RefundFace.WITHDRAWN: Words(
        "stopped",
        _("Withdrawn"),
        _("This refund was withdrawn"),
        _("The shop withdrew this refund of {amount} before it was sent. If you did not expect that, write to the shop."),
    ),
}  # fmt: skip

NOTES: dict[Route, str | Promise] = {
    Route.ACCOUNT_GIVEN_HERE: _("The money goes to a bank account in your name. It cannot be given back in cash."),
    Route.PROVIDER_ASKS: _("{provider}, the payment company, asks you for your account by e-mail. On this page you are not asked for it. It cannot be given back in cash."),
    Route.PROVIDER_MAY_ASK: _("The money comes through {provider}, the payment company. If it needs your bank account, it asks you by e-mail. On this page you are not asked for it. It cannot be given back in cash."),
    Route.OWN_ACCOUNT_WITH_PROVIDER: _("The money goes to the account that belongs to the e-mail of your order at {provider}. You are not asked for a bank account. It cannot be given back in cash."),
    Route.BY_PROVIDER: _("The money comes through the payment company. On this page you are not asked for an account. It cannot be given back in cash."),
}  # fmt: skip


def face_of(refund: Refund, standing: Standing) -> RefundFace:
    """Return what the page shows."""
    state = RefundState(refund.state)
    if state in UNSENT_REFUND and standing.route is Route.ACCOUNT_GIVEN_HERE and refund.destination is None:
        return RefundFace.NEEDS_ACCOUNT if standing.is_open else RefundFace.TOO_LATE
    if standing.next_try is not None:
        return RefundFace.REPLACED
    if state is RefundState.FAILED:
        return RefundFace.ACCOUNT_REJECTED if standing.may_begin_again else RefundFace.REJECTED
    if state is RefundState.PENDING and standing.route is Route.PROVIDER_ASKS:
        return RefundFace.ASKED_BY_PROVIDER
    return _PLAIN[state]


_PLAIN = {
    RefundState.REQUESTED: RefundFace.REQUESTED,
    RefundState.AWAITING_APPROVAL: RefundFace.CHECKED,
    RefundState.AWAITING_DESTINATION: RefundFace.REQUESTED,
    RefundState.SUBMITTING: RefundFace.SAVED,
    RefundState.UNKNOWN: RefundFace.UNCONFIRMED,
    RefundState.PENDING: RefundFace.ON_ITS_WAY,
    RefundState.SUCCEEDED: RefundFace.DONE,
    RefundState.CANCELED: RefundFace.WITHDRAWN,
    RefundState.RETURNED: RefundFace.SENT_BACK,
}
