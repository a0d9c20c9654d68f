"""What staff did about an order that moved no state: written once, never changed."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from pagoefectivo.models.orders import Order


class OrderNote(models.Model):
    """A note on an order, or a new link to its buyer's page and why. `text` is redacted before it is kept."""

    class Kind(models.TextChoices):
        NOTE = "note", _("note")
        RELINK = "relink", _("new link to the buyer's page")

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="notes")
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    actor = models.CharField(_("who"), max_length=160)
    text = models.CharField(_("text"), max_length=1000, blank=True)
    at = models.DateTimeField(_("at"), db_index=True)

    class Meta:
        verbose_name = _("note on an order")
        verbose_name_plural = _("notes on orders")
        ordering = ["id"]
        permissions = [
            ("add_note", "Can write notes on orders"),
            ("renew_order_link", "Can give the buyer a new link to an order"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M:%S}"
