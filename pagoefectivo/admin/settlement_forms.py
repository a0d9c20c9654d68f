"""What finance gives in about settlement files."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from pagoefectivo import conf


class UploadForm(forms.Form):
    """A file of one account; looked at only, unless one says otherwise."""

    account = forms.ChoiceField(label=_("Account"))
    file = forms.FileField(
        label=_("Settlement file"),
        help_text=_("As the provider wrote it, not opened and saved by a spreadsheet. Its layout is found by itself."),
    )
    only_look = forms.BooleanField(
        label=_("Only look first"),
        required=False,
        initial=True,
        help_text=_("It says what the file would come to, and keeps no line of it until you import it."),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        account: Any = self.fields["account"]
        account.choices = [(name, name) for name in conf.current().accounts]
