"""HTML by construction: every text and attribute is escaped, only what `tag` built passes as it is."""

from __future__ import annotations

from html import escape

VOID = frozenset({"meta", "input", "br", "link"})


class Markup(str):
    """HTML that was built, not typed in by anyone."""

    __slots__ = ()


def tag(
    name: str, /, *children: Markup | str | int | list[Markup] | None, **attributes: str | int | bool | None
) -> Markup:
    """Return an element; `class_` becomes class, `data_label` becomes data-label, None children vanish."""
    opened = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in VOID:
        return Markup(f"<{name}{opened}>")
    return Markup(f"<{name}{opened}>{join(*children)}</{name}>")


def join(*children: Markup | str | int | list[Markup] | None) -> Markup:
    """Return the children side by side, escaped where they are plain text."""
    return Markup("".join(_inner(child) for child in children))


def _inner(child: Markup | str | int | list[Markup] | None) -> str:
    if child is None:
        return ""
    if isinstance(child, list):
        return "".join(child)
    return child if isinstance(child, Markup) else escape(str(child))


def _attribute(key: str, value: str | int | bool | None) -> str:  # noqa: FBT001 - an attribute may be bare
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'
