"""The page for a receipt: before one was sent and after."""

from __future__ import annotations

from django.urls import reverse

from pagoefectivo.services import proofs
from pagoefectivo.services.proofs import Told
from tests.integration.pages.stage import address, place_order, place_voucher
from tests.pictures.registry import Picture
from tests.receipts import uploads


def _empty() -> str:
    return address(place_voucher(place_order()).order, "proof/")


def _sent() -> str:
    order = place_voucher(place_order()).order
    proofs.send(str(order.page_key), uploads.photo(), Told(), remote_ip=None)
    return address(order, "proof/")


def _at_the_desk() -> str:
    order = place_voucher(place_order()).order
    sent = proofs.send(str(order.page_key), uploads.upload_for(order), Told(), remote_ip=None)
    return reverse("admin:pagoefectivo_paymentproof_change", args=[sent.pk])


PICTURES = (
    Picture("proof-empty", _empty),
    Picture("proof-sent", _sent),
    Picture("proof-empty-en", _empty, language="en"),
    Picture("proof-empty-dark", _empty, is_dark=True),
    Picture("desk-proof", _at_the_desk, is_staff=True, part="#content"),
    Picture(
        "desk-proof-looked-at",
        _at_the_desk,
        is_staff=True,
        part=".pe-look",
        open=("[data-act=larger]", "[data-act=right]"),
    ),
)
