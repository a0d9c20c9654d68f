"""What does not fit and waits for a person."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from pagoefectivo.models.labels import ANOMALY_LABELS
from pagoefectivo.models.orders import Order
from pagoefectivo.models.refunds import Refund
from pagoefectivo.models.vouchers import Voucher


class Anomaly(models.Model):
    """One oddity on a voucher or refund. Open at most once per subject and kind; closed by a later fact or a person."""

    kind = models.CharField(_("kind"), max_length=32, choices=ANOMALY_LABELS)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="anomalies")
    voucher = models.ForeignKey(Voucher, on_delete=models.PROTECT, related_name="anomalies")
    refund = models.ForeignKey(Refund, null=True, blank=True, on_delete=models.PROTECT, related_name="anomalies")
    holds_order = models.BooleanField(_("holds the order"), default=False)
    opened_at = models.DateTimeField(_("opened"))
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    closed_by = models.CharField(_("closed by"), max_length=160, blank=True)
    resolution = models.CharField(_("resolution"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("anomaly")
        verbose_name_plural = _("anomalies")
        permissions = [("accept_payment", "Can accept a payment that is under review")]
        constraints = [
            models.UniqueConstraint(
                fields=["voucher", "kind"],
                condition=Q(closed_at__isnull=True, refund__isnull=True),
                name="pe_anomaly_open_once_voucher",
            ),
            models.UniqueConstraint(
                fields=["refund", "kind"],
                condition=Q(closed_at__isnull=True, refund__isnull=False),
                name="pe_anomaly_open_once_refund",
            ),
        ]

    def __str__(self) -> str:
        return self.kind
