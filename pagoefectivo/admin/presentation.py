"""Facts as people read them: a state with a word, a sign and a colour; money as in Peru; instants in Lima."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from pagoefectivo import conf
from pagoefectivo.domain import redaction
from pagoefectivo.domain.business_days import Expected
from pagoefectivo.domain.localtime import between_days
from pagoefectivo.domain.money import format_money
from pagoefectivo.domain.proofs import Judgement
from pagoefectivo.domain.states import OrderState as O
from pagoefectivo.domain.states import RefundState as R
from pagoefectivo.domain.states import VoucherState as V
from pagoefectivo.models import Order, Refund, Voucher
from pagoefectivo.models.labels import (
    ORDER_LABELS,
    PAYMENT_STATUS_LABELS,
    REFUND_LABELS,
    REFUND_STATUS_LABELS,
    VOUCHER_LABELS,
)
from pagoefectivo.models.proofs import JUDGEMENT_LABELS
from pagoefectivo.selectors.calendar import today

LIMA = ZoneInfo("America/Lima")
NOTHING = "–"
_SIGNS = {"good": "✓", "waiting": "○", "moving": "→", "alarm": "!", "over": "×"}
_ORDER_TONES = {
    O.AWAITING_PAYMENT: "waiting",
    O.PAID: "good",
    O.PARTIALLY_REFUNDED: "good",
    O.REFUNDED: "good",
    O.IN_REVIEW: "alarm",
    O.EXPIRED: "over",
    O.CANCELED: "over",
}
_VOUCHER_TONES = {
    V.REQUESTED: "moving",
    V.SUBMITTING: "moving",
    V.UNKNOWN: "alarm",
    V.ISSUED: "waiting",
    V.CONFIRMING: "moving",
    V.PAID: "good",
    V.EXPIRED: "over",
    V.CANCELED: "over",
    V.FAILED: "alarm",
}
_REFUND_TONES = {
    R.REQUESTED: "moving",
    R.AWAITING_APPROVAL: "waiting",
    R.AWAITING_DESTINATION: "waiting",
    R.SUBMITTING: "moving",
    R.UNKNOWN: "alarm",
    R.PENDING: "moving",
    R.SUCCEEDED: "good",
    R.FAILED: "alarm",
    R.CANCELED: "over",
    R.RETURNED: "alarm",
}
_STATE_WORDS = {"order": dict(ORDER_LABELS), "voucher": dict(VOUCHER_LABELS), "refund": dict(REFUND_LABELS)}
_PAYMENT_WORDS = dict(PAYMENT_STATUS_LABELS)
_REFUND_WORDS = dict(REFUND_STATUS_LABELS)
_JUDGEMENT_TONES = {
    "": "waiting",
    Judgement.MATCHES: "good",
    Judgement.DOES_NOT_MATCH: "alarm",
    Judgement.BETTER_PICTURE: "moving",
}
_ACTORS = {"provider": _("the provider"), "system": _("by itself"), "buyer": _("the buyer")}


def is_sandbox() -> bool:
    """Whether any account plays with toy money."""
    return any(account.environment == conf.SANDBOX for account in conf.current().accounts.values())


def badge(tone: str, word: object) -> SafeString:
    """Return a word with its sign; the colour only repeats what both say."""
    return format_html(
        '<span class="pe-state pe-state--{}"><span aria-hidden="true">{}</span> {}</span>', tone, _SIGNS[tone], word
    )


def state_badge(row: Order | Voucher | Refund) -> SafeString:
    """Return where an order, a voucher or a refund stands."""
    word = row.get_state_display()
    if isinstance(row, Order):
        return badge(_ORDER_TONES[O(row.state)], word)
    if isinstance(row, Voucher):
        return badge(_VOUCHER_TONES[V(row.state)], word)
    if row.state == R.REQUESTED and row.approved_by:
        return badge("waiting", _("ready to be paid out"))
    return badge(_REFUND_TONES[R(row.state)], word)


def judgement_badge(judgement: str | None) -> SafeString:
    """Return what a person said of a receipt."""
    word = dict(JUDGEMENT_LABELS).get(judgement or "", _("nobody has looked at it"))
    return badge(_JUDGEMENT_TONES[judgement or ""], word)


def without_code(text: str, voucher: Voucher | None) -> str:
    """Return a provider's words with the payment code masked wherever it hides, even inside another value."""
    return redaction.without_code(text, voucher.code if voucher is not None else "")


def money(amount: Decimal | None, currency: str) -> str:
    """Return `S/ 89.90`, or a dash for an amount that is not known."""
    return NOTHING if amount is None else format_money(amount, currency)


def lima(instant: datetime | None) -> str:
    """Return an instant on a Lima clock, day first, to the minute."""
    return NOTHING if instant is None else f"{instant.astimezone(LIMA):%d/%m/%Y %H:%M}"


def clock(instant: datetime) -> str:
    """Return the time of day in Lima, to the second."""
    return f"{instant.astimezone(LIMA):%H:%M:%S}"


def moment(instant: datetime | None, *, seconds: bool = False) -> SafeString | str:
    """Return an instant in Lima time whose UTC value shows on hover and reads for machines."""
    if instant is None:
        return NOTHING
    utc = instant.astimezone(UTC)
    return format_html(
        '<time class="pe-moment" datetime="{}" title="{} UTC">{}</time>',
        f"{utc:%Y-%m-%dT%H:%M:%SZ}",
        f"{utc:%Y-%m-%d %H:%M:%S}",
        f"{lima(instant)}:{instant:%S}" if seconds else lima(instant),
    )


def awaited(expected: Expected | None) -> SafeString | str:
    """Return between which days money is expected and whether that is still normal; empty where nobody says."""
    if expected is None:
        return ""
    day = today()
    days = between_days(expected.first, expected.last, get_language() or "", today=day)
    standing = badge("alarm", _("late")) if expected.is_late_on(day) else badge("moving", _("within the usual time"))
    return format_html("{} {}", days, standing)


def link(row: Any, text: object | None = None) -> SafeString | str:
    """Return a link to a row's page in the back office."""
    if row is None:
        return NOTHING
    address = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    return format_html('<a class="pe-link" href="{}">{}</a>', address, str(row) if text is None else text)


def payment_word(status: str) -> object:
    """Return what a provider says of a payment, in our words."""
    return _PAYMENT_WORDS.get(status, status)


def refund_word(status: str) -> object:
    """Return what a provider says of a refund, in our words."""
    return _REFUND_WORDS.get(status, status)


def state_word(subject: str, state: str) -> object:
    """Return a state of an `order`, a `voucher` or a `refund`, as people say it."""
    return _STATE_WORDS[subject].get(state, state)


def actor_word(actor: str) -> object:
    """Return who did something, as people say it."""
    return _ACTORS.get(actor, actor.removeprefix("staff:"))
