"""What staff may do to a case. Each act is a POST that makes one service call; small ones stand on the case's own page."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from pagoefectivo.admin import case_pages
from pagoefectivo.admin.actions import actor_of, carry_out, desk, door
from pagoefectivo.admin.case_forms import (
    AssignForm,
    BundleForm,
    DueForm,
    EndForm,
    JudgeForm,
    LinkForm,
    NoteForm,
    OpenForm,
    SentForm,
    TickForm,
    UnlinkForm,
)
from pagoefectivo.domain.cases import DAYS_TO_WORK, CaseKind, CaseStanding, Exhibit, LinkKind, Responsible
from pagoefectivo.domain.exceptions import NotFound
from pagoefectivo.models import Case
from pagoefectivo.selectors.cases import Place, place_of, proposed_amount
from pagoefectivo.services import bundles, cases, letters
from pagoefectivo.services.bundles import Bundle
from pagoefectivo.services.cases import Opening
from pagoefectivo.services.letters import Addressee

if TYPE_CHECKING:
    from pagoefectivo.admin.reading import ReadOnlyAdmin as _Admin
else:
    _Admin = object

OPENS, WORKS, ASSIGNS = "pagoefectivo.open_case", "pagoefectivo.work_case", "pagoefectivo.assign_case"
CLOSES, BUNDLES, SEES_PICTURES = "pagoefectivo.close_case", "pagoefectivo.bundle_case", "pagoefectivo.review_proof"
PAGE = "admin:pagoefectivo_case_change"


class CaseActs(_Admin):
    """The acts of a case's page."""

    @desk(OPENS)
    def open_view(self, request: HttpRequest) -> HttpResponse:
        """Open a case about the thing that the address names."""
        what, row_id = _subject(request)
        place = place_of(what, row_id)
        if place is None:
            raise NotFound
        form = OpenForm(request.POST or None, initial=_proposed(what, place))
        if request.method == "POST" and form.is_valid():
            opening = Opening(**{**form.cleaned_data, "kind": CaseKind(form.cleaned_data["kind"])})
            case = carry_out(request, lambda: cases.open_case(what, row_id, opening, actor=actor_of(request)))
            if case is not None:
                messages.success(request, _("The case is open and yours."))
                return redirect(PAGE, case.pk)
        return case_pages.opening(self, request, what, place, form)

    @door(WORKS, reads=False)
    def take_view(self, request: HttpRequest, case: Case) -> HttpResponse:
        """Work on it oneself from now on."""
        me: Any = request.user
        return _done(request, case, lambda: cases.assign(case.public_id, me.pk, actor=actor_of(request)))

    @door(WORKS, reads=False)
    def note_view(self, request: HttpRequest, case: Case) -> HttpResponse:
        return _small(
            request, case, NoteForm, lambda said: cases.note(case.public_id, said["text"], actor=actor_of(request))
        )

    @door(WORKS, reads=False)
    def link_view(self, request: HttpRequest, case: Case) -> HttpResponse:
        return _small(
            request, case, LinkForm, lambda said: cases.link(case.public_id, said["number"], actor=actor_of(request))
        )

    @door(WORKS, reads=False)
    def unlink_view(self, request: HttpRequest, case: Case) -> HttpResponse:
        return _small(
            request, case, UnlinkForm, lambda said: cases.unlink(case.public_id, said["link"], actor=actor_of(request))
        )

    @door(WORKS, reads=False)
    def tick_view(self, request: HttpRequest, case: Case) -> HttpResponse:
        """Say that a piece of evidence is at hand, or is not after all."""

        def tick(said: dict[str, Any]) -> Case:
            known = said["exhibit"] in set(Exhibit)
            return cases.tick(
                case.public_id,
                Exhibit(said["exhibit"]) if known else Exhibit.PAYMENT,  # which nobody ticks: it is refused
                is_there=said["is_there"],
                where=said["where"],
                actor=actor_of(request),
            )

        return _small(request, case, TickForm, tick)

    @door(ASSIGNS)
    def assign_view(self, request: HttpRequest, case: Case) -> HttpResponse:
        """Give it to another person."""
        form = AssignForm(request.POST or None, initial={"owner": case.owner_id})

        def assign() -> Case:
            owner: Any = form.cleaned_data["owner"]
            return cases.assign(case.public_id, owner.pk if owner is not None else None, actor=actor_of(request))

        return self._ask(request, case, form, assign, _("Give the case to a person"), _("Give it"))

    @door(WORKS)
    def due_view(self, request: HttpRequest, case: Case) -> HttpResponse:
        """Move the deadline."""
        form = DueForm(request.POST or None, initial={"day": case.due_date})

        def move() -> Case:
            said = form.cleaned_data
            return cases.move_due_date(case.public_id, said["day"], said["why"], actor=actor_of(request))

        return self._ask(request, case, form, move, _("Move the deadline"), _("Move it"))

    @door(WORKS)
    def judge_view(self, request: HttpRequest, case: Case) -> HttpResponse:
        """Say whose responsibility it is."""
        known = {"responsible": case.responsible, "why": case.responsible_why}
        form = JudgeForm(request.POST or None, initial=known)

        def judge() -> Case:
            said = form.cleaned_data
            who = Responsible(said["responsible"])
            return cases.judge(case.public_id, who, said["why"], actor=actor_of(request))

        return self._ask(request, case, form, judge, _("Whose responsibility"), _("Write it down"))

    @door(WORKS)
    def sent_view(self, request: HttpRequest, case: Case) -> HttpResponse:
        """Note that the evidence went out."""
        form = SentForm(request.POST or None)

        def send() -> Case:
            said = form.cleaned_data
            return cases.send_evidence(case.public_id, said["to"], said["how"], actor=actor_of(request))

        told = _("This sends nothing: it notes that you have sent it.")
        return self._ask(request, case, form, send, _("Evidence sent"), _("Note it"), told)

    @door(CLOSES)
    def end_view(self, request: HttpRequest, case: Case) -> HttpResponse:
        """Say how it ended."""
        form = EndForm(case, request.POST or None)

        def end() -> Case:
            said = form.cleaned_data
            outcome = CaseStanding(said["outcome"])
            return cases.end(case.public_id, outcome, said["reason"], actor=actor_of(request))

        told = _("No money moves by this. What has to be given back is a refund on the order's page.")
        return self._ask(request, case, form, end, _("How it ended"), _("End the case"), told)

    @door(BUNDLES)
    def bundle_view(self, request: HttpRequest, case: Case) -> HttpResponseBase:
        """Make the evidence bundle and hand it out; who made it and why stays in the history."""
        sees_pictures = request.user.has_perm(SEES_PICTURES)
        form = BundleForm(request.POST or None, sees_pictures=sees_pictures)
        if request.method == "POST" and form.is_valid():
            said = form.cleaned_data
            made = carry_out(
                request,
                lambda: bundles.make(
                    case.public_id,
                    reason=said["reason"],
                    with_pictures=said.get("with_pictures", False),
                    actor=actor_of(request),
                ),
            )
            if made is not None:
                return _handed_out(made)
        told = _(
            "One archive: timeline, masked messages, ids for the provider's support, digests. It is yours to send."
        )
        return case_pages.asked(self, request, case, _("Evidence bundle"), _("Make and download it"), form, told)

    @door(WORKS, writes=False)
    def letter_view(self, request: HttpRequest, case: Case) -> HttpResponse:
        """Show a letter, or hand it out as a file."""
        to = Addressee.BUYER if request.GET.get("to") == Addressee.BUYER else Addressee.PROVIDER
        letter = carry_out(request, lambda: letters.letter(case.public_id, to, actor=actor_of(request)))
        if letter is None:
            return redirect(PAGE, case.pk)
        if "download" not in request.GET:
            return case_pages.letter_page(self, request, case, letter)
        headers = {"Content-Disposition": f'attachment; filename="{letter.name}"', "Cache-Control": "no-store"}
        return HttpResponse(letter.text, content_type="text/plain; charset=utf-8", headers=headers)

    def _ask(
        self,
        request: HttpRequest,
        case: Case,
        form: forms.Form,
        act: Callable[[], Case],
        title: str,
        button: str,
        *told: str,
    ) -> HttpResponse:
        """Show a form, and carry its act out when it was filled in."""
        if request.method == "POST" and form.is_valid() and carry_out(request, act) is not None:
            return redirect(PAGE, case.pk)
        return case_pages.asked(self, request, case, title, button, form, *told)


