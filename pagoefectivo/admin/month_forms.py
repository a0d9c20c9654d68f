"""What finance types in about a month: what arrived at the bank, and why something is undone."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from pagoefectivo.admin.forms import AmountField
from pagoefectivo.domain.money import SYMBOLS
from pagoefectivo.selectors.calendar import today
from pagoefectivo.services.closing import LONGEST_WHY, Arrival


class ReceiptForm(forms.Form):
    """What a bank statement says of one transfer."""

    currency = forms.ChoiceField(label=_("Currency"), choices=[(each, each) for each in SYMBOLS])
    amount = AmountField(label=_("Amount"))
    is_taken = forms.BooleanField(label=_("The provider took this amount back from the bank account"), required=False)
    day = forms.DateField(label=_("Day at the bank"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    batch = forms.CharField(
        label=_("Transfer"), max_length=100, required=False, help_text=_("As the provider's file names it.")
    )
    reference = forms.CharField(
        label=_("Operation number"), max_length=64, required=False, help_text=_("As the bank's statement names it.")
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"initial": {"day": today()}, **options})

    @property
    def arrival(self) -> Arrival:
        """What was typed in, once the form is valid."""
        typed = self.cleaned_data
        amount: Decimal = -typed["amount"] if typed["is_taken"] else typed["amount"]
        return Arrival(
            currency=typed["currency"],
            amount=amount,
            day=typed["day"],
            batch=typed["batch"],
            reference=typed["reference"],
        )


class WhyForm(forms.Form):
    """Why something that was said is undone."""

    why = forms.CharField(label=_("Why?"), max_length=LONGEST_WHY, help_text=_("It stays on the month with your name."))


class DigestForm(forms.Form):
    """The fingerprint of the figures that a person saw before they signed."""

    digest = forms.CharField(widget=forms.HiddenInput, max_length=64)
