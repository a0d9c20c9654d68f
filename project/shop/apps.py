"""How Django meets the storefront."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ShopConfig(AppConfig):
    """The demo shop. It knows pagoefectivo by its public face and its signals alone."""

    name = "project.shop"
    label = "shop"
    verbose_name = _("Shop")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from project.shop import receivers  # noqa: F401 - importing connects them
