"""What about a bank account makes a person look before money goes there: reasons to look, never to refuse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext_lazy as _


class DoubtKind(StrEnum):
    """Stable names; the API shows exactly these."""

    BANK_UNKNOWN = "bank_unknown"
    DIGITS_DO_NOT_FIT = "digits_do_not_fit"
    BUYER_UNKNOWN = "buyer_unknown"
    NAME_DIFFERS = "name_differs"
    DOCUMENT_DIFFERS = "document_differs"
    ACCOUNT_CHANGED = "account_changed"
    ACCOUNT_OF_OTHERS = "account_of_others"
    DOCUMENT_OF_OTHERS = "document_of_others"


_SENTENCES: Mapping[DoubtKind, object] = {
    DoubtKind.BANK_UNKNOWN: _("We do not know a bank with the code %s."),
    DoubtKind.DIGITS_DO_NOT_FIT: _("The last two digits do not fit the others: probably one was mistyped."),
    DoubtKind.BUYER_UNKNOWN: _("There is no name or document of the buyer to compare with."),
    DoubtKind.NAME_DIFFERS: _("The account is not in the name of the buyer."),
    DoubtKind.DOCUMENT_DIFFERS: _("The document is not that of the buyer."),
    DoubtKind.ACCOUNT_CHANGED: _("Another account was given first; this one replaced it."),
    DoubtKind.ACCOUNT_OF_OTHERS: _("The same account was given for refunds of other buyers, in orders: %s."),
    DoubtKind.DOCUMENT_OF_OTHERS: _("The same document was given for refunds of orders with another e-mail: %s."),
}


@dataclass(frozen=True, slots=True)
class Doubt:
    """One reason to look; `value` is what its sentence names."""

    kind: DoubtKind
    value: str = ""

    @property
    def sentence(self) -> str:
        """The plain sentence in the active language."""
        sentence = str(_SENTENCES[self.kind])
        return sentence % self.value if self.value else sentence
