"""Every failure that happened, in our words and the provider's."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from pagoefectivo.domain.error_codes import CATALOGUE, ErrorCode, ErrorEntry
from pagoefectivo.models.refunds import Refund
from pagoefectivo.models.vouchers import Voucher


class ErrorOccurrence(models.Model):
    """One happening of one catalogue entry. The raw message is redacted before it is stored."""

    code = models.CharField(_("code"), max_length=40, db_index=True)
    raw_code = models.CharField(_("raw code"), max_length=64, blank=True)
    raw_message = models.CharField(_("raw message"), max_length=200, blank=True)
    http_status = models.PositiveSmallIntegerField("HTTP", null=True, blank=True)
    operation = models.CharField(_("operation"), max_length=24, blank=True)
    account = models.CharField(_("account"), max_length=64)
    voucher = models.ForeignKey(Voucher, null=True, blank=True, on_delete=models.PROTECT, related_name="errors")
    refund = models.ForeignKey(Refund, null=True, blank=True, on_delete=models.PROTECT, related_name="errors")
    request_id = models.CharField(_("request id"), max_length=40, blank=True)
    occurred_at = models.DateTimeField(_("at"), db_index=True)

    class Meta:
        verbose_name = _("error")
        verbose_name_plural = _("errors")

    def __str__(self) -> str:
        return self.code

    @property
    def entry(self) -> ErrorEntry:
        """The catalogue entry that explains it."""
        return CATALOGUE[ErrorCode(self.code)]
