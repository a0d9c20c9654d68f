"""Orders and their payment codes, in and out."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from pagoefectivo import conf
from pagoefectivo.api.v1.shapes.fields import (
    AmountField,
    CurrencyField,
    Cursor,
    DurationField,
    MetadataField,
    StrictShape,
    TextField,
    WantedAmountField,
    instant,
    page_size,
)
from pagoefectivo.api.v1.shapes.refunds import RefundInOrderShape
from pagoefectivo.domain.languages import LANGUAGES
from pagoefectivo.domain.messages import Payer
from pagoefectivo.domain.states import OrderState, VoucherState
from pagoefectivo.links import page_token
from pagoefectivo.models import Order, Voucher
from pagoefectivo.selectors.orders import LARGEST_PAGE

_STATES = [state.value for state in OrderState]


class NewDocument(StrictShape):
    """An identity document."""

    type = TextField(help_text="DNI, RUC, CE or PASSPORT.")
    number = TextField()


class NewPayer(StrictShape):
    """The buyer. Which fields are needed beside the e-mail is up to the provider of the account."""

    email = TextField()
    name = TextField(required=False)
    phone = TextField(required=False)
    document = NewDocument(required=False)


class NewOrder(StrictShape):
    """What the shop asks for."""

    reference = TextField(help_text="The shop's own, 1–64 letters, digits and . _ ~ : -")
    amount = WantedAmountField()
    currency = CurrencyField()
    account = TextField(required=False, help_text="A name of the setting ACCOUNTS; the first one without it.")
    payer = NewPayer()
    expires_in = DurationField(required=False)
    description = TextField(required=False, allow_blank=True)
    language = serializers.ChoiceField(
        choices=list(LANGUAGES), required=False, help_text="Of the messages to the buyer; es without it."
    )
    metadata = MetadataField(required=False, help_text="The shop's own: at most 4096 bytes of JSON, 14 levels deep.")


class NewDeadline(StrictShape):
    """How much time the buyer gets, from now on."""

    expires_in = DurationField()


class NoBody(StrictShape):
    """Nothing, or an empty object."""


def payer_from(given: dict[str, Any]) -> Payer:
    """Return the buyer as the services know them."""
    document = given.get("document", {})
    return Payer(
        email=given["email"],
        name=given.get("name", ""),
        phone=given.get("phone", ""),
        document_type=document.get("type", ""),
        document_number=document.get("number", ""),
    )


class OrderQuery(StrictShape):
    """What to look for."""

    reference = TextField(required=False)
    state = serializers.ChoiceField(choices=_STATES, required=False)
    code = TextField(required=False)
    email = TextField(required=False)
    account = TextField(required=False)
    created_after = instant(required=False)
    created_before = instant(required=False)
    limit = page_size(LARGEST_PAGE)
    cursor = Cursor(required=False)


class VoucherShape(serializers.Serializer[Voucher]):
    """The newest payment code of an order. `code` is null until the provider has issued it."""

    id = serializers.CharField(source="public_id")
    state = serializers.ChoiceField(choices=[state.value for state in VoucherState])
    code = serializers.SerializerMethodField()
    barcode_svg_url = serializers.SerializerMethodField()
    expires_at = instant(allow_null=True)
    page_url = serializers.SerializerMethodField()
    paid_at = instant(allow_null=True)

    def get_code(self, voucher: Voucher) -> str | None:
        return voucher.code or None

    def get_barcode_svg_url(self, voucher: Voucher) -> str | None:
        if not voucher.code:
            return None
        path = reverse("pagoefectivo:voucher-barcode", args=[page_token(voucher.order.page_key)])
        return f"{conf.current().public_base_url}{path}"

    def get_page_url(self, voucher: Voucher) -> str:
        return voucher.order.page_url


class OrderShape(serializers.Serializer[Order]):
    """One order with its newest payment code and all its refunds."""

    reference = serializers.CharField()
    state = serializers.ChoiceField(choices=_STATES)
    amount = AmountField()
    currency = serializers.CharField()
    paid_amount = AmountField()
    refunded_amount = AmountField()
    refundable_amount = serializers.SerializerMethodField()
    account = serializers.CharField()
    voucher = VoucherShape(source="current_voucher", allow_null=True)
    refunds = serializers.SerializerMethodField()
    created_at = instant()

    @extend_schema_field(AmountField())
    def get_refundable_amount(self, order: Order) -> str:
        return f"{self.context['refundable'][order.pk]:.2f}"

    @extend_schema_field(RefundInOrderShape(many=True))
    def get_refunds(self, order: Order) -> Any:
        oldest_first = sorted(order.refunds.all(), key=lambda refund: refund.pk)
        return RefundInOrderShape(oldest_first, many=True).data  # type: ignore[arg-type] # the stubs forget many


class OrderPage(serializers.Serializer[Any]):
    """Some orders, newest first, and where the next ones are."""

    results = OrderShape(many=True)
    next = serializers.URLField(allow_null=True)


class TimelineEntryShape(serializers.Serializer[Any]):
    """One thing that happened."""

    at = instant()
    kind = serializers.CharField()
    actor = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment] # a declared field, not the base's attribute
    sentence = serializers.CharField()
    details = serializers.DictField()


class TimelineShape(serializers.Serializer[Any]):
    """Everything that happened to an order, newest last."""

    results = TimelineEntryShape(many=True)
