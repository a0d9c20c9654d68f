"""The catalogue of failures as a page, a page per code, and the meaning of what no table explains."""

# ruff: noqa: ARG002 - the signatures are Django's
from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pagoefectivo.admin import error_words, trends
from pagoefectivo.admin.actions import actor_of, carry_out, door
from pagoefectivo.admin.pages import Question, ask, frame
from pagoefectivo.admin.presentation import actor_word, moment
from pagoefectivo.admin.reading import ReadOnlyAdmin
from pagoefectivo.domain.error_codes import CATALOGUE, ErrorCode
from pagoefectivo.domain.error_rules import MEANINGS
from pagoefectivo.models import ErrorTally
from pagoefectivo.selectors import errors
from pagoefectivo.services import meanings

MOST_SHOWN = 20
MAY_MAP = "pagoefectivo.map_error"


class MeaningForm(forms.Form):
    """Which code of the catalogue it is, and why that is known."""

    code = forms.ChoiceField(label=gettext_lazy("It means"))
    note = forms.CharField(
        label=gettext_lazy("How do you know?"),
        help_text=gettext_lazy("For example: the provider's support said so, with the number of the inquiry."),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        choice: Any = self.fields["code"]
        nothing = (ErrorCode.PSP_UNMAPPED.value, _("nothing that anybody knows of"))
        choice.choices = [*((code.value, f"{CATALOGUE[code].sentence()} ({code})") for code in MEANINGS), nothing]


@admin.register(ErrorTally)
class ErrorTallyAdmin(ReadOnlyAdmin):
    """Every code: what it says, who acts, what comes next, and how often it came."""

    list_display = ("__str__", "reads_as", "count")
    fields = ("account", "operation", "code", "reads_as", "count", "first_at", "last_at")
    readonly_fields = fields

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may see what went wrong may see how it is read."""
        return bool(request.user.has_perm("pagoefectivo.view_erroroccurrence"))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the whole catalogue, or what a term finds in it; two queries at any table size."""
        if not self.has_view_permission(request):
            return super().changelist_view(request, extra_context)
        term = request.GET.get("q", "")[:100].replace("\0", "")
        known = errors.tallies()
        found = errors.matching(term, known)
        standings = errors.standings(known)
        context = {
            **frame(self, request, None, _("Error codes")),
            "term": term,
            "lines": [_line(code, standings[code]) for code in ErrorCode if code in found],
            "unknown": errors.unknown(known)[:MOST_SHOWN],
            "may_map": request.user.has_perm(MAY_MAP),
        }
        return TemplateResponse(request, "admin/pagoefectivo/errors/catalogue.html", context)

    def code_view(self, request: HttpRequest, code: str) -> HttpResponse:
        """Show one code: its words, its raw codes, its last fourteen days and its newest occurrences."""
        if not self.has_view_permission(request):
            return super().changelist_view(request, None)
        if code not in ErrorCode.__members__:
            raise Http404
        known = errors.tallies()
        rows = errors.newest(code, known, MOST_SHOWN)
        standing, days = errors.standing_of(code, known)
        context = {
            **frame(self, request, None, code),
            "line": _line(ErrorCode(code), standing),
            "raw_codes": errors.raw_codes(code, known),
            "bars": trends.bars(days),
            "days": days,
            "rows": [(row, moment(row.occurred_at, seconds=True), row.marks.all()) for row in rows],
            "unknown": errors.unknown(known)[:MOST_SHOWN] if code == ErrorCode.PSP_UNMAPPED else [],
            "may_map": request.user.has_perm(MAY_MAP),
        }
        return TemplateResponse(request, "admin/pagoefectivo/errors/code.html", context)

    @door(MAY_MAP)
    def mean_view(self, request: HttpRequest, tally: ErrorTally) -> HttpResponse:
        """Say what an unknown raw code means."""
        form = MeaningForm(request.POST or None, initial={"code": tally.reads_as})
        if request.method == "POST" and form.is_valid():
            said = carry_out(request, lambda: meanings.say(tally.pk, actor=actor_of(request), **form.cleaned_data))
            if said is not None:
                messages.success(
                    request, _("Noted. It reads as %s from now on, and all that came before.") % said.reads_as
                )
                return redirect(error_words.code_page(said.reads_as))
        return ask(self, request, tally, _question(), form, facts=_facts(tally), address=request.path)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        pages = [
            path("code/<slug:code>/", wrap(self.code_view), name="pagoefectivo_errortally_code"),
            path("<int:object_id>/meaning/", wrap(self.mean_view), name="pagoefectivo_errortally_meaning"),
        ]
        return [*pages, *super().get_urls()]


def _line(code: ErrorCode, standing: errors.Standing) -> dict[str, Any]:
    return {
        "code": code.value,
        "explained": error_words.explain(code),
        "standing": standing,
        "first": moment(standing.first_at),
        "last": moment(standing.last_at),
    }


def _question() -> Question:
    return Question(
        title=_("What does this code of the provider mean?"),
        sentences=[
            _("The provider said it and no table explains it. What you say here is read by everybody from now on."),
            _(
                "It changes words and who acts. No payment and no refund moves because of it: what is open stays on hold."
            ),
        ],
        button=_("This is what it means"),
    )


def _facts(tally: ErrorTally) -> list[tuple[str, Any]]:
    facts: list[tuple[str, Any]] = [
        (_("Account"), tally.account),
        (_("Raw code"), error_words.folded(tally.raw_code)),
        (_("Operation"), tally.operation),
        (_("Came"), tally.count),
        (_("First"), moment(tally.first_at)),
        (_("Last"), moment(tally.last_at)),
        (_("Reads as"), error_words.code_link(tally.reads_as)),
    ]
    said = errors.meanings_said(tally)
    told = ((_("Said before"), f"{each.code} · {actor_word(each.mapped_by)} · {each.note}") for each in said)
    return [*facts, *told]
