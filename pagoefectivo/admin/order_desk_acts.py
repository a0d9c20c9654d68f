"""What staff do about an order beside its money and its codes: note, send a message again, renew the link."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from pagoefectivo.admin import order_pages, order_questions
from pagoefectivo.admin.actions import actor_of, carry_out, door
from pagoefectivo.admin.forms import NoteForm, RelinkForm, ResendForm
from pagoefectivo.admin.noting import Kind, note
from pagoefectivo.admin.reading import SEES_PEOPLE
from pagoefectivo.domain.redaction import mask_email
from pagoefectivo.models import Order
from pagoefectivo.selectors.buyer_messages import sendable_again
from pagoefectivo.services import buyer_messages, order_desk
from pagoefectivo.services.order_desk import Renewed

if TYPE_CHECKING:
    from pagoefectivo.admin.reading import ReadOnlyAdmin as _Admin
else:
    _Admin = object


class OrderDeskActs(_Admin):
    """The acts of an order's page that move no state."""

    @door("pagoefectivo.add_note")
    def note_view(self, request: HttpRequest, order: Order) -> HttpResponse:
        """Write a note that stands in the timeline."""
        form = NoteForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            text = form.cleaned_data["text"]
            kept = carry_out(request, lambda: order_desk.add_note(order.reference, text=text, actor=actor_of(request)))
            if kept is not None:
                messages.success(request, _("The note was kept."))
                return redirect("admin:pagoefectivo_order_change", order.pk)
        return order_questions.write_note(self, request, order, form)

    @door("pagoefectivo.resend_message")
    def resend_view(self, request: HttpRequest, order: Order) -> HttpResponse:
        """Send the buyer one of the messages that are still true once more."""
        form = ResendForm(sendable_again(order), request.POST or None)
        if request.method == "POST" and form.is_valid():
            public_id = form.cleaned_data["message"]
            again = carry_out(request, lambda: buyer_messages.resend(public_id, actor=actor_of(request)))
            if again is not None:
                messages.success(request, _("The message is sent again within seconds. Below is what becomes of it."))
                return redirect("admin:pagoefectivo_buyermessage_change", again.pk)
        return order_questions.choose_message(self, request, order, form, _goes_to(request, order))

    @door("pagoefectivo.renew_order_link")
    def relink_view(self, request: HttpRequest, order: Order) -> HttpResponse:
        """Make a new link to the buyer's page; the old one is void."""
        form = RelinkForm(request.POST or None, may_send=request.user.has_perm("pagoefectivo.resend_message"))
        if request.method == "POST" and form.is_valid():
            why, send = form.cleaned_data["why"], form.cleaned_data.get("send", False)
            renewed = carry_out(
                request, lambda: order_desk.renew_link(order.reference, why=why, send=send, actor=actor_of(request))
            )
            if renewed is not None:
                messages.success(request, _("The buyer's page has a new link; the old one opens nothing."))
                _tell_of_sending(request, renewed, send=send)
                return redirect("admin:pagoefectivo_order_change", order.pk)
        return order_questions.confirm_link(self, request, order, form, _goes_to(request, order))

    @door("pagoefectivo.view_order", writes=False)
    def ticket_view(self, request: HttpRequest, order: Order) -> HttpResponse:
        """Show the timeline as plain text."""
        return order_pages.ticket(request, order)


def _goes_to(request: HttpRequest, order: Order) -> str:
    """Return where the buyer is written to, as far as the reader may see it; who sees it whole is noted."""
    if not request.user.has_perm(SEES_PEOPLE):
        return mask_email(order.payer_email)
    note(request, Kind.PEOPLE, order)
    return order.payer_email


def _tell_of_sending(request: HttpRequest, renewed: Renewed, *, send: bool) -> None:
    if renewed.message is not None:
        messages.success(request, _("It is sent to the buyer within seconds. The timeline shows what becomes of it."))
    elif send:
        messages.warning(request, _("Nothing was sent: no message to the buyer holds any more. Tell them another way."))
    else:
        messages.warning(
            request, _("The buyer does not have it yet: send a message again, which carries the new link.")
        )
