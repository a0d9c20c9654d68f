"""The buyer's wish to get the newest message once more. The answer is the same for every link, and tells nothing."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext

from pagoefectivo import conf_messages
from pagoefectivo.domain.exceptions import NotFound
from pagoefectivo.links import page_key_of
from pagoefectivo.services.buyer_messages import resend_newest
from pagoefectivo.views.protection import Visit, absent, acting, rendered
from pagoefectivo.views.senders import Limit, network_of, remote_ip

BY_LINK = Limit("resend-link", 3)
BY_SENDER = Limit("resend-sender", 10)


@acting
def resend(request: HttpRequest, visit: Visit, token: str) -> HttpResponse:
    """Send the newest message that still holds to the address on file, and to no other; 404 where no mail is sent."""
    if "email" not in conf_messages.current().channels:
        return absent(visit)
    if not _is_hurried(request, token):
        _send(token)
    context: dict[str, object] = {
        "path": reverse("pagoefectivo:voucher", args=[token]),
        "heading": gettext("Look into your mail"),
        "body": gettext(
            "If this link belongs to an order, the newest message about it is sent to the e-mail address of the order "
            "within minutes. Look among unwanted mail as well."
        ),
    }
    return rendered(visit, "pagoefectivo/notice.html", context, HTTPStatus.OK)


def _is_hurried(request: HttpRequest, token: str) -> bool:
    return BY_SENDER.is_exceeded_by(network_of(remote_ip(request))) or BY_LINK.is_exceeded_by(token)


def _send(token: str) -> None:
    try:
        page_key = page_key_of(token)
    except NotFound:
        return
    resend_newest(page_key)
