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
from pagoefectivo.models import ApiExchange, PaymentEvent, StateChange, WebhookDelivery, WebhookRejection


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


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(EvidenceAdmin):
    """One notification as it came, the verdict on its signature, and what became of it."""

    list_display = ("received", "account", "verdict", "outcome", "repeats", "remote_ip")
    list_filter = ("verdict", "outcome", AccountFilter, "received_at")
    unread = ("body", "headers")
    shown = (
        *("account", "received", "verdict", "fault", "outcome", "repeats", "voucher", "refund", "secret_index"),
        *("signed", "done", "event_identity"),
    )
    payload = ("remote_ip", "headers", "it_said")

    @admin.display(description=_("received"))
    def received(self, delivery: WebhookDelivery) -> Any:
        return moment(delivery.received_at)

    @admin.display(description=_("it said"))
    def it_said(self, delivery: WebhookDelivery) -> SafeString:
        return format_html("<pre>{}</pre>", without_code(delivery.masked_body, delivery.voucher))

    @admin.display(description=_("signed"))
    def signed(self, delivery: WebhookDelivery) -> Any:
        return moment(delivery.signed_at)

    @admin.display(description=_("done"))
    def done(self, delivery: WebhookDelivery) -> Any:
        return moment(delivery.done_at)


@admin.register(WebhookRejection)
class WebhookRejectionAdmin(ReadOnlyAdmin):
    """How many notifications were turned away, by reason and hour."""

    list_display = ("hour", "account", "fault", "count")
    list_filter = (AccountFilter, "hour_at")

    @admin.display(description=_("hour"))
    def hour(self, rejection: WebhookRejection) -> Any:
        return moment(rejection.hour_at)


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
