"""Orders: the list, the page that tells the whole story, and what may be done about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from pagoefectivo.admin import order_pages, search
from pagoefectivo.admin.exports import ExportedAdmin
from pagoefectivo.admin.noting import Kind, note
from pagoefectivo.admin.order_acts import OrderActs
from pagoefectivo.admin.order_desk_acts import OrderDeskActs
from pagoefectivo.admin.presentation import NOTHING, moment, money, state_badge
from pagoefectivo.admin.reading import SEES_PEOPLE, AccountFilter, StateFilter
from pagoefectivo.domain.redaction import mask_email
from pagoefectivo.models import Order, Voucher
from pagoefectivo.selectors import exports
from pagoefectivo.selectors.whole_orders import whole_order

LISTED = (
    "attempt",
    "account",
    "code",
    "expires_at",
    "order_id",
    "state",
    "wanted_expiry_at",
)


@admin.register(Order)
class OrderAdmin(OrderActs, OrderDeskActs, ExportedAdmin):
    """Find an order in seconds and see everything that ever happened to it."""

    list_filter = (("state", StateFilter), AccountFilter, "created_at")
    finds_orders = True
    search_fields = ("reference",)  # opens the search box; get_search_results decides what is asked
    search_help_text = _("Payment code, order reference, e-mail, provider's reference or refund id.")
    export_table = staticmethod(exports.orders_csv)
    unread = ("payer_document_number", "metadata")
    lists = (SEES_PEOPLE, Kind.PEOPLE)

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        people = ["code", "email"] if request.user.has_perm(SEES_PEOPLE) else ["masked_code", "masked_email"]
        code, email = people
        return ["reference", "standing", "asked", code, "deadline", email, "created"]

    def as_listed(self, rows: QuerySet[Order]) -> QuerySet[Order]:
        return super().as_listed(rows).prefetch_related(Prefetch("vouchers", Voucher.objects.only(*LISTED)))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        return (queryset.filter(search.condition(term, request.user)) if term else queryset), False

    @admin.display(description=_("state"))
    def standing(self, order: Order) -> SafeString:
        return state_badge(order)

    @admin.display(description=_("code"))
    def code(self, order: Order) -> Any:
        return _newest(order, lambda voucher: voucher.code)

    @admin.display(description=_("code"))
    def masked_code(self, order: Order) -> Any:
        return _newest(order, lambda voucher: voucher.masked_code)

    @admin.display(description=_("e-mail"))
    def email(self, order: Order) -> str:
        return order.payer_email

    @admin.display(description=_("e-mail"))
    def masked_email(self, order: Order) -> str:
        return mask_email(order.payer_email)

    @admin.display(description=_("amount"))
    def asked(self, order: Order) -> str:
        return money(order.amount, order.currency)

    @admin.display(description=_("created"))
    def created(self, order: Order) -> Any:
        return moment(order.created_at)

    @admin.display(description=_("deadline"))
    def deadline(self, order: Order) -> Any:
        return _newest(order, lambda voucher: moment(voucher.expires_at))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the order's page; it takes no POST, every act has an address of its own."""
        is_read = request.method in {"GET", "HEAD"} and object_id.isdecimal() and self.has_view_permission(request)
        whole = whole_order(int(object_id)) if is_read else None
        if whole is None:
            return super().change_view(request, object_id, form_url, extra_context)
        if request.user.has_perm(SEES_PEOPLE):
            note(request, Kind.PEOPLE, whole.order)
        return order_pages.detail(self, request, whole)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        acts = [
            path("<int:object_id>/refresh/", wrap(self.refresh_view), name="pagoefectivo_order_refresh"),
            path("<int:object_id>/reissue/", wrap(self.reissue_view), name="pagoefectivo_order_reissue"),
            path("<int:object_id>/cancel/", wrap(self.cancel_view), name="pagoefectivo_order_cancel"),
            path("<int:object_id>/extend/", wrap(self.extend_view), name="pagoefectivo_order_extend"),
            path("<int:object_id>/give-up/", wrap(self.give_up_view), name="pagoefectivo_order_give_up"),
            path("<int:object_id>/accept/", wrap(self.accept_view), name="pagoefectivo_order_accept"),
            path("<int:object_id>/refund/", wrap(self.refund_view), name="pagoefectivo_order_refund"),
            path("<int:object_id>/as-buyer/", wrap(self.buyer_view), name="pagoefectivo_order_as_buyer"),
            path("<int:object_id>/raw/", wrap(self.raw_view), name="pagoefectivo_order_raw"),
            path("<int:object_id>/note/", wrap(self.note_view), name="pagoefectivo_order_note"),
            path("<int:object_id>/resend/", wrap(self.resend_view), name="pagoefectivo_order_resend"),
            path("<int:object_id>/relink/", wrap(self.relink_view), name="pagoefectivo_order_relink"),
            path("<int:object_id>/ticket/", wrap(self.ticket_view), name="pagoefectivo_order_ticket"),
        ]
        return [*acts, *super().get_urls()]


def _newest(order: Order, shown: Callable[[Any], Any]) -> Any:
    voucher = order.current_voucher
    return (shown(voucher) or NOTHING) if voucher is not None else NOTHING
