"""What a buyer types in on the page of a refund."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pagoefectivo.domain.bank_accounts import destination_objections, tidy
from pagoefectivo.domain.limits import LONGEST
from pagoefectivo.domain.messages import Destination

CCI_LENGTH = 20
_DOCUMENT_NAMES = {
    "DNI": gettext_lazy("DNI"),
    "CE": gettext_lazy("Foreigner's card (CE)"),
    "PASSPORT": gettext_lazy("Passport"),
    "RUC": gettext_lazy("RUC"),
}
_DIGITS = {"inputmode": "numeric", "autocomplete": "off", "spellcheck": "false"}
_NAME = {"autocomplete": "name", "autocapitalize": "words", "spellcheck": "false"}


class PayeeForm(forms.Form):
    """Where a refund goes. Each complaint says what was typed and what is needed instead."""

    holder_name = forms.CharField(
        label=gettext_lazy("Holder of the account"), max_length=LONGEST["name"], widget=forms.TextInput(attrs=_NAME)
    )
    document_type = forms.ChoiceField(
        label=gettext_lazy("Document of the holder"),
        choices=[("", gettext_lazy("Choose a document")), *((name, _DOCUMENT_NAMES[name]) for name in _DOCUMENT_NAMES)],
    )
    document_number = forms.CharField(
        label=gettext_lazy("Document number"), max_length=20, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    account_number = forms.CharField(
        label=gettext_lazy("CCI of the account (20 digits)"),
        max_length=60,
        widget=forms.TextInput(attrs=_DIGITS),
        help_text=gettext_lazy("You find it in your bank's app, in the details of your account."),
    )
    last_digits = forms.CharField(
        label=gettext_lazy("Its last 4 digits once more"),
        max_length=4,
        widget=forms.TextInput(attrs={**_DIGITS, "size": 6}),
    )
    bank_code = forms.CharField(label=gettext_lazy("Bank code"), max_length=8)
    account_type = forms.CharField(label=gettext_lazy("Account type"), max_length=1)

    def __init__(
        self, data: Any = None, *, required: Collection[str], needs_cci: bool, initial: dict[str, str] | None = None
    ) -> None:
        super().__init__(data, initial=initial, auto_id="%s", label_suffix="")
        self._required, self._needs_cci = required, needs_cci
        for name in set(self.fields) - set(required) - {"last_digits"}:
            del self.fields[name]
        if not needs_cci and "account_number" in self.fields:
            self.fields["account_number"].label = gettext_lazy("Account number")

    @property
    def destination(self) -> Destination:
        """The account as it was typed, tidy."""
        typed = Destination(**{name: value for name, value in self.cleaned_data.items() if name != "last_digits"})
        return tidy(typed) if self._needs_cci else typed

    def clean_account_number(self) -> str:
        """Count the digits of a CCI for whoever typed too few or too many."""
        typed: str = self.cleaned_data["account_number"]
        digits = re.sub(r"[\s.-]", "", typed)
        if self._needs_cci and not (digits.isascii() and digits.isdigit()):
            raise ValidationError(_("A CCI has digits only."))
        if self._needs_cci and len(digits) != CCI_LENGTH:
            raise ValidationError(_("A CCI has 20 digits; you typed %s.") % len(digits))
        return digits

    def clean(self) -> dict[str, Any]:
        number, last = self.cleaned_data.get("account_number", ""), self.cleaned_data.get("last_digits", "")
        if number and last and number[-4:] != last:
            self.add_error("last_digits", _("They are not the last 4 digits of the account above. Compare both."))
        for reason in destination_objections(self.destination, self._required, needs_cci=self._needs_cci):
            name = reason.field.removeprefix("destination.")
            if name not in self.errors:
                self.add_error(name if name in self.fields else None, _SAID.get(name, gettext_lazy("Check this.")))
        return self.cleaned_data


_SAID = {
    "holder_name": gettext_lazy("Write the name as it stands at the bank."),
    "document_number": gettext_lazy("This is no number of such a document. Compare it with your document."),
}
