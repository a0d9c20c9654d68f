"""What staff type in around a refund by bank transfer: the buyer's account, and what the bank did."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from pagoefectivo.domain.bank_accounts import cci_doubts, destination_objections, tidy
from pagoefectivo.domain.error_codes import CATALOGUE
from pagoefectivo.domain.limits import DOCUMENTS, LONGEST
from pagoefectivo.domain.messages import Destination
from pagoefectivo.domain.payouts import LARGEST_RESULTS, REJECTIONS
from pagoefectivo.selectors.calendar import today


class AccountForm(forms.Form):
    """Where a refund goes. A CCI that looks mistyped is taken only once somebody says that they compared it."""

    holder_name = forms.CharField(label=_("Holder of the account"), max_length=LONGEST["name"])
    document_type = forms.ChoiceField(
        label=_("Document"), choices=[("", _("Choose a document")), *((name, name) for name in sorted(DOCUMENTS))]
    )
    document_number = forms.CharField(label=_("Document number"), max_length=20)
    account_number = forms.CharField(
        label=_("CCI"),
        max_length=34,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        help_text=_("Twenty digits, as the buyer's banking app shows them. Blanks and dashes do not matter."),
    )
    bank_code = forms.CharField(label=_("Bank code"), max_length=8, required=False)
    account_type = forms.CharField(label=_("Account type"), max_length=1, required=False)
    is_checked = forms.BooleanField(label=_("I compared it with what the buyer sent."), required=False)
    seen = forms.CharField(widget=forms.HiddenInput, max_length=64)

    def __init__(
        self, data: Any = None, *, required: Collection[str], needs_cci: bool, initial: dict[str, str] | None = None
    ) -> None:
        super().__init__(data, initial=initial)
        self._required, self._needs_cci = required, needs_cci
        for name in ("bank_code", "account_type"):
            if name not in required:
                del self.fields[name]
        if not needs_cci:
            self.fields["account_number"].label, self.fields["account_number"].help_text = _("account number"), ""
        self._warnings = self._odd(data) if data is not None and needs_cci else ()
        if not self._warnings:
            del self.fields["is_checked"]

    @staticmethod
    def _odd(data: Any) -> tuple[str, ...]:
        typed = tidy(Destination(account_number=str(data.get("account_number", ""))))
        return tuple(doubt.sentence for doubt in cci_doubts(typed.account_number))

    @property
    def destination(self) -> Destination:
        """The account as it was typed, tidy."""
        parts = {name: value for name, value in self.cleaned_data.items() if name not in {"is_checked", "seen"}}
        typed = Destination(**parts)
        return tidy(typed) if self._needs_cci else typed

    def clean(self) -> dict[str, Any]:
        if not self.errors:
            for reason in destination_objections(self.destination, self._required, needs_cci=self._needs_cci):
                name = reason.field.removeprefix("destination.")
                told = ValidationError(f"{reason.message} {reason.next_step}", code=reason.code)
                self.add_error(name if name in self.fields else "account_number", told)
        if self._warnings and not self.cleaned_data.get("is_checked"):
            for warning in self._warnings:
                self.add_error("account_number", warning)
        return self.cleaned_data


class DayField(forms.DateField):
    """A day of the bank's calendar."""

    def __init__(self, **options: Any) -> None:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(widget=widget, input_formats=["%Y-%m-%d", "%d/%m/%Y"], initial=today, **options)


class PaidForm(forms.Form):
    """The bank's proof of one transfer."""

    operation_number = forms.CharField(
        label=_("Operation number"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("As the bank's statement shows it for this one transfer."),
    )
    on = DayField(label=_("Paid on"))


class RejectedForm(forms.Form):
    """Why the bank did not pay."""

    code = forms.ChoiceField(label=_("What did the bank say?"))
    on = DayField(label=_("Rejected on"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        said = [(code.value, CATALOGUE[code].sentence()) for code in REJECTIONS]
        self.fields["code"].choices = [("", _("Choose a reason")), *said]  # type: ignore[attr-defined]


class ReturnedForm(forms.Form):
    """When the money came back."""

    on = DayField(label=_("Back on"))


class BatchForm(forms.Form):
    """Which payout file is to be made."""

    account = forms.CharField(widget=forms.HiddenInput, max_length=64)
    currency = forms.CharField(widget=forms.HiddenInput, max_length=3)


class ResultsForm(forms.Form):
    """A file of results, or its lines typed in."""

    file = forms.FileField(label=_("File of the bank's results"), required=False)
    lines = forms.CharField(
        label=_("Or its lines"),
        required=False,
        max_length=LARGEST_RESULTS,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6, "placeholder": "reference,result,operation_number,date,code"}),
        help_text=_(
            "The result is paid, rejected or returned. Nothing is recorded before you have seen what would be."
        ),
    )

    def clean(self) -> dict[str, Any]:
        file, lines = self.cleaned_data.get("file"), self.cleaned_data.get("lines")
        if bool(file) == bool(lines):
            raise ValidationError(_("Choose a file, or type its lines."))
        return self.cleaned_data

    @property
    def content(self) -> bytes:
        """The results as they came, never more than one byte beyond what is read."""
        file = self.cleaned_data.get("file")
        return bytes(file.read(LARGEST_RESULTS + 1)) if file else str(self.cleaned_data["lines"]).encode()
