"""The shop's addresses."""

from __future__ import annotations

from django.conf import settings
from django.urls import path

from project.shop import views

app_name = "shop"

urlpatterns = [
    path("", views.products, name="products"),
    path("comprar/<slug:slug>/", views.checkout, name="checkout"),
    path("compras/", views.my_purchases, name="purchases"),
    path("compras/<slug:reference>/", views.purchase, name="purchase"),
]
MAILBOX = [
    path("mailbox/", views.mailbox, name="mailbox"),
    path("mailbox/<slug:name>/", views.mail, name="mail"),
]

if settings.DEBUG:  # everybody who comes by reads everybody's mail
    urlpatterns += MAILBOX
