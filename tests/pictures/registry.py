"""What a picture is. A module of this folder that has PICTURES is found by `python3 dev.py pictures`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Picture:
    """One state of a page: `docs/images/<name>.png`.

    `place` puts what the page is about into the database and returns the page's path. `has_script` False: JavaScript is
    off. `is_paper`: as it is printed. Before the picture is taken, what `fill` names is filled in and what `open` names
    is clicked, by CSS selector.
    `is_staff`: as somebody of the back office sees it on a desk; `part` is the part of the page that is taken.
    """

    name: str
    place: Callable[[], str]
    language: str = "es"
    has_script: bool = True
    is_paper: bool = False
    is_dark: bool = False
    fill: tuple[tuple[str, str], ...] = ()
    open: tuple[str, ...] = ()
    is_staff: bool = False
    part: str = ""


def rooms() -> list[list[Picture]]:
    """The pictures of each module beside this one, in the order of their names."""
    package = __name__.rpartition(".")[0]
    folder = importlib.import_module(package).__path__
    modules = (
        importlib.import_module(f"{package}.{each.name}")
        for each in pkgutil.iter_modules(folder)
        if each.name[:1] != "_"
    )
    return [sorted(getattr(module, "PICTURES", ()), key=lambda each: each.name) for module in modules]
