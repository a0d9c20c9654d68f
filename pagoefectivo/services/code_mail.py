"""The one mail that a buyer waits for: it goes out at once, by Django's own mail."""

from __future__ import annotations

from django.core.mail import send_mail
from django.utils.translation import gettext as _

from pagoefectivo import conf, conf_messages
from pagoefectivo.channels.email import impatient_connection


def send(address: str, code: str) -> None:
    """Mail a code in the active language. It is in no subject line; whatever the mail backend raises comes through."""
    shop = conf.current().shop_name or "PagoEfectivo"
    text = _(
        "Your code is {code}. It is good for ten minutes and opens the page of your refund once.\n\n"
        "If you did not ask for it, you need not do anything. We never ask for your passwords or for the code of your "
        "digital token."
    )
    subject = _("Code for the page of your refund · {shop}").format(shop=shop)
    sender, connection = conf_messages.current().sender, impatient_connection()
    send_mail(subject, text.format(code=code), from_email=sender, recipient_list=[address], connection=connection)
