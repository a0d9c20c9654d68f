"""A shop with a name, so that pages have something to say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from pagoefectivo.services import seams


@pytest.fixture(autouse=True)
def _named_shop(settings: Any) -> None:
    settings.PAGOEFECTIVO = {
        **settings.PAGOEFECTIVO,
        "SHOP_NAME": "Mi Tienda",
        "SUPPORT_CONTACT": "ayuda@tienda.example",
    }


@pytest.fixture
def world_clock() -> Iterator[Callable[..., None]]:
    """Let time pass for the services."""
    ahead = timedelta()

    def advance(**duration: float) -> None:
        nonlocal ahead
        ahead += timedelta(**duration)

    with seams.use(now=lambda: timezone.now() + ahead):
        yield advance
