"""What stands between a buyer's link and personal data: answers that were wrong, and codes that were e-mailed."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from pagoefectivo.models.refunds import Refund


class WrongAnswers(models.Model):
    """How often one order, or one sender, was answered wrongly. `subject` is a keyed digest of either: no address is kept."""

    subject = models.CharField(max_length=64, unique=True, editable=False)
    count = models.PositiveIntegerField(_("wrong answers"), default=0)
    paused_until = models.DateTimeField(_("paused until"), null=True, blank=True)
    last_at = models.DateTimeField(_("last"), db_index=True)

    class Meta:
        verbose_name = _("wrong answers")
        verbose_name_plural = _("wrong answers")

    def __str__(self) -> str:
        return self.subject[:8]


class EmailedCode(models.Model):
    """The newest code that was e-mailed for one refund's page. Only a keyed digest is stored; a new link voids it."""

    refund = models.OneToOneField(Refund, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, editable=False)
    sent = models.PositiveSmallIntegerField(_("sent today"), default=0)
    sent_at = models.DateTimeField(_("sent"))
    expires_at = models.DateTimeField(_("expires"), db_index=True)

    class Meta:
        verbose_name = _("e-mailed code")
        verbose_name_plural = _("e-mailed codes")

    def __str__(self) -> str:
        return str(self.refund_id)
