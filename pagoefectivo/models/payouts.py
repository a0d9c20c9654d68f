"""Files of bank transfers, kept exactly as they were handed out."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from pagoefectivo.models.fields import EncryptedBytesField, money_field


class Payout(models.Model):
    """One payout file: who made it, when, over what. Never changed; the bank accounts in it may be erased in time."""

    reference = models.CharField(_("reference"), max_length=24, unique=True)
    account = models.CharField(_("account"), max_length=64)
    currency = models.CharField(_("currency"), max_length=3)
    count = models.PositiveIntegerField(_("transfers"))
    total = money_field(verbose_name=_("sum"))
    content = EncryptedBytesField(_("file"))
    sha256 = models.CharField("SHA-256", max_length=64)
    made_by = models.CharField(_("made by"), max_length=160)
    maker = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(_("made"), db_index=True)

    class Meta:
        verbose_name = _("payout file")
        verbose_name_plural = _("payout files")

    def __str__(self) -> str:
        return self.reference
