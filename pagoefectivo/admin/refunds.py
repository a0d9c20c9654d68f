"""Refunds: the list, the page that follows one, and the decisions on its way."""

# ruff: noqa: ARG002 - the signatures are Django's
from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from pagoefectivo.admin import refund_pages
from pagoefectivo.admin.actions import actor_of, carry_out, door
from pagoefectivo.admin.exports import ExportedAdmin
from pagoefectivo.admin.noting import Kind
from pagoefectivo.admin.payout_acts import PayoutActs, told
from pagoefectivo.admin.presentation import actor_word, moment, money, state_badge
from pagoefectivo.admin.reading import (
    SEES_BANK_ACCOUNTS,
    SEES_PEOPLE,
    AccountFilter,
    BelowOrderAdmin,
    ReadOnlyAdmin,
    StateFilter,
)
from pagoefectivo.admin.refund_acts import RefundActs
from pagoefectivo.domain.redaction import mask_code
from pagoefectivo.domain.states import Source
from pagoefectivo.models import LimitPass, Refund, RefundDestination
from pagoefectivo.selectors import exports
from pagoefectivo.services import buyer_views, destinations, refunds


class UnownedFilter(admin.SimpleListFilter):
    """Refunds from outside of which nobody has said yet what they were."""

    title = gettext_lazy("started at the provider")
    parameter_name = "outside"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("unknown", gettext_lazy("nobody knows it yet")), ("owned", gettext_lazy("known"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() in {"unknown", "owned"}:
            return queryset.filter(is_outside=True, owned_at__isnull=self.value() == "unknown")
        return queryset


@admin.register(Refund)
class RefundAdmin(RefundActs, PayoutActs, BelowOrderAdmin, ExportedAdmin):
    """Follow a refund from the request to the buyer's account."""

    list_display = ("of_order", "standing", "given", "created", "why", "who", "public_id")
    list_filter = (("state", StateFilter), UnownedFilter, AccountFilter, "created_at")
    list_select_related = ("order",)
    export_table = staticmethod(exports.refunds_csv)
    unread = ("order__payer_document_number", "order__metadata")

    @admin.display(description=gettext_lazy("order"))
    def of_order(self, refund: Refund) -> str:
        return refund.order.reference

    @admin.display(description=gettext_lazy("state"))
    def standing(self, refund: Refund) -> SafeString:
        return state_badge(refund)

    @admin.display(description=gettext_lazy("amount"))
    def given(self, refund: Refund) -> str:
        return money(refund.amount, refund.currency)

    @admin.display(description=gettext_lazy("reason"))
    def why(self, refund: Refund) -> str:
        return str(refund.get_reason_display())

    @admin.display(description=gettext_lazy("requested by"))
    def who(self, refund: Refund) -> object:
        return actor_word(refund.requested_by)

    @admin.display(description=gettext_lazy("created"))
    def created(self, refund: Refund) -> Any:
        return moment(refund.created_at)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Refund | None:
        """Return a refund with what its pages speak of, in one query."""
        whole = Refund.objects.select_related("order", "voucher", "destination", "payout")
        whole = whole.annotate(passed_limits=Exists(LimitPass.objects.filter(refund=OuterRef("pk"))))
        return whole.filter(pk=object_id).first() if object_id.isdecimal() else None

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the refund's page; it takes no POST, every act has an address of its own."""
        refund = self.get_object(request, object_id) if request.method in {"GET", "HEAD"} else None
        if refund is None or not self.has_view_permission(request, refund):
            return super().change_view(request, object_id, form_url, extra_context)
        return refund_pages.detail(self, request, refund)

    @door("pagoefectivo.approve_refund")
    def approve_view(self, request: HttpRequest, refund: Refund) -> HttpResponse:
        """Approve exactly what the page showed."""
        form = refund_pages.approval_form(request)
        if request.method == "POST" and form.is_valid():
            seen = form.cleaned_data
            done = carry_out(
                request,
                lambda: refunds.approve(refund.public_id, **seen, actor=actor_of(request), source=Source.STAFF),
            )
            if done is not None:
                return told(request, done)
        return refund_pages.confirm_approve(self, request, refund, form)

    @door("pagoefectivo.approve_refund")
    def decline_view(self, request: HttpRequest, refund: Refund) -> HttpResponse:
        """Refuse what waits for approval."""
        if request.method == "POST":
            done = carry_out(
                request,
                lambda: refunds.decline(refund.public_id, actor=actor_of(request), source=Source.STAFF),
            )
            if done is not None:
                return told(request, done)
        return refund_pages.confirm_decline(self, request, refund)

    @door("pagoefectivo.request_refund")
    def cancel_view(self, request: HttpRequest, refund: Refund) -> HttpResponse:
        """Withdraw what the provider has not seen."""
        if request.method == "POST":
            done = carry_out(
                request,
                lambda: refunds.cancel(refund.public_id, actor=actor_of(request), source=Source.STAFF),
            )
            if done is not None:
                return told(request, done)
        return refund_pages.confirm_cancel(self, request, refund)

    @door("pagoefectivo.request_refund")
    def retry_view(self, request: HttpRequest, refund: Refund) -> HttpResponse:
        """Ask again for what failed, as a new refund."""
        if request.method == "POST":
            done = carry_out(
                request,
                lambda: refunds.retry(refund.public_id, actor=actor_of(request), source=Source.STAFF),
            )
            if done is not None:
                return told(request, done)
        return refund_pages.confirm_retry(self, request, refund)

    @door("pagoefectivo.request_refund")
    def renew_view(self, request: HttpRequest, refund: Refund) -> HttpResponse:
        """Make a new link to the buyer's page; the old one is void."""
        if request.method == "POST":
            done = carry_out(request, lambda: destinations.renew_link(refund.public_id, actor=actor_of(request)))
            if done is not None:
                return told(request, done)
        return refund_pages.confirm_renew(self, request, refund)

    @door(SEES_PEOPLE, reads=False)
    def buyer_view(self, request: HttpRequest, refund: Refund) -> HttpResponse:
        """Go to the buyer's page of the refund, and be noted as somebody who could act there."""
        return redirect(buyer_views.open_refund(refund.public_id, actor=actor_of(request)))

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        acts = [
            path("<int:object_id>/approve/", wrap(self.approve_view), name="pagoefectivo_refund_approve"),
            path("<int:object_id>/decline/", wrap(self.decline_view), name="pagoefectivo_refund_decline"),
            path("<int:object_id>/cancel/", wrap(self.cancel_view), name="pagoefectivo_refund_cancel"),
            path("<int:object_id>/retry/", wrap(self.retry_view), name="pagoefectivo_refund_retry"),
            path("<int:object_id>/link/", wrap(self.renew_view), name="pagoefectivo_refund_link"),
            path("<int:object_id>/ask/", wrap(self.ask_view), name="pagoefectivo_refund_ask"),
            path("<int:object_id>/letter/", wrap(self.letter_view), name="pagoefectivo_refund_letter"),
            path("<int:object_id>/own/", wrap(self.own_view), name="pagoefectivo_refund_own"),
            path("<int:object_id>/disown/", wrap(self.disown_view), name="pagoefectivo_refund_disown"),
            path("<int:object_id>/account/", wrap(self.account_view), name="pagoefectivo_refund_account"),
            path("<int:object_id>/as-buyer/", wrap(self.buyer_view), name="pagoefectivo_refund_as_buyer"),
            path("<int:object_id>/paid/", wrap(self.paid_view), name="pagoefectivo_refund_paid"),
            path("<int:object_id>/rejected/", wrap(self.rejected_view), name="pagoefectivo_refund_rejected"),
            path("<int:object_id>/returned/", wrap(self.returned_view), name="pagoefectivo_refund_returned"),
        ]
        return [*acts, *super().get_urls()]


@admin.register(RefundDestination)
class RefundDestinationAdmin(ReadOnlyAdmin):
    """Bank accounts of buyers, masked unless the reader may see them."""

    list_display = ("__str__", "bank_code", "created_at")
    unread = ("holder_name", "document_number")
    shows = (SEES_BANK_ACCOUNTS, Kind.BANK)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        if request.user.has_perm(SEES_BANK_ACCOUNTS):
            return ["holder_name", "document_type", "document_number", "bank_code", "account_number", "created_at"]
        return ["masked_account", "bank_code", "created_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return self.get_fields(request, obj)

    @admin.display(description=gettext_lazy("account number"))
    def masked_account(self, destination: RefundDestination) -> str:
        return mask_code(destination.account_number)
