"""Who looked at personal data and evidence; the pages that show them note it by `noting.note`."""

# ruff: noqa: ARG002 - the signatures are Django's
from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from pagoefectivo.admin.noting import NO_REASON, OPENED
from pagoefectivo.admin.presentation import actor_word, link, moment
from pagoefectivo.admin.reading import ReadOnlyAdmin
from pagoefectivo.models import AccessLog, Order

_UNASKED = {OPENED: _("opened the page"), NO_REASON: _("no reason was given")}


@admin.register(AccessLog)
class AccessLogAdmin(ReadOnlyAdmin):
    """Who saw whose data, when, from where and why. Nobody can change it."""

    list_display = ("when", "who", "kind", "of_order", "subject", "reason", "remote_ip")
    list_filter = ("kind", "at")
    list_select_related = ("order",)
    unread = ("order__payer_document_number", "order__metadata")
    search_fields = ("subject",)  # opens the search box; get_search_results decides what is asked
    search_help_text = _("An order's reference, or the name of who looked.")
    fields = (*list_display, "page")
    readonly_fields = fields

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        order_ids = list(Order.objects.filter(reference=term).values_list("pk", flat=True))
        person = term if ":" in term else f"staff:{term}"
        return queryset.filter(order__in=order_ids) if order_ids else queryset.filter(actor=person), False

    @admin.display(description=_("at"))
    def when(self, entry: AccessLog) -> Any:
        return moment(entry.at, seconds=True)

    @admin.display(description=_("who"))
    def who(self, entry: AccessLog) -> object:
        return actor_word(entry.actor)

    @admin.display(description=_("why"))
    def reason(self, entry: AccessLog) -> object:
        return _UNASKED.get(entry.why, entry.why)

    @admin.display(description=_("order"))
    def of_order(self, entry: AccessLog) -> Any:
        return link(entry.order)
