"""One payment code with a deadline."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from pagoefectivo.domain.redaction import mask_code, without_code
from pagoefectivo.domain.states import LIVE_VOUCHER, VoucherState
from pagoefectivo.models.fields import DueRow, due_index, money_field
from pagoefectivo.models.machines import VoucherMachine
from pagoefectivo.models.orders import Order


class Voucher(VoucherMachine, DueRow):
    """One attempt to be paid. `reserved_amount` and `refunded_amount` sum our refunds, recomputed under the lock."""

    public_id = models.CharField(max_length=40, unique=True, editable=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, db_index=False, related_name="vouchers")
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=1)
    account = models.CharField(_("account"), max_length=64)
    reference = models.CharField(_("our reference"), max_length=100, unique=True)
    idempotency_key = models.CharField(max_length=40, editable=False)
    amount = money_field(verbose_name=_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    wanted_expiry_at = models.DateTimeField(_("asked deadline"))
    first_sent_at = models.DateTimeField(_("first sent"), null=True, blank=True)
    provider_reference = models.CharField(_("provider's reference"), max_length=100, blank=True)
    code = models.CharField(_("code"), max_length=64, blank=True)
    barcode = models.CharField(max_length=80, blank=True)
    barcode_svg = models.TextField(blank=True, editable=False)
    expires_at = models.DateTimeField(_("deadline"), null=True, blank=True)
    paid_amount = money_field(verbose_name=_("paid"), default=0)
    paid_currency = models.CharField(max_length=3, blank=True)
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)
    reserved_amount = money_field(verbose_name=_("reserved for refunds"), default=0)
    refunded_amount = money_field(verbose_name=_("refunded"), default=0)
    outside_amount = money_field(verbose_name=_("refunded outside"), default=0)
    cancel_wanted_at = models.DateTimeField(_("cancel wanted"), null=True, blank=True)
    replaced_at = models.DateTimeField(_("replaced"), null=True, blank=True)
    extend_wanted_at = models.DateTimeField(_("new deadline asked for"), null=True, blank=True)
    extend_wanted_until = models.DateTimeField(_("new deadline"), null=True, blank=True)
    asked_at = models.DateTimeField(_("last asked"), null=True, blank=True)
    seen_at = models.DateTimeField(_("page seen"), null=True, blank=True)
    said_paid_at = models.DateTimeField(_("buyer says paid"), null=True, blank=True)
    error_code = models.CharField(_("error"), max_length=40, blank=True)
    raw_code = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(_("created"), db_index=True)
    changed_at = models.DateTimeField(_("changed"))

    class Meta:
        verbose_name = _("payment code")
        verbose_name_plural = _("payment codes")
        indexes = [
            due_index("pe_voucher_due"),
            models.Index(fields=["code"], name="pe_voucher_code"),
            models.Index(fields=["account", "provider_reference"], name="pe_voucher_provider_ref"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["order", "attempt"], name="pe_voucher_attempt_once"),
            models.UniqueConstraint(
                fields=["account", "provider_reference"],
                condition=~Q(provider_reference=""),
                name="pe_voucher_provider_ref_once",
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="pe_voucher_amount_positive"),
            models.CheckConstraint(
                condition=Q(refunded_amount__gte=0)
                & Q(refunded_amount__lte=F("reserved_amount"))
                & Q(reserved_amount__lte=F("paid_amount")),
                name="pe_voucher_refunds_within_paid",
            ),
            models.CheckConstraint(
                condition=Q(next_action_at__isnull=False) | ~Q(state__in=sorted(LIVE_VOUCHER)),
                name="pe_voucher_live_is_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.public_id} {self.masked_code}".strip()

    def is_being_extended(self, now: datetime) -> bool:
        """Whether a new deadline was asked for that the provider has not confirmed, and that still lies ahead."""
        wanted = self.extend_wanted_until
        return self.state == VoucherState.ISSUED and wanted is not None and wanted > now

    @property
    def last_moment(self) -> datetime:
        """Until when it could be paid: its deadline, or when its end was heard of if the provider ended it earlier."""
        deadline = self.expires_at or self.wanted_expiry_at
        return min(deadline, self.changed_at) if self.state == VoucherState.EXPIRED else deadline

    @property
    def masked_code(self) -> str:
        return mask_code(self.code)

    @property
    def masked_provider_reference(self) -> str:
        """The provider's name for the payment, for those who may not see the code: some name it by the code itself."""
        return without_code(self.provider_reference, self.code)
