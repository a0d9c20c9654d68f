"""What finance may do with a difference. Each act is a POST that makes one service call; no money moves by any."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from pagoefectivo.admin import discrepancy_pages
from pagoefectivo.admin.actions import actor_of, carry_out, door
from pagoefectivo.admin.discrepancy_forms import NoteForm, PartForms, ReopenForm, SettleForm, first_rows, with_more_rows
from pagoefectivo.admin.discrepancy_pages import MATCHES, WORKS
from pagoefectivo.admin.pages import Question, ask
from pagoefectivo.models import Discrepancy
from pagoefectivo.selectors.settlements import told_amount
from pagoefectivo.services import discrepancies
from pagoefectivo.services.discrepancies import Part

if TYPE_CHECKING:
    from pagoefectivo.admin.reading import ReadOnlyAdmin as _Admin
else:
    _Admin = object

PAGE = "admin:pagoefectivo_discrepancy_change"
ACTS = ("take", "release", "note", "settle", "reopen", "case", "match", "confirm")


class DiscrepancyActs(_Admin):
    """The acts of a difference's page."""

    @door(WORKS, reads=False)
    def take_view(self, request: HttpRequest, found: Discrepancy) -> HttpResponse:
        """Work on it oneself from now on."""
        return _done(request, found, lambda: discrepancies.take(found.pk, actor=actor_of(request)))

    @door(WORKS, reads=False)
    def release_view(self, request: HttpRequest, found: Discrepancy) -> HttpResponse:
        """Let nobody work on it."""
        return _done(request, found, lambda: discrepancies.release(found.pk, actor=actor_of(request)))

    @door(WORKS, reads=False)
    def note_view(self, request: HttpRequest, found: Discrepancy) -> HttpResponse:
        """Write a sentence into its history."""
        form = NoteForm(request.POST)
        if not form.is_valid():
            messages.error(request, _("Nothing was changed: the field was empty, or too long."))
            return redirect(PAGE, found.pk)
        text = form.cleaned_data["text"]
        return _done(request, found, lambda: discrepancies.note(found.pk, text, actor=actor_of(request)))

    @door(WORKS)
    def settle_view(self, request: HttpRequest, found: Discrepancy) -> HttpResponse:
        """Say why the two sides differed, and be done with it."""
        form = SettleForm(request.POST or None)
        said = form.cleaned_data if request.method == "POST" and form.is_valid() else None
        if said is not None:
            done = carry_out(
                request,
                lambda: discrepancies.settle(found.pk, said["reason"], said["text"], actor=actor_of(request)),
            )
            if done is not None:
                messages.success(request, _("%s is settled.") % found.number)
                return redirect(PAGE, found.pk)
        told = _("No money moves by this and no payment is changed: it says why nothing more is to be done.")
        return self._ask(request, found, form, _("Settle the difference"), _("Settle it"), told)

    @door(WORKS)
    def reopen_view(self, request: HttpRequest, found: Discrepancy) -> HttpResponse:
        """Work on a settled one again."""
        form = ReopenForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            text = form.cleaned_data["text"]
            done = carry_out(request, lambda: discrepancies.reopen(found.pk, text, actor=actor_of(request)))
            if done is not None:
                return redirect(PAGE, found.pk)
        return self._ask(request, found, form, _("Open the difference again"), _("Open it again"))

    @door(WORKS, reads=False)
    def case_view(self, request: HttpRequest, found: Discrepancy) -> HttpResponse:
        """Open a case about what it is about, or go to the one that is open."""
        case = carry_out(request, lambda: discrepancies.open_case(found.pk, actor=actor_of(request)))
        return redirect(PAGE, found.pk) if case is None else redirect("admin:pagoefectivo_case_change", case.pk)

    @door(MATCHES, reads=False)
    def confirm_view(self, request: HttpRequest, found: Discrepancy) -> HttpResponse:
        """Say that a proposed payment is the one."""
        if found.line is None or found.voucher is None:
            raise Http404
        parts = [Part(found.voucher.public_id, told_amount(found.line))]
        return _done(request, found, lambda: discrepancies.match(found.pk, parts, actor=actor_of(request)))

    @door(MATCHES)
    def match_view(self, request: HttpRequest, found: Discrepancy) -> HttpResponse:
        """Say which payments or refunds its line is about, part by part."""
        if found.line is None:
            raise Http404
        if request.method != "POST":
            rows: Any = PartForms(prefix="part", initial=first_rows(told_amount(found.line)))
            return discrepancy_pages.matching(self, request, found, rows)
        if "more" in request.POST:
            rows = PartForms(with_more_rows(request.POST), prefix="part")
            return discrepancy_pages.matching(self, request, found, rows)
        rows = PartForms(request.POST, prefix="part")
        if rows.is_valid():
            done = carry_out(request, lambda: discrepancies.match(found.pk, rows.parts, actor=actor_of(request)))
            if done is not None:
                return redirect(PAGE, found.pk)
        return discrepancy_pages.matching(self, request, found, rows, is_refused=True)

    def _ask(
        self, request: HttpRequest, found: Discrepancy, form: forms.Form, title: str, button: str, *told: str
    ) -> HttpResponse:
        sentences = [discrepancy_pages.sentence_for(request, found), *told]
        question = Question(title=f"{title} · {found.number}", sentences=sentences, button=button)
        return ask(self, request, found, question, form)


def _done(request: HttpRequest, found: Discrepancy, act: Callable[[], Any]) -> HttpResponse:
    carry_out(request, act)
    return redirect(PAGE, found.pk)
