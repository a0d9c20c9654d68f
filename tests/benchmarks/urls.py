"""The shop's addresses, and beside them the floors that ours are measured against."""

from __future__ import annotations

from django.urls import include, path

from tests.benchmarks import floors

# As deep as an app's addresses are in any shop, and as quickly found.
FLOORS = [
    path("webhooks/<slug:account>/", floors.webhook),
    path("webhooks-by-hand/<slug:account>/", floors.webhook_by_hand),
    path("page/<str:token>/", floors.page),
    path("template/<str:token>/", floors.template_alone),
]
urlpatterns = [
    path("pagoefectivo/", include("pagoefectivo.urls")),
    path("floor/", include(FLOORS)),
    path("", include("project.urls")),
]
