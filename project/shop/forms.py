"""The checkout's form, and pagoefectivo's reasons shown where the buyer can act on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from pagoefectivo.domain.error_codes import ErrorCode
from pagoefectivo.domain.exceptions import Reason
from pagoefectivo.shop import Payer
from project.shop.companies import Company

_ABOUT_A_FIELD = {ErrorCode.CREATE_FIELD_REQUIRED, ErrorCode.CREATE_FIELD_INVALID}
_DETAILS = ("name", "email", "document", "phone")
_FIELDS = {f"payer.{name}": name for name in _DETAILS}
_HINTS = {
    "name": _("Write your name and surname, at most 100 characters."),
    "email": _("Write an e-mail such as ana@correo.pe."),
    "document": _("Your DNI has 8 digits."),
    "phone": _("Write a phone number such as 987 654 321."),
}


def _asked(label: Any, kind: str = "text", **attributes: str) -> forms.CharField:
    """Required or not is pagoefectivo's to say, with everything else at once."""
    return forms.CharField(
        label=label, required=False, widget=forms.TextInput(attrs={"type": kind, "maxlength": "254", **attributes})
    )


class CheckoutForm(forms.Form):
    """Only asks; whether the answers will do is for pagoefectivo to say. With one company nothing is asked about it."""

    name = _asked(_("Name and surname"), autocomplete="name")
    email = _asked(_("E-mail"), "email", autocomplete="email")
    document = _asked(_("DNI"), inputmode="numeric", autocomplete="off")
    phone = _asked(_("Mobile phone"), "tel", autocomplete="tel")

    def __init__(self, data: Any, companies: Sequence[Company]) -> None:
        super().__init__(data)
        self._first = companies[0].account
        self.optional = set(_DETAILS).difference(*(each.required for each in companies))
        if len(companies) > 1:
            self.fields["account"] = forms.ChoiceField(
                label=_("Through which company?"),
                choices=[(each.account, each) for each in companies],
                initial=self._first,
                required=False,
                widget=forms.RadioSelect,
            )

    @property
    def details(self) -> list[forms.BoundField]:
        """What is asked about the buyer."""
        return [self[name] for name in _DETAILS]

    @property
    def choice(self) -> forms.BoundField | None:
        """The question about the company; None where there is nothing to choose."""
        return self["account"] if "account" in self.fields else None

    def chosen_account(self) -> str:
        """Return the account that the buyer of a valid form chose, the first where nothing was chosen."""
        return str(self.cleaned_data.get("account") or self._first)

    def payer(self) -> Payer:
        """Return the buyer of a valid form."""
        given = self.cleaned_data
        return Payer(
            email=given["email"],
            name=given["name"],
            phone=given["phone"],
            document_type="DNI",
            document_number=given["document"].replace(" ", "").replace(".", ""),
        )

    def show(self, reasons: tuple[Reason, ...]) -> None:
        """Put each reason at its field; one that is not about a field goes above the form."""
        for reason in reasons:
            field = _FIELDS.get(reason.field)
            if field is None:
                self.add_error(None, reason.message)
            elif not self.has_error(field):
                self.add_error(field, _HINTS[field] if reason.code in _ABOUT_A_FIELD else reason.message)
