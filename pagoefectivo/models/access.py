"""Who looked at what of other people: rows that are written once and never changed."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from pagoefectivo.models.fields import linked_index
from pagoefectivo.models.orders import Order


class AccessLog(models.Model):
    """One person saw one kind of what is kept masked, about one subject, within one stretch of ten minutes.

    `subject` is the order's reference, or the name of a list or a file; never a search term. `slot` numbers the stretch.
    """

    class Kind(models.TextChoices):
        PEOPLE = "people", _("personal data of a buyer")
        BANK = "bank", _("bank account of a buyer")
        PAYLOAD = "payload", _("raw messages")
        PICTURE = "picture", _("picture of a receipt")
        EXPORT = "export", _("file with a list")
        AS_BUYER = "as_buyer", _("the buyer's page")

    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    actor = models.CharField(_("who"), max_length=160)
    order = models.ForeignKey(
        Order, null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="accesses"
    )
    subject = models.CharField(_("of what"), max_length=120)
    why = models.CharField(_("why"), max_length=200)
    page = models.CharField(_("page"), max_length=80, blank=True)
    remote_ip = models.GenericIPAddressField(_("IP"), null=True, blank=True)
    at = models.DateTimeField(_("at"), db_index=True)
    slot = models.BigIntegerField(editable=False)

    class Meta:
        verbose_name = _("access to personal data")
        verbose_name_plural = _("accesses to personal data")
        indexes = [linked_index("order", "pe_access_order")]
        constraints = [
            models.UniqueConstraint(fields=["actor", "kind", "subject", "slot"], name="pe_access_once"),
        ]

    def __str__(self) -> str:
        return f"{self.actor} {self.kind} {self.subject}"
