"""The faces of the sandbox: one folder or module per PSP it can pretend to be, each naming its class FACE."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pagoefectivo.sandbox.psps.face import Face


def faces() -> list[type[Face]]:
    """Return every face in this package, in the order of their names."""
    modules = (import_module(f"{__name__}.{each.name}") for each in pkgutil.iter_modules(__path__))
    return [module.FACE for module in modules if hasattr(module, "FACE")]
