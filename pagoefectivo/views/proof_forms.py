"""What a buyer may say beside the picture of a receipt. What cannot be read is asked again, never guessed."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from pagoefectivo.domain.exceptions import RuleRefused
from pagoefectivo.domain.localtime import LIMA
from pagoefectivo.domain.money import parse_amount
from pagoefectivo.services.proofs import Told

CHANNELS = (
    *("BCP", "BBVA", "Interbank", "Scotiabank", "BanBif", "Banco de la Nación", "Caja Arequipa", "Caja Huancayo"),
    *("Caja Piura", "KasNet", "Tambo+", "Western Union", "Red Digital", "FullCarga", "Disashop", "MoneyGram"),
    *("Niubiz", "Yape", "Plin"),
)
_MOMENT = "%Y-%m-%dT%H:%M"


class ProofForm(forms.Form):
    """A picture and, where the buyer likes, what it is of."""

    picture = forms.FileField(allow_empty_file=True)
    channel = forms.ChoiceField(choices=[("", ""), *((each, each) for each in CHANNELS), ("other", "")], required=False)
    paid_at = forms.CharField(max_length=20, required=False)
    amount = forms.CharField(max_length=16, required=False)
    operation_number = forms.CharField(max_length=30, required=False)
    note = forms.CharField(max_length=500, required=False)

    def clean_paid_at(self) -> datetime | None:
        """A time without a zone, as a telephone writes it, is Lima's."""
        written: str = self.cleaned_data["paid_at"]
        if not written:
            return None
        try:
            return datetime.strptime(written[:16], _MOMENT).replace(tzinfo=LIMA)
        except ValueError:
            raise ValidationError(_("Write day and time, for example 2026-11-24T10:30.")) from None

    def clean_amount(self) -> Decimal | None:
        written: str = self.cleaned_data["amount"].removeprefix("S/").strip()
        if not written:
            return None
        try:
            return parse_amount(written)
        except RuleRefused:
            raise ValidationError(_("Write the amount with a point, for example 89.90.")) from None

    @property
    def told(self) -> Told:
        """What a valid form says."""
        said = self.cleaned_data
        return Told(said["channel"], said["paid_at"], said["amount"], said["operation_number"], said["note"])
