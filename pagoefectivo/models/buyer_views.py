"""Who of the shop has looked at an order's pages as the buyer does."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from pagoefectivo.models.orders import Order


class BuyerView(models.Model):
    """That one person of the back office was given the buyer's links of an order, and when first. Never changed."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="buyer_views")
    actor = models.CharField(_("who"), max_length=160)
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("look as the buyer")
        verbose_name_plural = _("looks as the buyer")
        constraints = [models.UniqueConstraint(fields=["order", "actor"], name="pe_buyer_view_once")]

    def __str__(self) -> str:
        return f"{self.order_id} {self.actor}"
