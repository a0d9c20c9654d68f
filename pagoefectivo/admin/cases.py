"""What does not fit and waits for a person, and the cases that people work on."""

# ruff: noqa: ARG002 - the signatures are Django's
from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from pagoefectivo.admin import advice, case_pages, search
from pagoefectivo.admin.case_acts import CaseActs
from pagoefectivo.admin.case_words import age_words, due_words, owner_word, standing_badge
from pagoefectivo.admin.evidence import EvidenceAdmin
from pagoefectivo.admin.presentation import actor_word, badge, link, moment
from pagoefectivo.admin.reading import BelowOrderAdmin, ReadOnlyAdmin, WorkFilter
from pagoefectivo.models import Anomaly, Case, CaseEntry, CaseLink
from pagoefectivo.selectors.calendar import today
from pagoefectivo.selectors.cases import cases_due
from pagoefectivo.services import seams


class OpenFilter(admin.SimpleListFilter):
    """Open or closed."""

    title = _("state")
    parameter_name = "is"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("open", _("open")), ("closed", _("closed"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() in {"open", "closed"}:
            return queryset.filter(closed_at__isnull=self.value() == "open")
        return queryset


@admin.register(Anomaly)
class AnomalyAdmin(BelowOrderAdmin):
    """Facts that do not fit, with what to do about each."""

    change_form_template = "admin/pagoefectivo/anomaly/change_form.html"
    list_display = ("of_order", "kind", "standing", "what_to_do", "who_acts", "opened")
    list_display_links = ("kind",)
    list_filter = (OpenFilter, "kind", "opened_at")
    list_select_related = ("order",)
    unread = ("order__payer_document_number", "order__metadata")
    fields = (
        "kind",
        "of_order",
        "voucher",
        "refund",
        "standing",
        "holds_order",
        "what_happened",
        "what_to_do",
        "who_acts",
        "opened",
        "closed",
        "closed_by",
        "resolution",
    )
    readonly_fields = fields

    @admin.display(description=_("order"))
    def of_order(self, anomaly: Anomaly) -> Any:
        return link(anomaly.order)

    @admin.display(description=_("state"))
    def standing(self, anomaly: Anomaly) -> SafeString:
        if anomaly.closed_at is not None:
            return badge("over", _("closed"))
        return badge("alarm", _("open, holds the order")) if anomaly.holds_order else badge("waiting", _("open"))

    @admin.display(description=_("what happened"))
    def what_happened(self, anomaly: Anomaly) -> str:
        return advice.on_anomaly(anomaly).sentence

    @admin.display(description=_("what to do"))
    def what_to_do(self, anomaly: Anomaly) -> str:
        return "–" if anomaly.closed_at else advice.on_anomaly(anomaly).next_step

    @admin.display(description=_("who acts"))
    def who_acts(self, anomaly: Anomaly) -> object:
        return "–" if anomaly.closed_at else advice.on_anomaly(anomaly).who

    @admin.display(description=_("opened"))
    def opened(self, anomaly: Anomaly) -> Any:
        return moment(anomaly.opened_at)

    @admin.display(description=_("closed"))
    def closed(self, anomaly: Anomaly) -> Any:
        return moment(anomaly.closed_at)


class CaseWorkFilter(WorkFilter):
    """With those that are due."""

    ended_at = "ended_at"
    ended = "ended", _("ended"), _("all, also those that ended")

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("due", _("due today or overdue")), *super().lookups(request, model_admin)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "due":
            return queryset.filter(ended_at__isnull=True, due_date__lte=today())
        return super().queryset(request, queryset)


@admin.register(Case)
class CaseAdmin(CaseActs, ReadOnlyAdmin):
    """Disputes, oddities and questions under work, the first due first."""

    change_list_template = "admin/pagoefectivo/case/change_list.html"
    list_display = ("number", "due", "age", "working", "standing_now", "subject_line")
    list_display_links = ("number",)
    list_filter = (CaseWorkFilter, "kind", "standing", "responsible")
    list_select_related = ("owner",)
    search_fields = ("public_id",)  # opens the search box; get_search_results decides what is asked
    search_help_text = _("Number of the case, or of the order: payment code, reference, e-mail, refund id.")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        if term.upper().startswith("K-"):
            return queryset.filter(public_id=term.upper()), False
        linked = CaseLink.objects.filter(order__in=search.orders_matching(term, request.user))
        return queryset.filter(pk__in=linked.values("case")), False

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return ("due_date", "id")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"cases_due": cases_due(seams.now()), **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show a case's page; it takes no POST, every act has an address of its own."""
        case = self.get_object(request, object_id) if request.method in {"GET", "HEAD"} else None
        if case is None or not self.has_view_permission(request, case):
            return super().change_view(request, object_id, form_url, extra_context)
        return case_pages.detail(self, request, case)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        acts = ("take", "note", "link", "unlink", "tick", "assign", "due", "judge", "sent", "end", "bundle", "letter")
        return [
            path("open/", wrap(self.open_view), name="pagoefectivo_case_open"),
            *(
                path(f"<int:object_id>/{act}/", wrap(getattr(self, f"{act}_view")), name=f"pagoefectivo_case_{act}")
                for act in acts
            ),
            *super().get_urls(),
        ]

    @admin.display(description=_("state"))
    def standing_now(self, case: Case) -> SafeString:
        return standing_badge(case)

    @admin.display(description=_("due date"))
    def due(self, case: Case) -> Any:
        return due_words(case)

    @admin.display(description=_("owner"))
    def working(self, case: Case) -> str:
        return owner_word(case)

    @admin.display(description=_("what it is about"))
    def subject_line(self, case: Case) -> SafeString:
        return format_html('<span class="quiet">{}:</span> {}', case.get_kind_display(), case.about)

    @admin.display(description=_("age"))
    def age(self, case: Case) -> str:
        return age_words(case)

    @admin.display(description=_("number"))
    def number(self, case: Case) -> str:
        return case.public_id


@admin.register(CaseLink)
class CaseLinkAdmin(EvidenceAdmin):
    """What cases are about, row by row."""

    list_display = ("case", "what", "order", "linked_at", "linked_by")
    list_filter = ("what", "linked_at")
    list_select_related = ("case", "order")
    unread = ("order__payer_document_number", "order__metadata")
    shown = list_display


@admin.register(CaseEntry)
class CaseEntryAdmin(EvidenceAdmin):
    """The history of all cases, line by line; notes are read on the case's page."""

    list_display = ("case", "act", "who", "at")
    list_filter = ("act", "at")
    list_select_related = ("case",)
    unread = ("note",)
    shown = ("case", "act", "who", "at", "details")

    @admin.display(description=_("who"))
    def who(self, entry: CaseEntry) -> object:
        return actor_word(entry.actor)
