"""What every page of the back office keeps to: nothing is added, changed or deleted here."""

# ruff: noqa: ARG002 - the signatures are Django's
from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from pagoefectivo import conf
from pagoefectivo.admin import search
from pagoefectivo.admin.noting import Kind, note
from pagoefectivo.admin.paging import NewestRows
from pagoefectivo.admin.presentation import is_sandbox
from pagoefectivo.admin.refusals import RefusesInWords
from pagoefectivo.selectors.search import MOST

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin

SEES_PEOPLE = "pagoefectivo.view_personal_data"
SEES_PAYLOADS = "pagoefectivo.view_raw_payload"
SEES_BANK_ACCOUNTS = "pagoefectivo.view_bank_account"
SEES_RECEIPTS = "pagoefectivo.review_proof"


def search_address(site: str) -> str:
    """Where the one search box posts to in a shop's admin site; empty where that site does not have it."""
    try:
        return reverse("admin:pagoefectivo_ownership_search", current_app=site)
    except NoReverseMatch:
        return ""


class AccountFilter(admin.SimpleListFilter):
    """The accounts of the settings; reading them from a million rows would take a second."""

    title = _("account")
    parameter_name = "account"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        names = list(conf.current().accounts)
        return [(name, name) for name in names] if len(names) > 1 else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(account=self.value()) if self.value() else queryset


class WorkFilter(admin.SimpleListFilter):
    """What is to be done, in the column `ended_at` and by the words of `ended`; without a choice: everything that is open."""

    title = _("what is to be done")
    parameter_name = "work"
    ended_at: str
    ended: tuple[str, Any, Any]  # its value, what it says, and what all of them says

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        value, said, all_said = self.ended
        return [("mine", _("mine")), ("nobody", _("nobody works on it")), (value, said), ("all", all_said)]

    def choices(self, changelist: Any) -> Iterator[Any]:
        first, *others = super().choices(changelist)
        yield {**first, "display": _("everything that is open")}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        is_open = queryset.filter(**{f"{self.ended_at}__isnull": True})
        match self.value():
            case "all":
                return queryset
            case "mine":
                return is_open.filter(owner=request.user)
            case "nobody":
                return is_open.filter(owner=None)
            case chosen if chosen == self.ended[0]:
                return queryset.filter(**{f"{self.ended_at}__isnull": False})
            case _:
                return is_open


class StateFilter(admin.ChoicesFieldListFilter):
    """The states, under a heading in the reader's language: the field itself has no name for people."""

    def __init__(self, *described: Any, **named: Any) -> None:
        super().__init__(*described, **named)
        self.title = _("state")


class ReadOnlyAdmin(RefusesInWords, _ModelAdmin):
    """A list and a page per row, for eyes only; lists cost the same at any table size."""

    change_list_template = "admin/pagoefectivo/change_list.html"
    change_form_template = "admin/pagoefectivo/change_form.html"
    actions = None
    list_per_page = 50
    list_max_show_all = 50
    ordering = ("-id",)
    sortable_by = ()
    paginator = NewestRows
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    unread: tuple[str, ...] = ()  # columns that a list need not load, let alone decrypt
    finds_orders = False  # whether the one search box stands above the list
    lists: tuple[str, Kind] | None = None  # what the list shows of people to who has the permission
    shows: tuple[str, Kind] | None = None  # the same of the page of one row

    class Media:
        css = {"all": ["pagoefectivo/admin.css"]}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        match = request.resolver_match
        return self.as_listed(rows) if match and str(match.url_name).endswith("_changelist") else rows

    def as_listed(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows with just what a list shows."""
        return rows.defer(*self.unread)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        self.note_what_is_shown(request, self.lists)
        term = request.GET.get("q", "").strip()
        kind = search.KIND_WORDS[search.kind_of(term)] if term and self.search_fields else ""
        box = search_address(self.admin_site.name) if self.finds_orders else ""
        shown = {
            "is_sandbox": is_sandbox(),
            "search_address": box,
            "search_term": term,
            "search_kind": kind,
            "search_most": MOST,
        }
        return super().changelist_view(request, {**shown, **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self.note_what_is_shown(request, self.shows, object_id)
        return super().change_view(request, object_id, form_url, {"is_sandbox": is_sandbox(), **(extra_context or {})})

    def note_what_is_shown(self, request: HttpRequest, what: tuple[str, Kind] | None, row_id: str = "") -> None:
        """Write down that this person sees what is masked for others; nothing where it is masked for them as well."""
        if what is not None and request.user.has_perm(what[0]) and self.has_view_permission(request):
            note(request, what[1], subject=f"{self.opts.model_name} {row_id}".strip())


class OnePageAdmin(ReadOnlyAdmin):
    """A page that stands in the menu; there are no rows to open."""

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        raise Http404

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        raise Http404


class BelowOrderAdmin(ReadOnlyAdmin):
    """Rows that hang below an order: the search finds orders, the list shows what belongs to them."""

    finds_orders = True
    search_fields = ("order__reference",)  # opens the search box; get_search_results decides what is asked
    search_help_text = _("Payment code, order reference, e-mail, provider's reference or refund id.")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        return (queryset.filter(order__in=search.orders_matching(term, request.user)) if term else queryset), False
