"""The shop's addresses, and beside them the floors that ours are measured against."""

from __future__ import annotations

from django.urls import include, path

from tests.benchmarks import floors

urlpatterns = [
    path("pagoefectivo/", include("pagoefectivo.urls")),  # found as quickly as the floors are
    path("floor/webhook/", floors.webhook),
    path("floor/page/<str:token>/", floors.page),
    path("floor/template/<str:token>/", floors.template_alone),
    path("", include("project.urls")),
]
