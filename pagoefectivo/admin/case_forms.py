"""What staff type in about a case."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from pagoefectivo.admin.forms import AmountField
from pagoefectivo.domain.cases import EVIDENCE_GOES_TO, MOST_DAYS, OUTCOMES, CaseKind, Responsible
from pagoefectivo.domain.money import SYMBOLS
from pagoefectivo.models import Case
from pagoefectivo.models.labels import CASE_STANDING_LABELS, RESPONSIBLE_LABELS
from pagoefectivo.services.cases import LONGEST_ABOUT, LONGEST_NOTE, workers

_KINDS = [
    (CaseKind.DISPUTE.value, _("Dispute: the buyer or the bank is not content")),
    (CaseKind.ANOMALY.value, _("Anomaly: the facts do not fit")),
    (CaseKind.INQUIRY.value, _("Inquiry: the provider owes an answer")),
]
_FEW_LINES = {"rows": 3}
_NO_NAMES = _("No names, addresses or numbers of people: this line goes into letters and bundles.")


class OpenForm(forms.Form):
    """What kind of case, about what, over how much, and for how long."""

    kind = forms.ChoiceField(label=_("What kind of case?"), choices=_KINDS)
    about = forms.CharField(label=_("What is it about?"), max_length=LONGEST_ABOUT, help_text=_NO_NAMES)
    amount = AmountField(label=_("Amount"), required=False)
    currency = forms.ChoiceField(label=_("Currency"), choices=[(each, each) for each in SYMBOLS])
    days = forms.IntegerField(
        label=_("How many business days are there to answer?"),
        min_value=0,
        max_value=MOST_DAYS,
        help_text=_("Counted from today in Lima; weekends and bank holidays of Peru do not count."),
    )


class NoteForm(forms.Form):
    """Something that colleagues should know."""

    text = forms.CharField(max_length=LONGEST_NOTE)


class LinkForm(forms.Form):
    """The number of what belongs to the case as well."""

    number = forms.CharField(max_length=100)


class UnlinkForm(forms.Form):
    """Which link goes."""

    link = forms.IntegerField(min_value=1)


class TickForm(forms.Form):
    """A piece of evidence that only people know of."""

    exhibit = forms.CharField(max_length=20)
    is_there = forms.BooleanField(required=False)
    where = forms.CharField(max_length=LONGEST_NOTE, required=False)


class AssignForm(forms.Form):
    """Who works on it from now on."""

    owner: Any = forms.ModelChoiceField(
        label=_("Who works on it?"), queryset=None, required=False, empty_label=_("nobody")
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        owner: Any = self.fields["owner"]
        owner.queryset = workers()


class DueForm(forms.Form):
    """Until when, and why that changed."""

    day = forms.DateField(
        label=_("Until which day?"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    why = forms.CharField(label=_("Why?"), max_length=LONGEST_NOTE, widget=forms.Textarea(attrs=_FEW_LINES))


class JudgeForm(forms.Form):
    """Whose doing it was."""

    responsible = forms.ChoiceField(label=_("Whose responsibility is it?"), choices=RESPONSIBLE_LABELS, required=False)
    why = forms.CharField(label=_("Why?"), max_length=300, widget=forms.Textarea(attrs=_FEW_LINES), help_text=_NO_NAMES)


class SentForm(forms.Form):
    """To whom the evidence went, and how."""

    to = forms.ChoiceField(
        label=_("To whom?"),
        choices=[(value, word) for value, word in RESPONSIBLE_LABELS if Responsible(value) in EVIDENCE_GOES_TO],
    )
    how = forms.CharField(
        label=_("How?"),
        max_length=LONGEST_NOTE,
        help_text=_("The number of their ticket, the form on their panel, the subject of the mail."),
    )

    def clean_to(self) -> Responsible:
        return Responsible(self.cleaned_data["to"])


class EndForm(forms.Form):
    """How it ended and why; each kind of case has its own endings."""

    outcome = forms.ChoiceField(label=_("How did it end?"))
    reason = forms.CharField(label=_("Why?"), max_length=LONGEST_NOTE, widget=forms.Textarea(attrs=_FEW_LINES))

    def __init__(self, case: Case, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        words = dict(CASE_STANDING_LABELS)
        outcomes = [(each.value, words[each.value]) for each in OUTCOMES[CaseKind(case.kind)]]
        outcome: Any = self.fields["outcome"]
        outcome.choices = [("", _("Choose an outcome")), *outcomes]


class BundleForm(forms.Form):
    """Why the evidence leaves the house, and whether the pictures do."""

    reason = forms.CharField(
        label=_("Why is it made?"),
        max_length=LONGEST_NOTE,
        help_text=_("It is kept with your name, the time and the SHA-256 of the archive."),
    )
    with_pictures = forms.BooleanField(
        label=_("With the pictures of receipts"),
        required=False,
        help_text=_("A picture cannot be masked: choose it only where the other side needs it."),
    )

    def __init__(self, *args: Any, sees_pictures: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        if not sees_pictures:
            del self.fields["with_pictures"]
