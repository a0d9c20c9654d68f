"""Exchange rates of the day: a list for eyes only, and a file that those with one permission of their own import."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from pagoefectivo.admin.actions import actor_of, desk
from pagoefectivo.admin.pages import frame
from pagoefectivo.admin.presentation import actor_word, moment
from pagoefectivo.admin.reading import ReadOnlyAdmin
from pagoefectivo.domain.exceptions import UnreadableFile
from pagoefectivo.models import ExchangeRate
from pagoefectivo.services import rates

KEEPS_RATES = "pagoefectivo.keep_rates"


class RatesForm(forms.Form):
    """A file of rates, who published them, and why it may change days that have another rate."""

    file = forms.FileField(label=gettext_lazy("File of exchange rates"))
    source = forms.CharField(
        label=gettext_lazy("Source"),
        max_length=rates.LONGEST_SOURCE,
        help_text=gettext_lazy("Who published them, and which rate it is, for example: SBS, selling rate."),
    )
    correction = forms.CharField(
        label=gettext_lazy("Reason of a correction"),
        required=False,
        max_length=rates.LONGEST_REASON,
        help_text=gettext_lazy("Only where days that have a rate get another one. The change and its reason are kept."),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > rates.LARGEST_FILE:
            raise ValidationError(_("The file is too large."))
        return file


@admin.register(ExchangeRate)
class ExchangeRateAdmin(ReadOnlyAdmin):
    """What a dollar cost, the newest day first; each with the corrections that were made."""

    change_list_template = "admin/pagoefectivo/exchangerate/change_list.html"
    list_display = ("day", "soles", "source", "who", "imported")
    list_filter = ("day", "source")
    ordering = ("-day",)

    @admin.display(description=gettext_lazy("soles for one dollar"))
    def soles(self, rate: ExchangeRate) -> str:
        return plain(rate.rate)

    @admin.display(description=gettext_lazy("imported by"))
    def who(self, rate: ExchangeRate) -> object:
        return actor_word(rate.imported_by)

    @admin.display(description=gettext_lazy("imported"))
    def imported(self, rate: ExchangeRate) -> Any:
        return moment(rate.imported_at)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        keeps = {"may_keep": request.user.has_perm(KEEPS_RATES)}
        return super().changelist_view(request, {**keeps, **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show one day with its corrections; it takes no POST."""
        rate = self.get_object(request, object_id) if request.method in {"GET", "HEAD"} else None
        if rate is None or not self.has_view_permission(request, rate):
            return super().change_view(request, object_id, form_url, extra_context)
        context = {
            **frame(self, request, rate, str(rate)),
            "facts": [
                (_("Soles for one dollar"), plain(rate.rate)),
                (_("Source"), rate.source),
                (_("Imported"), moment(rate.imported_at, seconds=True)),
                (_("Imported by"), actor_word(rate.imported_by)),
            ],
            "corrections": [
                {
                    "before": plain(each.before),
                    "after": plain(each.after),
                    "reason": each.reason,
                    "who": actor_word(each.corrected_by),
                    "at": moment(each.corrected_at),
                }
                for each in rate.corrections.all()
            ],
        }
        return TemplateResponse(request, "admin/pagoefectivo/exchangerate/detail.html", context)

    @desk(KEEPS_RATES)
    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Take a file of rates: all of its days, or none and the line that is to blame."""
        form = RatesForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            given = form.cleaned_data
            try:
                kept = rates.import_rates(
                    given["file"], source=given["source"], correction=given["correction"], actor=actor_of(request)
                )
            except UnreadableFile as fault:
                where = _("Line {line}: {why}").format(line=fault.line, why=fault.why) if fault.line else fault.why
                form.add_error("file", where)
            else:
                messages.success(request, told(kept))
                return redirect("admin:pagoefectivo_exchangerate_changelist")
        context = {**frame(self, request, None, _("Import exchange rates")), "form": form}
        status = 422 if request.method == "POST" else 200
        return TemplateResponse(request, "admin/pagoefectivo/exchangerate/import.html", context, status=status)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.import_view)
        return [path("import/", view, name="pagoefectivo_exchangerate_import"), *super().get_urls()]


def told(kept: rates.Imported) -> str:
    """Say what became of a file."""
    added = ngettext("%(count)s day was added.", "%(count)s days were added.", kept.added) % {"count": kept.added}
    rest = _("Corrected: {corrected}. Known before, with the same rate: {known}.")
    return f"{added} {rest.format(corrected=kept.corrected, known=kept.known)}"


def plain(rate: Any) -> str:
    """Write a rate with at least three decimals, as the SBS does, and no zeros after them."""
    whole, _point, decimals = f"{rate:.6f}".partition(".")
    return f"{whole}.{decimals.rstrip('0'):0<3}"
