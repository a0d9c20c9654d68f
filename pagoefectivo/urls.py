"""Everything under the prefix that the shop chose."""

from __future__ import annotations

from django.urls import include, path

from pagoefectivo.views import proofs, vouchers, webhooks

app_name = "pagoefectivo"

urlpatterns = [
    path("webhooks/<slug:account>/", webhooks.letterbox, name="webhook"),
    path("v/<str:token>/", vouchers.page, name="voucher"),
    path("v/<str:token>", vouchers.page),  # messengers cut the last slash
    path("v/<str:token>/status/", vouchers.status, name="voucher-status"),
    path("v/<str:token>/barcode.svg", vouchers.barcode, name="voucher-barcode"),
    path("v/<str:token>/proof/", proofs.page, name="voucher-proof"),
    path("v/<path:token>", vouchers.missing),
    path("api/v1/", include("pagoefectivo.api.v1.urls")),
]
