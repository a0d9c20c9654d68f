"""What does not add up between the providers' files and us: the list, one difference, and what may be done with it."""

# ruff: noqa: ARG002 - the signatures are Django's
from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from pagoefectivo.admin import discrepancy_pages, search
from pagoefectivo.admin.discrepancy_acts import ACTS, DiscrepancyActs
from pagoefectivo.admin.discrepancy_words import age_words, owner_word, standing_badge
from pagoefectivo.admin.noting import Kind
from pagoefectivo.admin.reading import SEES_PEOPLE, AccountFilter, ReadOnlyAdmin, WorkFilter
from pagoefectivo.admin.settlement_filters import FileOfLineFilter, MonthFilter, VerdictFilter
from pagoefectivo.admin.settlement_words import exactly, ours, verdict_badge, what_is_off
from pagoefectivo.models import Discrepancy

_LONGEST_KEY = 18


class DifferenceWorkFilter(WorkFilter):
    """Settled is what differences end as."""

    ended_at = "settled_at"
    ended = "settled", _("settled"), _("all, open ones first")


@admin.register(Discrepancy)
class DiscrepancyAdmin(DiscrepancyActs, ReadOnlyAdmin):
    """Differences, open ones first, the oldest of them first."""

    list_display = ("number", "of_class", "about", "off", "standing_now", "age")
    list_display_links = ("number",)
    list_filter = (DifferenceWorkFilter, VerdictFilter, AccountFilter, MonthFilter, FileOfLineFilter)
    list_select_related = ("line__report", "voucher__order", "refund", "case", "owner")
    unread = (
        *("voucher__barcode_svg", "voucher__order__payer_document_number", "voucher__order__metadata"),
        "line__report__summary",
    )
    shows = (SEES_PEOPLE, Kind.PEOPLE)
    search_fields = ("line__reference",)  # opens the search box; get_search_results decides what is asked
    search_help_text = _("Number of the difference, or of the order: payment code, reference, e-mail, refund id.")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        kind, _dash, number = term.upper().partition("-")
        if kind == "D" and number.isascii() and number.isdecimal() and len(number) <= _LONGEST_KEY:
            return queryset.filter(pk=int(number)), False
        named = Q(line__reference=term) | Q(line__provider_reference=term) | Q(line__code=term)
        about = Q(voucher__order__in=search.order_ids(term, request.user))
        return queryset.filter(about | named | Q(line__refund_provider_reference=term)), False

    def get_ordering(self, request: HttpRequest) -> tuple[Any, ...]:
        return (F("settled_at").desc(nulls_first=True), "opened_at", "id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related(*self.list_select_related).defer(*self.unread)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show a difference's page; it takes no POST, every act has an address of its own."""
        found = self.get_object(request, object_id) if request.method in {"GET", "HEAD"} else None
        if found is None or not self.has_view_permission(request, found):
            return super().change_view(request, object_id, form_url, extra_context)
        self.note_what_is_shown(request, self.shows, object_id)
        return discrepancy_pages.detail(self, request, found)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        acts = [
            path(f"<int:object_id>/{act}/", wrap(getattr(self, f"{act}_view")), name=f"pagoefectivo_discrepancy_{act}")
            for act in ACTS
        ]
        return [*acts, *super().get_urls()]

    @admin.display(description=_("number"))
    def number(self, found: Discrepancy) -> str:
        return found.number

    @admin.display(description=_("class"))
    def of_class(self, found: Discrepancy) -> SafeString:
        return verdict_badge(found.verdict)

    @admin.display(description=_("what it is about"))
    def about(self, found: Discrepancy) -> Any:
        return ours(found)

    @admin.display(description=_("difference"))
    def off(self, found: Discrepancy) -> str:
        return what_is_off(found.amount, found.currency) or exactly(found.amount, found.currency)

    @admin.display(description=_("age"))
    def age(self, found: Discrepancy) -> str:
        return age_words(found)

    @admin.display(description=_("state"))
    def standing_now(self, found: Discrepancy) -> SafeString:
        """Whether anybody works on it, and who."""
        owner = owner_word(found) if found.owner_id is not None else ""
        return format_html("{}<br>{}", standing_badge(found), owner) if owner else standing_badge(found)
