"""The source tree as the rules read it: parsed files, what they import, what they call."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOORS = ("api", "admin", "views", "tasks", "management")
WALLS = ("models", "providers", "channels", "ocr")


@dataclass(frozen=True)
class Source:
    """One Python file below a root that holds `pagoefectivo/`."""

    root: Path
    path: Path

    @property
    def name(self) -> str:
        return self.path.relative_to(self.root).as_posix()

    @cached_property
    def module(self) -> tuple[str, ...]:
        parts = self.path.relative_to(self.root).with_suffix("").parts
        return parts[:-1] if parts[-1] == "__init__" else parts

    @property
    def room(self) -> str:
        """The part of the house: `services` for pagoefectivo/services/refunds.py and pagoefectivo/services.py alike."""
        return self.module[1] if len(self.module) > 1 else ""

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text(encoding="utf-8"), filename=str(self.path))

    @cached_property
    def imports(self) -> frozenset[str]:
        """Dotted names of everything imported anywhere in the file, relative ones resolved."""
        return frozenset(name for node in ast.walk(self.tree) for name in self._names(node))

    @cached_property
    def strings(self) -> frozenset[str]:
        """Every text that is written in the file."""
        constants = (node for node in ast.walk(self.tree) if isinstance(node, ast.Constant))
        return frozenset(node.value for node in constants if isinstance(node.value, str))

    @cached_property
    def modules_of_ours(self) -> frozenset[str]:
        """Local names that stand for one of our modules, so that `refunds.cancel()` is known as a function's call."""
        return frozenset(
            alias.asname or alias.name.split(".")[0]
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
            if self._is_module(node, alias)
        )

    def local_names_from(self, prefix: str) -> frozenset[str]:
        """Local names bound to anything that lives below the dotted `prefix`."""
        return frozenset(
            alias.asname or alias.name.split(".")[0]
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
            if below(f"{self._origin(node)}.{alias.name}".lstrip("."), prefix)
        )

    def line(self, node: ast.expr | ast.stmt) -> str:
        return f"{self.name}:{node.lineno}"

    def _names(self, node: ast.AST) -> Iterator[str]:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{self._origin(node)}.{alias.name}" for alias in node.names)

    def _origin(self, node: ast.Import | ast.ImportFrom) -> str:
        if isinstance(node, ast.Import):
            return ""
        if not node.level:
            return node.module or ""
        package = self.module if self.path.name == "__init__.py" else self.module[:-1]
        base = package[: len(package) - node.level + 1]
        return ".".join([*base, *([node.module] if node.module else [])])

    def _is_module(self, node: ast.Import | ast.ImportFrom, alias: ast.alias) -> bool:
        dotted = f"{self._origin(node)}.{alias.name}".lstrip(".")
        place = self.root.joinpath(*dotted.split("."))
        return dotted.startswith("pagoefectivo") and (place.with_suffix(".py").exists() or place.is_dir())


def sources(root: Path, *rooms: str) -> Iterator[Source]:
    """Every file of `pagoefectivo`, or of those of its rooms that exist; migrations are Django's."""
    for path in sorted((root / "pagoefectivo").rglob("*.py")):
        source = Source(root, path)
        if "migrations" not in source.module and (not rooms or source.room in rooms):
            yield source


def below(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def method_calls(source: Source, names: frozenset[str] | set[str]) -> Iterator[ast.Call]:
    """Calls `x.name()` on an object: where x is one of our modules, it is a function of that name instead."""
    for call in calls(source.tree):
        if isinstance(call.func, ast.Attribute) and call.func.attr in names:
            receiver = call.func.value
            if not (isinstance(receiver, ast.Name) and receiver.id in source.modules_of_ours):
                yield call


def chain(node: ast.expr) -> list[str]:
    """The names along `Order.objects.filter(...).update`, outermost first."""
    match node:
        case ast.Call():
            return chain(node.func)
        case ast.Attribute():
            return [node.attr, *chain(node.value)]
        case ast.Name():
            return [node.id]
        case _:
            return []