def _small(
    request: HttpRequest, case: Case, form_class: type[forms.Form], act: Callable[[dict[str, Any]], Case]
) -> HttpResponse:
    form = form_class(request.POST)
    if not form.is_valid():
        messages.error(request, _("Nothing was changed: the field was empty, or too long."))
        return redirect(PAGE, case.pk)
    return _done(request, case, lambda: act(form.cleaned_data))


def _done(request: HttpRequest, case: Case, act: Callable[[], Case]) -> HttpResponse:
    carry_out(request, act)
    return redirect(PAGE, case.pk)


def _subject(request: HttpRequest) -> tuple[LinkKind, int]:
    what, row_id = request.GET.get("what", ""), request.GET.get("id", "")
    if what not in set(LinkKind) or not row_id.isdecimal() or len(row_id) > 18:  # noqa: PLR2004 - what a row's number may have
        raise NotFound
    return LinkKind(what), int(row_id)


def _proposed(what: LinkKind, place: Place) -> dict[str, Any]:
    kind = CaseKind.ANOMALY if what is LinkKind.ANOMALY else CaseKind.DISPUTE
    amount, currency = proposed_amount(place)
    return {"kind": kind.value, "days": DAYS_TO_WORK[kind], "amount": amount, "currency": currency}


def _handed_out(made: Bundle) -> FileResponse:
    headers = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}
    return FileResponse(
        made.file, as_attachment=True, filename=made.name, content_type="application/zip", headers=headers
    )
