"""Everything under the prefix that the shop chose."""

from __future__ import annotations

from django.urls import include, path, re_path

from pagoefectivo.views import lost_links, proofs, refunds, resend, vouchers, webhooks

app_name = "pagoefectivo"

urlpatterns = [
    path("webhooks/<slug:account>/", webhooks.letterbox, name="webhook"),
    path("v/<str:token>/", vouchers.page, name="voucher"),
    path("v/<str:token>", vouchers.page),  # messengers cut the last slash
    path("v/<str:token>/status/", vouchers.status, name="voucher-status"),
    path("v/<str:token>/barcode.svg", vouchers.barcode, name="voucher-barcode"),
    path("v/<str:token>/codigo.pdf", vouchers.code_sheet, name="voucher-sheet"),
    path("v/<str:token>/constancia.pdf", vouchers.payment_receipt, name="voucher-receipt"),
    path("v/<str:token>/recordatorio.ics", vouchers.deadline_reminder, name="voucher-reminder"),
    path("v/<str:token>/paid/", vouchers.say_paid, name="voucher-paid"),
    path("v/<str:token>/renew/", vouchers.renew, name="voucher-renew"),
    path("v/<str:token>/resend/", resend.resend, name="voucher-resend"),
    path("v/<str:token>/proof/", proofs.page, name="voucher-proof"),
    re_path(r"^v/(?P<token>(?s:.+))\Z", vouchers.missing),  # a line break in it is no escape to Django's own 404
    path("r/<str:token>/", refunds.page, name="refund"),
    path("r/<str:token>", refunds.page),
    re_path(r"^r/(?P<token>(?s:.+))\Z", refunds.missing),
    path("link/", lost_links.page, name="lost-link"),
    path("api/v1/", include("pagoefectivo.api.v1.urls")),
]
