"""What the calendar of public holidays does not know of the banks."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class NonWorkingDay(models.Model):
    """One day off and what the banks do on it. Says more than the public holidays and the weekend, and overrules them.

    `banks_work` on a public holiday that the banks ignore, and on a day that a decree gives to public servants alone.
    """

    day = models.DateField(_("day"), unique=True)
    what = models.CharField(
        _("what it is"), max_length=200, help_text=_("The name of the day, or the decree with its number.")
    )
    banks_work = models.BooleanField(
        _("banks work"), default=False, help_text=_("Banks move money on it as on any other day.")
    )

    class Meta:
        verbose_name = _("non-working day")
        verbose_name_plural = _("non-working days")
        default_permissions = ("view",)
        permissions = [("keep_calendar", "Can say on which days banks are closed")]

    def __str__(self) -> str:
        return f"{self.day:%d/%m/%Y} {self.what}"
