"""Where a buyer who lost the link asks for it. The answer is the same for every e-mail, and tells nothing."""

from __future__ import annotations

from http import HTTPStatus

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from pagoefectivo import conf_messages
from pagoefectivo.domain.buyer_messages import MessageKind
from pagoefectivo.services.buyer_messages import mail_link
from pagoefectivo.views.protection import Visit, absent, link_asked_at, rendered, too_many, with_forms
from pagoefectivo.views.senders import Limit, network_of, remote_ip

BY_SENDER = Limit("lost-links", 5)
TEMPLATE = "pagoefectivo/lost_link.html"


class LostLinkForm(forms.Form):
    """The e-mail that the order has."""

    email = forms.EmailField(max_length=254)


@with_forms
def page(request: HttpRequest, visit: Visit, _token: str) -> HttpResponse:
    """Show the form, or have the link mailed to the address on file. 404 where no such mail is sent, 429 when hurried."""
    if not conf_messages.current().mails(MessageKind.LINK_WANTED):
        return absent(visit)
    if request.method != "POST":
        return _asked(visit, HTTPStatus.OK)
    if BY_SENDER.is_exceeded_by(network_of(remote_ip(request))):
        return too_many(visit)
    form = LostLinkForm(request.POST)
    if not form.is_valid():
        return _asked(visit, HTTPStatus.UNPROCESSABLE_ENTITY, complaint=gettext("Write it like name@example.com."))
    mail_link(form.cleaned_data["email"])
    context: dict[str, object] = {
        "heading": gettext("Look into your mail"),
        "body": gettext(
            "If an order has this e-mail, the link to the newest one arrives there within minutes. Look among unwanted "
            "mail as well. However often you ask, it is sent once in ten minutes."
        ),
    }
    return rendered(visit, "pagoefectivo/notice.html", context)


def _asked(visit: Visit, status: HTTPStatus, complaint: str = "") -> HttpResponse:
    context: dict[str, object] = {
        "heading": gettext("Have your link sent to you"),
        "body": gettext("Write the e-mail of your order. The link is sent there and nowhere else."),
        "ask_address": link_asked_at(visit),
        "complaint": complaint,
    }
    return rendered(visit, TEMPLATE, context, status)
