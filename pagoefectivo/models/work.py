"""Who has taken what waits for a person."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Ownership(models.Model):
    """The time in which one person has one thing that waits: the row `row_id` of the kind `subject`.

    At most one is open for a thing; handing it over ends it and begins another, so all of them are its history. One
    that `sets_aside` ends what waits by a person's word, where nothing else can: it says why and changes nothing else.
    """

    subject = models.CharField(_("what"), max_length=40)
    row_id = models.PositiveBigIntegerField(_("row"))
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    owner_name = models.CharField(_("owner"), max_length=160)
    since = models.DateTimeField(_("since"))
    given_by = models.CharField(_("given by"), max_length=160)
    until = models.DateTimeField(_("until"), null=True, blank=True)
    ended_by = models.CharField(_("ended by"), max_length=160, blank=True)
    sets_aside = models.BooleanField(_("needs nothing more"), default=False)
    why = models.CharField(_("why"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("work in hand")
        verbose_name_plural = _("work queue")
        default_permissions = ("view",)
        permissions = [("own_work", "Can take and hand over what waits for a person")]
        indexes = [
            models.Index(fields=["owner", "id"], name="pe_work_owner", condition=Q(until__isnull=True)),
            models.Index(fields=["subject", "row_id"], name="pe_work_of"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "row_id"], condition=Q(until__isnull=True), name="pe_work_owned_once"
            ),
            models.UniqueConstraint(
                fields=["subject", "row_id"], condition=Q(sets_aside=True), name="pe_work_set_aside_once"
            ),
            models.CheckConstraint(
                condition=Q(sets_aside=False) | Q(until__isnull=False) & ~Q(why=""), name="pe_work_set_aside_says_why"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.row_id}: {self.owner_name}"
