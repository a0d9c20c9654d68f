"""A shop with a name, so that pages have something to say."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture(autouse=True)
def _named_shop(settings: Any) -> None:
    settings.PAGOEFECTIVO = {
        **settings.PAGOEFECTIVO,
        "SHOP_NAME": "Mi Tienda",
        "SUPPORT_CONTACT": "ayuda@tienda.example",
    }
