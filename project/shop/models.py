"""What was bought here."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Purchase(models.Model):
    """One purchase. The payment lives in pagoefectivo under the same `reference`; its signals move `state`."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting for your payment")
        PAID = "paid", _("Paid: we are packing it")
        REFUNDED = "refunded", _("Refunded")
        RELEASED = "released", _("Not paid in time")

    reference = models.CharField(_("reference"), max_length=32, unique=True)
    product = models.SlugField(_("product"), max_length=32)
    amount = models.DecimalField(_("amount"), max_digits=12, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.WAITING)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    paid_at = models.DateTimeField(_("paid at"), null=True, blank=True)
    refunded_at = models.DateTimeField(_("refunded at"), null=True, blank=True)

    class Meta:
        verbose_name = _("purchase")
        verbose_name_plural = _("purchases")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.reference
