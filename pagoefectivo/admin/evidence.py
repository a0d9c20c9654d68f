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
from pagoefectivo.admin.presentation import (
    actor_word,
    link,
    moment,
    money,
    payment_word,
    refund_word,
    state_word,
    without_code,
)
from pagoefectivo.admin.reading import SEES_PAYLOADS, AccountFilter, ReadOnlyAdmin
from pagoefectivo.domain.states import Proof
from pagoefectivo.models import ApiExchange, PaymentEvent, StateChange

_PROOFS = {
    Proof.HINT.value: _("a hint: signed, but not over the facts, or too old"),
    Proof.SIGNED_BODY.value: _("a fresh signature over the facts"),
    Proof.ANSWER.value: _("the provider's answer to our instruction"),
    Proof.READ.value: _("the provider's answer to our question"),
    Proof.ATTESTED.value: _("a second person's word on a transfer"),
}


class EvidenceAdmin(ReadOnlyAdmin):
    """Rows with a part that only some may read."""

    shown: tuple[str, ...] = ()
    payload: tuple[str, ...] = ()
    shows: tuple[str, Kind] | None = (SEES_PAYLOADS, Kind.PAYLOAD)

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
        return moment(exchange.sent_at, seconds=True)

    @admin.display(description=_("we said"))
    def we_said(self, exchange: ApiExchange) -> SafeString:
        return format_html("<pre>{}</pre>", without_code(exchange.masked_request, exchange.voucher))

    @admin.display(description=_("it answered"))
    def it_answered(self, exchange: ApiExchange) -> SafeString:
        return format_html("<pre>{}</pre>", without_code(exchange.masked_response, exchange.voucher))


@admin.register(PaymentEvent)
class PaymentEventAdmin(EvidenceAdmin):
    """Statements that were accepted: what every sum is recomputed from."""

    list_display = ("recorded", "said", "stated", "source", "by_which_proof", "believed", "voucher")
    list_filter = ("source", AccountFilter, "recorded_at")
    list_select_related = ("voucher",)
    unread = ("voucher__barcode_svg",)
    shown = (
        *("account", "voucher", "refund", "said", "stated", "source", "by_which_proof", "believed", "recorded"),
        *("occurred", "request_id", "event_identity", "digest"),
    )
    payload = ("raw_status", "their_payment", "delivery")

    @admin.display(description=_("amount"))
    def stated(self, event: PaymentEvent) -> str:
        return money(event.amount, event.currency)

    @admin.display(description=_("provider's reference"))
    def their_payment(self, event: PaymentEvent) -> str:
        return without_code(event.payment_identity, event.voucher) or "–"

    @admin.display(description=_("recorded"))
    def recorded(self, event: PaymentEvent) -> Any:
        return moment(event.recorded_at, seconds=True)

    @admin.display(description=_("state"))
    def said(self, event: PaymentEvent) -> object:
        return refund_word(event.status) if event.refund_id else payment_word(event.status)

    @admin.display(description=_("why it may be believed"))
    def by_which_proof(self, event: PaymentEvent) -> object:
        return _PROOFS.get(event.proof, event.proof)

    @admin.display(description=_("believed"), boolean=True)
    def believed(self, event: PaymentEvent) -> bool:
        return event.is_believed

    @admin.display(description=_("at"))
    def occurred(self, event: PaymentEvent) -> Any:
        return moment(event.occurred_at)


@admin.register(StateChange)
class StateChangeAdmin(EvidenceAdmin):
    """Every move: from, to, who, why, by which path."""

    shows = None
    list_display = ("happened", "what", "of_order", "before", "after", "source", "who", "why")
    list_filter = ("subject", "source", "at")
    list_select_related = ("order",)
    unread = ("order__payer_document_number", "order__metadata")
    shown = (
        *("happened", "what", "of_order", "voucher", "refund", "before", "after", "source", "who", "why"),
        *("transition", "event"),
    )

    @admin.display(description=_("at"))
    def happened(self, change: StateChange) -> Any:
        return moment(change.at, seconds=True)

    @admin.display(description=_("what"))
    def what(self, change: StateChange) -> str:
        return change.get_subject_display()

    @admin.display(description=_("order"))
    def of_order(self, change: StateChange) -> Any:
        return link(change.order)

    @admin.display(description=_("from"))
    def before(self, change: StateChange) -> object:
        return state_word(change.subject, change.from_state)

    @admin.display(description=_("to"))
    def after(self, change: StateChange) -> object:
        return state_word(change.subject, change.to_state)

    @admin.display(description=_("who"))
    def who(self, change: StateChange) -> object:
        return actor_word(change.actor)
