"""The shop's purchases for its staff: to look at, for their state follows the money."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.http import HttpRequest

from project.shop.models import Purchase

if TYPE_CHECKING:
    ReadOnly = admin.ModelAdmin[Purchase]
else:
    ReadOnly = admin.ModelAdmin


@admin.register(Purchase)
class PurchaseAdmin(ReadOnly):
    """Read only."""

    list_display = ["reference", "product", "amount", "currency", "state", "created_at"]
    list_filter = ["state", "product"]
    search_fields = ["reference"]

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def has_change_permission(self, request: HttpRequest, obj: Purchase | None = None) -> bool:  # noqa: ARG002 - as above
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Purchase | None = None) -> bool:  # noqa: ARG002 - as above
        return False
