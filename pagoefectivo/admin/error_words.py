"""What the catalogue says of a code beside its sentence: what may be done again, and where the money is."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from pagoefectivo.admin import advice
from pagoefectivo.admin.presentation import badge
from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.error_rules import Money, Retry, money_after, retry_rule

RETRY_WORDS = {
    Retry.NONE: _("not again: the same would end the same"),
    Retry.AUTOMATIC: _("again by itself"),
    Retry.AFTER_CHANGE: _("again once it was corrected"),
    Retry.NEVER: _("never sent again: it is asked about"),
}
_RAW = _("The provider's own word")
_MONEY = {
    Money.SAFE: ("good", _("the money is safe")),
    Money.UNKNOWN: ("alarm", _("not known until the provider has answered")),
    Money.LOOK: ("alarm", _("money moved: somebody has to look")),
}


@dataclass(frozen=True, slots=True)
class Explained:
    """One code as people read it, with everything that the catalogue knows of it."""

    advice: advice.Advice
    retry: object
    money: SafeString
    address: str


def explain(code: str, *, came_as: str = "") -> Explained:
    """Explain a code. One that came as unknown keeps what follows from that, whatever people say it means."""
    known = ErrorCode(code) if code in ErrorCode.__members__ else ErrorCode.PSP_UNMAPPED
    acted_on = ErrorCode.PSP_UNMAPPED if came_as == ErrorCode.PSP_UNMAPPED else known
    return Explained(
        advice.on_code(code),
        RETRY_WORDS[retry_rule(acted_on)],
        badge(*_MONEY[money_after(acted_on)]),
        code_page(known),
    )


def folded(raw: str) -> SafeString:
    """Return a provider's own word so that nobody reads it who did not ask for it."""
    return format_html('<details class="pe-raw"><summary>{}</summary><code>{}</code></details>', _RAW, raw)


def code_page(code: str) -> str:
    """Return the address of a code's page."""
    return reverse("admin:pagoefectivo_errortally_code", args=[code])


def code_link(code: str) -> SafeString:
    """Return a code as a link to its page."""
    known = code if code in ErrorCode.__members__ else ErrorCode.PSP_UNMAPPED
    return format_html('<a class="pe-code" href="{}">{}</a>', code_page(known), code)
