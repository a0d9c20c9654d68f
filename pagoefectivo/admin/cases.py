"""What does not fit and waits for a person."""

# ruff: noqa: ARG002 - the signatures are Django's
from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from pagoefectivo.admin import advice
from pagoefectivo.admin.presentation import badge, link, moment
from pagoefectivo.admin.reading import BelowOrderAdmin
from pagoefectivo.models import Anomaly


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
