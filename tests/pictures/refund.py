"""The refund page in each state; the scenes are those that its tests look at."""

from __future__ import annotations

from collections.abc import Callable

from tests.integration.pages.refund_stage import SCENES, path_of
from tests.pictures.registry import Picture


def _scene(name: str) -> Callable[[], str]:
    return lambda: path_of(SCENES[name][0]())


def _file(scene: str) -> str:
    return "refund-" + scene.replace(",", "").replace(" ", "-")


PICTURES = (
    *(Picture(_file(scene), _scene(scene)) for scene in SCENES),
    Picture("refund-account-missing-en", _scene("account missing"), language="en"),
    Picture("refund-account-missing-zh", _scene("account missing"), language="zh"),
    Picture("refund-account-missing-dark", _scene("account missing"), is_dark=True),
)
