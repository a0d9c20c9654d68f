"""How Django meets the app."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PagoEfectivoConfig(AppConfig):
    """One app, one label."""

    name = "pagoefectivo"
    label = "pagoefectivo"
    verbose_name = _("PagoEfectivo")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from pagoefectivo import checks, tasks  # noqa: F401 - importing registers them
        from pagoefectivo.views import charsets  # noqa: F401 - as above
