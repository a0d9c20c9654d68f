"""The shop's addresses: the storefront, the back office, and pagoefectivo under its prefix."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("pagoefectivo/", include("pagoefectivo.urls")),
    path("", include("project.shop.urls")),
]
