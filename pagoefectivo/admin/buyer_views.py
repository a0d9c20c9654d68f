"""Who of the shop was given the buyer's own links, and so could have acted as the buyer."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from pagoefectivo.admin.presentation import actor_word, moment
from pagoefectivo.admin.reading import BelowOrderAdmin
from pagoefectivo.models import BuyerView


@admin.register(BuyerView)
class BuyerViewAdmin(BelowOrderAdmin):
    """One row for each person and order; none of them approves a refund of it."""

    list_display = ("looked", "order", "who")
    list_filter = ("at",)
    list_select_related = ("order",)
    unread = ("order__payer_document_number", "order__metadata")
    fields = ("order", "who", "looked")
    readonly_fields = fields

    @admin.display(description=_("when"))
    def looked(self, view: BuyerView) -> Any:
        return moment(view.at)

    @admin.display(description=_("who"))
    def who(self, view: BuyerView) -> object:
        return actor_word(view.actor)
