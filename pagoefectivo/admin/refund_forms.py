"""What staff type in around a refund: what they want given back, what they approve, and whose a refund was."""

from __future__ import annotations

import re
import secrets
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from pagoefectivo.admin.forms import AmountField
from pagoefectivo.domain.refund_reasons import REFUND_REASONS
from pagoefectivo.models import Order, RefundDestination
from pagoefectivo.models.refunds import REASONS
from pagoefectivo.services.refund_requests import Wish

ASK_BUYER, TYPE_IN = "ask", "type"
_NONCE = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)


def new_nonce() -> str:
    """Name one filling-in of a form: however often it is sent, it asks once."""
    return secrets.token_urlsafe(16)


class NoteField(forms.CharField):
    """A few words of a person's."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=500, widget=forms.Textarea(attrs={"rows": 3}), **options)


class EmergencyField(NoteField):
    """Why a limit is passed: for those who may, and only where it has to be."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Emergency: why must your limit be passed?"),
            required=False,
            help_text=_("Leave it empty otherwise. It alerts the shop and stays on the refund for ever."),
        )


class RefundForm(forms.Form):
    """How much, why, where to, and which filling-in of the form this is. `seen` is the preview that was looked at."""

    amount = AmountField(label=_("How much?"))
    reason = forms.ChoiceField(label=_("Why?"), choices=[("", _("Choose a reason")), *REASONS])
    note = NoteField(
        label=_("Note"),
        required=False,
        help_text=_("For your colleagues; the buyer does not see it. Suspected fraud and “other” need one."),
    )
    to = forms.ChoiceField(label=_("Where to?"), widget=forms.RadioSelect, required=False)
    emergency = EmergencyField()
    nonce = forms.CharField(widget=forms.HiddenInput, initial=new_nonce)
    seen = forms.CharField(widget=forms.HiddenInput, max_length=64, required=False)

    def __init__(
        self,
        data: Any = None,
        *,
        accounts: list[tuple[str, Any]],
        may_pass: bool,
        whole_only: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(data, **options)
        if whole_only:
            self.fields["amount"].widget.attrs["readonly"] = True
        to: Any = self.fields["to"]
        to.choices, to.initial = accounts, ASK_BUYER
        if not accounts:
            del self.fields["to"]
        if not may_pass:
            del self.fields["emergency"]

    def clean_nonce(self) -> str:
        nonce: str = self.cleaned_data["nonce"]
        if not _NONCE.fullmatch(nonce):
            raise ValidationError(_("This form is damaged. Open it again."))
        return nonce

    def wish_for(self, order: Order) -> Wish:
        """Return what was filled in as a wish for `order`."""
        asked = self.cleaned_data
        to = asked.get("to", "")
        return Wish(
            reference=order.reference,
            amount=asked["amount"],
            reason=asked["reason"],
            note=asked["note"],
            kept=int(to) if to.isdecimal() else None,
            nonce=f"form:{order.pk}:{asked['nonce']}",
            emergency=asked.get("emergency", ""),
        )

    @property
    def types_account(self) -> bool:
        """Whether the bank account is typed in on the next page."""
        return self.cleaned_data.get("to") == TYPE_IN


def account_choices(kept: list[RefundDestination], words: Any) -> list[tuple[str, Any]]:
    """Return where a refund can go whose account the shop collects: first the buyer is asked, then what is on file."""
    on_file = [(str(each.pk), words(each)) for each in kept]
    ask = (ASK_BUYER, _("Ask the buyer: they get a link and give their account"))
    return [ask, *on_file, (TYPE_IN, _("I type it in on the next page"))]


class ApprovalForm(forms.Form):
    """Which version of the refund the approver looked at."""

    seen = forms.CharField(widget=forms.HiddenInput, max_length=64)
    emergency = EmergencyField()

    def __init__(self, data: Any = None, *, may_pass: bool, **options: Any) -> None:
        super().__init__(data, **options)
        if not may_pass:
            del self.fields["emergency"]


class OwnForm(forms.Form):
    """What a refund from outside was."""

    reason = forms.ChoiceField(
        label=_("Why was it given back?"),
        choices=[("", _("Choose a reason")), *((code, each.label) for code, each in REFUND_REASONS.items())],
    )
    note = NoteField(
        label=_("Who started it, and what do you know?"), help_text=_("It stays on the refund with your name.")
    )


class DisownForm(forms.Form):
    """Why nobody knows a refund from outside."""

    note = NoteField(
        label=_("Whom did you ask, and what is odd?"), help_text=_("It stays on the open question with the refund.")
    )
