"""What the rules noticed about an order, and the keyed marks they count by."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from pagoefectivo.domain.risk import RULE_LABELS, flag_sentence
from pagoefectivo.models.orders import Order


class BuyerMark(models.Model):
    """One order bears one mark of its buyer: a keyed digest of the e-mail, phone, document or address, never the thing.

    Kept as long as the longest rule looks back.
    """

    order = models.ForeignKey(Order, on_delete=models.CASCADE, db_index=False, related_name="+")
    mark = models.CharField(max_length=8)  # a domain.risk.Mark
    digest = models.CharField(max_length=64)
    at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("mark of a buyer")
        verbose_name_plural = _("marks of buyers")
        indexes = [models.Index(fields=["mark", "digest", "at"], name="pe_mark_peers")]
        constraints = [models.UniqueConstraint(fields=["order", "mark", "digest"], name="pe_mark_once")]

    def __str__(self) -> str:
        return f"{self.mark} {self.digest[:8]}"


class RiskFlag(models.Model):
    """One rule spoke about one order, once. It stops nothing: people look, and a person puts it aside with a reason."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, db_index=False, related_name="flags")
    rule = models.CharField(_("rule"), max_length=16, choices=RULE_LABELS)
    facts = models.JSONField(default=dict)
    raised_at = models.DateTimeField(_("raised"), db_index=True)
    dismissed_at = models.DateTimeField(_("put aside"), null=True, blank=True)
    dismissed_by = models.CharField(_("put aside by"), max_length=160, blank=True)
    dismissed_why = models.CharField(_("why"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("risk flag")
        verbose_name_plural = _("risk flags")
        permissions = [("dismiss_flag", "Can put a risk flag aside with a reason")]
        indexes = [models.Index(fields=["raised_at"], name="pe_flag_open", condition=Q(dismissed_at__isnull=True))]
        constraints = [models.UniqueConstraint(fields=["order", "rule"], name="pe_flag_once")]

    def __str__(self) -> str:
        return str(self.get_rule_display())

    @property
    def sentence(self) -> str:
        """Why it was raised, with its numbers, in the reader's language."""
        return flag_sentence(self.rule, self.facts)
