"""What people are asked before an act on an order: the truth in sentences, and what it will do."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from pagoefectivo.admin import advice
from pagoefectivo.admin.forms import NoteForm
from pagoefectivo.admin.pages import Question, ask
from pagoefectivo.admin.presentation import lima, money
from pagoefectivo.models import Order


def confirm_reissue(model_admin: admin.ModelAdmin[Any], request: HttpRequest, order: Order) -> HttpResponse:
    question = Question(
        title=_("New code for order %s") % order.reference,
        sentences=[
            _("The buyer gets a new code over %s with a new deadline; the link to the page stays the same.")
            % money(order.amount, order.currency),
            _("The provider is first asked whether the old code was paid. If it was, nothing is issued."),
            _("The old code is withdrawn where the provider can do that, and watched where it cannot."),
        ],
        button=_("Issue a new code"),
    )
    return ask(model_admin, request, order, question)


def confirm_cancel(model_admin: admin.ModelAdmin[Any], request: HttpRequest, order: Order) -> HttpResponse:
    question = Question(
        title=_("Withdraw order %s") % order.reference,
        sentences=[
            _("The order over %s is withdrawn and its code can no longer be used.")
            % money(order.amount, order.currency),
            _("The provider is asked one last time. If the code was paid meanwhile, the order is not withdrawn."),
        ],
        button=_("Withdraw the order"),
        is_grave=True,
        warning=_("This cannot be undone; the buyer would need a new order."),
    )
    return ask(model_admin, request, order, question)


def ask_deadline(model_admin: admin.ModelAdmin[Any], request: HttpRequest, order: Order, form: Form) -> HttpResponse:
    voucher = order.current_voucher
    deadline = lima(voucher.expires_at or voucher.wanted_expiry_at) if voucher else "–"
    question = Question(
        title=_("More time for order %s") % order.reference,
        sentences=[
            _("The code stays the same. Now it can be paid until {deadline} (Lima time).").format(deadline=deadline),
            _("The provider is first asked whether it was paid. If it was, nothing is moved."),
        ],
        button=_("Move the deadline"),
    )
    return ask(model_admin, request, order, question, form)


def confirm_give_up(model_admin: admin.ModelAdmin[Any], request: HttpRequest, order: Order) -> HttpResponse:
    question = Question(
        title=_("Give up the lost code of order %s") % order.reference,
        sentences=[
            _("Nobody knows whether the provider made this code, and it cannot be looked up."),
            _("Once it is given up, the order can get a new code, or ends if it is being withdrawn."),
            _("If somebody pays the lost code later, the money is taken and a person decides about it."),
        ],
        button=_("Give the code up"),
        is_grave=True,
        warning=_("Ask the provider's support first whether it has a code for this order."),
    )
    return ask(model_admin, request, order, question)


def confirm_accept(model_admin: admin.ModelAdmin[Any], request: HttpRequest, order: Order, form: Form) -> HttpResponse:
    holding = order.anomalies.filter(closed_at=None, holds_order=True)
    question = Question(
        title=_("Accept the payment of order %s") % order.reference,
        sentences=[
            _("Asked: {asked}. Received: {paid}.").format(
                asked=money(order.amount, order.currency), paid=money(order.paid_amount, order.currency)
            ),
            *(f"{anomaly.get_kind_display()}: {advice.on_anomaly(anomaly).sentence}" for anomaly in holding),
            _("The order will count as paid, and the shop is told so."),
        ],
        button=_("Accept the payment"),
    )
    return ask(model_admin, request, order, question, form)


def write_note(model_admin: admin.ModelAdmin[Any], request: HttpRequest, order: Order, form: NoteForm) -> HttpResponse:
    question = Question(
        title=_("Note on order %s") % order.reference,
        sentences=[
            _("It stands in the timeline with your name and the time, and nobody can change it or take it away."),
            _("Long numbers and e-mail addresses are masked before it is kept."),
            *([_("This would be kept: {text}").format(text=form.will_keep)] if form.will_keep else []),
        ],
        button=_("Keep it as it stands above") if form.will_keep else _("Keep the note"),
    )
    return ask(model_admin, request, order, question, form)


def confirm_link(
    model_admin: admin.ModelAdmin[Any], request: HttpRequest, order: Order, form: Form, goes_to: str
) -> HttpResponse:
    question = Question(
        title=_("New link to the buyer's page of order %s") % order.reference,
        sentences=[
            _("The buyer's page of this order gets a new address. The code and its deadline stay as they are."),
            _("The old link opens nothing from now on, for nobody, not even in messages that were sent before."),
            _(
                "With the tick, the buyer's newest message that still holds is sent again with the new link, to {address}."
            ).format(address=goes_to)
            if "send" in form.fields
            else _("Nobody is told by itself: send the buyer a message again, which will carry the new link."),
        ],
        button=_("Make a new link"),
        is_grave=True,
    )
    return ask(model_admin, request, order, question, form)


def choose_message(
    model_admin: admin.ModelAdmin[Any], request: HttpRequest, order: Order, form: Form, goes_to: str
) -> HttpResponse:
    question = Question(
        title=_("Send the buyer of order %s a message again") % order.reference,
        sentences=[
            _("It is written anew from what is true now and sent to the address on file: {address}").format(
                address=goes_to
            ),
            _("Three may be sent again within an hour on one order."),
        ],
        button=_("Send again"),
    )
    return ask(model_admin, request, order, question, form)
