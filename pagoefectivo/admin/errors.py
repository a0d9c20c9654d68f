"""Every failure that happened, explained."""

# ruff: noqa: ARG002 - the signatures are Django's
from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from pagoefectivo.admin import advice
from pagoefectivo.admin.presentation import moment
from pagoefectivo.admin.reading import AccountFilter, ReadOnlyAdmin
from pagoefectivo.models import ErrorOccurrence


@admin.register(ErrorOccurrence)
class ErrorOccurrenceAdmin(ReadOnlyAdmin):
    """What went wrong, in our words and the provider's, with who must act and what comes next."""

    list_display = ("happened", "code", "raw_code", "what_happened", "who_acts", "operation", "account")
    list_filter = (AccountFilter, "occurred_at")
    search_fields = ("code",)
    search_help_text = _("The whole code, for example PSP_TIMEOUT.")
    fields = (
        *("happened", "code", "what_happened", "who_acts", "what_to_do", "raw_code", "raw_message", "http_status"),
        *("operation", "account", "voucher", "refund", "request_id"),
    )
    readonly_fields = fields

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        term = search_term.strip().upper()
        return (queryset.filter(code=term) if term else queryset), False

    @admin.display(description=_("at"))
    def happened(self, error: ErrorOccurrence) -> Any:
        return moment(error.occurred_at)

    @admin.display(description=_("what happened"))
    def what_happened(self, error: ErrorOccurrence) -> str:
        return _entry(error).sentence

    @admin.display(description=_("who acts"))
    def who_acts(self, error: ErrorOccurrence) -> object:
        return _entry(error).who

    @admin.display(description=_("what to do"))
    def what_to_do(self, error: ErrorOccurrence) -> str:
        return _entry(error).next_step


def _entry(error: ErrorOccurrence) -> advice.Advice:
    return advice.on_code(error.code, raw=error.raw_code)
