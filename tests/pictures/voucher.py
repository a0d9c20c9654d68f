"""The voucher page in each state; the scenes are those that its tests look at."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from tests.integration.pages.stage import SCENES, address, place_order, place_voucher
from tests.pictures.registry import Picture


def _scene(name: str) -> Callable[[], str]:
    return lambda: address(SCENES[name][0]())


def _dear() -> str:
    """More than some places take."""
    return address(place_voucher(place_order(amount=Decimal("1200.00"))).order)


def _nothing() -> str:
    return f"/pagoefectivo/v/{'A' * 44}/"


def _file(scene: str) -> str:
    return "voucher-" + scene.replace(",", "").replace(" ", "-")


PICTURES = (
    *(Picture(_file(scene), _scene(scene)) for scene in SCENES),
    Picture("voucher-issued-en", _scene("issued"), language="en"),
    Picture("voucher-issued-zh", _scene("issued"), language="zh"),
    Picture("voucher-issued-dark", _scene("issued"), is_dark=True),
    Picture("voucher-issued-without-script", _scene("issued"), has_script=False),
    Picture("voucher-issued-cash-too-much-for-some", _dear, open=("label[for=way-cash]",)),
    Picture("voucher-paid-en", _scene("paid"), language="en"),
    Picture("voucher-link-that-opens-nothing", _nothing),
    Picture("voucher-link-that-opens-nothing-en", _nothing, language="en"),
    Picture("voucher-link-that-opens-nothing-zh", _nothing, language="zh"),
    Picture("voucher-link-that-opens-nothing-dark", _nothing, is_dark=True),
    Picture("voucher-link-asked-for", _nothing, fill=(("#email", "maria.quispe@example.pe"),), open=("main button",)),
    Picture("voucher-issued-on-paper", _scene("issued"), is_paper=True),
)
