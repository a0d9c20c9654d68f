"""What others have to hear once it is true."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from pagoefectivo.admin.presentation import moment
from pagoefectivo.admin.reading import ReadOnlyAdmin
from pagoefectivo.models import OutboxMessage


@admin.register(OutboxMessage)
class OutboxMessageAdmin(ReadOnlyAdmin):
    """Signals to the shop: told, or waiting to be told again."""

    list_display = ("occurred", "signal", "order", "done", "failure")
    list_filter = ("occurred_at",)
    list_select_related = ("order",)
    unread = ("order__payer_document_number", "order__metadata")
    fields = ("signal", "order", "voucher", "refund", "change", "occurred", "delivered_to", "failure", "done")
    readonly_fields = fields

    @admin.display(description=_("at"))
    def occurred(self, message: OutboxMessage) -> Any:
        return moment(message.occurred_at)

    @admin.display(description=_("done"))
    def done(self, message: OutboxMessage) -> Any:
        return moment(message.done_at)
