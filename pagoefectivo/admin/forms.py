"""What staff type in. Amounts are read by the same rule as everywhere: what has to be guessed is no amount."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from pagoefectivo.domain.exceptions import RuleRefused
from pagoefectivo.domain.money import parse_amount
from pagoefectivo.models import BuyerMessage
from pagoefectivo.services import order_desk

_WITH_COMMA = re.compile(r"\d+,\d{1,2}", re.ASCII)


class AmountField(forms.CharField):
    """A decimal with at most two places, above zero. One comma before one or two digits is the decimal mark of Peru."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "placeholder": "0.00"})
        super().__init__(max_length=16, widget=widget, **options)

    def clean(self, value: Any) -> Decimal:
        written = super().clean(value).strip()
        try:
            return parse_amount(written.replace(",", ".") if _WITH_COMMA.fullmatch(written) else written)
        except RuleRefused as refusal:
            how = _("This is not an amount. Write only figures, with the cents after a point or a comma: 44.95")
            raise ValidationError(how, code=refusal.code) from None


class DeadlineForm(forms.Form):
    """How long the buyer may still pay."""

    hours = forms.IntegerField(
        label=_("How many hours from now?"),
        min_value=1,
        max_value=9999,
        widget=forms.NumberInput(attrs={"autocomplete": "off"}),
    )

    @property
    def expires_in(self) -> timedelta:
        """How long that is, once the form is valid."""
        return timedelta(hours=self.cleaned_data["hours"])


class AcceptForm(forms.Form):
    """Why a payment that does not fit is taken all the same."""

    note = forms.CharField(
        label=_("Why is it accepted?"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("It stays on the order with your name."),
    )


class NoteForm(forms.Form):
    """What colleagues should know of an order."""

    text = forms.CharField(
        label=_("Note"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("For your colleagues; the buyer does not see it."),
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    will_keep = ""

    def clean(self) -> dict[str, Any]:
        """Have what is masked looked at before it is kept: afterwards nobody can bring it back."""
        said: dict[str, Any] = super().clean() or {}
        text = said.get("text", "")
        kept = order_desk.as_kept(text)
        if kept.split() not in (text.split(), said.get("seen", "").split()):
            self.will_keep = kept
            self.data = {**self.data, "text": text, "seen": kept}  # the hidden field brings back what was looked at
            self.add_error("text", _("Part of it is masked. Write it otherwise, or keep it as it stands above."))
        return said


class RelinkForm(forms.Form):
    """Why the buyer's link is replaced."""

    why = forms.CharField(
        label=_("Why does the buyer need a new link?"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("It stays on the order with your name."),
    )
    send = forms.BooleanField(label=_("and send it to the buyer now"), required=False, initial=True)

    def __init__(self, data: Any = None, *, may_send: bool) -> None:
        super().__init__(data)
        if not may_send:
            del self.fields["send"]


class ResendForm(forms.Form):
    """Which of the messages that are still true is sent again."""

    message = forms.ChoiceField(
        label=_("Which message?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a message."), "invalid_choice": _("This message no longer holds.")},
    )

    def __init__(self, sendable: Sequence[BuyerMessage], data: Any = None) -> None:
        super().__init__(data)
        field: Any = self.fields["message"]
        field.choices = [(each.public_id, f"{each.get_kind_display()} · {each.channel_word}") for each in sendable]
        if not sendable:
            field.help_text = _("No message was sent that is still true, so none can be sent again.")
