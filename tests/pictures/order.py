"""The page of one order as the back office sees it: with a story, with a question open, before anything happened."""

from __future__ import annotations

from collections.abc import Callable

from django.urls import reverse

from pagoefectivo.models import Order
from tests.integration.pages.eventful import lived_through, paid_late
from tests.integration.pages.stage import SCENES
from tests.pictures.registry import Picture


def _page(place: Callable[[], Order], act: str = "change") -> Callable[[], str]:
    return lambda: reverse(f"admin:pagoefectivo_order_{act}", args=[place().pk])


_BEFORE = SCENES["requested"][0]

PICTURES = (
    Picture("order-empty", _page(_BEFORE), is_staff=True, part=".pe-page"),
    Picture("order-full", _page(lived_through), is_staff=True, part=".pe-overview"),
    Picture("order-in-review", _page(paid_late), is_staff=True, part=".pe-overview"),
    Picture("order-timeline", _page(lived_through), is_staff=True, part="#timeline"),
    Picture(
        "order-where-it-stands",
        _page(lived_through),
        is_staff=True,
        part=".pe-standing",
        open=(".pe-standing summary",),
    ),
    Picture("order-note", _page(lived_through, "note"), is_staff=True, part=".pe-page"),
)
