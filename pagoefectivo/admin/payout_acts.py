"""What staff do with one refund by bank transfer. A page asks first, a POST acts, and each act is one service call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from pagoefectivo.admin import sentences
from pagoefectivo.admin.actions import actor_of, carry_out, door
from pagoefectivo.admin.noting import Kind, note
from pagoefectivo.admin.pages import Question, ask
from pagoefectivo.admin.payout_forms import AccountForm, PaidForm, RejectedForm, ReturnedForm
from pagoefectivo.admin.presentation import money
from pagoefectivo.admin.reading import SEES_PEOPLE
from pagoefectivo.admin.refund_facts import facts
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.limits import DOCUMENTS
from pagoefectivo.domain.states import UNSENT_REFUND, RefundState, Source
from pagoefectivo.models import Refund
from pagoefectivo.selectors import payouts as desk
from pagoefectivo.services import payout_results, refunds

if TYPE_CHECKING:
    from pagoefectivo.admin.reading import ReadOnlyAdmin as _Admin
else:
    _Admin = object

MAY_SETTLE = "pagoefectivo.settle_payout"


class PayoutActs(_Admin):
    """The acts of a refund's page that are about the buyer's account and the bank."""

    @door("pagoefectivo.request_refund")
    def account_view(self, request: HttpRequest, refund: Refund) -> HttpResponse:
        """Enter the bank account; an approval given before is void."""
        form = _account_form(request, refund)
        if request.method == "POST" and form.is_valid():
            destination, seen = form.destination, form.cleaned_data["seen"]
            done = carry_out(
                request,
                lambda: refunds.set_destination(
                    refund.public_id, destination, actor=actor_of(request), source=Source.STAFF, seen=seen
                ),
            )
            if done is not None:
                return told(request, done)
        question = Question(
            title=_("Bank account for the refund of {amount} for order {order}").format(**_names(refund)),
            sentences=[_("The account must be in the buyer's own name. It is stored encrypted.")],
            button=_("Keep this account"),
            warning=_("Whoever enters the account cannot approve the refund; an approval given before is void."),
        )
        return ask(self, request, refund, question, form)

    @door(MAY_SETTLE)
    def paid_view(self, request: HttpRequest, refund: Refund) -> HttpResponse:
        """Record that the bank paid it out."""
        form = PaidForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            stated = form.cleaned_data
            done = carry_out(
                request,
                lambda: payout_results.mark_paid(
                    refund.public_id, **stated, actor=actor_of(request), source=Source.STAFF
                ),
            )
            if done is not None:
                return told(request, done)
        title = _("The bank paid the refund of {amount} for order {order}")
        warning = _("Take both from the bank's statement. The buyer is told that the money is there.")
        return _settle(self, request, refund, form, title, _("Record it as paid out"), warning)

    @door(MAY_SETTLE)
    def rejected_view(self, request: HttpRequest, refund: Refund) -> HttpResponse:
        """Record that the bank did not pay it."""
        form = RejectedForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            code, on = ErrorCode(form.cleaned_data["code"]), form.cleaned_data["on"]
            done = carry_out(
                request,
                lambda: payout_results.mark_rejected(
                    refund.public_id, code=code, on=on, actor=actor_of(request), source=Source.STAFF
                ),
            )
            if done is not None:
                return told(request, done)
        title = _("The bank rejected the refund of {amount} for order {order}")
        warning = _("Only if the money is still in your account: its amount is free to be refunded again.")
        return _settle(self, request, refund, form, title, _("Record it as rejected"), warning)

    @door(MAY_SETTLE)
    def returned_view(self, request: HttpRequest, refund: Refund) -> HttpResponse:
        """Record that a paid refund came back."""
        form = ReturnedForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            on = form.cleaned_data["on"]
            done = carry_out(
                request,
                lambda: payout_results.mark_returned(
                    refund.public_id, on=on, actor=actor_of(request), source=Source.STAFF
                ),
            )
            if done is not None:
                return told(request, done)
        title = _("The bank sent back the refund of {amount} for order {order}")
        warning = _("Only if the money is back in your account: its amount is free to be refunded again.")
        return _settle(self, request, refund, form, title, _("Record it as sent back"), warning)


def told(request: HttpRequest, refund: Refund) -> HttpResponse:
    """Say where a refund stands now, on its page."""
    messages.info(request, sentences.of_refund(refund))
    return redirect("admin:pagoefectivo_refund_change", refund.pk)


def may(request: HttpRequest, refund: Refund) -> dict[str, bool]:
    """Tell which of these acts make sense now and are allowed to this person; the services decide again."""
    user: Any = request.user
    settles = refund.payout is not None and user.has_perm(MAY_SETTLE)
    made_by = refund.payout.made_by if refund.payout else ""
    own = actor_of(request).name in {refund.requested_by, made_by}
    is_open = refund.state == RefundState.PENDING
    collects = refund.state in UNSENT_REFUND and bool(desk.destination_fields(refund.account))
    return {
        "account": collects and user.has_perm("pagoefectivo.request_refund"),
        "settle": settles and is_open and not own,
        "returned": settles and refund.state == RefundState.SUCCEEDED and not own,
        "is_own_payout": settles and is_open and own,
    }


def _settle(
    admin: Any, request: HttpRequest, refund: Refund, form: Form, title: str, button: str, warning: str
) -> HttpResponse:
    question = Question(
        title=title.format(**_names(refund)),
        sentences=[sentences.of_refund(refund)],
        button=button,
        warning=warning,
    )
    return ask(admin, request, refund, question, form, facts=facts(request, refund))


def _names(refund: Refund) -> dict[str, str]:
    return {"amount": money(refund.amount, refund.currency), "order": refund.order.reference}


def _account_form(request: HttpRequest, refund: Refund) -> AccountForm:
    """The buyer's own name and document stand in it already for those who may see them."""
    order, initial = refund.order, {"seen": refund.binding}
    if request.user.has_perm(SEES_PEOPLE):
        note(request, Kind.PEOPLE, order)
        initial |= {"holder_name": order.payer_name, "document_number": order.payer_document_number}
        initial["document_type"] = order.payer_document_type if order.payer_document_type in DOCUMENTS else ""
    return AccountForm(
        request.POST if request.method == "POST" else None,
        required=desk.destination_fields(refund.account),
        needs_cci=desk.is_by_hand(refund.account),
        initial=initial,
    )
