"""The voucher page in each state; the scenes are those that its tests look at."""

from __future__ import annotations

from collections.abc import Callable

from tests.integration.pages.stage import SCENES, address
from tests.pictures.registry import Picture


def _scene(name: str) -> Callable[[], str]:
    return lambda: address(SCENES[name][0]())


def _file(scene: str) -> str:
    return "voucher-" + scene.replace(",", "").replace(" ", "-")


PICTURES = (
    *(Picture(_file(scene), _scene(scene)) for scene in SCENES),
    Picture("voucher-issued-en", _scene("issued"), language="en"),
    Picture("voucher-issued-zh", _scene("issued"), language="zh"),
    Picture("voucher-issued-dark", _scene("issued"), is_dark=True),
    Picture("voucher-issued-without-script", _scene("issued"), has_script=False),
    Picture("voucher-issued-on-paper", _scene("issued"), is_paper=True),
)
