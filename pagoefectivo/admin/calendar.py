"""The one table that is kept by hand: days off that the public holidays do not tell, or tell wrongly for banks."""

# ruff: noqa: ARG002 - the signatures are Django's
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest

from pagoefectivo.admin.actions import actor_of
from pagoefectivo.admin.refusals import RefusesInWords
from pagoefectivo.models import NonWorkingDay
from pagoefectivo.services import calendar

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[NonWorkingDay]
else:
    _ModelAdmin = admin.ModelAdmin

KEEPS_CALENDAR = "pagoefectivo.keep_calendar"


@admin.register(NonWorkingDay)
class NonWorkingDayAdmin(RefusesInWords, _ModelAdmin):
    """Seen by those who may look, kept by those with one permission of its own. Django's log says who did what."""

    actions = None
    kept_by = KEEPS_CALENDAR
    list_display = ("day", "what", "banks_work")
    list_filter = ("banks_work",)
    fields = list_display
    ordering = ("-day",)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) or self._keeps(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._keeps(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._keeps(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._keeps(request)

    def save_model(self, request: HttpRequest, obj: NonWorkingDay, form: ModelForm[Any], change: bool) -> None:  # noqa: FBT001 - Django's
        calendar.keep(obj, actor=actor_of(request))

    def delete_model(self, request: HttpRequest, obj: NonWorkingDay) -> None:
        calendar.remove(obj, actor=actor_of(request))

    def _keeps(self, request: HttpRequest) -> bool:
        return request.user.has_perm(KEEPS_CALENDAR)
