"""What the shop sold, under the shop's own reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from pagoefectivo.domain.languages import DEFAULT, LANGUAGES
from pagoefectivo.links import page_url
from pagoefectivo.models.digests import digest_field, digest_index
from pagoefectivo.models.fields import EncryptedTextField, money_field
from pagoefectivo.models.machines import OrderMachine

if TYPE_CHECKING:
    from pagoefectivo.models.vouchers import Voucher


class Order(OrderMachine):
    """One sale. `paid_amount` and `refunded_amount` are recomputed from below at every change, never incremented."""

    reference = models.CharField(_("reference"), max_length=64, unique=True)
    account = models.CharField(_("account"), max_length=64, db_index=True)
    amount = money_field(verbose_name=_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    paid_amount = money_field(verbose_name=_("paid"), default=0)
    refunded_amount = money_field(verbose_name=_("refunded"), default=0)
    payer_email = models.CharField(_("e-mail"), max_length=254, db_index=True)
    payer_name = models.CharField(_("name"), max_length=100, blank=True)
    payer_phone = models.CharField(_("phone"), max_length=20, blank=True)
    payer_document_type = models.CharField(_("document type"), max_length=8, blank=True)
    payer_document_number = EncryptedTextField(_("document number"), blank=True)
    phone_digest = digest_field()
    document_digest = digest_field()
    language = models.CharField(_("language"), max_length=2, default=DEFAULT, db_default=DEFAULT, choices=LANGUAGES)
    description = models.CharField(_("description"), max_length=200, blank=True)
    metadata = models.JSONField(_("metadata"), default=dict, blank=True)
    expires_in = models.DurationField(_("time to pay"))
    page_key = models.CharField(max_length=32, unique=True, editable=False)
    cancel_wanted_at = models.DateTimeField(_("cancel wanted"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), db_index=True)
    updated_at = models.DateTimeField(_("changed"))

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        permissions = [
            ("refresh_order", "Can ask the provider about an order"),
            ("cancel_order", "Can cancel an order or issue a new code"),
            ("view_personal_data", "Can see personal data of buyers"),
            ("view_raw_payload", "Can see the raw messages of providers"),
            ("export_finance", "Can download orders and refunds as a file"),
        ]
        indexes = [
            digest_index("phone_digest", "pe_order_phone"),
            digest_index("document_digest", "pe_order_document"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="pe_order_amount_positive"),
            models.CheckConstraint(condition=Q(paid_amount__gte=0), name="pe_order_paid_not_negative"),
            models.CheckConstraint(condition=Q(refunded_amount__gte=0), name="pe_order_refunded_not_negative"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def current_voucher(self) -> Voucher | None:
        """The newest payment code: the one the buyer is shown."""
        return max(self.vouchers.all(), key=lambda voucher: voucher.attempt, default=None)

    @property
    def page_url(self) -> str:
        """Where the checkout sends the buyer: the protected page, absolute."""
        return page_url(self.page_key)
