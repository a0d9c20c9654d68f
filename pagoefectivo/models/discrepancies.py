"""What does not add up between a provider's files and us, who works on it, and how it was settled."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from pagoefectivo.domain.discrepancies import ACT_WORDS, REASON_WORDS
from pagoefectivo.models.cases import Case
from pagoefectivo.models.refunds import Refund
from pagoefectivo.models.settlements import VERDICT_LABELS, SettlementLine, settled_field
from pagoefectivo.models.vouchers import Voucher

REASON_LABELS = [(reason.value, words) for reason, words in REASON_WORDS.items()]
ACT_LABELS = [(act.value, words) for act, words in ACT_WORDS.items()]


class Discrepancy(models.Model):
    """One difference: of a line, or of a payment or refund that no line tells of. Open until a person settles it, or money.

    `amount` in `currency` is what is missing (below zero) or too much. It belongs to `month` until that is closed.
    """

    account = models.CharField(_("account"), max_length=64)
    verdict = models.CharField(_("class"), max_length=16, choices=VERDICT_LABELS)
    month = models.DateField(_("month"))
    line = models.OneToOneField(
        SettlementLine, null=True, blank=True, on_delete=models.PROTECT, related_name="discrepancy"
    )
    voucher = models.ForeignKey(
        Voucher, null=True, blank=True, on_delete=models.PROTECT, related_name="discrepancies", db_constraint=False
    )
    refund = models.ForeignKey(
        Refund, null=True, blank=True, on_delete=models.PROTECT, related_name="discrepancies", db_constraint=False
    )
    amount = settled_field(verbose_name=_("difference"))
    currency = models.CharField(_("currency"), max_length=3)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(_("reason"), max_length=24, choices=REASON_LABELS, blank=True)
    resolution = models.CharField(_("explanation"), max_length=500, blank=True)
    case = models.ForeignKey(
        Case, null=True, blank=True, on_delete=models.PROTECT, related_name="discrepancies", verbose_name=_("case")
    )
    opened_at = models.DateTimeField(_("found"))
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)
    settled_by = models.CharField(_("settled by"), max_length=160, blank=True)

    class Meta:
        verbose_name = _("difference")
        verbose_name_plural = _("differences")
        default_permissions = ("view",)
        permissions = [("work_discrepancy", "Can work on differences and settle them")]
        indexes = [
            models.Index(fields=["account", "month", "id"], name="pe_discrepancy_month"),
            models.Index(fields=["opened_at"], name="pe_discrepancy_open", condition=Q(settled_at__isnull=True)),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["voucher"],
                condition=Q(line__isnull=True, refund__isnull=True, settled_at__isnull=True),
                name="pe_discrepancy_once_voucher",
            ),
            models.UniqueConstraint(
                fields=["refund"],
                condition=Q(line__isnull=True, refund__isnull=False, settled_at__isnull=True),
                name="pe_discrepancy_once_refund",
            ),
            models.CheckConstraint(
                condition=Q(settled_at__isnull=True, reason="") | Q(settled_at__isnull=False) & ~Q(reason=""),
                name="pe_discrepancy_settled_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """What people call it by."""
        return f"D-{self.pk}"


class DiscrepancyEntry(models.Model):
    """One thing that a person did with a difference, or money that came after all. Never changed."""

    discrepancy = models.ForeignKey(Discrepancy, on_delete=models.PROTECT, related_name="entries")
    act = models.CharField(_("what"), max_length=12, choices=ACT_LABELS)
    said = models.CharField(_("words"), max_length=500, blank=True)
    actor = models.CharField(_("who"), max_length=160)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("act on a difference")
        verbose_name_plural = _("acts on differences")
        default_permissions = ("view",)
        ordering = ("id",)

    def __str__(self) -> str:
        return self.act


class SettlementShare(models.Model):
    """What a person says a line, or a part of it, is about. The shares of one line add up to its amount. Never changed."""

    line = models.ForeignKey(SettlementLine, on_delete=models.PROTECT, related_name="shares")
    voucher = models.ForeignKey(Voucher, on_delete=models.PROTECT, related_name="settlement_shares")
    refund = models.ForeignKey(
        Refund, null=True, blank=True, on_delete=models.PROTECT, related_name="settlement_shares"
    )
    amount = settled_field(verbose_name=_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    matched_by = models.CharField(_("matched by"), max_length=160)
    matcher = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, db_index=False, related_name="+")
    matched_at = models.DateTimeField(_("matched"))

    class Meta:
        verbose_name = _("match by hand")
        verbose_name_plural = _("matches by hand")
        default_permissions = ("view",)

    def __str__(self) -> str:
        return str(self.line_id)
