"""The one mail that a buyer waits for: it goes out at once and past the outbox, by Django's own mail."""

from __future__ import annotations

from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from pagoefectivo import conf, conf_messages
from pagoefectivo.channels.email import Email
from pagoefectivo.domain.languages import DEFAULT, HTML_LANGUAGES, known_language
from pagoefectivo.domain.sending import RenderedMessage, SendOutcome
from pagoefectivo.services import seams
from pagoefectivo.services.message_content import FOLDER


def send(address: str, code: str) -> SendOutcome:
    """Mail a code in the active language and say what became of it. It is in no subject line."""
    shop = conf.current()
    name = shop.shop_name or "PagoEfectivo"
    context: dict[str, object] = {
        "language": HTML_LANGUAGES[known_language(get_language() or "") or DEFAULT],
        "shop_name": name,
        "contact": shop.support_contact,
        "subject": _("Code for the page of your refund · {shop}").format(shop=name),
        "heading": _("Your code for the page of your refund"),
        "code": code,
        "body": _(
            "It is good for ten minutes and opens the page once. If you did not ask for it, you need not do anything."
        ),
    }
    text, html = (render_to_string(f"{FOLDER}/code.{ending}", context) for ending in ("txt", "html"))
    return Email().send(
        RenderedMessage(
            public_id=f"code_{seams.new_id()}",
            address=address,
            sender=conf_messages.current().sender or "",
            subject=" ".join(str(context["subject"]).split()),
            text=text,
            html=html,
            short="",
        )
    )
