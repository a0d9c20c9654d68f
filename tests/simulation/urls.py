"""Where the letterbox would be; nothing is served, only addresses are built."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [path("pagoefectivo/", include("pagoefectivo.urls"))]
