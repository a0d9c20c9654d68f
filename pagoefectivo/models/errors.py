"""Every failure that happened, in our words and the provider's."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from pagoefectivo.domain.error_codes import CATALOGUE, ErrorCode, ErrorEntry
from pagoefectivo.models.labels import MARK_LABELS
from pagoefectivo.models.refunds import Refund
from pagoefectivo.models.vouchers import Voucher


class ErrorOccurrence(models.Model):
    """One happening of one catalogue entry. The raw message is redacted before it is stored."""

    code = models.CharField(_("code"), max_length=40)
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
        permissions = [
            ("follow_error", "Can assign errors, mark them as seen and have them asked about again"),
            ("map_error", "Can say what an unknown code of a provider means"),
        ]
        indexes = [models.Index(fields=["code", "occurred_at"], name="pe_error_code")]

    def __str__(self) -> str:
        return self.code

    @property
    def entry(self) -> ErrorEntry:
        """The catalogue entry that explains it."""
        return CATALOGUE[ErrorCode(self.code)]


class ErrorTally(models.Model):
    """One way in which one thing went wrong at an account: how often it came, and what is read in it today.

    `code` is what it was called when it came, as in the sealed occurrences; `reads_as` is what today's tables and
    people say it means. Reading it otherwise changes words and who acts, never a state.
    """

    account = models.CharField(_("account"), max_length=64)
    operation = models.CharField(_("operation"), max_length=24, blank=True)
    raw_code = models.CharField(_("raw code"), max_length=64, blank=True)
    code = models.CharField(_("code"), max_length=40)
    reads_as = models.CharField(_("read as"), max_length=40, db_index=True)
    count = models.PositiveBigIntegerField(_("count"), default=1)
    first_at = models.DateTimeField(_("first seen"))
    last_at = models.DateTimeField(_("last seen"))
    sample = models.ForeignKey(ErrorOccurrence, on_delete=models.PROTECT, db_index=False, related_name="+")

    class Meta:
        verbose_name = _("error code")
        verbose_name_plural = _("error codes")
        constraints = [
            models.UniqueConstraint(fields=["account", "operation", "raw_code", "code"], name="pe_tally_once"),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.operation} {self.code}"

    @property
    def is_unknown(self) -> bool:
        """Whether nobody has said what it means."""
        return self.reads_as == ErrorCode.PSP_UNMAPPED


class CodeMapping(models.Model):
    """What a person said that an unknown raw code of a provider means. Never changed: the newest one holds."""

    provider = models.CharField(_("provider"), max_length=200)
    operation = models.CharField(_("operation"), max_length=24)
    raw_code = models.CharField(_("raw code"), max_length=64)
    code = models.CharField(_("code"), max_length=40)
    note = models.CharField(_("note"), max_length=500)
    mapped_by = models.CharField(_("who"), max_length=160)
    mapped_at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("meaning of a raw code")
        verbose_name_plural = _("meanings of raw codes")
        indexes = [models.Index(fields=["provider", "operation", "raw_code"], name="pe_mapping_of")]

    def __str__(self) -> str:
        return f"{self.provider} {self.operation} {self.raw_code} → {self.code}"


class ErrorMark(models.Model):
    """What a person did about one occurrence: one row per act, never changed; the newest says whose it is."""

    occurrence = models.ForeignKey(ErrorOccurrence, on_delete=models.PROTECT, related_name="marks")
    act = models.CharField(_("act"), max_length=12, choices=MARK_LABELS)
    owner = models.CharField(_("owner"), max_length=150, blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True)
    refused = models.CharField(_("refused"), max_length=40, blank=True)
    actor = models.CharField(_("who"), max_length=160)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("act on an error")
        verbose_name_plural = _("acts on errors")

    def __str__(self) -> str:
        return f"{self.act} {self.actor}"
