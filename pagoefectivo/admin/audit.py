"""The links of the hash chain over the evidence."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from pagoefectivo.admin.presentation import lima, moment
from pagoefectivo.admin.reading import ReadOnlyAdmin
from pagoefectivo.models import AuditEntry
from pagoefectivo.selectors import audit
from pagoefectivo.services import seams

CHECK_AFTER = timedelta(days=2)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """What was sealed when, and who took something out for which reason."""

    list_display = ("position", "sealed", "kind", "table_name", "count", "actor", "why")
    unread = ("manifest", "columns", "bodies")
    fields = (*list_display, "hash", "hash_before")
    readonly_fields = fields
    change_list_template = "admin/pagoefectivo/audit_chain.html"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        checked, (position, head) = audit.last_check(), audit.head()
        is_old = checked is not None and seams.now() - checked.at > CHECK_AFTER
        shown = {"checked": checked, "checked_at": lima(checked.at) if checked else "", "is_old": is_old}
        return super().changelist_view(request, {**shown, "head": f"{position} {head}", **(extra_context or {})})

    @admin.display(description=_("hash before it"))
    def hash_before(self, entry: AuditEntry) -> str:
        return entry.previous_hash

    @admin.display(description=_("sealed"))
    def sealed(self, entry: AuditEntry) -> Any:
        return moment(entry.sealed_at)
