"""What staff noted on orders, and when they gave a buyer's page a new link; never edited."""

from __future__ import annotations

from django.contrib import admin

from pagoefectivo.admin.evidence import EvidenceAdmin
from pagoefectivo.models import OrderNote


@admin.register(OrderNote)
class OrderNoteAdmin(EvidenceAdmin):
    """Row by row, the newest first; each stands in the timeline of its order as well."""

    list_display = ("order", "kind", "text", "actor", "at")
    list_filter = ("kind", "at")
    list_select_related = ("order",)
    unread = ("order__payer_document_number", "order__metadata")
    shown = ("order", "kind", "text", "actor", "at")
