"""A message to the provider's support about one refund: the numbers they look it up by, and nobody's data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from pagoefectivo.domain.money import format_money
from pagoefectivo.models import Refund
from pagoefectivo.selectors.refund_desk import attempts_of


@dataclass(frozen=True, slots=True)
class Letter:
    """A subject and a text, as they are sent."""

    subject: str
    text: str


def to_provider(refund: Refund) -> Letter:
    """Return the message in the active language; instants are UTC, as the provider's logs have them."""
    values = {
        "reference": refund.reference,
        "payment": refund.voucher.provider_reference or "–",
        "theirs": refund.provider_reference or "–",
        "amount": format_money(refund.amount, refund.currency),
        "sent": _utc(refund.first_sent_at),
        "asked": _utc(refund.asked_at),
    }
    calls = "\n".join(
        f"- {_utc(each.exchange.sent_at)} {each.exchange.operation} {each.exchange.request_id} "
        f"HTTP {each.exchange.http_status or '–'}"
        for each in attempts_of(refund)
    )
    text = _(
        "Hello,\n\nwe sent you a refund and do not know what became of it. We will not send it again until you tell us.\n\n"
        "Our reference: {reference}\nYour payment: {payment}\nYour refund: {theirs}\nAmount: {amount}\n"
        "First sent: {sent}\nLast asked: {asked}\n\nOur calls:\n{calls}\n\n"
        "Please tell us whether you have this refund, in which state it is and, if not, that it will never be made."
    )
    subject = _("Refund {reference}: what became of it?").format(**values)
    return Letter(subject, text.format(**values, calls=calls or "–"))


def _utc(instant: datetime | None) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S} UTC" if instant else "–"
