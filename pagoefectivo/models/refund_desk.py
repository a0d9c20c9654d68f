"""What the refund desk keeps beside the refunds: limits that were passed in an emergency, and files of requests."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from pagoefectivo.domain.refund_limits import LimitKind
from pagoefectivo.models.fields import money_field
from pagoefectivo.models.refunds import Refund

LIMIT_LABELS = [
    (LimitKind.REQUEST.value, _("for one request")),
    (LimitKind.REQUEST_DAY.value, _("for the requests of one day")),
    (LimitKind.APPROVE.value, _("for one approval")),
    (LimitKind.APPROVE_DAY.value, _("for the approvals of one day")),
]


class LimitPass(models.Model):
    """One limit that a person passed in an emergency: whose, how high it was, what it came to, and why. Never changed."""

    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, related_name="limit_passes")
    kind = models.CharField(_("limit"), max_length=12, choices=LIMIT_LABELS)
    allowed = money_field(verbose_name=_("allowed"))
    reached = money_field(verbose_name=_("reached"))
    currency = models.CharField(_("currency"), max_length=3)
    actor = models.CharField(_("who"), max_length=160)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, db_index=False, related_name="+")
    reason = models.CharField(_("reason"), max_length=500)
    at = models.DateTimeField(_("at"), db_index=True)

    class Meta:
        verbose_name = _("passed limit")
        verbose_name_plural = _("passed limits")
        ordering = ("id",)

    def __str__(self) -> str:
        return self.kind


class RefundFile(models.Model):
    """One file of requests for refunds, by its SHA-256: `lines` says of each what was asked and what refused it.

    A line's refund is found by its nonce, so that the same file, sent again, asks for nothing twice.
    """

    sha256 = models.CharField("SHA-256", max_length=64, unique=True)
    name = models.CharField(_("name"), max_length=100, blank=True)
    lines = models.JSONField(_("lines"), default=list)
    made_by = models.CharField(_("sent by"), max_length=160)
    maker = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    created_at = models.DateTimeField(_("sent"), db_index=True)

    class Meta:
        verbose_name = _("file of refunds")
        verbose_name_plural = _("files of refunds")

    def __str__(self) -> str:
        return self.name or self.sha256[:12]
