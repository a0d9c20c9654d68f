"""The work queue, the search, and who has what: the front page of the back office."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from pagoefectivo.admin import search, work_pages
from pagoefectivo.admin.actions import actor_of, carry_out
from pagoefectivo.admin.pages import frame
from pagoefectivo.admin.presentation import actor_word, moment
from pagoefectivo.admin.reading import ReadOnlyAdmin
from pagoefectivo.admin.refusals import refused
from pagoefectivo.domain.clues import read
from pagoefectivo.domain.exceptions import NotFound
from pagoefectivo.models import Ownership
from pagoefectivo.selectors import search as finding
from pagoefectivo.selectors.work_lanes import Lane, lane_named, lanes_of
from pagoefectivo.services import work
from pagoefectivo.services.actors import PermissionRefused

READS_ORDERS = "pagoefectivo.view_order"
READS_HISTORY = "pagoefectivo.view_ownership"
_LONGEST_KEY = 18


# A shop that gave its admin site a front page of its own keeps it, and may show {% work_waiting %} there itself.
admin.site.index_template = admin.site.index_template or "admin/pagoefectivo/index.html"


@admin.register(Ownership)
class OwnershipAdmin(ReadOnlyAdmin):
    """What waits for a person. Its list is the queue; who had what before is its history."""

    list_display = ("subject", "row_id", "owner_name", "began", "giver", "ended", "sets_aside", "why")
    list_filter = ("sets_aside", "since")
    fields = ("subject", "row_id", "owner_name", "began", "giver", "ended", "ender", "sets_aside", "why")
    readonly_fields = fields

    def has_view_permission(self, request: HttpRequest, obj: Ownership | None = None) -> bool:
        if obj is not None:
            return bool(request.user.has_perm(READS_HISTORY))
        return bool(request.user.has_perm(READS_ORDERS) or lanes_of(request.user))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the queue; it takes no POST, the acts have addresses of their own."""
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET"])
        if not self.has_view_permission(request):
            return refused(self, request, READS_ORDERS)
        request.current_app = self.admin_site.name
        context = {**frame(self, request, None, _("Work queue")), **(extra_context or {})}
        return TemplateResponse(request, "admin/pagoefectivo/work/queue.html", context)

    def tenures_view(self, request: HttpRequest) -> HttpResponse:
        """List who had what, and what was set aside and why."""
        if not request.user.has_perm(READS_HISTORY):
            return refused(self, request, READS_HISTORY)
        return super().changelist_view(request)

    @transaction.non_atomic_requests
    def lane_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """Show one lane, or do what its buttons say and come back."""
        if request.method not in {"GET", "POST"}:
            return HttpResponseNotAllowed(["GET", "POST"])
        lane = lane_named(name)
        if lane is None:
            raise Http404
        lacking = [each for each in lane.permissions if not request.user.has_perm(each)]
        if lacking:
            return refused(self, request, lacking[0])
        request.current_app = self.admin_site.name
        if request.method == "POST":
            return self._acted(request, lane)
        context = {**frame(self, request, None, str(lane.title)), **work_pages.one_lane(request, lane)}
        return TemplateResponse(request, "admin/pagoefectivo/work/lane.html", context)

    @transaction.non_atomic_requests
    def release_view(self, request: HttpRequest) -> HttpResponse:
        """Give back all that one has, as at the end of a day."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            done = work.release_all(actor=actor_of(request))
        except PermissionRefused:
            return refused(self, request, work_pages.OWNS)
        messages.success(request, _done("release", done, ""))
        return redirect(self._named("changelist"))

    def _acted(self, request: HttpRequest, lane: Lane) -> HttpResponse:
        rows = [int(each) for each in request.POST.getlist("row") if _is_key(each)]
        if not rows:
            messages.error(request, _("Choose at least one."))
            return self._back(request, lane)
        try:
            done = carry_out(request, lambda: _act(request, lane, rows))
        except PermissionRefused:
            return refused(self, request, work_pages.OWNS)
        except NotFound:
            raise Http404 from None
        if done is not None:
            messages.success(request, _done(request.POST.get("act", ""), done, request.POST.get("to", "")))
        return self._back(request, lane)

    def _back(self, request: HttpRequest, lane: Lane) -> HttpResponse:
        if request.POST.get("back") == "queue":
            return redirect(self._named("changelist"))
        return redirect(self._named("lane", lane.name))

    def _named(self, what: str, *args: Any) -> str:
        return reverse(f"admin:pagoefectivo_ownership_{what}", args=args, current_app=self.admin_site.name)

    def search_view(self, request: HttpRequest) -> HttpResponse:
        """Look for what was posted: open the one thing it names, or lead to what was found; the term is in no address."""
        if request.method not in {"GET", "POST"}:
            return HttpResponseNotAllowed(["GET", "POST"])
        if not request.user.has_perm(READS_ORDERS):
            return refused(self, request, READS_ORDERS)
        if request.method == "GET":
            return redirect(self._named("changelist"))
        clues = read(request.POST.get("clue", ""))
        if not clues.found:
            told = _(
                "Nothing in it can be looked for: nobody is found by name. Ask for the code, the order, the e-mail or the phone."
            )
            messages.warning(request, told)
            return redirect(self._named("changelist"))
        findings = finding.find(clues, actor=actor_of(request))
        page = search.page_of(findings, request.user)
        if page is None:
            return redirect(self._named("found", search.remember(request, clues, findings)))
        model, pk = page
        said = _("That looks like {kind}: {results}, opened.")
        kind = search.KIND_WORDS[findings.hits[0].kind]
        messages.info(request, said.format(kind=kind, results=work_pages.results(1)))
        return redirect(reverse(f"admin:pagoefectivo_{model}_change", args=[pk], current_app=self.admin_site.name))

    def found_view(self, request: HttpRequest, key: str) -> HttpResponse:
        """Show what was found; may be read again and returned to as often as one likes."""
        if not request.user.has_perm(READS_ORDERS):
            return refused(self, request, READS_ORDERS)
        clues = search.remembered(request, key)
        if clues is None:
            messages.warning(request, _("That search is over. Look for it again."))
            return redirect(self._named("changelist"))
        request.current_app = self.admin_site.name
        findings = finding.find(clues, actor=actor_of(request))
        context = {
            **frame(self, request, None, _("What was found")),
            **work_pages.found(request, findings),
            "search_address": self._named("search"),
        }
        return TemplateResponse(request, "admin/pagoefectivo/work/found.html", context)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        pages = [
            path("search/", wrap(self.search_view), name="pagoefectivo_ownership_search"),
            path("search/<str:key>/", wrap(self.found_view), name="pagoefectivo_ownership_found"),
            path("lane/<slug:name>/", wrap(self.lane_view), name="pagoefectivo_ownership_lane"),
            path("release/", wrap(self.release_view), name="pagoefectivo_ownership_release"),
            path("tenures/", wrap(self.tenures_view), name="pagoefectivo_ownership_tenures"),
        ]
        return [*pages, *super().get_urls()]

    @admin.display(description=gettext_lazy("since"))
    def began(self, tenure: Ownership) -> Any:
        return moment(tenure.since)

    @admin.display(description=gettext_lazy("given by"))
    def giver(self, tenure: Ownership) -> object:
        return actor_word(tenure.given_by)

    @admin.display(description=gettext_lazy("until"))
    def ended(self, tenure: Ownership) -> Any:
        return moment(tenure.until)

    @admin.display(description=gettext_lazy("ended by"))
    def ender(self, tenure: Ownership) -> object:
        return actor_word(tenure.ended_by) if tenure.ended_by else "–"


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _LONGEST_KEY


def _act(request: HttpRequest, lane: Lane, rows: list[int]) -> int:
    wanted, actor = request.POST.get("act", ""), actor_of(request)
    if wanted == "take":
        return work.take(lane.name, rows, actor=actor)
    if wanted == "hand_over":
        return work.hand_over(lane.name, rows, to=request.POST.get("to", ""), actor=actor)
    if wanted == "release":
        return work.release(lane.name, rows, actor=actor)
    if wanted == "set_aside":
        return work.set_aside(lane.name, rows, why=request.POST.get("why", ""), actor=actor)
    raise Http404


def _done(act: str, number: int, to: str) -> str:
    said = {
        "take": ngettext("{number} is yours now.", "{number} are yours now.", number),
        "hand_over": ngettext("{number} was handed over to {to}.", "{number} were handed over to {to}.", number),
        "release": ngettext("{number} was given back.", "{number} were given back.", number),
        "set_aside": ngettext("{number} needs nothing more.", "{number} need nothing more.", number),
    }
    return said[act].format(number=number, to=to)
