"""The page of figures as something that one may be allowed to see: a name for it in Django's permissions and menu."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from pagoefectivo.models.operations import Job


class Figures(Job):
    """No table of its own."""

    class Meta:
        proxy = True
        verbose_name = _("figures")
        verbose_name_plural = _("figures")
        default_permissions = ("view",)
