"""What finance says of a difference: why it is settled, why it is opened again, and what the parts of a line are about."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from pagoefectivo.domain.discrepancies import PERSONS_REASONS, REASON_WORDS
from pagoefectivo.domain.money import CENT
from pagoefectivo.services.discrepancies import LONGEST, Part

ROWS = 3
MOST_ROWS = 60
_WITH_COMMA = re.compile(r"-?\d+,\d+", re.ASCII)


class SettleForm(forms.Form):
    """Why the two sides differed, as it turned out."""

    reason = forms.ChoiceField(
        label=_("Why did the two sides differ?"),
        widget=forms.RadioSelect,
        choices=[(reason.value, REASON_WORDS[reason]) for reason in PERSONS_REASONS],
    )
    text = forms.CharField(
        label=_("In one sentence, for those who look later"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("It stays on the difference with your name."),
    )


class ReopenForm(forms.Form):
    """Why a settled difference is worked on again."""

    text = forms.CharField(
        label=_("Why is it opened again?"), max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 2})
    )


class NoteForm(forms.Form):
    """A sentence for colleagues."""

    text = forms.CharField(max_length=LONGEST)


class SignedField(forms.DecimalField):
    """An amount above or below zero, with a point or Peru's comma before its decimals."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "placeholder": "0.00"})
        super().__init__(widget=widget, max_digits=18, decimal_places=6, **options)

    def to_python(self, value: Any) -> Any:
        written = str(value if value is not None else "").strip()
        return super().to_python(written.replace(",", ".") if _WITH_COMMA.fullmatch(written) else written)


class PartForm(forms.Form):
    """One part: the number of a payment code or of a refund, and how much of the line is about it."""

    number = forms.CharField(
        label=_("Number"), max_length=64, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    amount = SignedField(label=_("Amount"), required=False)

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if bool(said.get("number")) != (said.get("amount") is not None) and not self.errors:
            raise ValidationError(_("A part needs its number and its amount."))
        return said


class _Parts(forms.BaseFormSet):  # type: ignore[type-arg] # it takes one in the stubs alone
    @property
    def parts(self) -> list[Part]:
        """What was filled in, of the rows that are valid."""
        said = [form.cleaned_data for form in self.forms if form.is_valid() and form.cleaned_data]
        return [Part(each["number"], each["amount"]) for each in said if each.get("number")]

    def left_of(self, amount: Decimal) -> Decimal:
        """How much of an amount no valid row names yet."""
        return amount - sum((each.amount for each in self.parts), Decimal(0))


# Its first rows are initial ones, so that the first of them may hold the whole amount.
PartForms = forms.formset_factory(
    PartForm, formset=_Parts, extra=0, max_num=MOST_ROWS, absolute_max=MOST_ROWS, validate_max=True
)


def first_rows(amount: Decimal) -> list[dict[str, str]]:
    """Return three rows to fill in, the first with the whole amount: most lines are about one thing."""
    whole = amount.quantize(CENT)
    return [{"amount": str(whole) if whole == amount else f"{amount.normalize():f}"}, *[{}] * (ROWS - 1)]


def with_more_rows(data: Any) -> Any:
    """Return what was posted, with three more rows to fill in."""
    more = data.copy()
    rows = data.get("part-TOTAL_FORMS", "")
    known = int(rows) if rows.isascii() and rows.isdecimal() and len(rows) <= len(str(MOST_ROWS)) else 0
    more["part-TOTAL_FORMS"] = str(min(known + ROWS, MOST_ROWS))
    return more
