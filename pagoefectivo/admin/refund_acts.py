"""Asking about one refund, writing to the provider about it, and saying whose a refund from outside is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from pagoefectivo.admin.actions import actor_of, carry_out, door
from pagoefectivo.admin.pages import Question, ask, frame
from pagoefectivo.admin.payout_acts import told
from pagoefectivo.admin.presentation import money
from pagoefectivo.admin.refund_facts import facts
from pagoefectivo.admin.refund_forms import DisownForm, OwnForm
from pagoefectivo.domain.states import Source
from pagoefectivo.models import Refund
from pagoefectivo.selectors import refund_letters
from pagoefectivo.services import outside_refunds, refund_questions

if TYPE_CHECKING:
    from pagoefectivo.admin.reading import ReadOnlyAdmin as _Admin
else:
    _Admin = object

MAY_OWN = "pagoefectivo.own_outside_refund"


class RefundActs(_Admin):
    """The acts of a refund's page that find out what became of it, and whose it is."""

    @door("pagoefectivo.view_refund", reads=False)
    def ask_view(self, request: HttpRequest, refund: Refund) -> HttpResponse:
        """Ask the provider now and say what is known then."""
        done = carry_out(
            request,
            lambda: refund_questions.ask_now(refund.public_id, actor=actor_of(request), source=Source.STAFF),
        )
        if done is None:
            return redirect("admin:pagoefectivo_refund_change", refund.pk)
        if done.state == refund.state:
            messages.info(request, _("The provider was asked: nothing changed."))
        return told(request, done)

    @door("pagoefectivo.view_refund", writes=False)
    def letter_view(self, request: HttpRequest, refund: Refund) -> HttpResponse:
        """Show a message to the provider's support, ready to be copied: numbers and times, nobody's data."""
        title = _("Write to the provider about the refund of {amount} for order {order}").format(**_names(refund))
        context = {**frame(self, request, refund, title), "letter": refund_letters.to_provider(refund)}
        return TemplateResponse(request, "admin/pagoefectivo/refund/letter.html", context)

    @door(MAY_OWN)
    def own_view(self, request: HttpRequest, refund: Refund) -> HttpResponse:
        """Say that the shop knows a refund that was started at the provider."""
        form = OwnForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            said = form.cleaned_data
            done = carry_out(request, lambda: outside_refunds.own(refund.public_id, **said, actor=actor_of(request)))
            if done is not None:
                messages.success(request, _("It is known now, with your name. The open question is closed."))
                return redirect("admin:pagoefectivo_refund_change", refund.pk)
        question = Question(
            title=_("The refund of {amount} for order {order}: we know it").format(**_names(refund)),
            sentences=[_outside(), _("Own it only if you know who started it: your name stays with it.")],
            button=_("Yes, it is ours"),
        )
        return ask(self, request, refund, question, form, facts=facts(request, refund))

    @door(MAY_OWN)
    def disown_view(self, request: HttpRequest, refund: Refund) -> HttpResponse:
        """Say that nobody knows it: the question stays open and bears what is known."""
        form = DisownForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            note = form.cleaned_data["note"]
            opened = carry_out(
                request, lambda: outside_refunds.disown(refund.public_id, note=note, actor=actor_of(request))
            )
            if opened is not None:
                messages.warning(
                    request, _("It stays open, with your note. Whoever has access to the provider is to be asked.")
                )
                return redirect("admin:pagoefectivo_anomaly_change", opened.pk)
        question = Question(
            title=_("The refund of {amount} for order {order}: nobody knows it").format(**_names(refund)),
            sentences=[_outside(), _("If nobody of the shop started it, somebody else has access to the provider.")],
            button=_("No, open an incident"),
            is_grave=True,
        )
        return ask(self, request, refund, question, form, facts=facts(request, refund))


def _outside() -> str:
    return _("The provider reports a refund that did not start here. Its amount is already counted off.")


def _names(refund: Refund) -> dict[str, Any]:
    return {"amount": money(refund.amount, refund.currency), "order": refund.order.reference}
