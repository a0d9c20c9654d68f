"""What others have to hear once it is true: rows that wait to be announced."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from pagoefectivo.models.evidence import StateChange
from pagoefectivo.models.fields import DueRow, due_index
from pagoefectivo.models.orders import Order
from pagoefectivo.models.refunds import Refund
from pagoefectivo.models.vouchers import Voucher


class OutboxMessage(DueRow):
    """One signal to the host shop about one state change, or about an order that a rule has flagged.

    `delivered_to` names the receivers that returned.
    """

    change = models.ForeignKey(StateChange, null=True, blank=True, on_delete=models.PROTECT, related_name="messages")
    signal = models.CharField(_("signal"), max_length=40)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="+")
    voucher = models.ForeignKey(Voucher, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    refund = models.ForeignKey(Refund, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=12)
    occurred_at = models.DateTimeField()
    delivered_to = models.JSONField(default=list)
    failure = models.CharField(_("failure"), max_length=200, blank=True)
    done_at = models.DateTimeField(_("done"), null=True, blank=True)

    class Meta:
        verbose_name = _("announcement")
        verbose_name_plural = _("announcements")
        indexes = [due_index("pe_outbox_due")]
        constraints = [
            models.UniqueConstraint(fields=["change", "signal"], name="pe_outbox_once"),
        ]

    def __str__(self) -> str:
        return self.signal
