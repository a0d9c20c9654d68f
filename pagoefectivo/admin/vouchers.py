"""Payment codes: one row per attempt to be paid."""

# ruff: noqa: ARG002 - the signatures are Django's
from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from pagoefectivo.admin.noting import Kind
from pagoefectivo.admin.presentation import link, moment, money, state_badge
from pagoefectivo.admin.reading import SEES_PEOPLE, AccountFilter, BelowOrderAdmin, StateFilter
from pagoefectivo.models import Voucher

SHOWN = [
    "public_id",
    "of_order",
    "attempt",
    "standing",
    "asked",
    "paid",
    "reserved",
    "refunded",
    "account",
    "reference",
    "created",
    "deadline",
    "was_paid_at",
    "was_asked_at",
    "was_said_paid_at",
    "error_code",
    "raw_code",
]


@admin.register(Voucher)
class VoucherAdmin(BelowOrderAdmin):
    """One attempt to be paid; everything about it is told on its order's page."""

    list_filter = (("state", StateFilter), AccountFilter, "created_at")
    list_select_related = ("order",)
    unread = ("order__payer_document_number", "order__metadata", "barcode_svg")
    lists = shows = (SEES_PEOPLE, Kind.PEOPLE)

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        code, reference = self._names(request)
        return [code, "of_order", "standing", "asked", "created", "deadline", reference]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return [*self._names(request), *SHOWN]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return self.get_fields(request, obj)

    def _names(self, request: HttpRequest) -> tuple[str, str]:
        if request.user.has_perm(SEES_PEOPLE):
            return "whole_code", "provider_reference"
        return "hidden_code", "hidden_reference"

    @admin.display(description=_("code"))
    def whole_code(self, voucher: Voucher) -> str:
        return voucher.code or "–"

    @admin.display(description=_("code"))
    def hidden_code(self, voucher: Voucher) -> str:
        return voucher.masked_code or "–"

    @admin.display(description=_("provider's reference"))
    def hidden_reference(self, voucher: Voucher) -> str:
        return voucher.masked_provider_reference or "–"

    @admin.display(description=_("order"))
    def of_order(self, voucher: Voucher) -> Any:
        return link(voucher.order)

    @admin.display(description=_("state"))
    def standing(self, voucher: Voucher) -> SafeString:
        return state_badge(voucher)

    @admin.display(description=_("amount"))
    def asked(self, voucher: Voucher) -> str:
        return money(voucher.amount, voucher.currency)

    @admin.display(description=_("paid"))
    def paid(self, voucher: Voucher) -> str:
        return money(voucher.paid_amount, voucher.paid_currency or voucher.currency)

    @admin.display(description=_("reserved for refunds"))
    def reserved(self, voucher: Voucher) -> str:
        return money(voucher.reserved_amount, voucher.currency)

    @admin.display(description=_("refunded"))
    def refunded(self, voucher: Voucher) -> str:
        return money(voucher.refunded_amount, voucher.currency)

    @admin.display(description=_("created"))
    def created(self, voucher: Voucher) -> Any:
        return moment(voucher.created_at)

    @admin.display(description=_("deadline"))
    def deadline(self, voucher: Voucher) -> Any:
        return moment(voucher.expires_at)

    @admin.display(description=_("paid at"))
    def was_paid_at(self, voucher: Voucher) -> Any:
        return moment(voucher.paid_at)

    @admin.display(description=_("last asked"))
    def was_asked_at(self, voucher: Voucher) -> Any:
        return moment(voucher.asked_at)

    @admin.display(description=_("buyer says paid"))
    def was_said_paid_at(self, voucher: Voucher) -> Any:
        return moment(voucher.said_paid_at)
