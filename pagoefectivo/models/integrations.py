"""Who may use the REST API, and the answers they were already given."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from pagoefectivo.models.fields import EncryptedBytesField

SCOPES = [
    "orders:read",
    "orders:write",
    "refunds:read",
    "refunds:write",
    "refunds:approve",
    "settlements:read",
    "settlements:write",
]


class ApiKey(models.Model):
    """One credential of the REST API. Only its SHA-256 is stored; the key itself is shown once.

    `owner` is the person who answers for it: what they ask for in person, their key does not approve.
    """

    name = models.CharField(_("name"), max_length=100)
    prefix = models.CharField(_("prefix"), max_length=12)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(_("scopes"), default=list)
    accounts = models.JSONField(_("accounts"), default=list, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(_("created"))
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class IdempotentRequest(models.Model):
    """One POST under its Idempotency-Key: who sent what, and the answer once there is one."""

    api_key = models.ForeignKey(ApiKey, on_delete=models.CASCADE)
    key = models.CharField(max_length=255)
    request_digest = models.CharField(max_length=64)
    locked_until = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    body = EncryptedBytesField(null=True, blank=True)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("idempotent request")
        verbose_name_plural = _("idempotent requests")
        constraints = [
            models.UniqueConstraint(fields=["api_key", "key"], name="pe_idempotency_once"),
        ]

    def __str__(self) -> str:
        return f"{self.api_key_id}:{self.pk}"
