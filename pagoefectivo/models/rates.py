"""What a dollar cost on a day, as somebody published it and the shop imported it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class ExchangeRate(models.Model):
    """The rate of one day: one of `base` costs `rate` of `quote`. `source` says who published it, and which one it is."""

    day = models.DateField(_("day"))
    base = models.CharField(_("one"), max_length=3, default="USD")
    quote = models.CharField(_("is worth, in"), max_length=3, default="PEN")
    rate = models.DecimalField(_("rate"), max_digits=18, decimal_places=6)
    source = models.CharField(_("published by"), max_length=100)
    imported_by = models.CharField(_("imported by"), max_length=160)
    importer = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    imported_at = models.DateTimeField(_("imported"))

    class Meta:
        verbose_name = _("exchange rate")
        verbose_name_plural = _("exchange rates")
        default_permissions = ("view",)
        permissions = [("keep_rates", "Can import exchange rates")]
        constraints = [
            models.UniqueConstraint(fields=("day", "base", "quote"), name="pe_rate_once_a_day"),
            models.CheckConstraint(condition=models.Q(rate__gt=0), name="pe_rate_above_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.day:%d/%m/%Y} {self.base}/{self.quote}"


class RateCorrection(models.Model):
    """One change of a rate that was imported: what it was, what it became, who says so and why. Never changed."""

    exchange_rate = models.ForeignKey(ExchangeRate, on_delete=models.PROTECT, related_name="corrections")
    before = models.DecimalField(_("before"), max_digits=18, decimal_places=6)
    after = models.DecimalField(_("after"), max_digits=18, decimal_places=6)
    source = models.CharField(_("published by"), max_length=100)
    reason = models.CharField(_("reason"), max_length=500)
    corrected_by = models.CharField(_("corrected by"), max_length=160)
    corrector = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    corrected_at = models.DateTimeField(_("corrected"))

    class Meta:
        verbose_name = _("corrected rate")
        verbose_name_plural = _("corrected rates")
        default_permissions = ()
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.before} → {self.after}"
