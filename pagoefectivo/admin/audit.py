"""The links of the hash chain over the evidence."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from pagoefectivo.admin.presentation import moment
from pagoefectivo.admin.reading import ReadOnlyAdmin
from pagoefectivo.models import AuditEntry


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """What was sealed when, and who took something out for which reason."""

    list_display = ("position", "sealed", "kind", "table_name", "count", "actor", "why")
    unread = ("manifest", "columns", "bodies")
    fields = (*list_display, "hash", "previous_hash")
    readonly_fields = fields

    @admin.display(description=_("sealed"))
    def sealed(self, entry: AuditEntry) -> Any:
        return moment(entry.sealed_at)
