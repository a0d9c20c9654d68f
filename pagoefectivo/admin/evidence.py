"""What was said, by whom, when. Shown masked, payloads only to those who may see them; never edited."""

# ruff: noqa: ARG002 - the signatures are Django's
from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from pagoefectivo.admin.noting import Kind
from pagoefectivo.admin.presentation import moment, money, without_code
from pagoefectivo.admin.reading import SEES_PAYLOADS, AccountFilter, ReadOnlyAdmin
from pagoefectivo.models import ApiExchange, PaymentEvent, StateChange


class EvidenceAdmin(ReadOnlyAdmin):
    """Rows with a part that only some may read."""

    shown: tuple[str, ...] = ()
    payload: tuple[str, ...] = ()
    shows = (SEES_PAYLOADS, Kind.PAYLOAD)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        sees = request.user.has_perm(SEES_PAYLOADS)
        return [*self.shown, *(self.payload if sees else ())]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return self.get_fields(request, obj)


@admin.register(ApiExchange)
class ApiExchangeAdmin(EvidenceAdmin):
    """One call to a provider and its answer, or the lack of one."""

    list_display = ("sent", "operation", "account", "outcome", "http_status", "duration_ms", "request_id")
    list_filter = ("outcome", AccountFilter, "sent_at")
    search_fields = ("request_id",)
    search_help_text = _("The whole request id.")
    unread = ("request_body", "response_body", "request_headers", "response_headers")
    shown = ("request_id", "operation", "account", "voucher", "refund", "sent", "outcome", "http_status", "duration_ms")
    payload = (
        "method",
        "url",
        "request_headers",
        "we_said",
        "response_headers",
        "it_answered",
        "loss",
    )

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        term = search_term.strip()
        return (queryset.filter(request_id=term) if term else queryset), False

    @admin.display(description=_("sent"))
    def sent(self, exchange: ApiExchange) -> Any:
        return moment(exchange.sent_at)

    @admin.display(description=_("we said"))
    def we_said(self, exchange: ApiExchange) -> SafeString:
        return format_html("<pre>{}</pre>", without_code(exchange.masked_request, exchange.voucher))

    @admin.display(description=_("it answered"))
    def it_answered(self, exchange: ApiExchange) -> SafeString:
        return format_html("<pre>{}</pre>", without_code(exchange.masked_response, exchange.voucher))


@admin.register(PaymentEvent)
class PaymentEventAdmin(EvidenceAdmin):
    """Statements that were accepted: what every sum is recomputed from."""

    list_display = ("recorded", "status", "stated", "source", "proof", "is_believed", "voucher")
    list_filter = ("source", AccountFilter, "recorded_at")
    list_select_related = ("voucher",)
    unread = ("voucher__barcode_svg",)
    shown = (
        *("account", "voucher", "refund", "status", "stated", "source", "proof", "is_believed", "recorded"),
        *("occurred", "request_id", "event_identity", "digest"),
    )
    payload = ("raw_status", "payment_identity", "delivery")

    @admin.display(description=_("amount"))
    def stated(self, event: PaymentEvent) -> str:
        return money(event.amount, event.currency)

    @admin.display(description=_("recorded"))
    def recorded(self, event: PaymentEvent) -> Any:
        return moment(event.recorded_at)

    @admin.display(description=_("at"))
    def occurred(self, event: PaymentEvent) -> Any:
        return moment(event.occurred_at)


@admin.register(StateChange)
class StateChangeAdmin(EvidenceAdmin):
    """Every move: from, to, who, why, by which path."""

    list_display = ("happened", "subject", "order", "from_state", "to_state", "source", "actor", "why")
    list_filter = ("subject", "source", "at")
    list_select_related = ("order",)
    unread = ("order__payer_document_number", "order__metadata")
    shown = (
        *("happened", "subject", "order", "voucher", "refund", "from_state", "to_state", "transition", "source"),
        *("actor", "why", "event"),
    )

    @admin.display(description=_("at"))
    def happened(self, change: StateChange) -> Any:
        return moment(change.at)
