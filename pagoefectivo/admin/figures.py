"""The page of figures: how well it went in the days that one asks for, and each figure as a file."""

# ruff: noqa: ARG002 - the signatures are Django's
from __future__ import annotations

from datetime import date, timedelta
from http import HTTPStatus
from typing import Any

from django import forms
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pagoefectivo import conf
from pagoefectivo.admin.figure_texts import FIGURES, Figure, shown
from pagoefectivo.admin.pages import frame
from pagoefectivo.admin.reading import OnePageAdmin
from pagoefectivo.admin.refusals import refused
from pagoefectivo.domain.spreadsheets import csv_lines
from pagoefectivo.models import Figures
from pagoefectivo.selectors.calendar import today
from pagoefectivo.selectors.periods import LONGEST, Period, RangeTooLarge, patience
from pagoefectivo.selectors.service_levels import Reading
from pagoefectivo.services import seams

SEES_FIGURES = "pagoefectivo.view_figures"
DAYS = 7


class PeriodForm(forms.Form):
    """From when to when, and of which account. What is left out is the last seven days, and every account."""

    since = forms.DateField(
        label=gettext_lazy("From"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label=gettext_lazy("To"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    account = forms.ChoiceField(label=gettext_lazy("Account"), required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        accounts: Any = self.fields["account"]
        accounts.choices = [("", _("all")), *((name, name) for name in conf.current().accounts)]

    def clean(self) -> dict[str, Any]:
        asked = self.cleaned_data
        until: date = asked.get("until") or today()
        since: date = asked.get("since") or until - timedelta(days=DAYS - 1)
        if since > until:
            raise forms.ValidationError(_("The first day must not be after the last."))
        if until - since >= LONGEST:
            raise forms.ValidationError(_("Choose a year at most."))
        return {**asked, "since": since, "until": until}

    @property
    def period(self) -> Period:
        """The days that were asked for."""
        asked = self.cleaned_data
        return Period.of_days(asked["since"], asked["until"], asked.get("account", ""))


@admin.register(Figures)
class FiguresAdmin(OnePageAdmin):
    """The figures of the days that one asks for."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show every figure with its table; a stretch of time that is too long says so."""
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        if not self.has_view_permission(request):
            return refused(self, request, SEES_FIGURES)
        form = _asked(request)
        figures, trouble = self._drawn(form) if form.is_valid() else ([], "")
        context = {
            **frame(self, request, None, _("Figures")),
            "form": form,
            "trouble": trouble,
            "figures": [
                {
                    "figure": figure,
                    "rows": [[shown(cell, form.period) for cell in row] for row in figure.rows],
                    "file": f"{figure.name}.csv?{_query(form)}",
                }
                for figure in figures
            ],
        }
        status = HTTPStatus.UNPROCESSABLE_ENTITY if trouble or not form.is_valid() else HTTPStatus.OK
        return TemplateResponse(request, "admin/pagoefectivo/figures/page.html", context, status=status)

    def file_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """Answer with one figure as CSV."""
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        if not self.has_view_permission(request):
            return refused(self, request, SEES_FIGURES)
        form = _asked(request)
        if name not in FIGURES or not form.is_valid():
            raise Http404
        try:
            with patience():
                figure = FIGURES[name](Reading(form.period, seams.now()))
        except RangeTooLarge:
            return HttpResponse(too_large(), status=HTTPStatus.UNPROCESSABLE_ENTITY, content_type="text/plain")
        days = form.cleaned_data
        headers = {
            "Content-Disposition": f'attachment; filename="{name}-{days["since"]}-{days["until"]}.csv"',
            "Cache-Control": "no-store",
        }
        return HttpResponse(
            csv_lines(figure.heads, figure.rows), content_type="text/csv; charset=utf-8", headers=headers
        )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.file_view)
        return [path("<slug:name>.csv", view, name="pagoefectivo_figures_file"), *super().get_urls()]

    def _drawn(self, form: PeriodForm) -> tuple[list[Figure], str]:
        read = Reading(form.period, seams.now())
        try:
            with patience():
                return [draw(read) for draw in FIGURES.values()], ""
        except RangeTooLarge:
            return [], too_large()


def _asked(request: HttpRequest) -> PeriodForm:
    """The form as it was asked for; what was left out is filled in, so that the page says which days it shows."""
    until = today()
    asked = {"until": f"{until}", "since": "", "account": "", **request.GET.dict()}
    if not asked["since"]:
        try:
            until = date.fromisoformat(asked["until"] or f"{until}")
        except ValueError:
            until = today()
        asked["since"] = f"{until - timedelta(days=DAYS - 1)}"
    return PeriodForm(asked)


def _query(form: PeriodForm) -> str:
    asked = form.cleaned_data
    return f"since={asked['since']}&until={asked['until']}&account={asked.get('account', '')}"


def too_large() -> str:
    """Say that the days asked for hold too much."""
    return _("These days hold more than can be counted while you wait. Choose fewer of them.")
